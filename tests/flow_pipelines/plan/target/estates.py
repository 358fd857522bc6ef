"""Servers drawn by lot for right-sizing: of usual and odd sizes, with much unknown.

Belongs here: drawing them. Does not: judging what they were sized to (`brute_force.py`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

ODD_SHARE = 0.02


def drawn_servers(count: int, seed: int) -> pd.DataFrame:
    """Draw servers; every fiftieth or so lacks its processors or memory, half of them lack use."""
    lot = np.random.default_rng(seed)
    cpus = lot.choice([1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128], count).astype(float)
    memory = cpus * 1024 * lot.choice([1, 2, 4, 6, 8, 16], count)
    memory = np.where(lot.random(count) < 0.3, np.round(memory * lot.uniform(0.8, 1.2, count)), memory)
    is_windows = lot.random(count) < 0.5
    frame = pd.DataFrame(
        {
            "asset_id": [f"server-{number:06}" for number in range(count)],
            "cpu_count": np.where(lot.random(count) < ODD_SHARE, np.nan, cpus),
            "memory_mib": np.where(lot.random(count) < ODD_SHARE, np.nan, memory),
            "gpu_count": np.where(lot.random(count) < ODD_SHARE, 1.0, np.nan),
            "architecture": lot.choice(
                ["x86_64", "x86", "arm64", "power", None], count, p=[0.8, 0.03, 0.1, 0.02, 0.05]
            ),
            "operating_system": np.where(is_windows, "Microsoft Windows Server 2019", "Red Hat Enterprise Linux 8"),
        }
    )
    for name in ("peak", "percentile_95"):
        unknown = lot.random(count) < 0.5
        frame[f"cpu_usage_percent_{name}"] = np.where(unknown, np.nan, lot.uniform(1, 100, count).round(1))
        frame[f"memory_used_mib_{name}"] = np.where(unknown, np.nan, (memory * lot.uniform(0.05, 1, count)).round())
    return frame
