"""The oracle of right-sizing: looks at every type for every server, one by one.

Belongs here: the plainest way to say which two prices are least. Does not: anything of the search that it judges.
"""

from __future__ import annotations

import math

import pandas as pd

from flow_pipelines.settings_target import ProviderTarget, TargetSettings

HOURS = 730


def cheapest_prices(
    server: dict[str, object], catalogue: list[dict[str, object]], cloud: ProviderTarget, settings: TargetSettings
) -> list[float]:
    """Return the two least monthly prices of types that fit, fewer where fewer fit."""
    cpus, memory = _known(server["cpu_count"]), _known(server["memory_mib"])
    architecture = {"x86_64": "x86_64", "x86": "x86_64", "arm64": "arm64", None: "x86_64"}.get(server["architecture"])
    if cpus is None or memory is None or architecture is None:
        return []
    if settings.basis != "as_is":
        percent = _known(server[f"cpu_usage_percent_{settings.basis}"])
        used = _known(server[f"memory_used_mib_{settings.basis}"])
        cpus = cpus if percent is None else cpus * percent / 100 * settings.cpu_comfort_factor
        memory = memory if used is None else used * settings.memory_comfort_factor
    prices = []
    for offer in catalogue:
        if (offer["provider"], offer["region"]) != (cloud.provider, cloud.region):
            continue
        if offer["family"] in cloud.forbidden_families or offer["architecture"] != architecture:
            continue
        if cloud.allowed_families and offer["family"] not in cloud.allowed_families:
            continue
        if offer["is_burstable"] and not settings.allow_burstable:
            continue
        pays_windows = "windows" in str(server["operating_system"]).lower() and settings.windows_licence == "included"
        price = float(offer["windows_usd_hour" if pays_windows else "linux_usd_hour"])
        gpus = _known(server["gpu_count"]) or 0
        enough = offer["vcpu"] >= cpus - 1e-6 and offer["memory_gib"] >= memory / 1024 - 1e-6
        if enough and offer["gpu_count"] >= gpus and not math.isnan(price):
            prices.append(price * HOURS)
    return sorted(prices)[:2]


def unlike(servers: pd.DataFrame, catalogue: pd.DataFrame, settings: TargetSettings, sized: pd.DataFrame) -> list[str]:
    """Name the servers and clouds whose two least prices differ from what was found."""
    offers = catalogue.to_dict("records")
    facts = {row["asset_id"]: row for row in servers.astype(object).where(servers.notna(), None).to_dict("records")}
    clouds = {cloud.provider: cloud for cloud in settings.clouds}
    found = sized[["asset_id", "provider", "on_demand_usd_month", "runner_up_usd_month"]].itertuples(index=False)
    wrong = []
    for asset, provider, *prices in found:
        expected = cheapest_prices(facts[asset], offers, clouds[provider], settings)
        stated = [price for price in prices if not pd.isna(price)]
        if len(stated) != len(expected) or any(
            abs(one - other) > 0.0051 for one, other in zip(stated, expected, strict=True)
        ):
            wrong.append(f"{asset} in {provider}: {stated} instead of {expected}")
    return wrong


def _known(value: object) -> float | None:
    return float(value) if value is not None and float(value) > 0 else None
