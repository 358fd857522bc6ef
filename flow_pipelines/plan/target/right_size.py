"""The least price that fits each server in each cloud.

Belongs here: offers, the search among them, and what was found in words. Does not: what a server needs (`needs.py`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flow_pipelines.errors import ContractError
from flow_pipelines.plan.target.needs import server_needs
from flow_pipelines.settings_target import ProviderTarget, TargetSettings

HOURS_PER_MONTH = 730
SIZES = {"vcpu": "needed_vcpu", "memory_gib": "needed_memory_gib", "gpu_count": "needed_gpu"}
# Sizes compared at a time: 50,000 demands with 200 offers are 10 MB of booleans.
CHUNK = 50_000
ON_DEMAND = "on_demand_usd_month"
PLACES = 2
CENTS = 2


def right_size(servers: pd.DataFrame, catalogue: pd.DataFrame, settings: TargetSettings) -> pd.DataFrame:
    """Find the type of least on-demand price that fits each server, for each cloud side by side.

    Args:
        servers: One row per server: `asset_id` and, as the inventory has them, `cpu_count`, `memory_mib`,
            `architecture`, `operating_system`, `gpu_count` and use (`cpu_usage_percent_peak`, ...). What is missing is
            not known, never zero; without a GPU stated, none is needed.
        catalogue: See `instance_types`; prices in USD an hour.
        settings: Clouds and regions, basis, comfort factors and licences.

    Returns:
        One row per server and cloud, sorted by server and the clouds' order in the settings: what is needed, the
        `instance_type`, its size, `binding_dimension` (the need that leaves it the least room), `runner_up_type` and
        its price, prices in USD a month of 730 hours on demand and with a commitment (Windows is never discounted).
        `is_chosen` is true for the cheapest cloud of each server, the first of equally cheap ones. A server that fits
        nothing has no type, and a `reason`.

    Raises:
        ContractError: A server is there twice, or the catalogue has nothing for a region of the settings.
    """
    if servers["asset_id"].duplicated().any():
        raise ContractError("A server is there twice.", remedy="Give one row per asset_id.")
    ordered = servers.sort_values("asset_id", ignore_index=True)
    needs = server_needs(ordered, settings)
    parts = [_in_cloud(ordered["asset_id"], needs, catalogue, settings, cloud) for cloud in settings.clouds]
    found = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    return found.assign(is_chosen=_is_cheapest(found))


def first_estimate(servers: pd.DataFrame, catalogue: pd.DataFrame, settings: TargetSettings) -> pd.DataFrame:
    """Estimate each server's cost in the cheapest cloud as it is, on demand, before anything is decided.

    Returns:
        `asset_id` and `on_demand_usd_month`, one row per server, missing where nothing fits; see `right_size`, which
        says what is taken and raised.
    """
    sized = right_size(servers, catalogue, settings.model_copy(update={"basis": "as_is"}))
    return sized.groupby("asset_id")["on_demand_usd_month"].min().reset_index()


def offers_of(catalogue: pd.DataFrame, cloud: ProviderTarget, settings: TargetSettings) -> pd.DataFrame:
    """Return what a cloud offers by the settings, cheapest for its system first, once for each operating system.

    Returns:
        The catalogue's rows with `is_windows`, `compute_usd_hour`, `licence_usd_hour` and `usd_hour`.

    Raises:
        ContractError: The catalogue has nothing for the region.
    """
    there = catalogue[(catalogue["provider"] == cloud.provider) & (catalogue["region"] == cloud.region)]
    if there.empty:
        raise ContractError(
            f"The catalogue has no instance types of {cloud.provider} in {cloud.region}.",
            remedy="Set a region that it has.",
        )
    rows = there[~there["family"].isin(cloud.forbidden_families)]
    if cloud.allowed_families:
        rows = rows[rows["family"].isin(cloud.allowed_families)]
    if not settings.allow_burstable:
        rows = rows[~rows["is_burstable"]]
    linux = rows.assign(is_windows=False, licence_usd_hour=0.0)
    windows = rows.assign(is_windows=True, licence_usd_hour=0.0)
    if settings.windows_licence == "included":
        windows = windows.assign(licence_usd_hour=rows["windows_usd_hour"] - rows["linux_usd_hour"])
        windows = windows[windows["windows_usd_hour"].notna()]
    both = pd.concat([linux, windows]).assign(compute_usd_hour=lambda offers: offers["linux_usd_hour"])
    priced = both.assign(usd_hour=both["compute_usd_hour"] + both["licence_usd_hour"])
    return priced.sort_values(["usd_hour", "instance_type"], ignore_index=True)


def monthly_prices(offers: pd.DataFrame, cloud: ProviderTarget) -> pd.DataFrame:
    """Return what offers cost, in USD a month: on demand, with a commitment, and what of it is the licence.

    Args:
        offers: As `offers_of` returns them; missing values stay missing.
        cloud: What a commitment saves.
    """
    compute, licence = offers["compute_usd_hour"], offers["licence_usd_hour"]
    hourly = {
        ON_DEMAND: offers["usd_hour"],
        "one_year_usd_month": compute * (1 - cloud.one_year_discount) + licence,
        "three_year_usd_month": compute * (1 - cloud.three_year_discount) + licence,
        "licence_usd_month": licence,
    }
    return pd.DataFrame({name: (usd * HOURS_PER_MONTH).round(CENTS) for name, usd in hourly.items()})


def _in_cloud(
    ids: pd.Series[str],
    needs: pd.DataFrame,
    catalogue: pd.DataFrame,
    settings: TargetSettings,
    cloud: ProviderTarget,
) -> pd.DataFrame:
    offers = offers_of(catalogue, cloud, settings)
    places = np.full((len(needs), PLACES), -1)
    searched = needs[needs["obstacle"].isna()]
    for (architecture, is_windows), group in searched.groupby(["architecture", "is_windows"]):
        same = offers[(offers["architecture"] == architecture) & (offers["is_windows"] == is_windows)]
        places[needs.index.get_indexer(group.index)] = _cheapest_that_fit(group, same)
    best, second = (_at(offers, places[:, place], needs.index) for place in range(PLACES))
    monthly = monthly_prices(best, cloud).assign(runner_up_usd_month=monthly_prices(second, cloud)[ON_DEMAND])
    columns = pd.DataFrame(
        {
            "asset_id": ids,
            "provider": cloud.provider,
            "region": cloud.region,
            **{name: needs[name] for name in (*SIZES.values(), "architecture", "is_windows", "assumptions")},
            **{name: best[name] for name in ("instance_type", "family", *SIZES)},
            "binding_dimension": _binding(needs, best),
            "runner_up_type": second["instance_type"],
            "reason": _reasons(needs, best, cloud),
        }
    )
    return columns.join(monthly)


def _cheapest_that_fit(needs: pd.DataFrame, offers: pd.DataFrame) -> NDArray[np.int64]:
    """Return the labels of the cheapest and the second cheapest offer that fits each need, -1 where there is none."""
    kept = offers[_is_worth_a_look(offers[list(SIZES)].to_numpy(float))]
    sizes = kept[list(SIZES)].to_numpy(float)
    labels = np.append(kept.index.to_numpy(), -1)
    demands, which = np.unique(needs[list(SIZES.values())].to_numpy(float), axis=0, return_inverse=True)
    found = [_first_two(demands[start : start + CHUNK], sizes) for start in range(0, len(demands), CHUNK)]
    answer: NDArray[np.int64] = labels[np.concatenate(found)[which.ravel()]]
    return answer


def _is_worth_a_look(sizes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Keep the offers, in order of price, that fewer than two cheaper ones are at least as large as in every size.

    The cheapest two that fit are always among them: where two cheaper ones are as large, those two fit as well.
    """
    as_large = (sizes[:, None, :] >= sizes[None, :, :]).all(axis=2)
    keep: NDArray[np.bool_] = np.triu(as_large, k=1).sum(axis=0) < PLACES
    return keep


def _first_two(demands: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the positions of the first two sizes that fit each demand, the number of sizes where there is none."""
    fits = np.ones((len(demands), len(sizes) + PLACES), dtype=bool)
    for dimension in range(sizes.shape[1]):
        fits[:, : len(sizes)] &= sizes[None, :, dimension] >= demands[:, None, dimension]
    first = fits.argmax(axis=1)
    fits[np.arange(len(demands)), first] = False
    positions: NDArray[np.int64] = np.minimum(np.column_stack([first, fits.argmax(axis=1)]), len(sizes))
    return positions


def _at(offers: pd.DataFrame, labels: NDArray[np.int64], index: pd.Index) -> pd.DataFrame:
    """Return the offers of these labels, a row of missing values for -1."""
    return offers.reindex(labels).set_axis(index, axis="index")


def _binding(needs: pd.DataFrame, best: pd.DataFrame) -> pd.Series[Any]:
    """Name the need that leaves the least room, the first of several; a GPU that is needed comes first."""
    filled = pd.DataFrame({size: needs[need] / best[size].astype("float64") for size, need in SIZES.items()})
    filled = filled[["gpu_count", "vcpu", "memory_gib"]].where(best["instance_type"].notna(), -1).fillna(-1)
    return filled.idxmax(axis="columns").astype("string").where(best["instance_type"].notna())


def _reasons(needs: pd.DataFrame, best: pd.DataFrame, cloud: ProviderTarget) -> pd.Series[str]:
    words = needs[list(SIZES.values())].map(lambda value: f"{value:g}").astype("string")
    system = pd.Series("Linux", index=needs.index, dtype="string").mask(needs["is_windows"], "Windows")
    nothing = (
        f"of {cloud.provider} {cloud.region} the catalogue has no allowed type with a price of "
        + needs["architecture"].astype("string").fillna("")
        + (" with " + words["needed_vcpu"] + " vCPU, " + words["needed_memory_gib"] + " GiB and ")
        + (words["needed_gpu"] + " GPU for " + system)
    )
    return needs["obstacle"].fillna(nothing).where(best["instance_type"].isna())


def _is_cheapest(found: pd.DataFrame) -> pd.Series[bool]:
    """Mark the cheapest row of each server, the first of equals; none where nothing fits."""
    priced = found.dropna(subset=["on_demand_usd_month"])
    cheapest = priced.sort_values(["asset_id", "on_demand_usd_month"], kind="stable").drop_duplicates("asset_id").index
    return pd.Series(found.index.isin(cheapest), index=found.index)
