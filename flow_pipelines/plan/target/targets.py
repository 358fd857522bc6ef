"""The targets of every server that moves: what fits, what people chose, and what it costs in each cloud.

Belongs here: which servers move, which cloud counts, and the rows of `plan/targets`. Does not: sizing (`right_size.py`)
and what a chosen type comes to (`chosen_types.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from flow_pipelines.edits import Edit
from flow_pipelines.plan.target.chosen_types import UNITS, Choices, put_in_chosen_types
from flow_pipelines.plan.target.right_size import ON_DEMAND, right_size
from flow_pipelines.reference.instance_types import instance_types
from flow_pipelines.reference.target_model import target_model
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.plan.target import targets

TARGETS = f"{targets.schema}/{targets.name}"
STAYS_TOO = "it is also of workloads that have no server in a cloud: "


def build_targets(
    inventory: pd.DataFrame,
    plan: pd.DataFrame,
    *,
    scope: Scope,
    settings: EngagementSettings,
    edits: Iterable[Edit] = (),
) -> pd.DataFrame:
    """Find the target of every server that moves in each cloud, and choose the cloud.

    Args:
        inventory: The rows of `discovery/inventory`.
        plan: The rows of `assess/plan_of_record`.
        scope: The engagement.
        settings: Its settings: the sizing, and the clouds to move to.
        edits: People's edits of `plan/targets` that count. A type that a person chose is priced, and its cloud counts
            before those for which nobody chose.

    Returns:
        The rows of `plan/targets`. The very cells that people set hold what they would without that: they are set with
        all other edits, which then know what was computed.

    Raises:
        ContractError: The catalogue has nothing for a region of the settings.
    """
    moving = moving_servers(inventory, plan)
    if moving.empty:
        return empty(targets)
    sizing, catalogue = settings.sizing, instance_types()
    clouds = settings.targets or [cloud.provider for cloud in sizing.clouds]
    sized = right_size(moving, catalogue, sizing).drop(columns=["is_chosen"])
    names = sized[["asset_id"]].merge(moving, on="asset_id", how="left", validate="many_to_one")
    ids = scope.ids_of("target", zip(sized["asset_id"], sized["provider"], strict=True))
    rows = put_in_chosen_types(sized, catalogue, sizing, _choices(sized.assign(target_id=ids), edits)).assign(
        target_id=ids,
        target_name=names["server_name"] + " in " + sized["provider"],
        **{name: names[name] for name in ("server_name", "wave_number", "workload_ids", "stays")},
        source_entity_ids=sized["asset_id"].map(lambda one: [one]),
    )
    rows = _with_origins(rows, catalogue).assign(
        is_chosen=_is_chosen(rows, clouds, _programmes_cloud(sized, clouds)), reason=_reasons(rows)
    )
    said = both_said(both_said(rows["conflict"], _not_among(rows, clouds)), rows["stays"])
    rows = rows.assign(conflict=said, instance_type=rows["computed_instance_type"])
    return conform(with_plain_texts(rows)[[column.name for column in targets.columns if column.name in rows]], targets)


def with_plain_texts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with texts as a contract has them: objects, whose missing cells are None."""
    plain = rows.copy()
    for name in map(str, rows.select_dtypes("string").columns):
        plain[name] = rows[name].astype(object).where(rows[name].notna(), None)
    return plain


def both_said(one: pd.Series[Any], other: pd.Series[Any]) -> pd.Series[Any]:
    """Return two columns of words as one, either of which may be missing."""
    one, other = one.astype("string"), other.astype("string")
    return (one + "; " + other).fillna(one).fillna(other)


def moving_servers(inventory: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """Return the servers that have a successor in a cloud: those of at least one workload whose treatment says so.

    Returns:
        The inventory's rows with `server_name`, `workload_ids` for which it moves, sorted, `wave_number` (the first
        one, missing if none has any) and `stays` (in words, other workloads of the same server; missing if none).
    """
    servers = inventory[inventory["asset_type"] == "server"]
    columns = ["workload_id", "workload_name", "treatment", "wave_number", "source_entity_ids"]
    parts = plan[columns].explode("source_entity_ids").rename(columns={"source_entity_ids": "asset_id"})
    parts = parts[parts["asset_id"].isin(servers["asset_id"])]
    parts = parts.sort_values(["asset_id", "workload_id"], ignore_index=True)
    is_without = parts["treatment"].isin(target_model().without_server)
    of_server = parts[~is_without].groupby("asset_id")
    staying = parts[is_without].assign(words=parts["workload_name"] + " (" + parts["treatment"] + ")")
    found = pd.DataFrame(
        {"workload_ids": of_server["workload_id"].agg(list), "wave_number": of_server["wave_number"].min()}
    )
    found["stays"] = STAYS_TOO + staying.groupby("asset_id")["words"].agg(", ".join).reindex(found.index)
    names = servers[["name", "host_name", "fqdn", "asset_id"]].astype(object).bfill(axis="columns").iloc[:, 0]
    moving = servers.assign(server_name=names).merge(found.reset_index(), on="asset_id")
    return moving.sort_values("asset_id", ignore_index=True)


def _choices(sized: pd.DataFrame, edits: Iterable[Edit]) -> Choices:
    """Return what people chose; an edit of a row that is not there any more chooses nothing."""
    chosen = {
        edit.entity_id: edit.new_value
        for edit in edits
        if edit.kind == "set" and edit.table_key == TARGETS and edit.column == "instance_type"
    }
    rows = sized[sized["target_id"].isin(list(chosen))]
    cells = zip(rows["asset_id"], rows["provider"], rows["target_id"], strict=True)
    return {(asset, cloud): _type(chosen[target]) for asset, cloud, target in cells}


def _type(value: object) -> str | None:
    return None if value is None else str(value)


def _programmes_cloud(sized: pd.DataFrame, clouds: Iterable[str]) -> str | None:
    """Return the cloud that has a price for most servers, and of these the one of the least total; None without any.

    An estate is moved to one cloud, not each server to where it is cheapest. What people chose for single servers
    does not count here: it would move all others.
    """
    priced = sized[sized["provider"].isin(list(clouds))].dropna(subset=[ON_DEMAND]).sort_values("asset_id")
    totals = priced.groupby("provider")[ON_DEMAND].agg(["size", "sum"])
    best = totals.sort_values(["size", "sum"], ascending=[False, True], kind="stable").index
    return str(best[0]) if len(best) else None


def _is_chosen(rows: pd.DataFrame, clouds: Iterable[str], first: str | None) -> pd.Series[bool]:
    """Mark the row of each server that counts: what a person decided, else the first cloud, else the cheapest.

    A type that a person chose needs no price: some that may be chosen have none.
    """
    possible = rows[ON_DEMAND].notna() | (rows["is_decided"] & rows["instance_type"].notna())
    offered = rows[rows["provider"].isin(list(clouds)) & possible]
    ordered = offered.assign(is_elsewhere=offered["provider"] != first).sort_values(
        ["asset_id", "is_decided", "is_elsewhere", ON_DEMAND], ascending=[True, False, True, True], kind="stable"
    )
    return pd.Series(rows.index.isin(ordered.drop_duplicates("asset_id").index), index=rows.index)


def _not_among(rows: pd.DataFrame, clouds: Iterable[str]) -> pd.Series[Any]:
    """Say where a person chose a type in a cloud to which the engagement does not move; missing elsewhere."""
    words = (
        rows["provider"].astype("string") + " is not among the targets of the engagement, the server does not go there"
    )
    is_outside = rows["is_decided"] & rows["instance_type"].notna() & ~rows["provider"].isin(list(clouds))
    return words.where(is_outside)


def _with_origins(rows: pd.DataFrame, catalogue: pd.DataFrame) -> pd.DataFrame:
    keys = ["provider", "region", "instance_type"]
    origins = catalogue.set_index(keys)[["origin", "windows_origin", "as_of"]]
    found = origins.reindex(pd.MultiIndex.from_frame(rows[keys])).set_axis(rows.index, axis="index")
    windows = found["origin"] + "; Windows: " + found["windows_origin"]
    is_licensed = rows["licence_usd_month"].fillna(0) > 0
    return rows.assign(price_origin=found["origin"].mask(is_licensed, windows), price_as_of=found["as_of"])


def _reasons(rows: pd.DataFrame) -> pd.Series[Any]:
    """Say why a type fits; where none does, the reason is there already."""
    needs = _number(rows["needed_vcpu"]) + " vCPU, " + _number(rows["needed_memory_gib"]) + " GiB and "
    needs += _number(rows["needed_gpu"]) + " GPU"
    found = rows["computed_instance_type"] + " is the least on-demand price in " + rows["provider"] + " "
    found += rows["region"] + " for " + needs + "; " + rows["binding_dimension"].map(UNITS) + " leaves the least room"
    next_best = "; next is " + rows["runner_up_type"] + " at " + rows["runner_up_usd_month"].map("{:,.2f}".format)
    return rows["reason"].fillna(found + (next_best + " USD a month").fillna(""))


def _number(values: pd.Series[Any]) -> pd.Series[Any]:
    return values.map("{:g}".format, na_action="ignore").astype("string")
