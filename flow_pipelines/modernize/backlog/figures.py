"""What an item takes and what it is worth: effort, debt and cost removed, value, risk.

Belongs here: figures by item, once its pattern is known. Does not: weights (`reference/modernization_model.yaml`).
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from flow_pipelines.assess.treatment.effort import effort_days
from flow_pipelines.modernize.backlog.items import APPLICATION, DATABASE, SERVER
from flow_pipelines.modernize.backlog.known import Known
from flow_pipelines.reference.modernization import modernization_model, modernization_rules

HOSTING = ("runs_on", "hosted_on")
SIZES = ["server_count", "database_count", "storage_gib"]


def with_sizes(known: Known, items: pd.DataFrame) -> pd.DataFrame:
    """Add how large each item is, and what else is known of its workload: one server or database, or all of it."""
    told = [
        "workload_id",
        *SIZES,
        "complexity",
        "criticality",
        "needed_by_count",
        "depends_on_count",
        "data_confidence",
    ]
    rows = items.merge(known.overview[told], on="workload_id", how="left")
    stored = known.inventory.set_index("asset_id")[["storage_used_gib", "storage_allocated_gib", "database_size_gib"]]
    own = stored.bfill(axis="columns").iloc[:, 0]
    is_part = rows["subject_type"] != APPLICATION
    rows["storage_gib"] = rows["storage_gib"].mask(is_part, rows["asset_id"].map(own)).astype("Float64")
    for count, subject in (("server_count", SERVER), ("database_count", DATABASE)):
        rows[count] = rows[count].mask(is_part, (rows["subject_type"] == subject).astype(int)).fillna(0).astype(int)
    return rows.assign(complexity=rows["complexity"].fillna("medium"))


def settled_code(known: Known, items: pd.DataFrame) -> pd.DataFrame:
    """Return what each item settles in code.

    Returns:
        By task_id: count (findings), days (person days), score (debt).
    """
    model = modernization_model()
    wholes = items.loc[items["subject_type"] == APPLICATION, ["task_id", "workload_id"]]
    findings = known.code_findings[known.code_findings["severity"].isin(model.code_scores)]
    rows = wholes.merge(findings, on="workload_id").sort_values(["task_id", "code_finding_id"])
    places = rows["place_count"].astype(float)
    usual = (rows["severity"] == "mandatory").astype(float) * model.days_per_mandatory_finding
    points = rows["effort_points"].astype("Float64")
    days = (points * model.days_per_point).fillna(usual).astype(float) * places
    score = rows["severity"].map(model.code_scores).astype(float) * places
    sums = (
        rows.assign(days=days, score=score)
        .groupby("task_id")
        .agg(count=("code_finding_id", "size"), days=("days", "sum"), score=("score", "sum"))
    )
    found = sums.reindex(items["task_id"]).fillna(0)
    return found.assign(
        days=(found["days"] ** model.code_scale).clip(upper=model.most_code_days),
        score=found["score"].clip(upper=model.most_code_debt),
    )


def add_figures(known: Known, items: pd.DataFrame, debt: pd.DataFrame) -> pd.DataFrame:
    """Add effort, value and risk to items with sizes and patterns.

    Args:
        known: What is known.
        items: Items with sizes, `pattern` (people's choice included) and `confidence`.
        debt: The findings that each removes.
    """
    model, effort = modernization_model(), modernization_rules().effort
    if effort is None:
        raise ValueError("modernization_rules.yaml names no effort")
    code = settled_code(known, items)
    removed = items["task_id"].map(debt.groupby("task_id")["score"].sum()).fillna(0).astype(float)
    share = items["pattern"].map(model.saved_share).astype(float)
    cost = _monthly_cost(known, items)
    rows = items.assign(
        code_finding_count=code["count"].to_numpy(dtype=int),
        effort_days=(effort_days(items, items["pattern"], effort) + code["days"].to_numpy()).round(1),
        debt_removed=(removed + code["score"].to_numpy()).round(1),
        saving_usd_month=(cost.fillna(0) * share).round(2),
    )
    value = rows["debt_removed"] * model.value["debt"] + rows["saving_usd_month"] * model.value["usd_month"]
    return _with_risk(rows.assign(value=value.round(1), assumptions=_assumptions(share, cost)))


def _monthly_cost(known: Known, items: pd.DataFrame) -> pd.Series[float]:
    """Return what the servers of each item cost after the move, in USD a month; missing if no price is known.

    A database's is that of the server on which it runs.
    """
    chosen = known.targets[known.targets["is_chosen"].astype(bool)]
    licence = chosen["sql_server_usd_month"].astype("Float64").fillna(0)
    prices = pd.Series(
        (chosen["on_demand_usd_month"].astype("Float64") + licence).to_numpy(),
        index=chosen["asset_id"],
        dtype="Float64",
    ).dropna()
    edges = known.dependencies[known.dependencies["kind"].isin(HOSTING)].sort_values(["source_id", "target_id"])
    host = edges.drop_duplicates("source_id").set_index("source_id")["target_id"]
    assets = items[["task_id", "asset_ids"]].explode("asset_ids")
    servers = assets["asset_ids"].where(assets["asset_ids"].isin(prices.index), assets["asset_ids"].map(host))
    priced = assets.assign(server=servers).drop_duplicates(["task_id", "server"])
    sums = priced["server"].map(prices).astype("Float64").groupby(priced["task_id"]).sum(min_count=1)
    return items["task_id"].map(sums).astype("Float64")


def _assumptions(share: pd.Series[float], cost: pd.Series[Any]) -> pd.Series[Any]:
    told = [
        ["No price of its servers is known: nothing counts as saved"] * bool(pd.isna(price))
        + [f"The pattern saves {part:.0%} of the price of running it"] * bool(part and not pd.isna(price))
        for part, price in zip(share, cost, strict=True)
    ]
    return pd.Series(told, index=share.index, dtype="object")


def _with_risk(rows: pd.DataFrame) -> pd.DataFrame:
    found = pd.DataFrame([_risk(row) for row in rows.to_dict("records")], columns=["risk", "risk_reasons"])
    return rows.join(found.set_index(rows.index))


def _risk(row: dict[Any, Any]) -> tuple[str, list[str]]:
    model = modernization_model().risk
    criticality = row["criticality"] if isinstance(row["criticality"], str) else ""
    needed_by = 0 if pd.isna(row["needed_by_count"]) else int(row["needed_by_count"])
    parts = [
        (model.criticality.get(criticality, 0), f"its criticality is {criticality}"),
        (model.complexity.get(row["complexity"], 0), f"its complexity is {row['complexity']}"),
        (model.pattern.get(row["pattern"], 0), f"the pattern {row['pattern']} is a risk of its own"),
        (model.needed_by * (needed_by >= model.needed_by_at_least), f"{needed_by} workloads need it"),
        (
            model.unsure * (row["confidence"] < model.unsure_below),
            f"the pattern is sure by {row['confidence']:.0%} only",
        ),
    ]
    points = sum(part for part, _ in parts)
    level = "high" if points >= model.high else "medium" if points >= model.medium else "low"
    return level, [reason for part, reason in parts if part]
