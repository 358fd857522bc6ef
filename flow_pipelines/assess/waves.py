"""Waves: the wave planning phase, from the tables before it to its own.

Belongs here: putting together what planning needs, and what it found. Does not: planning (`wave_planning/`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from flow_pipelines.assess.wave_planning.edges import workload_dependencies
from flow_pipelines.assess.wave_planning.plan import WavePlan, plan_waves
from flow_pipelines.assess.wave_planning.rationale import wave_rationales
from flow_pipelines.assess.wave_planning.risk import risk_scores
from flow_pipelines.edits import Edit
from flow_pipelines.scope import Scope
from flow_pipelines.settings import WaveSettings
from flow_pipelines.tables.assess.wave_planning import WAVES, wave_conditions, wave_totals, waves
from flow_pipelines.tables.contract import conform

FROM_OVERVIEW = ("workload_id", "environment", "criticality", "owner", "server_count", "storage_gib")
FROM_TREATMENTS = ("workload_id", "workload_name", "treatment", "effort_days")
WISHES = {"wave_number": "fixed_wave", "forbidden_waves": "forbidden_waves", "tied_to": "tied_to"}


@dataclass(frozen=True)
class PlannedWaves:
    """The phase's tables, and the plan that they hold.

    Attributes:
        waves: The rows of `assess/waves`.
        wave_conditions: The rows of `assess/wave_conditions`.
        wave_totals: The rows of `assess/wave_totals`.
        plan: The plan.
    """

    waves: pd.DataFrame
    wave_conditions: pd.DataFrame
    wave_totals: pd.DataFrame
    plan: WavePlan


def plan_of_waves(
    overview: pd.DataFrame,
    treatments: pd.DataFrame,
    inventory: pd.DataFrame,
    dependencies: pd.DataFrame,
    *,
    scope: Scope,
    settings: WaveSettings,
    edits: Sequence[Edit] = (),
) -> PlannedWaves:
    """Plan the waves of an engagement.

    Args:
        overview: The rows of `assess/assessment_overview`.
        treatments: The rows of `assess/treatments`.
        inventory: The rows of `discovery/inventory`.
        dependencies: The rows of `discovery/dependencies`.
        scope: The engagement, for the ids.
        settings: How waves are planned.
        edits: People's corrections of `assess/waves`: what they fixed, ruled out and tied together.

    Raises:
        PlanningError: People's wishes, or the limits, can't all be kept.
    """
    workloads = treatments[list(FROM_TREATMENTS)].merge(overview[list(FROM_OVERVIEW)], on="workload_id")
    workloads["risk_score"] = workloads["workload_id"].map(
        dict(zip(overview["workload_id"], risk_scores(overview), strict=True))
    )
    workloads["site"] = workloads["workload_id"].map(_sites(overview, inventory))
    workloads = _with_wishes(workloads, edits)
    edges = workload_dependencies(overview, dependencies)
    plan = plan_waves(workloads, edges, settings)
    rows = workloads.merge(plan.placements, on="workload_id")
    rows["source_entity_ids"] = [[workload] for workload in rows["workload_id"]]
    rationales = wave_rationales(rows, edges, settings)
    # The cheaper wave is what is computed; the one that a person chose is set by the edit itself.
    is_dearer = rows["fixed_by"].notna() & (rows["next_best_cost"].astype(float) < 0)
    rows["wave_number"] = rows["wave_number"].where(~is_dearer, rows["next_best_wave"])
    return PlannedWaves(
        conform(rows[[column.name for column in waves.columns]], waves),
        conform(_conditions(plan, scope), wave_conditions),
        conform(_totals(plan, rationales, scope), wave_totals),
        plan,
    )


def _sites(overview: pd.DataFrame, inventory: pd.DataFrame) -> dict[str, str]:
    """Return the data center of each workload whose parts that tell one agree."""
    parts = overview[["workload_id", "source_entity_ids"]].explode("source_entity_ids").dropna()
    told = parts.merge(inventory[["asset_id", "data_center"]], left_on="source_entity_ids", right_on="asset_id").dropna(
        subset=["data_center"]
    )
    found = told.groupby("workload_id")["data_center"].agg(["nunique", "first"])
    return dict(found.loc[found["nunique"] == 1, "first"])


def _with_wishes(workloads: pd.DataFrame, edits: Sequence[Edit]) -> pd.DataFrame:
    wished: dict[str, dict[str, Any]] = {column: {} for column in (*WISHES.values(), "fixed_by")}
    for edit in edits:
        if edit.table_key != WAVES or edit.column not in WISHES:
            continue
        wished[WISHES[edit.column]][edit.entity_id] = edit.new_value
        if edit.column == "wave_number" and edit.new_value is not None:
            wished["fixed_by"][edit.entity_id] = edit.actor
    columns = {
        name: pd.Series([values.get(workload) for workload in workloads["workload_id"]], dtype=object)
        for name, values in wished.items()
    }
    return workloads.reset_index(drop=True).assign(**columns)


def _conditions(plan: WavePlan, scope: Scope) -> pd.DataFrame:
    rows = plan.conditions
    keys = rows[["kind", "workload_id", "other_workload_id", "wave_number", "reason"]].astype(object)
    ids = scope.ids_of("wave_condition", keys.where(keys.notna(), "").itertuples(index=False, name=None))
    return rows.assign(condition_id=list(ids))


def _totals(plan: WavePlan, rationales: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    totals = plan.totals.rename(columns={"workloads": "workload_count", "servers": "server_count"})
    each = totals.merge(rationales, on="wave_number", how="left").assign(
        wave_name=[f"Wave {number}" for number in totals["wave_number"]],
        reason=[
            f"{count} workloads with {servers} servers; mean risk {risk:.0f} of 100."
            for count, servers, risk in zip(
                totals["workload_count"], totals["server_count"], totals["mean_risk"], strict=True
            )
        ],
    )
    summed = totals[["workload_count", "server_count", "storage_gib", "effort_days", "cut"]].sum()
    parts = ", ".join(f"{kind} {cost:,.2f}" for kind, cost in plan.costs.items() if cost)
    proof = "no plan is better" if plan.is_optimal else f"no plan costs less than {plan.bound:,.2f}"
    whole = pd.DataFrame(
        [
            {
                **summed.to_dict(),
                "wave_name": "Plan",
                "cost": round(plan.objective, 2),
                "bound": round(plan.bound, 2),
                "gap": round(plan.gap, 4),
                "reason": f"{len(totals)} waves cost {plan.objective:,.2f} points ({parts or 'nothing'}); {proof} "
                f"(rules {plan.version}, seed {plan.seed}).",
            }
        ]
    )
    rows = pd.concat([whole, each], ignore_index=True)
    numbers = rows["wave_number"].astype("Int64") if "wave_number" in rows else pd.array([pd.NA] * len(rows), "Int64")
    ids = scope.ids_of("wave", ((name,) for name in rows["wave_name"]))
    return rows.assign(wave_number=numbers, wave_id=list(ids), storage_gib=rows["storage_gib"].astype(float).fillna(0))


def wave_problems(
    workloads: pd.DataFrame, edges: pd.DataFrame, planned: PlannedWaves, settings: WaveSettings
) -> list[str]:
    """List what a plan breaks, looked at without any of the planner's numbers.

    Args:
        workloads: The rows of `assess/treatments`.
        edges: Edges between workloads, as `workload_dependencies` returns them.
        planned: The plan.
        settings: How waves are planned.
    """
    rows = planned.waves.set_index("workload_id").drop(columns="wave_number")
    rows = rows.join(planned.plan.placements.set_index("workload_id")["wave_number"])
    names, numbers = rows["workload_name"], rows["wave_number"]
    bent = planned.wave_conditions[planned.wave_conditions["kind"].isin(["cycle_split", "too_large"])]
    parted = set(zip(bent["workload_id"], bent["other_workload_id"], strict=True))
    problems = [f"workload {name} has no row" for name in sorted(set(workloads["workload_id"]) - set(rows.index))]
    placed = rows[numbers.notna()]
    for resource, limit in (("server_count", settings.servers), ("effort_days", settings.effort_days)):
        fitting = placed[~placed.index.isin(bent.loc[bent["kind"] == "too_large", "workload_id"])]
        load = fitting.groupby("wave_number")[resource].sum()
        if limit is not None:
            problems += [f"wave {wave} holds {value:g} {resource}" for wave, value in load[load > limit].items()]
    hard = edges[edges["is_hard"]]
    for source, target in zip(hard["source_id"], hard["target_id"], strict=True):
        if (source, target) in parted or source not in placed.index or target not in placed.index:
            continue
        if placed.loc[target, "wave_number"] > placed.loc[source, "wave_number"]:
            problems.append(f"{names[source]} needs {names[target]}, which moves later")
    return problems
