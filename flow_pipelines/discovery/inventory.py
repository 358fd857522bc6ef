"""Inventory: one row per real asset, resolved from the records of all sources.

Belongs here: the order of the phase's steps and the rows of its two tables. Does not: the steps (`identity/`), and
the rules and weights that they apply (`reference/identity_model.yaml`).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from flow_pipelines.discovery.identity.belonging import Belonging, find_belonging
from flow_pipelines.discovery.identity.details import fold_details
from flow_pipelines.discovery.identity.resolution import Resolved, resolve
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform
from flow_pipelines.tables.discovery import ASSET_TYPES
from flow_pipelines.tables.discovery import inventory as inventory_table
from flow_pipelines.tables.discovery import inventory_conflicts as conflicts_table


@dataclass(frozen=True)
class InventoryResult:
    """What the phase fills.

    Attributes:
        inventory: The rows of `discovery/inventory`.
        inventory_conflicts: The rows of `discovery/inventory_conflicts`.
    """

    inventory: pd.DataFrame
    inventory_conflicts: pd.DataFrame


def resolve_inventory(
    cleansed_records: pd.DataFrame, *, scope: Scope, settings: EngagementSettings
) -> InventoryResult:
    """Resolve the records of all sources to one row per real asset.

    Details of machines are folded into the machine's record, templates are left out, then the records of each asset
    type are compared and joined (`docs/decisions/0012-identity-model.md` tells how), of their values the most
    believed ones are kept, and assets are tied to their applications.

    Args:
        cleansed_records: Rows of `discovery/cleansed_records`, in any order; connections are ignored.
        scope: The engagement, for the ids.
        settings: Its DNS domains.

    Returns:
        The inventory and the values that lost. Every record of an asset is in exactly one asset, except that an
        application without a record of its own rests on the records that name it.
    """
    machines = fold_details(cleansed_records)
    resolved: dict[str, Resolved] = {}
    for asset_type in ASSET_TYPES:
        is_server = asset_type == "server"
        records = machines.records if is_server else _records_of(cleansed_records, asset_type)
        details = machines.details if is_server else {}
        resolved[asset_type] = resolve(records, asset_type, details=details, domains=settings.domains, scope=scope)
    applications = resolved.pop("application")
    others = list(resolved.values())
    belonging = find_belonging(cleansed_records, applications, others, scope)
    parts = [*(_with_applications(one.assets, belonging) for one in others), applications.assets]
    inventory = _stacked([*parts, belonging.applications])
    inventory["application_ids"] = [one if isinstance(one, list) else [] for one in inventory["application_ids"]]
    conflicts = _stacked([*(one.conflicts for one in (*others, applications)), belonging.conflicts])
    keys = conflicts[["asset_id", "attribute", "losing_record_id"]].itertuples(index=False, name=None)
    conflicts["conflict_id"] = scope.ids_of("conflict", keys)
    return InventoryResult(conform(inventory, inventory_table), conform(conflicts, conflicts_table))


def templates_left_out(cleansed_records: pd.DataFrame) -> int:
    """Count the records of virtual machines that are templates, which no asset is made of."""
    is_template = cleansed_records["is_template"].fillna(value=False).astype(bool)
    return int((is_template & (cleansed_records["record_type"] == "server")).sum())


def _records_of(cleansed_records: pd.DataFrame, asset_type: str) -> pd.DataFrame:
    records = cleansed_records[cleansed_records["record_type"] == asset_type]
    return records.sort_values("record_id", ignore_index=True)


def _with_applications(assets: pd.DataFrame, belonging: Belonging) -> pd.DataFrame:
    """Set the applications of assets: what the records name is replaced by the names of the applications meant."""
    memberships = belonging.memberships[belonging.memberships["asset_id"].isin(assets["asset_id"])]
    groups = memberships.groupby("asset_id")
    ids = groups["application_id"].agg(lambda found: sorted(set(found)))
    names = groups["application"].agg(lambda found: sorted(set(found)))
    return assets.assign(
        application_ids=assets["asset_id"].map(ids), application_names=assets["asset_id"].map(names)
    )


def _stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Put frames on top of each other; empty ones and empty columns would decide types."""
    filled = [part.dropna(axis="columns", how="all") for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]
