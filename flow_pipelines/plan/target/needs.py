"""What a server needs of an instance type.

Belongs here: processors, memory, GPUs, architecture and operating system from what is known of a server. Does not:
finding a type (`right_size.py`).
"""

from __future__ import annotations

import pandas as pd

from flow_pipelines.settings_target import TargetSettings

MIB_PER_GIB = 1024
# 1.3 times 10 processors is 13.000000000000002 to a machine, for which 13 must do.
DECIMALS = 6
# A 32-bit x86 system runs on a 64-bit machine. What is not named here is offered by no large cloud.
ARCHITECTURES = {"x86_64": "x86_64", "x86": "x86_64", "arm64": "arm64"}
USUAL_ARCHITECTURE = "x86_64"


def server_needs(servers: pd.DataFrame, settings: TargetSettings) -> pd.DataFrame:
    """Return what each server needs, one row each, in the same order and with the same index.

    Returns:
        `needed_vcpu` and `needed_memory_gib`, missing where the server's own are unknown; `needed_gpu`;
        `architecture`, missing where no cloud offers it; `is_windows`; `assumptions`, in words, empty if there are
        none; `obstacle`, in words, missing if the needs are known.
    """
    cpus, memory = known_number(servers, "cpu_count"), known_number(servers, "memory_mib")
    used_cpus, used_memory = _used(servers, cpus, memory, settings)
    stated = _text(servers, "architecture")
    system = _text(servers, "operating_system")
    obstacle = pd.Series(pd.NA, index=servers.index, dtype="string")
    obstacle = obstacle.mask(~stated.isin([*ARCHITECTURES, ""]), "no cloud offers the architecture " + stated)
    obstacle = obstacle.mask(memory.isna(), "its memory is not known")
    obstacle = obstacle.mask(cpus.isna(), "its number of processors is not known")
    assumed = {
        "no use is known of its processors, sized as it is": used_cpus.isna() & (settings.basis != "as_is"),
        "no use is known of its memory, sized as it is": used_memory.isna() & (settings.basis != "as_is"),
        "architecture not known, taken as x86_64": stated.eq(""),
        "operating system not known, priced without a licence": system.eq(""),
    }
    return pd.DataFrame(
        {
            "needed_vcpu": (used_cpus * settings.cpu_comfort_factor).fillna(cpus).where(cpus.notna()).round(DECIMALS),
            "needed_memory_gib": ((used_memory * settings.memory_comfort_factor).fillna(memory) / MIB_PER_GIB)
            .where(memory.notna())
            .round(DECIMALS),
            "needed_gpu": known_number(servers, "gpu_count").fillna(0),
            "architecture": stated.map({**ARCHITECTURES, "": USUAL_ARCHITECTURE}),
            "is_windows": system.str.contains("windows", case=False, regex=False),
            "assumptions": _listed(assumed, servers.index),
            "obstacle": obstacle,
        }
    )


def _used(
    servers: pd.DataFrame, cpus: pd.Series[float], memory: pd.Series[float], settings: TargetSettings
) -> tuple[pd.Series[float], pd.Series[float]]:
    """Return the processors and the MiB in use on the basis that is asked for, missing where it is not known."""
    unknown = pd.Series(float("nan"), index=servers.index)
    if settings.basis == "as_is":
        return unknown, unknown
    percent = known_number(servers, f"cpu_usage_percent_{settings.basis}")
    share = known_number(servers, f"memory_usage_percent_{settings.basis}")
    return cpus * percent / 100, known_number(servers, f"memory_used_mib_{settings.basis}").fillna(memory * share / 100)


def known_number(servers: pd.DataFrame, column: str) -> pd.Series[float]:
    """Return a number of each server; none and less than none are not known, as is what the servers do not have."""
    if column not in servers:
        return pd.Series(float("nan"), index=servers.index)
    values = pd.to_numeric(servers[column]).astype("Float64").astype("float64")
    return values.where((values > 0) & (values < float("inf")))


def _text(servers: pd.DataFrame, column: str) -> pd.Series[str]:
    if column not in servers:
        return pd.Series("", index=servers.index, dtype="string")
    return servers[column].astype("string").fillna("").str.strip()


def _listed(assumed: dict[str, pd.Series[bool]], index: pd.Index) -> pd.Series[str]:
    listed = pd.Series("", index=index, dtype="string")
    for words, holds in assumed.items():
        listed = listed.mask(holds, listed.where(listed.eq(""), listed + "; ") + words)
    return listed
