"""What must hold before tasks are published: nothing that moves is lost, none invented, no time outside of its plan.

Belongs here: a function that lists what does not hold, in words. Does not: column contracts.
"""

from __future__ import annotations

import pandas as pd

from flow_pipelines.assess.gates import listed
from flow_pipelines.execute.tasks.build import DECOMMISSION, KEEP_IT, NAME_OF, Frames, moving
from flow_pipelines.execute.tasks.moving import SERVER
from flow_pipelines.execute.tasks.residents import last_to_leave
from flow_pipelines.reference.execution_templates import execution_templates


def task_problems(key: str, frames: Frames, tasks: pd.DataFrame) -> list[str]:
    """List what moves and has not all its steps, what has steps and does not move, and times and links that don't fit.

    Args:
        key: The table.
        frames: What it was made from; see `build_rehost_tasks`.
        tasks: Its rows.
    """
    graphs = {graph.graph: graph for graph in execution_templates().graphs if graph.table == NAME_OF[key]}
    assets = moving(frames)
    expected = assets[assets["graph"].isin(list(graphs))]
    steps = expected["graph"].map({name: len(graph.steps) for name, graph in graphs.items()}).to_numpy()
    counted = tasks.groupby("asset_id").size()
    found = expected["asset_id"].map(counted).fillna(0).to_numpy()
    problems = listed("{} move and have not all their steps", expected.loc[found != steps, "asset_name"])
    problems += listed("{} have steps and do not move so", set(counted.index) - set(expected["asset_id"]))
    problems += _unplanned(key, frames, tasks)
    problems += listed("task names {} are there twice", set(tasks.loc[tasks["task_name"].duplicated(), "task_name"]))
    problems += _kept(last_to_leave(assets, frames["plan/timeline"]), tasks)
    return problems + _time_problems(frames["plan/timeline"], tasks) + link_problems(tasks)


def _unplanned(key: str, frames: Frames, tasks: pd.DataFrame) -> list[str]:
    """List servers of the plan whose treatment has a graph and that have tasks in neither table."""
    templates = execution_templates()
    plan, inventory = frames["assess/plan_of_record"], frames["discovery/inventory"]
    servers = set(inventory.loc[inventory["asset_type"] == SERVER, "asset_id"])
    own, others = (
        set(plan.loc[plan["treatment"].isin(names), "source_entity_ids"].explode().dropna()) & servers
        for names in (
            templates.treatments_of(SERVER, NAME_OF[key]),
            sorted(set(templates.treatments_of(SERVER)) - set(templates.treatments_of(SERVER, NAME_OF[key]))),
        )
    )
    # A server of several workloads moves once: it may be in the other table.
    return listed("servers {} of the plan have no tasks", own - others - set(tasks["asset_id"]))


def _kept(leaving: pd.DataFrame, tasks: pd.DataFrame) -> list[str]:
    """List servers that would be switched off with a database that moves later on them, and nobody is told."""
    off = tasks[tasks["kind"] == DECOMMISSION]
    is_early = leaving["moved_at"].reindex(off["asset_id"]).set_axis(off.index) > off["planned_start"]
    is_silent = is_early & ~off["reason"].str.contains(KEEP_IT, regex=False)
    return listed("{} come before what runs on it has moved, which is not said", off.loc[is_silent, "task_name"])


def _time_problems(timeline: pd.DataFrame, tasks: pd.DataFrame) -> list[str]:
    parents = timeline.set_index("task_id")[["planned_start", "planned_end"]].reindex(tasks["timeline_task_id"])
    starts, ends = (parents[name].to_numpy() for name in ("planned_start", "planned_end"))
    is_inside = (tasks["planned_start"].to_numpy() >= starts) & (tasks["planned_end"].to_numpy() <= ends)
    backward = (tasks["planned_end"] < tasks["planned_start"]).to_numpy()
    return listed("tasks {} are not within their task of the timeline", tasks.loc[~is_inside | backward, "task_name"])


def link_problems(tasks: pd.DataFrame) -> list[str]:
    """List links to tasks that are not there, and tasks that begin before what they wait for has ended.

    Where every task begins after all that it waits for, and comes after it by number, there is no cycle.

    Args:
        tasks: task_id, task_name, predecessor_ids, planned_start, planned_end, step_number.
    """
    links = tasks[["task_name", "predecessor_ids", "planned_start", "step_number"]].explode("predecessor_ids").dropna()
    before = tasks.set_index("task_id")[["planned_end", "step_number"]].reindex(links["predecessor_ids"])
    is_lost = before["step_number"].isna().to_numpy()
    is_early = before["planned_end"].to_numpy() > links["planned_start"].to_numpy()
    is_cyclic = before["step_number"].fillna(0).to_numpy() >= links["step_number"].to_numpy()
    problems = listed("tasks {} wait for tasks that are not there", links.loc[is_lost, "task_name"])
    return problems + listed(
        "tasks {} begin before what they wait for has ended", links.loc[~is_lost & (is_early | is_cyclic), "task_name"]
    )
