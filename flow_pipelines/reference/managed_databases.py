"""The sizes of managed databases of which a price is known: our own dated table.

Belongs here: the loader of `managed_databases.csv` and its columns. Does not: which service runs which product
(`managed_services.yaml`) and choosing a size (`plan/target/databases.py`).

Few sizes of few services are in it: those that a public source names, and those that follow from its rates by core,
which their origin says. What is not in it has no price.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

TABLE = Path(__file__).with_name("managed_databases.csv")
TEXT = ("provider", "region", "service", "edition", "offer", "origin", "as_of")


@cache
def managed_databases() -> pd.DataFrame:
    """Load the table; not to be changed.

    Returns:
        One row per size of a service, in one zone, on demand: `service` as `managed_services.yaml` names it, `edition`
        of the product (missing if it has none), `vcpu`, `memory_gib`, `usd_hour` with the licence of the product, of
        which `licence_usd_hour` is the licence (missing where no source tells it apart), `storage_usd_gib_month`.
    """
    return pd.read_csv(TABLE, dtype=dict.fromkeys(TEXT, "string"))
