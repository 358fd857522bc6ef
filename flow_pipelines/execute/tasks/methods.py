"""How each database is moved: by product, size, what it becomes, and for how long its users may do without it.

Belongs here: choosing a method, and saying why. Does not: the methods (`reference/database_migrations.yaml`).
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from flow_pipelines.reference.database_migrations import Way, database_migrations
from flow_pipelines.settings import EngagementSettings

DOWNTIME, UNKNOWN = "downtime", "unknown"
GIBIBYTE_IN_MEGABITS = 1024**3 * 8 / 1000**2
SECONDS_PER_HOUR = 3_600


def allowed_downtime(answers: pd.DataFrame) -> dict[str, str]:
    """Return by workload for how long its users may do without it, as the questionnaire has it; unknown left out.

    Args:
        answers: The rows of `assess/questionnaire_answers`.
    """
    asked = answers[(answers["question"] == DOWNTIME) & (answers["answer"] != UNKNOWN)]
    return dict(zip(asked["workload_id"].astype(str), asked["answer"].astype(str), strict=True))


def copy_hours(gibibytes: pd.Series[Any], settings: EngagementSettings) -> pd.Series[Any]:
    """Return how many hours data takes over one stream of the line; missing where its size is not known."""
    own = settings.schedule
    stream = own.bandwidth_mbit / own.replication_streams
    return gibibytes.astype("Float64") * (GIBIBYTE_IN_MEGABITS / stream / SECONDS_PER_HOUR)


def database_methods(
    databases: pd.DataFrame, downtime: dict[str, str], settings: EngagementSettings
) -> pd.DataFrame:  # fmt: skip
    """Choose the method of each database.

    Args:
        databases: asset_id, workload_id, product, component_treatment, provider and database_size_gib.
        downtime: See `allowed_downtime`.
        settings: What the line carries.

    Returns:
        Under the index of the databases: method, reason (in words), and way (stopped or running).
    """
    model = database_migrations()
    hours = copy_hours(databases["database_size_gib"], settings) * model.passes
    rows = []
    columns = ["workload_id", "product", "component_treatment", "provider", "database_size_gib"]
    for needed, (workload, *told) in zip(
        hours, databases[columns].astype(object).itertuples(index=False, name=None), strict=True
    ):
        product, treatment, cloud, size = (None if pd.isna(one) else one for one in told)
        answer = downtime.get(str(workload))
        allowed = model.allowed_hours[answer or model.if_unknown]
        is_short = pd.notna(needed) and float(needed) <= allowed
        way: Way = "stopped" if is_short else "running"
        found = model.method_of(product, str(treatment), cloud, way)
        # What knows no two ways follows changes: at the switch it takes no second copy of all.
        reason = _reason(found.method, found.says, size, needed, allowed, answer)
        rows.append((found.method, reason, found.way or "running"))
    return pd.DataFrame(rows, columns=["method", "reason", "way"], index=databases.index)


def _reason(method: str, says: str, size: Any, needed: Any, allowed: float, answer: str | None) -> str:  # noqa: ANN401, PLR0917  (cells)
    model = database_migrations()
    agreed = f"its users may do without it for {answer or model.if_unknown} ({allowed:g} h)"
    agreed += "" if answer else ", which is assumed as nobody said"
    if size is None:
        why = f"its size is not known, so what needs the least downtime is taken; {agreed}"
    else:
        takes = f"{float(size):,.0f} GiB take {_length(float(needed))} backed up, carried and restored, and {agreed}"
        why = takes if float(needed) <= allowed else f"{takes}: it is copied while it works"
    return f"{method}: {says}; {why}"


def _length(hours: float) -> str:
    return f"{hours * 60:.0f} min" if hours < 1 else f"{hours:,.1f} h"
