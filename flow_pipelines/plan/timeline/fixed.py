"""Tasks that are done or fixed by a person, and what moved since the last schedule.

Belongs here: taking fixed tasks out of a problem, leaving what follows for the others. Does not: solving it.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Split:
    """Tasks that are free to move, with releases and deadlines by the fixed ones, and what these take.

    Attributes:
        free: Tasks as `schedule` reads them.
        precedences: Those between free tasks.
        demands: Those of free tasks.
        fixed: task_id, start, end, periods_late.
        taken: resource, start, end, units: what fixed tasks use.
    """

    free: pd.DataFrame
    precedences: pd.DataFrame
    demands: pd.DataFrame
    fixed: pd.DataFrame
    taken: pd.DataFrame


def split_fixed(tasks: pd.DataFrame, precedences: pd.DataFrame, demands: pd.DataFrame) -> Split:
    """Take out the tasks that have a `fixed_start`.

    A free task starts no earlier than fixed predecessors allow. That it ends in time for fixed successors is a
    deadline, which may be missed and then counts as late, no more and no less than another deadline: a fixed date
    never makes a plan impossible. What fixed tasks use is not checked against what there is.
    """
    given = tasks["fixed_start"] if "fixed_start" in tasks else pd.Series(pd.NA, index=tasks.index)
    fixed = tasks[given.notna()].assign(start=given[given.notna()].astype("int64"))
    fixed["end"] = fixed["start"] + fixed["duration"].astype("int64")
    fixed["periods_late"] = (fixed["end"] - fixed["deadline"].astype("Float64")).fillna(0).clip(lower=0).astype("int64")
    free = tasks[given.isna()].copy()
    names = set(free["task_id"])
    into, out = precedences["after"].isin(names), precedences["before"].isin(names)
    begun, ended = fixed.set_index("task_id")["start"], fixed.set_index("task_id")["end"]
    released = precedences[into & ~out]
    earliest = (released["before"].map(ended).astype("float64") + released["lag"]).groupby(released["after"]).max()
    due = precedences[out & ~into]
    latest = (due["after"].map(begun).astype("float64") - due["lag"]).groupby(due["before"]).min()
    free["release"] = pd.concat([free["release"], free["task_id"].map(earliest)], axis=1).max(axis=1)
    deadlines = [free["deadline"].astype("Float64"), free["task_id"].map(latest).astype("Float64")]
    free["deadline"] = pd.concat(deadlines, axis=1).min(axis=1)
    own = demands["task_id"].isin(names)
    taken = demands[~own].merge(fixed[["task_id", "start", "end"]], on="task_id")
    return Split(
        free, precedences[into & out], demands[own],
        fixed[["task_id", "start", "end", "periods_late"]], taken[["resource", "start", "end", "units"]],
    )  # fmt: skip


def moved_tasks(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Say what moved between two schedules (their `tasks`).

    Returns:
        task_id, start_before, start_after, end_before, end_after (empty where a schedule lacks the task), in order of
        task_id; tasks with the same start and end in both are left out.
    """
    columns = ["task_id", "start", "end"]
    both = before[columns].merge(after[columns], on="task_id", how="outer", suffixes=("_before", "_after"))
    both = both.set_index("task_id").astype("Int64").sort_index()
    same = (both["start_before"] == both["start_after"]) & (both["end_before"] == both["end_after"])
    ordered = both.loc[~same.fillna(value=False), ["start_before", "start_after", "end_before", "end_after"]]
    return ordered.reset_index()
