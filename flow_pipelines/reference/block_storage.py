"""The block storage that a server's data may move to: our own dated table.

Belongs here: the loader of `block_storage.csv` and its columns. Does not: choosing from it (`plan/target/storage.py`).

What can't hold an operating system is left out: disks that only stream, and pools.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

TABLE = Path(__file__).with_name("block_storage.csv")
TEXT = ("provider", "region", "storage_class", "offer", "origin", "limits_origin", "as_of")


@cache
def block_storage() -> pd.DataFrame:
    """Load the table; not to be changed.

    Returns:
        One row per offer: a class of which any size up to `size_gib` is sold at `usd_gib_month`, or one size of a class
        at `usd_month`. A volume has `included_iops` and `iops_per_gib` for each GiB, up to `most_iops`; those beyond
        can be bought where `usd_iops_month` is set, then no more than `most_iops_per_gib` in all for each GiB. Prices
        in USD a month; origins of prices and of limits apart.
    """
    return pd.read_csv(TABLE, dtype=dict.fromkeys(TEXT, "string"))
