from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

import pandas as pd
import pytest
from sqlalchemy import text

from flow_pipelines.discovery.inventory import resolve_inventory
from flow_pipelines.edits import Edit, MergeDraft, SetDraft, SplitDraft, active_edits, apply_edits
from flow_pipelines.errors import InputError
from flow_pipelines.flows import flow_named
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import conform
from resources.edits import EditStore
from resources.installation import Installation
from resources.pins import pins_of
from resources.snapshots import Snapshot, SnapshotStore
from tests.conftest import SETTINGS, new_engagement
from tests.flow_pipelines.discovery.identity.sources import BIOS, Sources

INVENTORY = "discovery/inventory"
MAPPINGS = "discovery/attribute_mappings"
HANDOFF = str(flow_named("assess").handoff)


@dataclass
class Engagement:
    """An engagement with two servers, an application and a database, whose inventory phase can run again."""

    scope: Scope
    snapshots: SnapshotStore
    edits: EditStore
    sources: Sources = field(default_factory=Sources)

    def __post_init__(self) -> None:
        self.web = self.sources.vm("web01", bios_uuid=BIOS, environment="test", cpu_count=4)
        self.agent = self.sources.agent("web01", name="web01", bios_uuid=BIOS)
        self.mail = self.sources.item("mail07", application_names=["Post"])
        self.sources.item("twin")
        self.sources.item("twin", ip_addresses=["10.1.1.1"], mac_addresses=["00:50:56:00:00:02"], environment="test")
        self.sources.item("twin", ip_addresses=["10.1.1.2"], mac_addresses=["00:50:56:00:00:03"], environment="test")
        self.sources.application("Claims Portal")
        self.sources.database("ERPP1@db01")
        self.sources.record("rvtools", "server_disk", name="web01", virtual_center="vc01")
        self.run()

    def run(self) -> list[str]:
        """Run the inventory phase as its shell would; returns the outcomes of edits."""
        records, table = self.sources.frame(), output_tables()[INVENTORY]
        edits = active_edits(self.edits.of_tables(self.scope, [INVENTORY]))
        result = resolve_inventory(records, scope=self.scope, settings=SETTINGS, edits=edits)
        frame, outcomes = apply_edits(result.inventory, table, edits)
        snapshot = self.publish({"discovery/cleansed_records": records, INVENTORY: frame})[1]
        outcomes = [*result.edit_outcomes, *outcomes]
        self.edits.record_outcomes(self.scope, snapshot.snapshot_id, outcomes)
        return [one.outcome for one in outcomes]

    def publish(self, frames: dict[str, pd.DataFrame], *, reject: bool = False) -> list[Snapshot]:
        written = self.snapshots.write(self.scope, frames, inputs=[], run_id="run", code_version="1")
        if reject:
            self.snapshots.reject(self.scope, written, "a rule failed")
        else:
            self.snapshots.publish(self.scope, written)
        return written

    def asset(self, record_id: str) -> pd.Series:  # type: ignore[type-arg]
        """The asset that a record is in."""
        frame = self.snapshots.read(self.scope, self.snapshots.current(self.scope, [INVENTORY])[INVENTORY])
        return frame[frame["source_entity_ids"].map(lambda ids: record_id in ids)].iloc[0]

    def set(self, entity: str, column: str, value: object, **words: object) -> Edit:
        draft = SetDraft(INVENTORY, entity, column, value, *words.values())
        return self.edits.add(self.scope, [draft], actor="ann", reason="she knows")[0]

    def refused(self, *drafts: object, actor: str = "ann", reason: str = "she knows") -> str:
        before = self.edits.all(self.scope), len(pins_of(self.edits.database, self.scope))
        with pytest.raises(InputError) as refused:
            self.edits.add(self.scope, list(drafts), actor=actor, reason=reason)  # type: ignore[arg-type]
        assert (self.edits.all(self.scope), len(pins_of(self.edits.database, self.scope))) == before
        return refused.value.problem

    def states(self) -> list[str]:
        return [one.state for one in self.edits.listed(self.scope)]


@pytest.fixture
def engagement(installation: Installation, scope: Scope, store: SnapshotStore) -> Engagement:
    return Engagement(scope, store, EditStore(installation.database))


def test_an_edit_says_who_what_and_why_and_pins_the_state_before(engagement: Engagement) -> None:
    edit = engagement.set("web01", "environment", "production")
    assert (edit.kind, edit.column, edit.old_value, edit.new_value) == ("set", "environment", "test", "production")
    assert edit.entity_id == engagement.asset(engagement.web)["asset_id"]
    assert (edit.actor, edit.reason) == ("ann", "she knows")
    assert engagement.edits.all(engagement.scope) == [edit]
    pin = pins_of(engagement.edits.database, engagement.scope)[0]
    assert (pin.kind, pin.created_by) == ("edit", "ann")


def test_an_edit_is_applied_by_every_run_until_it_is_withdrawn(engagement: Engagement) -> None:
    edit = engagement.set("web01", "environment", "production")
    assert engagement.states() == ["pending"]
    assert engagement.run() == ["applied"]
    assert engagement.run() == ["applied"]
    assert engagement.asset(engagement.web)["environment"] == "production"
    assert engagement.states() == ["applied"]
    engagement.edits.withdraw(engagement.scope, [str(edit.number)], actor="bob", reason="wrong")
    assert engagement.states() == ["withdrawn", "withdrawal"]
    engagement.run()
    assert engagement.asset(engagement.web)["environment"] == "test"


def test_an_edit_of_an_edited_cell_keeps_the_ground_that_the_first_one_had(engagement: Engagement) -> None:
    engagement.set("web01", "environment", "production")
    engagement.run()
    again = engagement.set("web01", "environment", "staging")
    assert again.old_value == "test"
    assert engagement.run() == ["applied"]
    assert engagement.states() == ["replaced", "applied"]


def test_changed_ground_is_flagged_and_can_be_confirmed(engagement: Engagement) -> None:
    engagement.set("web01", "environment", "production")
    engagement.sources.rows[0]["environment"] = "staging"
    assert engagement.run() == ["ground_changed"]
    assert engagement.states() == ["ground_changed"]
    assert engagement.edits.listed(engagement.scope)[0].computed_value == "staging"
    confirmed = engagement.set("web01", "environment", "production")
    assert confirmed.old_value == "staging"
    assert engagement.run() == ["applied"]
    engagement.sources.rows[0]["environment"] = "production"
    assert engagement.run() == ["agreed"]


def test_all_problems_are_told_at_once_and_then_nothing_is_edited(engagement: Engagement) -> None:
    problem = engagement.refused(
        SetDraft("discovery/nothing", "web01", "owner", "x"),
        SetDraft(INVENTORY, "nobody", "owner", "x"),
        SetDraft(INVENTORY, str(uuid4()), "owner", "x"),
        SetDraft(INVENTORY, "twin", "owner", "x"),
        SetDraft(INVENTORY, "web01", "colour", "x"),
        SetDraft(INVENTORY, "web01", "asset_type", "database"),
        SetDraft(INVENTORY, "web01", "serial_number", "x"),
        SetDraft(INVENTORY, "web01", "environment", "moon"),
        SetDraft(INVENTORY, "web01", "cpu_count", "four"),
        SetDraft(INVENTORY, "web01", "owner", "Ann"),
        SetDraft(INVENTORY, "WEB01", "owner", "Bob"),
        actor=" ",
        reason="",
    )
    for told in (
        "say who", "say why", "there is no table discovery/nothing", "has no row 'nobody'", "'twin' names 3 rows",
        "has no column 'colour'", "asset_type can't be edited", "serial_number can't be edited",
        "must be one of production, staging", "'four' is no number", "owner is set twice",
    ):  # fmt: skip
        assert told in problem


def test_what_a_person_confirms_stays_whatever_is_computed_later(engagement: Engagement) -> None:
    edit = engagement.set("web01", "cpu_count", "4")
    assert (edit.old_value, edit.new_value) == (4, 4)
    repeated = SetDraft(INVENTORY, "web01", "cpu_count", "4")
    assert f"is '4' already, by edit {edit.number}" in engagement.refused(repeated)
    assert engagement.run() == ["applied"]
    engagement.sources.rows[0]["cpu_count"] = 8
    assert engagement.run() == ["ground_changed"]
    assert engagement.asset(engagement.web)["cpu_count"] == 4


def test_a_cell_that_changed_since_the_person_looked_is_refused_with_both_values(engagement: Engagement) -> None:
    engagement.sources.rows[0]["cpu_count"] = 8
    engagement.run()
    problem = engagement.refused(SetDraft(INVENTORY, "web01", "cpu_count", 16, 4))
    assert "cpu_count is '8' by now; you saw '4'" in problem
    engagement.edits.add(engagement.scope, [SetDraft(INVENTORY, "web01", "cpu_count", 16, 8)], actor="bob", reason="r")
    problem = engagement.refused(SetDraft(INVENTORY, "web01", "cpu_count", 32, 8))
    assert "is '16' by now, set by bob (edit" in problem


def test_a_withdrawn_edit_that_is_still_in_the_rows_can_be_made_again(engagement: Engagement) -> None:
    edit = engagement.set("web01", "environment", "production")
    engagement.run()
    engagement.edits.withdraw(engagement.scope, [edit.edit_id], actor="bob", reason="wrong")
    rows = engagement.edits.decided_rows(engagement.scope, INVENTORY)
    assert rows.frame.loc[rows.frame["name"] == "web01", "environment"].tolist() == ["test"]
    assert engagement.set("web01", "environment", "production").old_value == "test"


def test_rows_are_shown_with_pending_edits_and_as_they_were_at_an_earlier_moment(engagement: Engagement) -> None:
    before = engagement.edits.decided_rows(engagement.scope, INVENTORY)
    edit = engagement.set("web01", "owner", "Ann")
    after = engagement.edits.decided_rows(engagement.scope, INVENTORY)
    assert (before.last_edit, after.last_edit) == (0, edit.number)
    assert after.frame.loc[after.frame["name"] == "web01", "owner"].tolist() == ["Ann"]
    engagement.run()
    earlier = engagement.edits.decided_rows(
        engagement.scope, INVENTORY, snapshot_id=before.snapshot_id, last_edit=before.last_edit
    )
    pd.testing.assert_frame_equal(earlier.frame, before.frame)


def test_a_merge_that_names_its_records_is_about_these_and_no_others(engagement: Engagement) -> None:
    for record in (engagement.web, engagement.agent):
        draft = MergeDraft("web01", "mail07", records=(record, engagement.mail))
        (made,) = engagement.edits.add(engagement.scope, [draft], actor="ann", reason="same")
        assert draft.records == (made.entity_id, made.new_value)
    moved = MergeDraft("web01", "mail07", records=(engagement.mail, engagement.mail))
    assert f"web01 has no record {engagement.mail} by now" in engagement.refused(moved)


def test_withdrawing_tells_every_problem(engagement: Engagement) -> None:
    edit = engagement.set("web01", "owner", "Ann")
    withdrawal = engagement.edits.withdraw(engagement.scope, [str(edit.number)], actor="ann", reason="typo")[0]
    with pytest.raises(InputError) as refused:
        engagement.edits.withdraw(
            engagement.scope, ["0", str(edit.number), str(withdrawal.number)], actor="", reason=""
        )
    for told in ("there is no edit 0", "is withdrawn already, by edit", "is a withdrawal", "say who", "say why"):
        assert told in refused.value.problem


def test_assets_are_merged_and_split_and_say_so(engagement: Engagement) -> None:
    merged = engagement.edits.add(engagement.scope, [MergeDraft("web01", "mail07")], actor="ann", reason="moved")
    assert merged[0].old_value == ["web01", "mail07"]
    assert "merged already, by edit" in engagement.refused(MergeDraft("mail07", "web01"))
    assert engagement.run() == ["applied"]
    asset = engagement.asset(engagement.web)
    assert {engagement.web, engagement.agent, engagement.mail} < set(asset["source_entity_ids"])
    assert asset["resolution_method"] == "person"
    assert "are one asset already" in engagement.refused(MergeDraft(asset["asset_id"], asset["name"]))
    split = SplitDraft(asset["asset_id"], ("rvtools.xlsx:vInfo:2", engagement.agent))
    parted = engagement.edits.add(engagement.scope, [split], actor="bob", reason="no")
    assert [edit.kind for edit in parted] == ["split", "split", "merge"]
    assert engagement.run() == ["applied"] * 4
    assert engagement.states() == ["applied"] * 4
    frame = engagement.edits.decided_rows(engagement.scope, INVENTORY).frame
    owners = {record: ids for ids in frame["source_entity_ids"] for record in ids}
    assert owners[engagement.web] == owners[engagement.agent] != owners[engagement.mail]


def test_a_set_edit_of_a_merged_asset_stays(engagement: Engagement) -> None:
    engagement.set("web01", "owner", "Ann")
    engagement.edits.add(engagement.scope, [MergeDraft("web01", "mail07")], actor="ann", reason="moved")
    assert engagement.run() == ["applied", "applied"]
    assert engagement.asset(engagement.web)["owner"] == "Ann"


def test_impossible_merges_and_splits_are_refused(engagement: Engagement) -> None:
    disk = next(str(row["record_id"]) for row in engagement.sources.rows if row["record_type"] == "server_disk")
    problem = engagement.refused(
        MergeDraft("web01", "ERPP1@db01"),
        MergeDraft("Post", "Claims Portal"),
        MergeDraft("nobody", "web01"),
        SplitDraft("mail07", (engagement.mail,)),
        SplitDraft("web01", (engagement.mail,)),
        SplitDraft("web01", (disk,)),
        SplitDraft("web01", ("web01",)),
    )
    for told in (
        "only assets of one type can be one", "Post has no record of its own", "has no row 'nobody'",
        "mail07 would have no record left", "web01 has no record", "tells a detail of web01",
        "names several records of web01",
    ):  # fmt: skip
        assert told in problem


def rules(status: str) -> pd.DataFrame:
    rule = {
        "rule_id": "has_owner", "title": "t", "severity": "error", "status": status, "table_key": INVENTORY,
        "rows_checked": 3, "rows_failed": 1, "offenders": [], "offender_names": [], "finding": "f",
        "rule_is_builtin": False,
    }  # fmt: skip
    return conform(pd.DataFrame([rule]), output_tables()[HANDOFF])


def test_a_failed_rule_of_a_rejected_hand_off_can_be_waived_and_a_passed_one_not(engagement: Engagement) -> None:
    waiver = SetDraft(HANDOFF, "has_owner", "status", "waived")
    engagement.publish({HANDOFF: rules("passed")})
    assert "only a failed rule can be waived" in engagement.refused(waiver)
    engagement.publish({HANDOFF: rules("failed")}, reject=True)
    edit = engagement.edits.add(engagement.scope, [waiver], actor="ann", reason="owner is on leave")[0]
    assert (edit.old_value, edit.new_value, edit.covered) == ("failed", "waived", 1)
    assert "must be one of waived" in engagement.refused(SetDraft(HANDOFF, "has_owner", "status", "passed"))


def test_a_proposed_mapping_can_be_confirmed_and_an_applied_one_of_a_person_not(engagement: Engagement) -> None:
    mapping = {
        "mapping_id": str(uuid4()), "source_file": "a.csv", "source_format": "generic", "record_type": "server",
        "source_column": "Box", "attribute": "host_name", "status": "proposed", "method": "likeness",
        "confidence": 0.4, "filled_rows": 3, "reason": "looks like it",
    }  # fmt: skip
    table = output_tables()[MAPPINGS]
    engagement.publish({MAPPINGS: conform(pd.DataFrame([mapping]), table)})
    draft = SetDraft(MAPPINGS, "Box", "attribute", "host_name")
    engagement.edits.add(engagement.scope, [draft], actor="ann", reason="it is")
    assert "already, by edit" in engagement.refused(draft)
    frame, outcomes = apply_edits(
        conform(pd.DataFrame([mapping]), table), table, engagement.edits.of_tables(engagement.scope, [MAPPINGS])
    )
    assert [one.outcome for one in outcomes] == ["applied"]
    assert frame.iloc[0]["status"] == "applied"


def test_no_other_engagement_sees_an_edit_or_can_change_one(engagement: Engagement, installation: Installation) -> None:
    edit = engagement.set("web01", "owner", "Ann")
    stranger = new_engagement(installation)
    assert engagement.edits.all(stranger) == []
    with pytest.raises(InputError, match="there is no edit"):
        engagement.edits.withdraw(stranger, [edit.edit_id], actor="eve", reason="mine")
    with pytest.raises(InputError, match="no row 'web01'"):
        engagement.edits.add(stranger, [SetDraft(INVENTORY, "web01", "owner", "Eve")], actor="eve", reason="mine")
    with pytest.raises(InputError, match="unknown"):
        engagement.edits.decided_rows(
            stranger, INVENTORY, snapshot_id=engagement.edits.decided_rows(engagement.scope, INVENTORY).snapshot_id
        )


def test_an_edit_is_never_changed(engagement: Engagement) -> None:
    engagement.set("web01", "owner", "Ann")
    for statement in ("UPDATE platform.edits SET actor = 'eve'", "DELETE FROM platform.edits"):
        with (
            pytest.raises(Exception, match="permission denied"),
            engagement.edits.database.in_scope(engagement.scope) as connection,
        ):
            connection.execute(text(statement))
