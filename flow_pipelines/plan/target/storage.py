"""The least price at which block storage holds a server's data, in each cloud.

Belongs here: what storage a server needs, and the rows of `plan/storage_targets`. Does not: machines (`right_size.py`)
and the prices (`reference/block_storage.csv`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flow_pipelines.errors import ContractError
from flow_pipelines.plan.target.needs import known_number
from flow_pipelines.plan.target.right_size import CENTS
from flow_pipelines.plan.target.targets import both_said, with_plain_texts
from flow_pipelines.reference.block_storage import block_storage
from flow_pipelines.scope import Scope
from flow_pipelines.settings_target import TargetSettings
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.plan.target import storage_targets

STORAGE_TARGETS = f"{storage_targets.schema}/{storage_targets.name}"
# What a server has is no number of operations: as it is, it needs what it was seen to do at most.
BASIS_OF_OPERATIONS = {"as_is": "peak", "peak": "peak", "percentile_95": "percentile_95"}


def build_storage_targets(
    inventory: pd.DataFrame, targets: pd.DataFrame, *, scope: Scope, settings: TargetSettings
) -> pd.DataFrame:
    """Find the storage of every target.

    Args:
        inventory: The rows of `discovery/inventory`.
        targets: The rows of `plan/targets`.
        scope: The engagement.
        settings: How servers are sized.

    Returns:
        The rows of `plan/storage_targets`, one per row of `targets`.

    Raises:
        ContractError: The prices have no region of a cloud.
    """
    if targets.empty:
        return empty(storage_targets)
    columns = ["target_id", "target_name", "asset_id", "provider", "region", "is_chosen", "source_entity_ids"]
    needs = storage_needs(inventory, settings)
    rows = targets[columns].merge(needs, on="asset_id", how="left", validate="many_to_one")
    parts = [
        part.join(least_storage(part, _offers(str(provider), str(region))))
        for (provider, region), part in rows.groupby(["provider", "region"])
    ]
    found = pd.concat(parts)
    said = both_said(found["assumptions"], found["borrowed"])
    ids = scope.ids_of("storage_target", zip(found["target_id"], strict=True))
    found = found.assign(storage_target_id=ids, assumptions=said, reason=_reasons(found))
    return conform(with_plain_texts(found)[[one.name for one in storage_targets.columns]], storage_targets)


def storage_needs(servers: pd.DataFrame, settings: TargetSettings) -> pd.DataFrame:
    """Return what storage each server needs.

    Returns:
        `asset_id`, `needed_gib` (missing where nothing is known), `needed_iops` (0 where nothing is known) and
        `assumptions` in words, missing if there are none.
    """
    allocated, used = known_number(servers, "storage_allocated_gib"), known_number(servers, "storage_used_gib")
    basis = BASIS_OF_OPERATIONS[settings.basis]
    seen = [known_number(servers, f"disk_{way}_operations_per_second_{basis}") for way in ("read", "write")]
    is_seen = seen[0].notna() | seen[1].notna()
    none = pd.Series(pd.NA, index=servers.index, dtype="string")
    capacity = none.mask(allocated.isna() & used.notna(), "allocated capacity not known, taken as what is used")
    operations = none.mask(~is_seen, "disk operations not known, sized by capacity alone")
    return pd.DataFrame(
        {
            "asset_id": servers["asset_id"],
            "needed_gib": allocated.fillna(used),
            "needed_iops": seen[0].fillna(0) + seen[1].fillna(0),
            "assumptions": both_said(capacity, operations),
        }
    )


def least_storage(needs: pd.DataFrame, offers: pd.DataFrame) -> pd.DataFrame:
    """Find the offer of least price that holds each need, and the next best of another class.

    All of a server's data is priced as one volume; what the largest of a class can't hold, as several of them.
    Where operations are bought, a volume is as large as they need, beyond the data.

    Args:
        needs: `needed_gib`, missing where not known, and `needed_iops`.
        offers: See `block_storage`, of one cloud.

    Returns:
        With the same index: `storage_class`, `offer`, `volume_count`, `storage_usd_month`, `runner_up_class`,
        `runner_up_usd_month`, and of the offer `price_origin` and `price_as_of`; missing where nothing fits.
    """
    count, cost = _volumes_and_cost(needs, offers)
    best = cost.argmin(axis=1)
    rows = np.arange(len(needs))
    classes = offers["storage_class"].to_numpy(dtype=object)
    others = np.where(classes[None, :] == classes[best][:, None], np.inf, cost)
    second = others.argmin(axis=1)
    has_best = pd.Series(np.isfinite(cost[rows, best]), index=needs.index)
    has_second = pd.Series(np.isfinite(others[rows, second]), index=needs.index) & has_best
    of_best, of_second = (offers.iloc[which].set_axis(needs.index, axis="index") for which in (best, second))
    return pd.DataFrame(
        {
            "storage_class": of_best["storage_class"].where(has_best),
            "offer": of_best["offer"].where(has_best),
            "volume_count": pd.Series(count[rows, best], index=needs.index).where(has_best),
            "storage_usd_month": pd.Series(cost[rows, best], index=needs.index).where(has_best).round(CENTS),
            "runner_up_class": of_second["storage_class"].where(has_second),
            "runner_up_usd_month": pd.Series(others[rows, second], index=needs.index).where(has_second).round(CENTS),
            "price_origin": of_best["origin"].where(has_best),
            "price_as_of": of_best["as_of"].where(has_best),
            "borrowed": of_best["borrowed"].where(has_best),
        }
    )


def _volumes_and_cost(needs: pd.DataFrame, offers: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return, by need and offer, how many volumes it takes and what they cost; infinite where they don't fit."""
    gib = needs["needed_gib"].to_numpy(float)[:, None]
    iops = needs["needed_iops"].to_numpy(float)[:, None]
    column = {name: offers[name].to_numpy(float)[None, :] for name in offers.select_dtypes("number").columns}
    is_largest = offers["size_gib"].eq(offers.groupby("storage_class")["size_gib"].transform("max")).to_numpy()
    count = np.where(is_largest, np.ceil(gib / column["size_gib"]), 1.0)
    own = np.minimum(column["included_iops"] * count + column["iops_per_gib"] * gib, column["most_iops"] * count)
    sells = ~np.isnan(column["usd_iops_month"])
    can = np.where(sells, column["most_iops"] * count, own)
    bought = np.where(sells, np.maximum(iops - own, 0) * np.nan_to_num(column["usd_iops_month"]), 0.0)
    is_wider = sells & (iops > own)
    size = np.where(is_wider, np.fmax(gib, iops / column["most_iops_per_gib"]), gib)
    priced = np.where(np.isnan(column["usd_month"]), column["usd_gib_month"] * size, column["usd_month"] * count)
    fits = (gib <= column["size_gib"] * count) & (iops <= can)
    return count, np.where(fits, priced + bought, np.inf)


def _offers(provider: str, region: str) -> pd.DataFrame:
    """Return a cloud's offers in a region, or in the one region of which prices are known, which is then said."""
    offers = block_storage()[block_storage()["provider"] == provider]
    if offers.empty:
        raise ContractError(f"There are no prices of storage for {provider}.", remedy="Set another cloud in sizing.")
    if (offers["region"] == region).any():
        return offers[offers["region"] == region].assign(borrowed=pd.Series(pd.NA, index=offers.index, dtype="string"))
    other = str(offers["region"].iloc[0])
    words = f"storage priced as in {other}, no price of {region} is known"
    return offers[offers["region"] == other].assign(borrowed=words).astype({"borrowed": "string"})


def _reasons(rows: pd.DataFrame) -> pd.Series[str]:
    needs = rows["needed_gib"].map("{:g}".format, na_action="ignore").astype("string") + " GiB and "
    needs += rows["needed_iops"].map("{:g}".format).astype("string") + " operations a second"
    found = rows["offer"] + " is the least price that holds " + needs
    unknown = pd.Series("its storage is not known", index=rows.index, dtype="string")
    return found.fillna("no class of storage holds " + needs).fillna(unknown)
