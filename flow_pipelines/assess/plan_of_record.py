"""The plan of record: what rules and people decided, merged into one row per workload, and what people's word costs.

Belongs here: merging and saying who decided what. Does not: deciding (`treatment/`, `wave_planning/`, `roadmap/`),
and comparing two plans (`plan_comparison.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from flow_pipelines.edit_values import same, shown
from flow_pipelines.edits import Decision
from flow_pipelines.tables.assess.editor import OVERVIEW, TREATMENTS, WAVES, plan_of_record
from flow_pipelines.tables.contract import conform

# What a person took over from a tool or a language model is signed so: `--by "advice: migration hub"`.
ADVICE = "advice:"
# The columns in which the decision of a person changes the plan, by table.
DECIDED_COLUMNS = {OVERVIEW: ("owner", "criticality"), TREATMENTS: ("treatment",), WAVES: ("wave_number",)}
IN_WORDS = {"wave_number": "wave"}
# The dates of a workload: by column, the step of its wave and which of its dates.
DATES = {
    "start_date": ("prepare", "start_date"),
    "cutover_date": ("cutover", "start_date"),
    "end_date": ("hypercare", "end_date"),
    "latest_end_date": ("hypercare", "latest_end_date"),
}


def build_plan_of_record(
    overview: pd.DataFrame,
    treatments: pd.DataFrame,
    waves: pd.DataFrame,
    roadmap: pd.DataFrame,
    *,
    decisions: Mapping[str, Sequence[Decision]],
) -> pd.DataFrame:
    """Merge what was decided into the plan of record.

    Args:
        overview: The rows of `assess/assessment_overview`.
        treatments: The rows of `assess/treatments`.
        waves: The rows of `assess/waves`.
        roadmap: The rows of `assess/roadmap`.
        decisions: By table key, people's edits that are in these rows.

    Returns:
        The rows of `assess/plan_of_record`, one per row of `treatments`.
    """
    rows = treatments[["workload_id", "workload_name", "treatment", "effort_days", "reason", "source_entity_ids"]]
    placed = waves[["workload_id", "wave_number", "server_count", "reason", "next_best_cost", "fixed_by"]]
    rows = rows.merge(placed.rename(columns={"reason": "wave_reason"}), on="workload_id", how="left")
    told = ["workload_id", "owner", "criticality", "environment"]
    rows = rows.merge(overview[told], on="workload_id", how="left").merge(_dates(roadmap), on="wave_number", how="left")
    made = _by_workload(decisions)
    merged = [{**row, **_decided(row, made.get(row["workload_id"], []))} for row in rows.to_dict("records")]
    frame = pd.DataFrame(merged, columns=[column.name for column in plan_of_record.columns])
    return conform(frame.assign(status="proposed", server_count=rows["server_count"].fillna(0)), plan_of_record)


def _dates(roadmap: pd.DataFrame) -> pd.DataFrame:
    """Return, by wave_number, the dates of its workloads, and what they collide with."""
    steps = roadmap[roadmap["wave_number"].notna()]
    of_type = {step_type: rows.set_index("wave_number") for step_type, rows in steps.groupby("step_type")}
    columns = {name: of_type[step][column] for name, (step, column) in DATES.items() if step in of_type}
    conflicts = steps[steps["conflict"].notna()]
    said = (conflicts["step_name"] + ": " + conflicts["conflict"]).groupby(conflicts["wave_number"]).agg(" ".join)
    dates = pd.DataFrame(columns, columns=list(DATES)).rename_axis("wave_number").astype(object)
    return dates.join(said.rename("conflict")).reset_index().astype({"wave_number": "Int64"})


def _by_workload(decisions: Mapping[str, Sequence[Decision]]) -> dict[str, list[Decision]]:
    found: dict[str, list[Decision]] = {}
    for table_key, columns in DECIDED_COLUMNS.items():
        for one in decisions.get(table_key, ()):
            if one.edit.column in columns:
                found.setdefault(one.edit.entity_id, []).append(one)
    return found


def _decided(row: Mapping[Any, Any], made: Iterable[Decision]) -> dict[str, object]:
    """Return what the plan says of who decided on a workload."""
    of_column = {one.edit.column: one for one in made}
    changed = [one for one in of_column.values() if not same(_before(one), one.edit.new_value)]
    return {
        "treatment_decided_by": _decider(of_column.get("treatment")),
        "wave_decided_by": _decider(of_column.get("wave_number")),
        "decision_makers": sorted({one.edit.actor for one in of_column.values()}),
        "computed_treatment": _computed(row["treatment"], of_column.get("treatment")),
        "computed_wave_number": _computed(row["wave_number"], of_column.get("wave_number")),
        "changes": [_in_words(one) for one in changed],
        "decision_price": _price(row),
        "reason": " ".join(str(row[name]) for name in ("reason", "wave_reason") if pd.notna(row[name])),
    }


def _decider(decision: Decision | None) -> str:
    if decision is None:
        return "rule"
    return "advice" if decision.edit.actor.lower().startswith(ADVICE) else "person"


def _computed(value: object, decision: Decision | None) -> object:
    return decision.computed_value if decision else value


def _before(one: Decision) -> object:
    """Return what a person's word replaced.

    Waves are planned around the ones that people fixed: that the planner comes to the same then says nothing of the
    wave that it had chosen before.
    """
    is_planned_around = one.edit.column == "wave_number" and same(one.computed_value, one.edit.new_value)
    return one.edit.old_value if is_planned_around else one.computed_value


def _in_words(one: Decision) -> str:
    edit = one.edit
    what = IN_WORDS.get(edit.column, edit.column)
    return f"{what}: {shown(_before(one))} becomes {shown(edit.new_value)}, by {edit.actor}: {edit.reason}"


def _price(row: Mapping[Any, Any]) -> float:
    """Return what a fixed wave costs: by how much the best other one would be cheaper."""
    if pd.isna(row["fixed_by"]) or pd.isna(row["next_best_cost"]):
        return 0.0
    return max(0.0, -float(row["next_best_cost"]))
