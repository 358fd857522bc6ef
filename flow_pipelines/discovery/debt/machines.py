"""Machines that are old, out of warranty, idle or too large for what they do.

Belongs here: judging hardware by its dates and machines by their use. Does not: the thresholds
(`reference/tech_debt_weights.yaml`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from flow_pipelines.discovery.debt.findings import DAYS_PER_YEAR, no_findings, numbers, texts
from flow_pipelines.reference.tech_debt_weights import tech_debt_weights

HARDWARE, UTILIZATION = "hardware", "utilization"
# Sizes that machines come in: a suggestion is rounded up to a multiple of these.
CPU_STEP, MEMORY_STEP_MIB = 2, 1024


def physical_machines(inventory: pd.DataFrame) -> pd.DataFrame:
    """Return the assets that are hardware: hosts, devices, and servers that are not told to be virtual."""
    is_hardware = inventory["asset_type"].isin(tech_debt_weights().hardware.asset_types)
    is_virtual = inventory["is_virtual"].fillna(value=False).astype(bool)
    return inventory[is_hardware & ~is_virtual]


def hardware_findings(inventory: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Find hardware whose warranty has ended or that is aged.

    Age counts from the purchase; from the installation only where the machine is known to be physical, since the date
    of a virtual machine's creation says nothing about hardware.

    Returns:
        Findings, see `findings.COLUMNS`: at most one of each kind per asset.
    """
    machines, today = physical_machines(inventory), pd.Timestamp(as_of)
    is_physical = (machines["asset_type"] != "server") | machines["is_virtual"].eq(other=False).fillna(value=False)
    since = machines["purchase_date"].fillna(machines["installed_date"].where(is_physical.astype(bool), None))
    which = machines["purchase_date"].notna().map({True: "bought", False: "installed"}).astype(object)
    limit = tech_debt_weights().hardware.aged_after_years
    age = (today - pd.to_datetime(since)).dt.days / DAYS_PER_YEAR
    lapsed = (today - pd.to_datetime(machines["warranty_end_date"])).dt.days / DAYS_PER_YEAR
    aged = pd.DataFrame(
        {
            "asset_id": machines["asset_id"],
            "subject": "age",
            "status": "aged",
            "check_name": "hardware_age",
            "fact": "It was " + which + " on " + texts(since) + ", " + numbers(age) + " years ago; "
            f"hardware counts as aged after {limit:g} years.",
            "evidence": "attribute " + which.map({"bought": "purchase_date", "installed": "installed_date"}),
            "remedy": "Do not renew it: move its workload before its parts fail.",
            "years": age - limit,
        }
    )[(age >= limit).to_numpy(dtype=bool)]
    expired = pd.DataFrame(
        {
            "asset_id": machines["asset_id"],
            "subject": "warranty",
            "status": "out_of_warranty",
            "check_name": "warranty_end",
            "fact": "Its warranty ended on " + texts(machines["warranty_end_date"]) + ".",
            "evidence": "attribute warranty_end_date",
            "remedy": "Move its workload early, or buy a service contract until it is moved.",
            "years": lapsed,
        }
    )[(lapsed > 0).to_numpy(dtype=bool)]
    findings = pd.concat([one.astype(object) for one in (aged, expired) if len(one)] or [no_findings()])
    return findings.assign(category=HARDWARE, fact_source="The dates that the asset's sources state").reset_index(
        drop=True
    )


def first_stated(inventory: pd.DataFrame, attributes: Sequence[str]) -> pd.Series[float]:
    """Return for each asset the first of some attributes that it states; missing if it states none."""
    value = pd.Series(np.nan, index=inventory.index, dtype="float64")
    for attribute in attributes:
        if attribute in inventory:
            value = value.fillna(inventory[attribute].astype("float64"))
    return value


def utilization(inventory: pd.DataFrame) -> pd.DataFrame:
    """Return average and high use of processor and high use of memory in percent, missing where it is not stated."""
    rule = tech_debt_weights().utilization
    used = first_stated(inventory, rule.memory_high_mib)
    share = 100 * used / inventory["memory_mib"].astype("float64").where(lambda size: size > 0)
    return pd.DataFrame(
        {
            "cpu_average": first_stated(inventory, rule.cpu_average),
            "cpu_high": first_stated(inventory, rule.cpu_high),
            "memory_high": first_stated(inventory, rule.memory_high).fillna(share),
        }
    )


def utilization_findings(inventory: pd.DataFrame) -> pd.DataFrame:
    """Find servers that are idle or larger than their use asks for; switched-off ones and those without use are not.

    Returns:
        Findings, see `findings.COLUMNS`: an idle server is not called oversized as well.
    """
    servers = inventory[(inventory["asset_type"] == "server") & (inventory["power_state"].fillna("on") == "on")]
    use, rule = utilization(servers), tech_debt_weights().utilization
    high = use["cpu_high"].fillna(use["cpu_average"])
    is_idle = (use["cpu_average"] <= rule.idle.cpu_average) & (high <= rule.idle.cpu_high)
    cpus, memory = servers["cpu_count"].astype("float64"), servers["memory_mib"].astype("float64")
    too_many = (use["cpu_high"] <= rule.oversized.cpu_high) & (cpus >= rule.oversized.cpu_count) & ~is_idle
    too_much = (use["memory_high"] <= rule.oversized.memory_high) & (memory >= rule.oversized.memory_mib) & ~is_idle
    target = rule.oversized.target_percent
    fewer, less = _enough(cpus, use["cpu_high"], CPU_STEP), _enough(memory, use["memory_high"], MEMORY_STEP_MIB)
    said = {
        "average": numbers(use["cpu_average"]),
        "high": numbers(high),
        "memory": numbers(use["memory_high"]),
        "cpus": numbers(cpus),
        "mib": numbers(memory),
        "fewer": numbers(fewer),
        "less": numbers(less),
    }
    told = pd.DataFrame(said, dtype=object)
    parts = [
        (
            is_idle,
            "processor",
            "idle",
            "Its processors are used " + told["average"] + " % on average and " + told["high"] + " % at most.",
            "Ask its owner whether anybody still needs it; if not, retire it instead of moving it.",
        ),
        (
            too_many,
            "processor",
            "oversized",
            "Its " + told["cpus"] + " processors are used " + told["high"] + " % at most.",
            "Give it " + told["fewer"] + f" processors: then {target:g} % would be used at most.",
        ),
        (
            too_much,
            "memory",
            "oversized",
            "Its " + told["mib"] + " MiB of memory are used " + told["memory"] + " % at most.",
            "Give it " + told["less"] + f" MiB of memory: then {target:g} % would be used at most.",
        ),
    ]
    found = [
        pd.DataFrame(
            {"asset_id": servers["asset_id"], "subject": subject, "status": status, "fact": fact, "remedy": remedy},
            dtype=object,
        )[holds.to_numpy(dtype=bool)]
        for holds, subject, status, fact, remedy in parts
    ]
    findings = pd.concat([one for one in found if len(one)] or [no_findings()], ignore_index=True)
    return findings.assign(
        category=UTILIZATION,
        check_name=findings["status"] + "_" + findings["subject"],
        evidence="the use that the asset's sources measured",
        fact_source=f"Measured use and the thresholds of tech_debt_weights.yaml, version {tech_debt_weights().version}",
    )


def _enough(size: pd.Series[float], high: pd.Series[float], step: int) -> pd.Series[float]:
    """Return the least multiple of the step at which the target percentage would be used at most."""
    target = tech_debt_weights().utilization.oversized.target_percent
    steps = (size * high / target / step).apply(np.ceil)
    return (steps * step).clip(lower=step)
