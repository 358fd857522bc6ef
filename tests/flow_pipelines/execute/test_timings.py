"""How long steps really took: each dry run by itself, beside the cutover, held against the plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd

from flow_pipelines.execute.cutover.gates import timing_problems
from flow_pipelines.execute.cutover.runbook import build_runbook
from flow_pipelines.execute.cutover.timings import build_timings
from tests.flow_pipelines.execute.programmes import SCOPE, Workload, programme, settings_of

BEGIN = datetime(2026, 7, 20, 20, tzinfo=UTC)
RUNBOOK = build_runbook(programme(Workload("shop", ["web01"])), scope=SCOPE, settings=settings_of())
LAUNCH, STOP = "Wave 1: web01: launch", "Wave 1: web01: stop services"


def told(*rows: tuple[str, str, int, bool]) -> pd.DataFrame:
    """Return updates: name of the step, its state, minutes from the begin, whether it is a dry run."""
    ids = dict(zip(RUNBOOK["task_name"], RUNBOOK["task_id"], strict=True))
    return pd.DataFrame(
        {
            "update_id": f"{number}",
            "task_id": ids[name],
            "state": state,
            "happened_at": pd.Timestamp(BEGIN + timedelta(minutes=minute)),
            "received_at": pd.Timestamp(BEGIN),
            "is_rehearsal": is_rehearsal,
        }
        for number, (name, state, minute, is_rehearsal) in enumerate(rows)
    )


def timings_of(updates: pd.DataFrame) -> pd.DataFrame:
    rows = build_timings(RUNBOOK, updates, scope=SCOPE)
    assert timing_problems(RUNBOOK, updates, rows) == []
    return rows.set_index("timing_name")


def test_two_dry_runs_and_the_cutover_are_told_apart_and_compared() -> None:
    rows = timings_of(
        told(
            (STOP, "in progress", 0, True),
            (STOP, "done", 7, True),
            (LAUNCH, "in progress", 7, True),
            (LAUNCH, "done", 37, True),
            (STOP, "in progress", 1440, True),
            (STOP, "done", 1444, True),
            (LAUNCH, "in progress", 2880, False),
            (LAUNCH, "done", 2898, False),
        )
    )
    assert rows["actual_minutes"].to_dict() == {
        f"{STOP}, dry run 1": 7,
        f"{LAUNCH}, dry run 1": 30,
        f"{STOP}, dry run 2": 4,
        f"{LAUNCH}, cutover 1": 18,
    }
    assert rows.loc[f"{LAUNCH}, dry run 1", "difference_minutes"] == 10
    assert rows.loc[f"{LAUNCH}, cutover 1", "difference_minutes"] == -2
    assert rows.loc[f"{LAUNCH}, cutover 1", "planned_minutes"] == 20


def test_what_was_not_finished_or_not_begun_has_no_length() -> None:
    rows = timings_of(told((STOP, "in progress", 0, True), (STOP, "failed", 9, True), (LAUNCH, "done", 30, True)))
    assert rows["actual_minutes"].isna().all()
    assert rows.loc[f"{STOP}, dry run 1", "last_state"] == "failed"


def test_a_cutover_that_was_backed_out_and_done_again_is_two() -> None:
    rows = timings_of(
        told(
            (STOP, "in progress", 0, False),
            (STOP, "done", 5, False),
            (STOP, "rolled back", 60, False),
            (STOP, "in progress", 10_080, False),
            (STOP, "done", 10_086, False),
        )
    )
    assert rows["actual_minutes"].to_dict() == {f"{STOP}, cutover 1": 5, f"{STOP}, cutover 2": 6}


def test_what_is_told_of_other_tasks_is_no_timing() -> None:
    updates = told((STOP, "done", 0, False)).assign(task_id=SCOPE.id_of("task", "other"))
    assert build_timings(RUNBOOK, updates, scope=SCOPE).empty
    assert build_timings(RUNBOOK, updates.iloc[:0], scope=SCOPE).empty


def test_what_was_begun_and_done_in_one_minute_took_none() -> None:
    rows = timings_of(told((STOP, "done", 5, True), (STOP, "in progress", 5, True)))
    assert rows["actual_minutes"].to_dict() == {f"{STOP}, dry run 1": 0}
    assert rows.loc[f"{STOP}, dry run 1", "last_state"] == "done"


def test_a_step_that_was_blocked_and_went_on_is_of_the_same_run() -> None:
    rows = timings_of(
        told(
            (STOP, "in progress", 0, False),
            (LAUNCH, "in progress", 2, False),
            (LAUNCH, "blocked", 5, False),
            (LAUNCH, "in progress", 20, False),
            (STOP, "done", 25, False),
            (LAUNCH, "done", 30, False),
        )
    )
    assert rows["actual_minutes"].to_dict() == {f"{STOP}, cutover 1": 25, f"{LAUNCH}, cutover 1": 28}


def test_a_step_that_was_set_back_to_planned_and_begun_again_is_of_the_next_run() -> None:
    rows = timings_of(
        told(
            (STOP, "in progress", 0, True),
            (STOP, "blocked", 3, True),
            (STOP, "planned", 4, True),
            (STOP, "in progress", 60, True),
            (STOP, "done", 66, True),
        )
    )
    assert rows["actual_minutes"].dropna().to_dict() == {f"{STOP}, dry run 2": 6}
