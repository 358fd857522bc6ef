"""Which items there are: applications whose code or architecture changes, and debt that was moved along.

Belongs here: one row per item, what it is about, what it would remove. Does not: by which pattern, in which order.

An application is an item as a whole, in the backlog of its treatment, if that is refactor, rearchitect or rewrite; if
it moves as it is, only if analysis found what keeps its code from running in a cloud. A server or database of a
workload that moves as it is, is an item of the refactor backlog if its debt outlives the move; the file
`modernization_model.yaml` says which does. Ids rest on workload and asset alone, so that an item keeps its progress
when its pattern changes.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from flow_pipelines.modernize.backlog.known import Known
from flow_pipelines.reference.modernization import modernization_model
from flow_pipelines.scope import Scope

APPLICATION, SERVER, DATABASE = "application", "server", "database"
REFACTOR = "refactor_backlog"
OF_WORKLOAD = ["workload_id", "workload_name", "treatment", "wave_number", "end_date", "source_entity_ids"]
COLUMNS = (
    *OF_WORKLOAD, "task_id", "task_name", "table_key", "backlog", "asset_id", "subject_type", "asset_ids", "why_here",
)  # fmt: skip


def find_items(known: Known, *, scope: Scope) -> pd.DataFrame:
    """Return all items of all backlogs.

    Returns:
        One row per item, by workload and asset: the workload's columns of the plan of record, task_id, task_name,
        table_key, backlog, asset_id (missing if it is about all of the workload), subject_type, asset_ids (what it is
        about), why_here.
    """
    found = pd.concat([_applications(known), _parts(known)], ignore_index=True)
    if found.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    found["task_id"] = scope.ids_of(
        "modernization", zip(found["workload_id"], found["asset_id"].fillna(""), strict=True)
    )
    found["table_key"] = "modernize/" + found["backlog"]
    repeated = found["task_name"].duplicated(keep=False)
    found["task_name"] = found["task_name"].mask(repeated, found["task_name"] + " [" + found["task_id"].str[:8] + "]")
    return found.sort_values(["workload_name", "task_name", "task_id"], ignore_index=True)[list(COLUMNS)]


def outliving_debt(known: Known) -> pd.DataFrame:
    """Return the debt of servers and databases that the move does not remove, with the workload that it moves with.

    Returns:
        Rows of `discovery/tech_debt` with the workload's columns; a shared asset counts for the first workload to move.
    """
    model = modernization_model()
    debt = _worth_removing(known.tech_debt)
    plan = known.plan[known.plan["treatment"].isin(model.moved_as_it_is)]
    plan = plan.sort_values(["wave_number", "workload_name", "workload_id"])[OF_WORKLOAD]
    members = plan.assign(asset_id=plan["source_entity_ids"]).explode("asset_id").drop_duplicates("asset_id")
    rows = debt[debt["asset_type"].isin([SERVER, DATABASE])].merge(members, on="asset_id")
    gone = [
        category in model.removed_by_move.get(treatment, ())
        for category, treatment in zip(rows["category"], rows["treatment"], strict=True)
    ]
    as_a_service = known.components["component_treatment"].isin(model.database_debt_removed_by)
    replaced = rows["asset_id"].isin(known.components.loc[as_a_service, "source_entity_ids"].explode())
    kept: pd.DataFrame = rows[
        ~pd.Series(gone, index=rows.index, dtype=bool) & ~(replaced & (rows["category"] == DATABASE))
    ]
    return kept


def debt_of_items(known: Known, items: pd.DataFrame) -> pd.DataFrame:
    """Return task_id and the findings that each item removes: those of its assets that are worth removing."""
    about = items[["task_id", "asset_ids", "subject_type", "treatment"]].explode("asset_ids")
    # An application that moves as it is is an item for its code; its servers' debt is in items of their own.
    is_for_code = (about["subject_type"] == APPLICATION) & about["treatment"].isin(modernization_model().moved_as_it_is)
    rows = about[~is_for_code].merge(_worth_removing(known.tech_debt), left_on="asset_ids", right_on="asset_id")
    outliving = set(outliving_debt(known)["finding_id"])
    is_part = rows["subject_type"] != APPLICATION
    return rows[~is_part | rows["finding_id"].isin(outliving)].sort_values(["task_id", "finding_id"])


def _worth_removing(debt: pd.DataFrame) -> pd.DataFrame:
    statuses = modernization_model().debt
    is_worth = [
        status in statuses.get(category, ()) for category, status in zip(debt["category"], debt["status"], strict=True)
    ]
    return debt[pd.Series(is_worth, index=debt.index, dtype=bool)]


def _applications(known: Known) -> pd.DataFrame:
    model = modernization_model()
    backlog_of = {treatment: backlog for backlog, treatment in model.backlogs.items()}
    plan = known.plan[OF_WORKLOAD].copy()
    mandatory = known.code_findings[known.code_findings["severity"] == "mandatory"]
    places = mandatory.groupby("workload_id")["place_count"].sum()
    found = plan["workload_id"].map(places).fillna(0).astype(int)
    plan["backlog"] = plan["treatment"].map(backlog_of)
    for_code = plan["treatment"].isin(model.moved_as_it_is) & (found >= model.least_mandatory_findings)
    plan["why_here"] = "Its treatment is " + plan["treatment"]
    plan.loc[for_code, "backlog"] = REFACTOR
    plan.loc[for_code, "why_here"] = "Its code has " + found[for_code].astype(str) + " places that no cloud runs as is"
    plan = plan[plan["backlog"].notna()]
    return plan.assign(
        task_name=plan["workload_name"] + ": modernize",
        asset_id=pd.Series(None, index=plan.index, dtype="object"),
        subject_type=APPLICATION,
        asset_ids=plan["source_entity_ids"],
    )


def _parts(known: Known) -> pd.DataFrame:
    debt = outliving_debt(known)
    parts: pd.DataFrame = debt.drop_duplicates("asset_id")
    return parts[[*OF_WORKLOAD, "asset_id"]].assign(
        backlog=REFACTOR,
        task_name=parts["workload_name"] + ": modernize " + parts["asset_name"],
        subject_type=parts["asset_type"],
        asset_ids=_as_lists(parts["asset_id"]),
        why_here=["Its debt moves with it" for _ in parts.index],
    )


def _as_lists(values: pd.Series[Any]) -> pd.Series[Any]:
    return values.map(lambda value: [value]).astype("object")
