"""Approvals: of a version and no other, by a person, for ever."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from flow_pipelines.edits import SetDraft
from flow_pipelines.errors import InputError
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import conform
from resources.approvals import ApprovalStore
from resources.edits import EditStore
from resources.installation import Installation
from resources.phase_runs import complete, tracked
from resources.pins import pins_of
from resources.snapshots import Snapshot, SnapshotStore
from tests.conftest import new_engagement
from tests.flow_pipelines.assess.plans import workload_id

PLAN = "assess/plan_of_record"


@dataclass
class Engagement:
    """An engagement with a plan of one workload, which can be published again."""

    scope: Scope
    installation: Installation

    def __post_init__(self) -> None:
        self.approvals = ApprovalStore(self.installation.database)
        self.snapshots = SnapshotStore(self.installation.database)

    def publish(self, **cells: object) -> Snapshot:
        row = {
            "workload_id": workload_id("crm"),
            "workload_name": "crm",
            "treatment": "rehost",
            "status": "proposed",
            "server_count": 2,
            "effort_days": 5.0,
            "treatment_decided_by": "rule",
            "wave_decided_by": "rule",
            "decision_makers": [],
            "computed_treatment": "rehost",
            "changes": [],
            "decision_price": 0.0,
            "reason": "The rules say so.",
            "source_entity_ids": [],
            **cells,
        }
        frame = conform(pd.DataFrame([row]), output_tables()[PLAN])
        database = self.installation.database
        with tracked(database, self.scope, flow="assess", phase="editor", run_id="run") as phase_run_id:
            written = self.snapshots.write(self.scope, {PLAN: frame}, inputs=[], run_id="run", code_version="1")
            self.snapshots.publish(
                self.scope, written, also=[lambda connection: complete(connection, phase_run_id=phase_run_id)]
            )
        return written[0]

    def approve(self, by: str = "Ann") -> None:
        self.approvals.approve(self.scope, PLAN, by=by, reason="agreed in the board")


@pytest.fixture
def engagement(installation: Installation) -> Engagement:
    return Engagement(new_engagement(installation), installation)


def test_an_approval_holds_for_the_very_version_and_for_no_other(engagement: Engagement) -> None:
    first = engagement.publish()
    engagement.approve()
    assert engagement.approvals.of_snapshots(engagement.scope, [first])[PLAN].approved_by == "Ann"
    changed = engagement.publish(owner="Bob")
    assert engagement.approvals.of_snapshots(engagement.scope, [changed]) == {}
    again = engagement.publish()
    assert again.snapshot_id != first.snapshot_id
    assert PLAN in engagement.approvals.of_snapshots(engagement.scope, [again])


def test_the_state_that_was_approved_is_pinned_with_name_and_reason(engagement: Engagement) -> None:
    engagement.publish()
    engagement.approve()
    (pin,) = pins_of(engagement.installation.database, engagement.scope)
    assert (pin.created_by, pin.reason) == ("Ann", "Approved: agreed in the board")


def test_several_people_approve_one_version_and_none_twice(engagement: Engagement) -> None:
    engagement.publish()
    engagement.approve("Ann")
    engagement.approve("Bob")
    with pytest.raises(InputError, match="Ann has approved this version already"):
        engagement.approve("Ann")
    assert [one.approved_by for one in engagement.approvals.listed(engagement.scope, PLAN)] == ["Ann", "Bob"]


def test_without_a_plan_a_name_or_a_reason_there_is_nothing_to_approve(engagement: Engagement) -> None:
    with pytest.raises(InputError, match="has no assess/plan_of_record"):
        engagement.approve()
    engagement.publish()
    for by, reason in ((" ", "agreed"), ("Ann", " ")):
        with pytest.raises(InputError, match="a name and a reason"):
            engagement.approvals.approve(engagement.scope, PLAN, by=by, reason=reason)


def test_a_plan_with_edits_that_wait_for_a_run_is_not_approved(engagement: Engagement) -> None:
    engagement.publish()
    edits = EditStore(engagement.installation.database)
    draft = SetDraft(PLAN, "crm", "status", "agreed")
    edits.add(engagement.scope, [draft], actor="Bob", reason="we agreed")
    with pytest.raises(InputError, match="Edits of editor wait for a run"):
        engagement.approve()


def test_no_other_engagement_sees_an_approval(engagement: Engagement, installation: Installation) -> None:
    snapshot = engagement.publish()
    engagement.approve()
    other = new_engagement(installation)
    assert engagement.approvals.listed(other, PLAN) == []
    assert engagement.approvals.of_snapshots(other, [snapshot]) == {}


@pytest.mark.parametrize(
    "change", ["UPDATE platform.approvals SET approved_by = 'Eve'", "DELETE FROM platform.approvals"]
)
def test_an_approval_is_never_changed(engagement: Engagement, change: str) -> None:
    engagement.publish()
    engagement.approve()
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        engagement.installation.database.in_scope(engagement.scope) as connection,
    ):
        connection.execute(text(change))
