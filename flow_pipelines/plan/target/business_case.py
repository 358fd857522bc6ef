"""The business case: what servers cost now, what moving them costs once, what they cost after, and when that pays.

Belongs here: the rows of `plan/business_case`. Does not: rates (`settings_cost.py`) and the clouds' prices.
"""

from __future__ import annotations

import pandas as pd

from flow_pipelines.plan.target.needs import known_number
from flow_pipelines.plan.target.right_size import CENTS
from flow_pipelines.reference.target_model import target_model
from flow_pipelines.scope import Scope
from flow_pipelines.settings_cost import CostSettings
from flow_pipelines.tables.contract import conform
from flow_pipelines.tables.plan.target import business_case

BUSINESS_CASE = f"{business_case.schema}/{business_case.name}"
RETIRED = "retire"
PARTS = ["licence_usd_month", "network_usd_month", "backup_usd_month"]
COUNTS = ["server_count", "unpriced_server_count", "retired_server_count"]
SUMMED = [*COUNTS, "now_usd_month", "after_usd_month", *PARTS]
PROGRAMME = 0


def build_business_case(
    inventory: pd.DataFrame,
    plan: pd.DataFrame,
    targets: pd.DataFrame,
    storage: pd.DataFrame,
    *,
    scope: Scope,
    settings: CostSettings,
) -> pd.DataFrame:
    """Set what servers cost now against what they cost after, for each wave and the programme.

    Like is compared with like: a server counts on both sides, or, where its price in the cloud is not known, on none.
    One that is switched off costs nothing after. What is retained or bought as a service counts nowhere.

    Args:
        inventory: The rows of `discovery/inventory`.
        plan: The rows of `assess/plan_of_record`.
        targets: The rows of `plan/targets`.
        storage: The rows of `plan/storage_targets`.
        scope: The engagement.
        settings: Rates in USD.

    Returns:
        The rows of `plan/business_case`: the programme, then each wave. A server of several waves is in the first one;
        what is in no wave is in the programme alone.
    """
    servers = _servers(inventory, plan, targets, storage, settings)
    elsewhere = target_model().without_server - {RETIRED}
    efforts = plan[~plan["treatment"].isin(elsewhere)]
    efforts = efforts.assign(effort_days=known_number(efforts, "effort_days").fillna(0.0))
    both = [frame.assign(wave=frame["wave_number"].astype("Int64").fillna(PROGRAMME)) for frame in (servers, efforts)]
    by_wave, days = both[0].groupby("wave")[SUMMED].sum(), both[1].groupby("wave")["effort_days"].sum()
    waves = by_wave.join(days, how="outer").fillna(0.0).drop(index=PROGRAMME, errors="ignore")
    whole = pd.concat([both[0][SUMMED].sum(), pd.Series({"effort_days": efforts["effort_days"].sum()})])
    rows = pd.concat([whole.to_frame(PROGRAMME).T, waves]).rename_axis("wave").reset_index()
    return conform(_judged(rows.astype({"wave": "Int64"}), scope, settings), business_case)


def _servers(
    inventory: pd.DataFrame,
    plan: pd.DataFrame,
    targets: pd.DataFrame,
    storage: pd.DataFrame,
    settings: CostSettings,
) -> pd.DataFrame:
    """Return the servers that move or are switched off: their first wave, and what they cost now and after."""
    columns = ["treatment", "wave_number", "source_entity_ids"]
    parts = plan[columns].explode("source_entity_ids").rename(columns={"source_entity_ids": "asset_id"})
    of_server = parts.assign(is_other=parts["treatment"] != RETIRED).groupby("asset_id")
    told = of_server.agg(wave_number=("wave_number", "min"), is_other=("is_other", "any"))
    servers = inventory.loc[inventory["asset_type"] == "server"].merge(told, left_on="asset_id", right_index=True)
    is_moving = servers["asset_id"].isin(targets["asset_id"])
    servers = servers[is_moving | ~servers["is_other"]]
    gib = known_number(servers, "storage_allocated_gib").fillna(known_number(servers, "storage_used_gib")).fillna(0.0)
    after = _after(servers["asset_id"], gib, targets, storage, settings)
    is_retired = ~servers["is_other"].astype(bool)
    is_counted = is_retired | after["after_usd_month"].notna()
    now = settings.server_now_usd_month + gib * settings.storage_now_usd_gib_month
    return pd.DataFrame(
        {
            "wave_number": servers["wave_number"],
            "server_count": 1,
            "unpriced_server_count": (~is_counted).astype(int),
            "retired_server_count": is_retired.astype(int),
            "now_usd_month": now.where(is_counted, 0.0).astype(float),
            **{name: after[name].where(is_counted & ~is_retired).fillna(0.0).astype(float) for name in after},
        }
    )


def _after(
    asset_ids: pd.Series[str],
    gib: pd.Series[float],
    targets: pd.DataFrame,
    storage: pd.DataFrame,
    settings: CostSettings,
) -> pd.DataFrame:
    """Return what each server costs in the cloud, missing where its machine has no price, and parts of that."""
    chosen = targets.loc[targets["is_chosen"].astype(bool)].set_index("asset_id")
    stored = storage.loc[storage["is_chosen"].astype(bool)].set_index("asset_id")["storage_usd_month"]
    machine = asset_ids.map(chosen[f"{settings.commitment}_usd_month"]).astype("Float64")
    windows, sql_server = (
        asset_ids.map(chosen[name]).astype("Float64").fillna(0.0)
        for name in ("licence_usd_month", "sql_server_usd_month")
    )
    network = settings.egress_gib_server_month * settings.egress_usd_gib
    backup = gib * settings.backup_share * settings.backup_usd_gib_month
    disks = asset_ids.map(stored).astype("Float64").fillna(0.0)
    # Windows is in the price of the machine.
    whole = machine + sql_server + disks + network + backup + settings.server_after_usd_month
    parts = dict(zip(PARTS, (windows + sql_server, network, backup), strict=True))
    return pd.DataFrame({"after_usd_month": whole, **parts}, index=asset_ids.index)


def _judged(rows: pd.DataFrame, scope: Scope, settings: CostSettings) -> pd.DataFrame:
    is_whole = rows["wave"] == PROGRAMME
    work = rows["effort_days"] * settings.person_day_usd
    one_off = (work + rows["after_usd_month"] * settings.parallel_months).round(CENTS)
    saving = (rows["now_usd_month"] - rows["after_usd_month"]).round(CENTS)
    payback = (one_off / saving.where(saving > 0)).round(1)
    reason = pd.Series("it pays after " + payback.astype("string") + " months", index=rows.index)
    names = ("Wave " + rows["wave"].astype("string")).mask(is_whole, "Programme").astype(object)
    return pd.DataFrame(
        {
            "business_case_id": scope.ids_of("business_case", zip(rows["wave"], strict=True)),
            "case_name": names,
            "wave_number": rows["wave"].mask(is_whole),
            **{name: rows[name].astype(float).round(CENTS) for name in (*SUMMED, "effort_days")},
            "one_off_usd": one_off,
            "saving_usd_month": saving,
            "payback_months": payback,
            "assumptions": [_assumptions(settings) for _ in range(len(rows))],
            "reason": reason.fillna("it does not pay by running costs: they are no less after").astype(object),
        }
    )


def _assumptions(settings: CostSettings) -> list[str]:
    """Return what the case rests on, each in words with its figure."""
    egress = f"a server sends {settings.egress_gib_server_month:g} GiB a month out of the cloud"
    backup = f"{settings.backup_share:g} GiB of backups are kept for each GiB of storage"
    standard, enterprise = settings.sql_server_standard_usd_vcpu_month, settings.sql_server_enterprise_usd_vcpu_month
    sql_server = (
        f"SQL Server on machines costs {standard:,.2f} (Standard) or {enterprise:,.2f} (Enterprise) USD a month"
    )
    return [
        f"a server costs {settings.server_now_usd_month:,.2f} USD a month now",
        f"a GiB of storage costs {settings.storage_now_usd_gib_month:,.2f} USD a month now; none where it is not known",
        f"a server in the cloud costs {settings.server_after_usd_month:,.2f} USD a month to operate",
        f"machines are paid for {settings.commitment.replace('_', ' ')}, storage on demand",
        f"a person day costs {settings.person_day_usd:,.2f} USD",
        f"both places are paid for {settings.parallel_months:g} months",
        f"{egress}, at {settings.egress_usd_gib:,.2f} USD a GiB",
        f"{backup}, at {settings.backup_usd_gib_month:,.2f} USD a month",
        f"{sql_server} USD a month for each processor, unless licences are brought along",
        "a managed database costs what its server would",
    ]
