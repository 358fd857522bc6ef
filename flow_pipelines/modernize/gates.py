"""What must hold before findings and backlogs are published: nothing lost, nothing invented, nothing dangling.

Belongs here: for each table, a function that lists what does not hold, in words. Does not: column contracts.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from flow_pipelines.assess.gates import listed
from flow_pipelines.reference.modernization import modernization_model


def finding_problems(files: Iterable[str], plan: pd.DataFrame, findings: pd.DataFrame) -> list[str]:
    """List files of analyses that are lost or invented, and findings about workloads that there are not.

    Args:
        files: Names of the files that were read.
        plan: The rows of `assess/plan_of_record`.
        findings: The rows of `modernize/code_findings`.
    """
    read, told = set(files), set(findings["source_file"])
    stray = findings.loc[findings["workload_id"].notna() & ~findings["workload_id"].isin(plan["workload_id"]), "rule"]
    return [
        *listed("nothing tells of the files {}", read - told),
        *listed("findings tell of files {} that were not read", told - read),
        *listed("findings {} are about no workload of the plan", set(stray)),
    ]


def backlog_problems(key: str, plan: pd.DataFrame, debt: pd.DataFrame, backlog: pd.DataFrame) -> list[str]:
    """List applications that are lost, items of other workloads, debt that is not there, and places without an item.

    Args:
        key: The backlog's table.
        plan: The rows of `assess/plan_of_record`.
        debt: The rows of `discovery/tech_debt`.
        backlog: The rows of the backlog.
    """
    treatment = modernization_model().backlogs[key.split("/")[1]]
    wanted = set(plan.loc[plan["treatment"] == treatment, "workload_id"])
    whole = set(backlog.loc[backlog["subject_type"] == "application", "workload_id"])
    known = {finding for found in backlog["finding_ids"] for finding in found} - set(debt["finding_id"])
    names = backlog["task_name"]
    return [
        *listed("no item is about the workloads {}", wanted - whole),
        *listed(
            "items are about workloads {} that are not planned", set(backlog["workload_id"]) - set(plan["workload_id"])
        ),
        *listed("items remove debt {} that there is not", known),
        *listed("two items are called {}", set(names[names.duplicated()])),
    ]
