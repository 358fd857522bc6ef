"""What was told of servers fills in what nobody told of their workloads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd

from flow_pipelines.execute.progress import with_parts

FIRST, SECOND = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 2, tzinfo=UTC)
Part = tuple[str, str, datetime | None, datetime | None]


def filled(*parts: Part, **told: str) -> dict[str, dict[Any, Any]]:
    """Return the tasks of a workload by name: replicate, test and validate; the last has no parts."""
    names = ["replicate", "test", "validate"]
    tasks = pd.DataFrame(
        {"task_id": names, "workload_id": "crm", "state": [told.get(name, "planned") for name in names]}
    )
    moments = pd.Series([FIRST if name in told else None for name in names])
    columns = ("told_at", "actual_start", "actual_end")
    tasks = tasks.assign(**{name: pd.to_datetime(moments, utc=True) for name in columns})
    rows = pd.DataFrame(parts, columns=["timeline_task_id", "state", "actual_start", "actual_end"])
    rows = rows.assign(workload_id="crm", **{name: pd.to_datetime(rows[name], utc=True) for name in columns[1:]})
    return {row["task_id"]: row for row in with_parts(tasks, rows).to_dict("records")}


def test_a_task_is_begun_with_its_first_part_and_done_with_its_last() -> None:
    rows = filled(
        ("replicate", "done", FIRST, SECOND), ("replicate", "planned", None, None), ("test", "planned", None, None)
    )
    assert (rows["replicate"]["state"], rows["replicate"]["actual_start"]) == ("in progress", FIRST)
    assert rows["test"]["state"] == "planned"
    rows = filled(
        ("replicate", "done", FIRST, SECOND), ("replicate", "done", None, FIRST), ("test", "planned", None, None)
    )
    assert (rows["replicate"]["state"], rows["replicate"]["actual_end"]) == ("done", SECOND)
    assert rows["validate"]["state"] == "planned"


def test_where_all_parts_are_over_so_is_what_has_none() -> None:
    rows = filled(("replicate", "done", FIRST, FIRST), ("test", "done", FIRST, SECOND))
    assert (rows["validate"]["state"], rows["validate"]["actual_end"]) == ("done", SECOND)


def test_what_was_only_skipped_says_nothing_and_what_was_told_stays() -> None:
    skipped = filled(("replicate", "skipped", None, FIRST), ("test", "skipped", None, FIRST))
    assert {row["state"] for row in skipped.values()} == {"planned"}
    told = filled(("replicate", "done", FIRST, SECOND), ("test", "done", FIRST, SECOND), validate="failed")
    assert told["validate"]["state"] == "failed"


def test_without_parts_nothing_changes() -> None:
    assert {row["state"] for row in filled().values()} == {"planned"}
