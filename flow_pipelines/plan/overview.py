"""Plan's overview: what each wave and the programme hold, take and cost, how ready they are and what may go wrong.

Belongs here: the rows of `plan/plan_overview`. Does not: dates of single tasks (`timeline/`), costs
(`target/business_case.py`) and what people are told of a single workload, which is Assess's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from flow_pipelines.plan.target.needs import known_number
from flow_pipelines.reference.task_templates import task_templates
from flow_pipelines.scope import Scope
from flow_pipelines.some_of import some_of
from flow_pipelines.tables.contract import conform
from flow_pipelines.tables.plan.overview import plan_overview

PLAN_OVERVIEW = f"{plan_overview.schema}/{plan_overview.name}"
PROGRAMME = 0
STAYS = "retain"
# The least ready first.
BY_READINESS = ("blocked", "unknown", "conditional", "ready")
BITS_PER_GIB, BITS_PER_MEGABIT, SECONDS_PER_HOUR = 8 * 1024**3, 1_000_000, 3_600
# How many names a sentence gives and how many broken conditions a wave: enough to start looking.
NAMED, CONDITIONS = 3, 3


@dataclass(frozen=True)
class Assessed:
    """What Assess handed over: the rows of the tables of these names."""

    plan_of_record: pd.DataFrame
    assessment_overview: pd.DataFrame
    waves: pd.DataFrame
    wave_conditions: pd.DataFrame
    roadmap: pd.DataFrame


def build_plan_overview(
    inventory: pd.DataFrame, assessed: Assessed, case: pd.DataFrame, *, scope: Scope, bandwidth_mbit: float
) -> pd.DataFrame:
    """Sum up every wave and the programme.

    Args:
        inventory: The rows of `discovery/inventory`.
        assessed: What Assess handed over.
        case: The rows of `plan/business_case`, as computed.
        scope: The engagement.
        bandwidth_mbit: What the line to the cloud carries, in Mbit/s.

    Returns:
        The rows of `plan/plan_overview`: the programme, then each wave. What is in no wave counts in the programme
        alone.
    """
    workloads = _workloads(assessed)
    data = _data(inventory, assessed.plan_of_record)
    figures = case.assign(wave=case["wave_number"].astype("Int64").fillna(PROGRAMME)).set_index("wave")
    rows = []
    for wave in [PROGRAMME, *sorted(set(workloads["wave"]) - {PROGRAMME})]:
        own = workloads if wave == PROGRAMME else workloads[workloads["wave"] == wave]
        moved = data if wave == PROGRAMME else data[data["wave"] == wave]
        row = {"wave": wave, **_sums(own, moved, bandwidth_mbit), **_figures(figures, wave)}
        row["risks"] = [*_risks(own, row), *_collisions(assessed, wave)]
        rows.append(row)
    return conform(_named(pd.DataFrame(rows), scope, bandwidth_mbit), plan_overview)


def _workloads(assessed: Assessed) -> pd.DataFrame:
    """Return the rows of the plan of record with what else is known of each workload."""
    told = assessed.assessment_overview[["workload_id", "readiness", "blockers"]]
    risk = assessed.waves[["workload_id", "risk_score"]]
    plan = assessed.plan_of_record
    rows = plan.merge(told, on="workload_id", how="left").merge(risk, on="workload_id", how="left")
    return rows.assign(wave=rows["wave_number"].astype("Int64").fillna(PROGRAMME)).sort_values("workload_id")


def _data(inventory: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """Return the servers whose treatment moves data: first wave, data and storage in GiB, both missing if not told."""
    templates = task_templates().templates
    moving = [name for name, tasks in templates.items() if any(task.kind == "transfer" for task in tasks)]
    parts = plan.loc[plan["treatment"].isin(moving), ["wave_number", "source_entity_ids"]].explode("source_entity_ids")
    first = parts.groupby("source_entity_ids")["wave_number"].min().astype("Int64").fillna(PROGRAMME)
    servers = inventory[(inventory["asset_type"] == "server") & inventory["asset_id"].isin(first.index)]
    used, allocated = known_number(servers, "storage_used_gib"), known_number(servers, "storage_allocated_gib")
    waves = servers["asset_id"].map(first)
    return pd.DataFrame({"wave": waves, "gib": used.fillna(allocated), "storage_gib": allocated.fillna(used)})


def _sums(own: pd.DataFrame, moved: pd.DataFrame, bandwidth_mbit: float) -> dict[str, object]:
    going = own.loc[(own["wave"] != PROGRAMME) & (own["treatment"] != STAYS), "readiness"]
    counts = {name: int((going == name).sum()) for name in BY_READINESS}
    gib = float(moved["gib"].fillna(0.0).sum())
    risk = own["risk_score"].astype(float).mean()
    return {
        "workload_count": len(own),
        "storage_gib": round(float(moved["storage_gib"].fillna(0.0).sum()), 1),
        "data_gib": round(gib, 1),
        "unknown_data_count": int(moved["gib"].isna().sum()),
        "transfer_hours": round(gib * BITS_PER_GIB / (bandwidth_mbit * BITS_PER_MEGABIT) / SECONDS_PER_HOUR, 1),
        "effort_days": round(float(own["effort_days"].astype(float).sum()), 1),
        "start_date": own["start_date"].dropna().min() if own["start_date"].notna().any() else None,
        **{
            name: own[name].dropna().max() if own[name].notna().any() else None
            for name in ("end_date", "latest_end_date")
        },
        "mean_risk": None if pd.isna(risk) else round(risk, 1),
        "readiness": next((name for name in BY_READINESS if counts[name]), "ready"),
        **{f"{name}_count": count for name, count in counts.items()},
        "source_entity_ids": own["workload_id"].tolist(),
    }


def _figures(figures: pd.DataFrame, wave: int) -> dict[str, object]:
    """Return what the business case says of a wave; of one in which no server moves it says nothing."""
    columns = ["server_count", "unpriced_server_count", "now_usd_month", "after_usd_month"]
    return {name: figures.loc[wave, name] if wave in figures.index else 0 for name in columns}


def _risks(own: pd.DataFrame, row: dict[str, object]) -> Iterator[str]:
    going = own[(own["wave"] != PROGRAMME) & (own["treatment"] != STAYS)]
    for word in ("blocked", "unknown"):
        found = going[going["readiness"] == word].to_dict("records")
        if found:
            yield f"Readiness {word}: {some_of([_with_blocker(one) for one in found], NAMED)}."
    waits = own.loc[own["status"] == "on hold", "workload_name"].tolist()
    if waits:
        yield f"On hold: {some_of(waits, NAMED)}."
    if row["unknown_data_count"]:
        yield f"Servers of unknown data that moves: {row['unknown_data_count']:,}; it takes longer than told."
    if row["unpriced_server_count"]:
        yield f"Servers without a price in the cloud: {row['unpriced_server_count']:,}; it costs more than told."


def _with_blocker(workload: dict[Any, Any]) -> str:
    first = str(next(iter(workload["blockers"]), "")).rstrip(".")
    return f"{workload['workload_name']} ({first})" if first else str(workload["workload_name"])


def _collisions(assessed: Assessed, wave: int) -> Iterator[str]:
    """Tell which conditions a wave breaks at what price, the dearest first, and with what its dates collide."""
    broken = assessed.wave_conditions
    broken = broken[broken["price"].astype(float) > 0]
    if wave != PROGRAMME:
        broken = broken[broken["wave_number"] == wave]
    broken = broken.sort_values(["price", "condition_id"], ascending=[False, True])
    yield from broken["reason"].head(CONDITIONS)
    if len(broken) > CONDITIONS:
        yield f"{len(broken) - CONDITIONS:,} more conditions of wave planning are not kept."
    steps = assessed.roadmap.sort_values("step_id")
    own = steps if wave == PROGRAMME else steps[steps["wave_number"] == wave]
    yield from own["conflict"].dropna().drop_duplicates()


def _named(rows: pd.DataFrame, scope: Scope, bandwidth_mbit: float) -> pd.DataFrame:
    is_whole = rows["wave"] == PROGRAMME
    reasons = [
        f"{row.data_gib:,.1f} GiB at {bandwidth_mbit:,.0f} Mbit/s take {row.transfer_hours:,.1f} hours without a "
        "pause. Costs are the business case's before anybody chooses a type."
        for row in rows.itertuples()
    ]
    names = ("Wave " + rows["wave"].astype("string")).mask(is_whole, "Programme").astype(object)
    ids = scope.ids_of("plan_overview", zip(rows["wave"].astype(int), strict=True))
    wave = rows["wave"].astype("Int64").mask(is_whole)
    return rows.assign(overview_id=ids, overview_name=names, wave_number=wave, reason=reasons)[
        [column.name for column in plan_overview.columns]
    ]


def overview_problems(plan: pd.DataFrame, rows: pd.DataFrame) -> list[str]:
    """List waves of the plan of record that are not told, or told and not there, and counts that don't add up.

    Args:
        plan: The rows of `assess/plan_of_record`.
        rows: The rows of `plan/plan_overview`.
    """
    counts = plan.groupby("wave_number").size().rename("counted")
    told = rows.dropna(subset="wave_number").set_index("wave_number")["workload_count"].rename("told")
    both = pd.concat([counts, told], axis=1).fillna(0).astype(int).sort_index()
    problems = [
        f"wave {wave} has {counted} workloads, and {said} are told"
        for wave, counted, said in both.itertuples(name=None)
        if counted != said
    ]
    whole = rows.loc[rows["wave_number"].isna(), "workload_count"].tolist()
    return problems + ([] if whole == [len(plan)] else [f"the programme tells {whole} of {len(plan)} workloads"])
