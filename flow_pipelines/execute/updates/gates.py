"""What must hold before what was told of tasks is published: nothing lost, nothing dangling, nothing impossible.

Belongs here: for each table of updates, a function that lists what does not hold, in words. Does not: column contracts.
"""

from __future__ import annotations

import pandas as pd

from flow_pipelines.assess.gates import listed
from flow_pipelines.execute.updates.judge import Judged
from flow_pipelines.reference.task_states import task_states
from flow_pipelines.tables.execute.progress import PLANNED


def update_problems(tasks: pd.DataFrame, updates: pd.DataFrame) -> list[str]:
    """List updates of tasks that do not exist, and changes of a task's state that do not follow from each other.

    Args:
        tasks: All tasks that exist; see `all_tasks.py`.
        updates: The rows of `execute/task_updates`.
    """
    problems = listed("tasks {} have updates and do not exist", set(updates["task_id"]) - set(tasks["task_id"]))
    real = updates[~updates["is_rehearsal"].astype(bool)].sort_values(["task_id", "happened_at"], kind="stable")
    jumps = []
    for task, rows in real.groupby("task_id", sort=True):
        state, left = PLANNED, list(zip(rows["happened_at"], rows["previous_state"], rows["state"], strict=True))
        while left:
            # Of several at one moment, the one that follows.
            moment = left[0][0]
            next_one = next((one for one in left if one[0] == moment and one[1] == state), None)
            if next_one is None or not task_states().may_follow(state, next_one[2]):
                jumps.append(str(task))
                break
            left.remove(next_one)
            state = next_one[2]
    return problems + listed("the state of tasks {} changes in a way that is impossible", jumps)


def received_problems(received: pd.DataFrame, judged: Judged) -> list[str]:
    """List received rows of which nothing became, and tellings that are in none or both of the tables.

    Args:
        received: All that was received.
        judged: What became of it.
    """
    problems = listed("received rows {} are lost", set(received["content_id"]) - set(judged.fates))
    fates = [fate for found in judged.fates.values() for fate in found]
    for fate, rows in (("accepted", judged.updates), ("rejected", judged.rejected)):
        if fates.count(fate) != len(rows):
            problems.append(f"{fates.count(fate)} things told were {fate}, and {len(rows)} rows say so")
    unknown = set(fates) - {"accepted", "rejected", "repeated"}
    return problems + listed("things told came to {}", unknown)
