"""How far waves are: their readiness gates, their states, and what holds them up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd
import pytest

from flow_pipelines.execute.all_tasks import COLUMNS, planned_tasks, together
from flow_pipelines.execute.overview import build_execution_overview, overview_problems
from flow_pipelines.execute.updates.judge import judge_updates
from flow_pipelines.execute.wave_gates import build_wave_gates, gate_problems
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import empty
from tests.flow_pipelines.execute.telling import (
    SCOPE,
    START,
    UTC_SETTINGS,
    ZURICH,
    asset_id,
    inventory,
    rows_of,
    task,
    workload_id,
)

GATES = (
    "data complete",
    "owner signed",
    "target sized",
    "dependencies moved",
    "backups",
    "licences",
    "change approved",
)
TOLD = ("owner signed", "backups", "change approved")


def of_table(key: str, *rows: dict[str, object]) -> pd.DataFrame:
    columns = empty(output_tables()[key])
    return pd.DataFrame(list(rows), columns=list(columns.columns)).astype(
        {"wave_number": "Int64"} if "wave_number" in columns else {}
    )


def timeline() -> pd.DataFrame:
    """Crm on web01 moves in wave 1, then shop on web02, which needs crm, in wave 2."""
    rows = []
    for number, (name, server) in enumerate((("crm", "web01"), ("shop", "web02")), start=1):
        for place, (step, kind) in enumerate(
            (("prepare", "work"), ("go", "decision"), ("cutover", "cutover"), ("validate", "work"))
        ):
            start = START + timedelta(weeks=4 * number, days=place)
            rows.append(
                task(
                    f"{name}: {step}", workload_id=workload_id(name), kind=kind, wave_number=number,
                    planned_start=start, planned_end=start + timedelta(hours=4),
                    source_entity_ids=[asset_id(name), asset_id(server)],
                )
            )  # fmt: skip
        rows.append(task(f"Wave {number}: all cut over", kind="milestone", wave_number=number))
    return pd.DataFrame(rows).astype({"wave_number": "Int64"}).drop(columns=["table_key", "asset_id"])


def frames(**changed: object) -> dict[str, pd.DataFrame]:
    plan = [
        {"workload_id": workload_id(name), "workload_name": name, "treatment": "rehost", "wave_number": number,
         "status": "proposed", "source_entity_ids": [workload_id(name), asset_id(server)]}
        for number, (name, server) in enumerate((("crm", "web01"), ("shop", "web02")), start=1)
    ]  # fmt: skip
    targets = [
        {
            "server_name": server,
            "target_name": f"{server} on aws",
            "is_chosen": True,
            "instance_type": "m5.large",
            "wave_number": number,
        }
        for number, server in enumerate(("web01", "web02"), start=1)
    ]
    overview = [
        {"wave_number": number, "blocked_count": 0, "unknown_count": 0, "unknown_data_count": 0}
        | dict(changed if number == 2 else {})
        for number in (1, 2)
    ]
    edge = {"source_id": asset_id("web02"), "target_id": asset_id("web01"), "is_noise": False}
    return {
        "plan/timeline": timeline(),
        "assess/plan_of_record": of_table("assess/plan_of_record", *plan),
        "plan/targets": of_table("plan/targets", *targets),
        "plan/plan_overview": of_table("plan/plan_overview", *overview),
        "discovery/dependencies": of_table("discovery/dependencies", edge),
    }


class Programme:
    """What follows from what was told, in order: (task, state) pairs, an hour apart unless a time is given."""

    def __init__(
        self,
        *told: tuple[str, str],
        tables: dict[str, pd.DataFrame] | None = None,
        more: Sequence[dict[str, object]] = (),
    ) -> None:
        known = tables or frames()
        self.tasks = together(planned_tasks(known["plan/timeline"], scope=SCOPE))
        if more:
            self.tasks = pd.concat([self.tasks, pd.DataFrame(list(more))], ignore_index=True)
        rows = [
            {"task": name, "state": state, "at": f"{START + timedelta(hours=hour):%Y-%m-%dT%H:%MZ}"}
            for hour, (name, state) in enumerate(told)
        ]
        self.judged = judge_updates(rows_of(rows), self.tasks, inventory(), scope=SCOPE, settings=UTC_SETTINGS)
        self.gates = build_wave_gates(known, self.tasks, self.judged.updates, scope=SCOPE)
        self.rows = build_execution_overview(
            self.tasks, self.judged.updates, self.gates, scope=SCOPE, settings=UTC_SETTINGS
        )
        assert overview_problems(self.tasks, self.rows) == []
        assert gate_problems(known["plan/timeline"], self.gates) == []
        assert self.judged.rejected.empty, self.judged.rejected["reason"].tolist()

    def verdict(self, name: str) -> tuple[str, str]:
        row = self.gates[self.gates["task_name"] == name].iloc[0]
        return row["verdict"], row["finding"]

    def wave(self, number: int | None) -> dict[str, object]:
        rows = self.rows[
            self.rows["wave_number"].isna()
            if number is None
            else (self.rows["wave_number"] == number).fillna(value=False)
        ]
        return rows.iloc[0].to_dict()


APPROVED = [(f"Wave 1: {gate}", "done") for gate in TOLD]
WAVE_1 = [(f"crm: {step}", "done") for step in ("prepare", "go", "cutover", "validate")]


def test_every_gate_of_every_wave_is_a_task_that_people_can_tell_of() -> None:
    tasks = together(planned_tasks(frames()["plan/timeline"], scope=SCOPE))
    assert list(tasks.columns) == list(COLUMNS)
    assert tasks["task_id"].is_unique
    gates = tasks[tasks["kind"] == "gate"]
    assert set(gates["task_name"]) == {f"Wave {number}: {gate}" for number in (1, 2) for gate in GATES}
    due = gates.loc[gates["wave_number"] == 1, "planned_end"].unique()
    assert due == [START + timedelta(weeks=4, days=1)]


def test_tables_tell_what_they_can_of_a_gate_and_people_the_rest() -> None:
    made = Programme()
    assert made.verdict("Wave 1: data complete")[0] == "passed"
    assert made.verdict("Wave 1: owner signed") == ("unknown", "Not agreed yet: crm.")
    assert made.verdict("Wave 1: target sized")[0] == "passed"
    assert made.verdict("Wave 1: licences")[0] == "passed"
    assert made.verdict("Wave 1: backups")[0] == made.verdict("Wave 1: change approved")[0] == "unknown"
    said = Programme(("Wave 1: backups", "done"), ("Wave 1: change approved", "failed"))
    assert said.verdict("Wave 1: backups") == ("passed", "Ann said done as of 2026-03-02 08:00 UTC.")
    assert said.verdict("Wave 1: change approved")[0] == "failed"


def test_a_wave_waits_for_what_it_needs_of_earlier_waves() -> None:
    assert Programme().verdict("Wave 2: dependencies moved") == ("failed", "Still to move before it: crm.")
    assert Programme(*WAVE_1[:3]).verdict("Wave 2: dependencies moved")[0] == "passed"


def test_what_is_missing_is_found_and_people_may_overrule_it() -> None:
    tables = frames(unknown_data_count=3)
    tables["plan/targets"].loc[1, "instance_type"] = None
    made = Programme(("Wave 2: target sized", "done"), tables=tables)
    assert made.verdict("Wave 2: data complete") == ("failed", "Servers don't tell how much data they move: 3.")
    verdict, finding = made.verdict("Wave 2: target sized")
    assert verdict == "passed"
    assert "By the tables: Without a target that fits: web02." in finding
    remedy = made.gates.set_index("task_name")["remedy"]
    assert "acme/dc-exit" in remedy["Wave 2: backups"]
    assert "'Wave 2: backups'" in remedy["Wave 2: backups"]
    assert remedy.isna()["Wave 2: target sized"]


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ([], "planned"),
        (APPROVED[:2], "ready"),
        (APPROVED, "approved"),
        ([*APPROVED, ("crm: prepare", "started")], "executing"),
        ([*APPROVED, *WAVE_1[:2], ("crm: cutover", "failed")], "blocked"),
        ([*APPROVED, *WAVE_1[:3]], "validating"),
        ([*APPROVED, *WAVE_1], "complete"),
        ([*APPROVED, *WAVE_1[:3], ("crm: cutover", "rolled back")], "rolled back"),
        ([*APPROVED, *WAVE_1[:3], ("crm: cutover", "rolled back"), ("crm: cutover", "started")], "executing"),
    ],
)
def test_the_state_of_a_wave_follows_from_its_tasks_and_gates(told: list[tuple[str, str]], state: str) -> None:
    row = Programme(*told).wave(1)
    assert row["state"] == state
    assert row["deviations"] == []


def test_what_people_said_of_a_gate_counts_from_when_it_was_so() -> None:
    row = Programme(*APPROVED).wave(1)
    assert (row["previous_state"], row["state"], row["state_since"]) == (
        "ready",
        "approved",
        START + timedelta(hours=2),
    )


def test_a_wave_that_is_begun_before_it_is_approved_is_told_as_a_deviation() -> None:
    row = Programme(("crm: prepare", "started")).wave(1)
    assert row["state"] == "executing"
    assert row["deviations"] == ["It went from planned to executing on 2026-03-02 08:00 UTC, out of turn."]
    assert any("It was begun and the gate 'backups' is open" in blocker for blocker in row["blockers"])


def test_counts_times_and_next_step_are_those_of_the_tasks() -> None:
    made = Programme(*APPROVED, ("crm: prepare", "started"), ("crm: prepare", "done"), ("crm: go", "done"))
    row = made.wave(1)
    assert (row["task_count"], row["done_count"], row["planned_count"], row["share_done"]) == (4, 2, 2, 0.5)
    assert row["actual_start"] == START + timedelta(hours=3)
    assert pd.isna(row["actual_end"])
    assert str(row["next_step"]).startswith("Begin crm: cutover")
    whole = made.wave(None)
    assert (whole["task_count"], whole["done_count"], whole["state"]) == (8, 2, "executing")
    done = Programme(*APPROVED, *WAVE_1).wave(1)
    assert done["actual_end"] == START + timedelta(hours=6)
    assert (done["passed_gate_count"], done["blockers"]) == (7, [])


def test_what_stops_a_wave_is_said_in_words_and_what_is_late() -> None:
    row = Programme(*APPROVED, *WAVE_1[:2], ("crm: cutover", "failed")).wave(1)
    assert "crm: cutover has failed since 2026-03-02 13:00 UTC." in row["blockers"]
    assert row["late_count"] == 2
    assert any("should be over by 2026-06-30 and are not, first crm: cutover" in blocker for blocker in row["blockers"])


def test_the_day_by_which_tasks_are_late_is_that_of_the_engagements_clocks() -> None:
    made = Programme(*APPROVED)
    rows = build_execution_overview(made.tasks, made.judged.updates, made.gates, scope=SCOPE, settings=ZURICH)
    assert "should be over by 2026-06-30 and are not" in str(rows["blockers"].tolist())


def test_a_workload_whose_servers_have_told_all_their_steps_needs_no_telling_of_its_own() -> None:
    more = [
        task(
            f"web01: {step}",
            asset_id=asset_id("web01"),
            workload_id=workload_id("crm"),
            kind=kind,
            table_key="execute/rehost_tasks",
        )
        for step, kind in (("first copy", "replication"), ("cut over", "cutover"))
    ]
    told = [*APPROVED, ("web01: first copy", "done"), ("web01: cut over", "done")]
    row = Programme(*told, more=more).wave(1)
    assert (row["state"], row["task_count"], row["done_count"]) == ("complete", 6, 6)
    assert Programme(*told, more=more).verdict("Wave 2: dependencies moved")[0] == "passed"


def test_dry_runs_change_nothing_of_a_wave() -> None:
    made = Programme()
    rows = rows_of([{"task": "crm: cutover", "state": "done", "at": "2026-03-02T08:00Z", "rehearsal": "yes"}])
    judged = judge_updates(rows, made.tasks, inventory(), scope=SCOPE, settings=UTC_SETTINGS)
    again = build_execution_overview(made.tasks, judged.updates, made.gates, scope=SCOPE, settings=UTC_SETTINGS)
    pd.testing.assert_frame_equal(again, made.rows)


def test_without_a_timeline_there_are_no_rows() -> None:
    tables = frames() | {"plan/timeline": timeline().iloc[:0]}
    tasks = together(planned_tasks(tables["plan/timeline"], scope=SCOPE))
    updates = empty(output_tables()["execute/task_updates"])
    gates = build_wave_gates(tables, tasks, updates, scope=SCOPE)
    assert gates.empty
    assert build_execution_overview(tasks, updates, gates, scope=SCOPE, settings=UTC_SETTINGS).empty
