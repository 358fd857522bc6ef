"""A backlog put together: its items with pattern, figures and order, around what people decided.

Belongs here: the sequence of the parts. Does not: the parts (the modules beside this one), progress
(`execute/progress.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from flow_pipelines.edits import Edit, apply_edits
from flow_pipelines.execute.progress import with_progress
from flow_pipelines.modernize.backlog.figures import add_figures, with_sizes
from flow_pipelines.modernize.backlog.items import debt_of_items, find_items
from flow_pipelines.modernize.backlog.known import Known
from flow_pipelines.modernize.backlog.order import place, what_comes_first
from flow_pipelines.modernize.backlog.patterns import choose_patterns
from flow_pipelines.reference.modernization import modernization_model, modernization_rules
from flow_pipelines.scope import Scope
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.execute.updates import task_updates
from flow_pipelines.tables.modernize.backlogs import BACKLOGS

KIND = "modernization"
UNPLACED = 0


def build_backlog(key: str, known: Known, *, scope: Scope, edits: Sequence[Edit] = ()) -> pd.DataFrame:
    """Build a backlog, its state of progress aside.

    Args:
        key: Its table, `modernize/refactor_backlog` and so on.
        known: What is known.
        scope: The engagement.
        edits: People's corrections; patterns and positions that they decided count in all that follows from them, the
            cells themselves are left to the shell.

    Returns:
        The rows of the table without the columns of `tables/execute/progress.py`, which `with_progress` adds.
    """
    table = BACKLOGS[key]
    items = find_items(known, scope=scope)
    items = items[items["table_key"] == key].reset_index(drop=True)
    of_progress = _progress(table_key=key)
    columns = [column.name for column in table.columns if column.name not in of_progress]
    if items.empty:
        return empty(table)[columns]
    debt = debt_of_items(known, items)
    rows = _with_debt(with_sizes(known, items), debt)
    rows = rows.join(choose_patterns(known, rows)).assign(kind=KIND)
    rows["role"] = rows["subject_type"].map(modernization_model().roles)
    first = what_comes_first(known, rows)
    decided = _decided(rows, key, edits)
    figured = add_figures(known, rows.assign(pattern=decided["pattern"].to_numpy()), debt)
    fixed = decided[decided["position"] != UNPLACED]
    placed = place(known, figured, first, dict(zip(fixed["task_id"], fixed["position"].astype(int), strict=True)))
    placed = placed.assign(pattern=rows["pattern"], reason=_reasons(placed, rows["reason"]))
    return placed.reindex(columns=columns)


def _progress(table_key: str) -> set[str]:
    """Return the columns that progress fills."""
    blank = pd.DataFrame({"task_id": pd.Series(dtype="object")})
    return set(with_progress(blank, empty(task_updates)).columns) & set(BACKLOGS[table_key].columns.keys()) - {
        "task_id"
    }


def _with_debt(rows: pd.DataFrame, debt: pd.DataFrame) -> pd.DataFrame:
    findings = debt.groupby("task_id")["finding_id"].agg(list).to_dict()
    facts = debt.assign(told=debt["asset_name"] + ": " + debt["fact"]).groupby("task_id")["told"].agg(list).to_dict()
    return rows.assign(
        finding_ids=rows["task_id"].map(lambda task: findings.get(task, [])),
        debt=rows["task_id"].map(lambda task: facts.get(task, [])),
    )


def _decided(rows: pd.DataFrame, key: str, edits: Sequence[Edit]) -> pd.DataFrame:
    """Return the patterns and positions that count, by the order of the rows; the position 0 where nobody gave one."""
    table = BACKLOGS[key]
    moment = pd.Timestamp(0, tz="UTC")
    provisional = rows.assign(
        position=UNPLACED, effort_days=0.0, debt_removed=0.0, saving_usd_month=0.0, value=0.0, risk="low",
        code_finding_count=0, planned_start=moment, planned_end=moment, state="planned",
    )  # fmt: skip
    for column in ("risk_reasons", "comes_first", "assumptions"):
        provisional[column] = [[] for _ in rows.index]
    names = [column.name for column in table.columns if column.name in provisional]
    decided, _ = apply_edits(conform(provisional[names], table), table, edits)
    return decided.set_index("task_id", drop=False).loc[rows["task_id"]].reset_index(drop=True)


def _reasons(placed: pd.DataFrame, why_pattern: pd.Series[str]) -> list[str]:
    titles = modernization_rules().options
    return [
        f"{why_here}. {why} {titles[pattern].says}: place {position} for {value:,.0f} points of value in "
        f"{days:,.1f} person days" + (f", after {len(first)} others." if first else ".")
        for why_here, why, pattern, position, value, days, first in zip(
            placed["why_here"], why_pattern, placed["pattern"], placed["position"], placed["value"],
            placed["effort_days"], placed["comes_first"], strict=True,
        )
    ]  # fmt: skip
