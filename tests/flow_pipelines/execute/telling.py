"""Small programmes whose tasks can be told of, for tests of updates and of what follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pandas as pd

from flow_pipelines.execute.updates.judge import Judged, judge_updates
from flow_pipelines.execute.updates.received import COLUMNS, raw_rows, received
from flow_pipelines.row_files import FileRow
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.settings_schedule import ScheduleSettings
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import empty

SCOPE = Scope("acme", "dc-exit")
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
RECEIVED = datetime(2026, 6, 1, 12, tzinfo=UTC)
ZURICH = EngagementSettings(as_of=date(2026, 6, 30), schedule=ScheduleSettings(time_zone="Europe/Zurich"))
UTC_SETTINGS = EngagementSettings(as_of=date(2026, 6, 30))


def asset_id(name: str) -> str:
    return SCOPE.id_of("asset", name)


def workload_id(name: str) -> str:
    return SCOPE.id_of("asset", "application", name)


def task(name: str, **columns: object) -> dict[str, Any]:
    """Return a task of the frame that all tasks share, by its readable name."""
    return {
        "task_id": SCOPE.id_of("task", name),
        "task_name": name,
        "table_key": "plan/timeline",
        "wave_number": 1,
        "workload_id": None,
        "asset_id": None,
        "kind": "work",
        "role": "tester",
        "planned_start": START,
        "planned_end": START + timedelta(hours=4),
        "source_entity_ids": [],
        **columns,
    }


def programme(*rows: Mapping[str, Any]) -> pd.DataFrame:
    """Return tasks: those given, or crm on web01 and web02 (a wave), and db01 by itself."""
    return pd.DataFrame(rows or USUAL)


USUAL = [
    *(
        task(
            f"crm: {step}",
            workload_id=workload_id("crm"),
            kind=kind,
            source_entity_ids=[asset_id("web01"), asset_id("web02")],
        )
        for step, kind in (("prepare", "work"), ("test", "work"), ("cutover", "cutover"), ("validate", "work"))
    ),
    *(
        task(
            f"{server}: {step}",
            asset_id=asset_id(server),
            table_key="execute/rehost_tasks",
            source_entity_ids=[asset_id(server)],
        )
        for server in ("web01", "web02")
        for step in ("set up the agent", "first copy", "test boot", "cut over")
    ),
    *(
        task(
            f"db01: {step}",
            workload_id=workload_id("db01"),
            source_entity_ids=[workload_id("db01"), asset_id("db01")],
            wave_number=2,
        )
        for step in ("prepare", "replicate", "cutover")
    ),
    task("Wave 1: change approved", kind="gate", table_key="execute/wave_gates"),
    task("Wave 2: change approved", kind="gate", table_key="execute/wave_gates", wave_number=2),
]


@cache
def inventory() -> pd.DataFrame:
    rows = [
        {
            "asset_id": asset_id(name),
            "name": name,
            "host_name": name,
            "fqdn": f"{name}.corp.example",
            "asset_type": "server",
        }
        for name in ("web01", "web02", "db01")
    ]
    return pd.DataFrame(rows).reindex(columns=empty(output_tables()["discovery/inventory"]).columns)


def rows_of(*files: Sequence[FileRow | Mapping[str, str]], at: datetime = RECEIVED) -> pd.DataFrame:
    """Return raw rows as the platform receives them, file after file, a day each; rows told twice are there once."""
    rows: dict[str, dict[str, Any]] = {}
    for days, file in enumerate(files):
        told = [
            one if isinstance(one, FileRow) else FileRow("week.csv", one, None, number)
            for number, one in enumerate(file, start=1)
        ]
        for raw in raw_rows(SCOPE, told):
            receipt = {"received_at": at + timedelta(days=days), "received_by": "Ann", "update_number": len(rows) + 1}
            rows.setdefault(raw["content_id"], raw | receipt)
    return received(tuple(row[name] for name in COLUMNS) for row in rows.values())


def judged(
    told: Sequence[FileRow | Mapping[str, str]],
    *,
    tasks: pd.DataFrame | None = None,
    settings: EngagementSettings = ZURICH,
) -> Judged:
    known = programme() if tasks is None else tasks
    return judge_updates(rows_of(told), known, inventory(), scope=SCOPE, settings=settings)


def changes(result: Judged) -> list[tuple[str, str, str]]:
    """Return the accepted changes in order of happening: task, state and the moment in UTC."""
    rows = result.updates.sort_values(["happened_at", "task_name"])
    return [
        (name, state, f"{moment:%Y-%m-%d %H:%M}")
        for name, state, moment in zip(rows["task_name"], rows["state"], rows["happened_at"], strict=True)
    ]


def reasons(result: Judged) -> list[tuple[str, str]]:
    return list(zip(result.rejected["reason_code"], result.rejected["reason"], strict=True))
