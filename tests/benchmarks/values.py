"""How many values of the inventory are true.

Belongs here: the attributes whose truth is known, and to which application each server belongs. Does not: which
records make up an asset (`quality.py`).
"""

from __future__ import annotations

import pandas as pd

from tests.benchmarks.truth import Score, Truth

# Attribute of the inventory and column of the truth.
TEXTS = {"fqdn": "fqdn", "owner": "owner", "environment": "environment"}
NUMBERS = {"cpu_count": "cpu_count", "memory_mib": "memory_mib", "storage_allocated_gib": "storage_gib"}
ENVIRONMENTS = {"prod": "production", "dev": "development", "dr": "disaster recovery"}
# Sources round, and count in thousands or in 1,024s where a disk's label does.
TOLERANCE = 0.02


def score_values(inventory: pd.DataFrame, true_ids: pd.Series[str], truth: Truth) -> list[Score]:
    """Hold the values of servers against the true ones.

    Args:
        inventory: The rows of `discovery/inventory`.
        true_ids: By asset id, the thing that it is.
        truth: The truth.
    """
    servers = inventory[inventory["asset_type"] == "server"]
    live = truth.servers[truth.servers["state"] == "live"].assign(
        environment=lambda rows: rows["environment"].replace(ENVIRONMENTS)
    )
    known = servers.assign(true_server_id=servers["asset_id"].map(true_ids))
    known = known.merge(live, on="true_server_id", suffixes=("", "_true")).drop_duplicates("true_server_id")
    release = known["os_product"] + " " + known["os_cycle"]
    true_release = known["os_product_true"] + " " + known["os_cycle_true"]
    return [
        _score("operating system release", release, release == true_release),
        *(
            _score(attribute, known[attribute], known[attribute] == known[_true_column(column, inventory)])
            for attribute, column in TEXTS.items()
        ),
        *(
            _score(attribute, known[attribute], _is_close(known[attribute], known[_true_column(column, inventory)]))
            for attribute, column in NUMBERS.items()
        ),
        _memberships(known, inventory, true_ids, truth),
    ]


def _true_column(column: str, inventory: pd.DataFrame) -> str:
    return f"{column}_true" if column in inventory else column


def _is_close(values: pd.Series[float], true_values: pd.Series[str]) -> pd.Series[bool]:
    expected = true_values.astype(float)
    return (values.astype("Float64") - expected).abs() <= TOLERANCE * expected


def _score(attribute: str, values: pd.Series[str], is_right: pd.Series[bool]) -> Score:
    is_told = values.notna()
    right = int((is_told & is_right.fillna(value=False)).sum())
    return Score(f"inventory: {attribute} of servers", int(is_told.sum()), right, len(values))


def _memberships(servers: pd.DataFrame, inventory: pd.DataFrame, true_ids: pd.Series[str], truth: Truth) -> Score:
    """Hold pairs of server and application against the true ones; an application without records goes by its name."""
    applications = inventory.loc[inventory["asset_type"] == "application", ["asset_id", "name"]]
    names = truth.applications.assign(name=truth.applications["name"].str.casefold())
    by_name = applications["name"].str.casefold().map(names.set_index("name")["true_application_id"])
    ids = applications.assign(true_id=applications["asset_id"].map(true_ids).fillna(by_name)).set_index("asset_id")
    pairs = servers[["true_server_id", "application_ids"]].explode("application_ids").dropna()
    pairs["true_application_id"] = pairs["application_ids"].map(ids["true_id"])
    found = set(pairs[["true_server_id", "true_application_id"]].itertuples(index=False, name=None))
    listed = truth.server_applications["true_server_id"].isin(servers["true_server_id"])
    expected = set(truth.server_applications[listed].itertuples(index=False, name=None))
    return Score("inventory: applications of servers", len(pairs), len(found & expected), len(expected))
