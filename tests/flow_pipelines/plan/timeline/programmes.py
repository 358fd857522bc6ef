"""Small programmes for the tests of timeline and resources: plan, roadmap and inventory without what makes them.

Belongs here: building frames with the columns that the phases read. Does not: expectations.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd

from flow_pipelines.edits import Edit
from flow_pipelines.plan.timeline.timeline import Timeline, build_timeline
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings, parse_settings
from flow_pipelines.tables.plan.timeline import TIMELINE

SCOPE = Scope("acme", "dc-exit")
BEGIN = date(2026, 6, 29)
Frames = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]


def settings_of(text: str = "") -> EngagementSettings:
    return parse_settings(text or "schedule: {effort_seconds: 0.2}", origin="test", today=BEGIN)


def programme(
    *waves: int, treatment: str = "rehost", effort_days: float = 10.0, gibibytes: float | None = 500.0
) -> Frames:
    """Return plan, roadmap, inventory and components: a workload of one server for each wave named; 0 is no wave."""
    numbers = list(enumerate(waves, start=1))
    plan = [
        {
            "workload_id": SCOPE.id_of("asset", f"w{place}"),
            "workload_name": f"w{place}",
            "treatment": treatment,
            "wave_number": wave or None,
            "start_date": BEGIN + timedelta(weeks=4 * (wave - 1)) if wave else None,
            "cutover_date": BEGIN + timedelta(weeks=4 * wave, days=5) if wave else None,
            "server_count": 1,
            "effort_days": effort_days,
            "source_entity_ids": [SCOPE.id_of("asset", f"s{place}")],
        }
        for place, wave in numbers
    ]
    servers: list[dict[str, Any]] = [
        {
            "asset_id": SCOPE.id_of("asset", f"s{place}"),
            "asset_type": "server",
            "storage_used_gib": gibibytes,
            "storage_allocated_gib": None,
            "os_product": "rhel",
        }
        for place, _ in numbers
    ]
    ready = {"step_type": "landing_zone_ready", "start_date": date(2026, 7, 10), "end_date": date(2026, 7, 10)}
    components = pd.DataFrame({"workload_ids": [], "product": []}, dtype="object")
    return pd.DataFrame(plan).astype({"wave_number": "Int64"}), pd.DataFrame([ready]), pd.DataFrame(servers), components


def timeline_of(frames: Frames, text: str = "", edits: tuple[Edit, ...] = ()) -> Timeline:
    return build_timeline(*frames, scope=SCOPE, settings=settings_of(text), edits=edits)


def by_name(made: Timeline) -> dict[str, dict[Any, Any]]:
    return {str(row["task_name"]): row for row in made.tasks.to_dict("records")}


def fixed(made: Timeline, name: str, moment: datetime) -> Edit:
    """Return a person's edit of when a task starts."""
    return Edit(
        edit_id=SCOPE.id_of("edit", name),
        number=1,
        kind="set",
        table_key=TIMELINE,
        entity_id=str(by_name(made)[name]["task_id"]),
        column="fixed_start",
        old_value=None,
        new_value=moment,
        withdraws=None,
        actor="Jane",
        reason="agreed",
        made_at=datetime(2026, 7, 1, tzinfo=UTC),
    )
