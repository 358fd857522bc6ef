"""How long right-sizing takes beside reading the same rows, and whether it finds what brute force finds.

Belongs here: measuring. Does not: printing (`report.py`), the estates and the oracle, which the tests use too.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pandas as pd

from flow_pipelines.plan.target import right_size
from flow_pipelines.reference.instance_types import instance_types
from flow_pipelines.settings_target import TargetSettings
from tests.flow_pipelines.plan.target.brute_force import unlike
from tests.flow_pipelines.plan.target.estates import drawn_servers

COMPARED = 300


@dataclass(frozen=True)
class Measured:
    """One basis; `ratio` is the time beside reading the servers' rows, `unlike` how many of `compared` are wrong."""

    basis: str
    seconds: float
    ratio: float
    unlike: int
    compared: int


@dataclass(frozen=True)
class TargetsReport:
    """All bases on one estate; `types` is how many the regions of the settings have together."""

    servers: int
    types: int
    clouds: int
    measured: tuple[Measured, ...]


def measure_targets(folder: Path, *, servers: int, seed: int) -> TargetsReport:
    """Size an estate on each basis, and compare a sample with brute force."""
    file = folder / "servers.csv"
    drawn_servers(servers, seed).to_csv(file, index=False)
    started = time.monotonic()
    rows = pd.read_csv(file)
    reading = time.monotonic() - started
    catalogue, usual = instance_types(), TargetSettings()
    measured = []
    for basis in get_args(TargetSettings.model_fields["basis"].annotation):
        settings = TargetSettings(basis=basis)
        started = time.monotonic()
        sized = right_size(rows, catalogue, settings)
        seconds = time.monotonic() - started
        sample = rows.sample(min(COMPARED, servers), random_state=seed)
        compared = sized[sized["asset_id"].isin(sample["asset_id"])]
        wrong = unlike(sample, catalogue, settings, compared)
        measured.append(Measured(basis, seconds, seconds / reading, len(wrong), len(compared)))
    regions = pd.MultiIndex.from_tuples([(one.provider, one.region) for one in usual.clouds])
    types = int(pd.MultiIndex.from_frame(catalogue[["provider", "region"]]).isin(regions).sum())
    return TargetsReport(servers, types, len(usual.clouds), tuple(measured))
