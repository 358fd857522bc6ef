"""The instance types that people chose, in place of those that were found.

Belongs here: what a chosen type has, costs, and collides with. Does not: finding the least price (`right_size.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from flow_pipelines.plan.target.right_size import CENTS, ON_DEMAND, SIZES, monthly_prices, offers_of
from flow_pipelines.settings_target import ProviderTarget, TargetSettings

# By asset_id and provider, the type that a person chose; None where the person wants none.
Choices = Mapping[tuple[str, str], str | None]
UNITS = {"vcpu": "vCPU", "memory_gib": "GiB", "gpu_count": "GPU"}


def put_in_chosen_types(
    sized: pd.DataFrame, catalogue: pd.DataFrame, settings: TargetSettings, choices: Choices
) -> pd.DataFrame:
    """Give the rows for which a person chose a type that type's size and prices.

    A person is not held to the families of the settings. What the catalogue does not price keeps no price.

    Args:
        sized: What `right_size` returns.
        catalogue: See `instance_types`; prices in USD an hour.
        settings: Those by which it was sized.
        choices: What people chose.

    Returns:
        The same rows, in order, with `computed_instance_type`, `price_difference_usd_month` (0 where nobody chose,
        missing where one of both has no price), `is_decided` and `conflict` in words.
    """
    keys = pd.MultiIndex.from_frame(sized[["asset_id", "provider"]])
    rows = sized.assign(
        computed_instance_type=sized["instance_type"],
        price_difference_usd_month=0.0,
        is_decided=keys.isin(list(choices)),
        conflict=pd.Series(pd.NA, index=sized.index, dtype="string"),
    )
    parts = [rows[~rows["is_decided"]]]
    for cloud in settings.clouds:
        decided = rows[rows["is_decided"] & (rows["provider"] == cloud.provider)]
        types = [choices[key] for key in zip(decided["asset_id"], decided["provider"], strict=True)]
        chosen = decided.assign(instance_type=pd.Series(types, index=decided.index, dtype="string"))
        parts.append(_priced(chosen, _offers(chosen, catalogue, settings, cloud), cloud))
    return pd.concat([part for part in parts if len(part)] or parts).sort_index()


def _offers(
    chosen: pd.DataFrame, catalogue: pd.DataFrame, settings: TargetSettings, cloud: ProviderTarget
) -> pd.DataFrame:
    """Return the offer of each chosen type for the server's system, a row of missing values where there is none."""
    any_family = cloud.model_copy(update={"allowed_families": (), "forbidden_families": ()})
    offers = offers_of(catalogue, any_family, settings.model_copy(update={"allow_burstable": True}))
    wanted = pd.MultiIndex.from_frame(chosen[["instance_type", "is_windows"]])
    return offers.set_index(["instance_type", "is_windows"]).reindex(wanted).set_axis(chosen.index, axis="index")


def _priced(chosen: pd.DataFrame, offers: pd.DataFrame, cloud: ProviderTarget) -> pd.DataFrame:
    told = offers[["family", *SIZES]].join(monthly_prices(offers, cloud))
    return (
        chosen.drop(columns=list(told.columns))
        .join(told)
        .assign(
            price_difference_usd_month=(told[ON_DEMAND] - chosen[ON_DEMAND]).round(CENTS),
            conflict=_conflicts(chosen, offers, cloud),
        )
    )


def _conflicts(chosen: pd.DataFrame, offers: pd.DataFrame, cloud: ProviderTarget) -> pd.Series[Any]:
    """Say what a chosen type collides with: its price is not known, or it has less than is needed."""
    system = pd.Series("Linux", index=chosen.index, dtype="string").mask(chosen["is_windows"], "Windows")
    names = chosen["instance_type"]
    found = "the catalogue has no price of " + names + f" in {cloud.provider} {cloud.region} for " + system
    found = found.where(names.notna() & offers["usd_hour"].isna())
    for size, need in SIZES.items():
        lacking = f"it has {UNITS[size]} " + _numbers(offers[size]) + " where " + _numbers(chosen[need]) + " is needed"
        found = _also(found, lacking, offers[size] < chosen[need])
    other = "it is of architecture " + offers["architecture"] + ", the server of " + chosen["architecture"]
    return _also(found, other, (offers["architecture"] != chosen["architecture"]) & chosen["architecture"].notna())


def _also(found: pd.Series[Any], words: pd.Series[Any], holds: pd.Series[bool]) -> pd.Series[Any]:
    return found.mask(holds.fillna(False) & words.notna(), (found + "; ").fillna("") + words)


def _numbers(values: pd.Series[Any]) -> pd.Series[Any]:
    return values.map(lambda value: f"{value:g}", na_action="ignore").astype("string")
