"""Backlogs: which items there are, by which pattern, what they are worth, in which order, and what people decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from flow_pipelines.edits import Edit
from flow_pipelines.execute.progress import with_progress
from flow_pipelines.modernize.backlog.build import build_backlog
from flow_pipelines.modernize.backlog.known import Known
from flow_pipelines.modernize.backlog.order import in_order
from flow_pipelines.modernize.gates import backlog_problems
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.modernize.backlogs import BACKLOGS
from tests.flow_pipelines.assess.estates import SCOPE, application, asset_id, database, edge, finding, server
from tests.flow_pipelines.assess.plans import edit
from tests.flow_pipelines.modernize.estates import known

REFACTOR, REARCHITECT, REWRITE = BACKLOGS


def backlog(told: Known, key: str = REFACTOR, edits: tuple[Edit, ...] = ()) -> pd.DataFrame:
    rows = build_backlog(key, told, scope=SCOPE, edits=edits)
    done = conform(with_progress(rows, empty(output_tables()["execute/task_updates"])), BACKLOGS[key])
    assert backlog_problems(key, told.plan, told.tech_debt, done) == []
    return done.set_index("task_name")


def code(workload: str, places: int = 3, severity: str = "mandatory", **facts: object) -> pd.DataFrame:
    row = {
        "code_finding_id": SCOPE.id_of("code_finding", workload, severity),
        "code_finding_name": "rule: place",
        "workload_id": asset_id(workload),
        "workload_name": workload,
        "joined_by": "its name",
        "file_format": "konveyor",
        "tool": "Konveyor analyzer",
        "rule": "javax-to-jakarta",
        "severity": severity,
        "place_count": places,
        "source_file": "output.yaml",
        "source_entity_ids": [asset_id(workload)],
        **facts,
    }
    return conform(pd.DataFrame([row]), output_tables()["modernize/code_findings"])


def test_treatments_tell_the_backlog_of_an_application() -> None:
    names = {"Shop": "refactor", "Crm": "rearchitect", "Old": "rewrite", "Web": "rehost", "Gone": "retire"}
    told = known([application(name) for name in names], names)
    assert backlog(told).index.tolist() == ["Shop: modernize"]
    assert backlog(told, REARCHITECT).index.tolist() == ["Crm: modernize"]
    assert backlog(told, REWRITE).index.tolist() == ["Old: modernize"]


def test_debt_that_moves_along_is_an_item_and_debt_that_the_move_removes_is_none() -> None:
    assets = [application("Shop"), server("web1", ["Shop"]), application("Crm"), server("crm1", ["Crm"])]
    debt = [finding("web1"), finding("crm1"), finding("web1", "aged", category="hardware", subject="age")]
    rows = backlog(known(assets, {"Crm": "replatform"}, findings=debt))
    assert rows.index.tolist() == ["Shop: modernize web1"]
    item = rows.iloc[0]
    assert (item["pattern"], item["wave_number"], item["treatment"]) == ("supported_system", 1, "rehost")
    assert item["finding_ids"] == [SCOPE.id_of("finding", "web1", "past")]
    assert item["debt"] == ["web1: Windows Server 2008 is past."]
    assert item["debt_removed"] == 60


def test_an_old_runtime_is_put_onto_a_supported_release() -> None:
    debt = [finding("app1", category="runtime", product="java", subject="java")]
    rows = backlog(known([server("app1")], {}, findings=debt))
    assert rows["pattern"].tolist() == ["runtime_version"]
    assert "old_runtime" in rows["rules_fired"].iloc[0]


def test_a_database_that_runs_on_by_itself_goes_to_a_service_later() -> None:
    assets = [application("Shop"), database("db1", ["Shop"], database_product="postgresql")]
    debt = [finding("db1", asset_type="database", category="database", product="postgresql", subject="postgresql")]
    told = known(assets, {}, findings=debt)
    stays = told.components.assign(component_treatment="self_managed")
    taken = told.components.assign(component_treatment="managed_service")
    rows = backlog(Known(**{**told.__dict__, "components": stays}))
    assert rows["pattern"].tolist() == ["managed_database"]
    assert backlog(Known(**{**told.__dict__, "components": taken})).empty


def test_code_that_no_cloud_runs_makes_an_item_of_what_is_moved_as_it_is() -> None:
    assets = [application("Shop"), application("Gone")]
    treatments = {"Gone": "retire"}
    few = backlog(known(assets, treatments, code_findings=code("Shop", effort_points=2.0)))
    many = backlog(known(assets, treatments, code_findings=code("Shop", 40, effort_points=2.0)))
    assert few.index.tolist() == ["Shop: modernize"]
    assert (few["code_finding_count"].iloc[0], few["debt_removed"].iloc[0]) == (1, 30)
    assert many["effort_days"].iloc[0] > few["effort_days"].iloc[0]
    assert backlog(known(assets, treatments, code_findings=code("Gone"))).empty, "what is switched off needs no change"
    assert backlog(known(assets, treatments, code_findings=code("Shop", severity="optional"))).empty


def test_an_analysis_of_whatever_size_can_be_placed_in_time() -> None:
    found = code("Shop", 2_000_000, effort_points=1_000.0)
    row = backlog(known([application("Shop")], {}, code_findings=found)).iloc[0]
    assert 2_000 <= row["effort_days"] < 2_100
    assert row["planned_end"].year < 2040


def test_what_is_saved_rests_on_the_price_of_the_servers_and_is_told_if_there_is_none() -> None:
    assets = [application("Shop"), server("web1", ["Shop"])]
    priced = backlog(known(assets, {"Shop": "refactor"}, prices={"web1": 200.0})).iloc[0]
    unpriced = backlog(known(assets, {"Shop": "refactor"})).iloc[0]
    assert priced["pattern"] == "containerize"
    assert priced["saving_usd_month"] == 60
    assert priced["value"] == unpriced["value"] + 30
    assert "No price" in unpriced["assumptions"][0]


def test_servers_come_before_their_application_and_what_others_need_before_those() -> None:
    assets = [application("Shop"), application("Core"), server("core1", ["Core"]), server("shop1", ["Shop"])]
    told = known(
        assets, {"Shop": "refactor", "Core": "refactor"}, edges=[edge("shop1", "core1")], waves={"Shop": 1, "Core": 2}
    )
    rows = backlog(told)
    assert rows["position"].to_dict() == {"Core: modernize": 1, "Shop: modernize": 2}
    assert rows.loc["Shop: modernize", "comes_first"] == ["Wave 1: the move of Shop", "Core: modernize"]
    assert rows.loc["Core: modernize", "planned_start"] == datetime(2026, 9, 3, tzinfo=UTC)
    assert rows.loc["Shop: modernize", "planned_start"] >= rows.loc["Core: modernize", "planned_end"]


def test_what_has_moved_waits_for_its_move_no_more() -> None:
    told = known([application("Shop")], {"Shop": "refactor"})
    moved = replace(told, moved_at={1: pd.Timestamp("2026-08-20T17:00Z")})
    before, after = backlog(told).iloc[0], backlog(moved).iloc[0]
    assert (before["comes_first"], before["planned_start"]) == (
        ["Wave 1: the move of Shop"],
        datetime(2026, 9, 2, tzinfo=UTC),
    )
    assert (after["comes_first"], after["planned_start"]) == ([], datetime(2026, 8, 21, tzinfo=UTC))


def test_items_that_wait_for_each_other_are_taken_by_value() -> None:
    assets = [application("A"), application("B"), server("a1", ["A"]), server("b1", ["B"])]
    edges = [edge("a1", "b1"), edge("b1", "a1")]
    rows = backlog(
        known(assets, {"A": "rearchitect", "B": "rearchitect"}, edges=edges, prices={"b1": 900.0}), REARCHITECT
    )
    assert rows["position"].to_dict() == {"B: modernize": 1, "A: modernize": 2}


def ordered(values: Mapping[str, float], first: Mapping[str, Sequence[str]]) -> list[str]:
    rows = pd.DataFrame({"task_id": list(values), "value": list(values.values()), "effort_days": 1.0})
    return in_order(rows.assign(task_name=rows["task_id"]), first, {})


def test_what_waits_for_a_circle_is_no_place_to_break_it() -> None:
    first = {"a": ["b"], "b": ["a"], "c": ["a"], "d": ["c"]}
    assert ordered({"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}, first) == ["b", "a", "c", "d"]


ITEMS = st.sampled_from("abcdefgh")


@given(st.lists(st.tuples(ITEMS, ITEMS), max_size=20), st.permutations(range(8)))
def test_whatever_is_in_no_circle_comes_first_if_something_waits_for_it(
    pairs: list[tuple[str, str]], values: list[int]
) -> None:
    first = {task: sorted({before for one, before in pairs if one == task}) for task in "abcdefgh"}
    order = ordered(dict(zip("abcdefgh", map(float, values), strict=True)), first)
    reached = {task: {task} for task in "abcdefgh"}
    for _ in range(8):
        for one, before in pairs:
            reached[one] |= reached[before]
    assert sorted(order) == list("abcdefgh")
    for one, before in pairs:
        assert one in reached[before] or order.index(before) < order.index(one)


def test_what_a_person_decides_counts_in_all_that_follows() -> None:
    assets = [application(name) for name in ("A", "B", "C")]
    told = known(assets, dict.fromkeys("ABC", "rearchitect"))
    before = backlog(told, REARCHITECT)
    item = before.loc["C: modernize"]
    edits = (
        edit(REARCHITECT, item["task_id"], "pattern", "serverless"),
        edit(REARCHITECT, item["task_id"], "position", 1),
    )
    after = backlog(told, REARCHITECT, edits)
    assert after["position"].to_dict() == {"C: modernize": 1, "A: modernize": 2, "B: modernize": 3}
    assert after.loc["C: modernize", "effort_days"] != item["effort_days"]
    assert after.loc["C: modernize", "pattern"] == item["pattern"], "the cell is left to the shell"


def test_no_pattern_is_chosen_that_its_backlog_rules_out() -> None:
    assets = [application("Shop"), server("w1", ["Shop"]), server("w2", ["Shop"])]
    for key, treatment in ((REFACTOR, "refactor"), (REARCHITECT, "rearchitect"), (REWRITE, "rewrite")):
        row = backlog(known(assets, {"Shop": treatment}), key).iloc[0]
        assert row[f"score_{row['pattern']}"] > 0
        assert pd.isna(row["score_managed_database"])
    assert pd.isna(backlog(known(assets, {"Shop": "rewrite"}), REWRITE).iloc[0]["score_containerize"])


def test_updates_move_an_item_as_they_move_any_task() -> None:
    told = known([application("Shop")], {"Shop": "refactor"})
    rows = build_backlog(REFACTOR, told, scope=SCOPE)
    moment = datetime(2026, 10, 1, tzinfo=UTC)
    updates = (
        empty(output_tables()["execute/task_updates"])
        .reindex([0])
        .assign(
            task_id=rows["task_id"], state="in progress", happened_at=moment, received_at=moment, is_rehearsal=False
        )
    )
    done = conform(with_progress(rows, updates), BACKLOGS[REFACTOR])
    assert done["state"].tolist() == ["in progress"]


def test_the_order_of_rows_changes_nothing() -> None:
    assets = [application("Shop"), server("web1", ["Shop"]), server("web2", ["Shop"]), application("Crm")]
    debt = [finding("web1"), finding("web2", "extended", 30.0)]
    told = known(
        assets, {"Crm": "refactor"}, findings=debt, code_findings=code("Crm"), prices={"web1": 10.5, "web2": 20.1}
    )
    turned = {
        name: frame.iloc[::-1].reset_index(drop=True) if isinstance(frame, pd.DataFrame) else frame
        for name, frame in told.__dict__.items()
    }
    pd.testing.assert_frame_equal(backlog(told), backlog(Known(**turned)))


def test_shared_servers_are_one_item_of_the_first_workload_to_move() -> None:
    assets = [application("A"), application("B"), server("both", ["A", "B"])]
    rows = backlog(known(assets, {}, findings=[finding("both")], waves={"A": 2, "B": 1}))
    assert rows.index.tolist() == ["B: modernize both"]
