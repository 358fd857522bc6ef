"""Inventory: one row per real asset, resolved from the records of all sources.

Belongs here: the order of the phase's steps and the rows of its three tables. Does not: the steps (`identity/`), and
the rules and weights that they apply (`reference/identity_model.yaml`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from flow_pipelines.discovery.identity.belonging import Belonging, find_belonging
from flow_pipelines.discovery.identity.details import fold_details
from flow_pipelines.discovery.identity.grouping import lists_of
from flow_pipelines.discovery.identity.resolution import Resolved, resolve
from flow_pipelines.discovery.identity.templates import are_templates
from flow_pipelines.edits import Edit, EditOutcome, active_edits
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform
from flow_pipelines.tables.discovery import ASSET_TYPES
from flow_pipelines.tables.discovery import identity_candidates as candidates_table
from flow_pipelines.tables.discovery import inventory as inventory_table
from flow_pipelines.tables.discovery import inventory_conflicts as conflicts_table


@dataclass(frozen=True)
class InventoryResult:
    """What the phase fills.

    Attributes:
        inventory: The rows of `discovery/inventory`.
        inventory_conflicts: The rows of `discovery/inventory_conflicts`.
        identity_candidates: The rows of `discovery/identity_candidates`.
        candidates_left_out: How many more pairs there are that may be one asset, by asset type, where there are any.
        edit_outcomes: What became of each merge and split that counts, in order.
    """

    inventory: pd.DataFrame
    inventory_conflicts: pd.DataFrame
    identity_candidates: pd.DataFrame
    candidates_left_out: Mapping[str, int]
    edit_outcomes: tuple[EditOutcome, ...] = ()


def resolve_inventory(
    cleansed_records: pd.DataFrame, *, scope: Scope, settings: EngagementSettings, edits: Sequence[Edit] = ()
) -> InventoryResult:
    """Resolve the records of all sources to one row per real asset.

    Details of machines are folded into the machine's record, templates are left out, then the records of each asset
    type are compared and joined (`docs/decisions/0012-identity-model.md` tells how), of their values the most
    believed ones are kept, and assets are tied to their applications.

    Args:
        cleansed_records: Rows of `discovery/cleansed_records`, in any order; connections are ignored.
        scope: The engagement, for the ids.
        settings: Its DNS domains, and what people say about sources.
        edits: People's edits; merges and splits that count are done, in their order, whatever the model says. Edits
            of single cells are passed over: they are applied to the result (`flow_pipelines/edits.py`).

    Returns:
        The inventory, the values that lost, and the pairs of assets that may be one. Every record of an asset is in
        exactly one asset, except that an application without a record of its own rests on the records that name it.
    """
    machines = fold_details(cleansed_records)
    decisions = [edit for edit in active_edits(edits) if edit.kind in ("merge", "split")]
    resolved: dict[str, Resolved] = {}
    # Everything may belong to an application and servers may stand behind details; other types are there or not.
    present = {"server", "application", *cleansed_records["record_type"].unique()}
    for asset_type in (one for one in ASSET_TYPES if one in present):
        is_server = asset_type == "server"
        records = machines.records if is_server else _records_of(cleansed_records, asset_type)
        details = machines.details if is_server else {}
        resolved[asset_type] = resolve(
            records, asset_type, details=details, settings=settings, scope=scope, edits=decisions
        )
    others = [one for asset_type, one in resolved.items() if asset_type != "application"]
    belonging = find_belonging(cleansed_records, resolved["application"], others, scope)
    inventory = _stacked([*(one.assets for one in resolved.values()), belonging.applications])
    conflicts = _stacked([*(one.conflicts for one in resolved.values()), belonging.conflicts])
    keys = conflicts[["asset_id", "attribute", "losing_record_id"]].itertuples(index=False, name=None)
    conflicts = conflicts.assign(conflict_id=scope.ids_of("conflict", keys))
    candidates = _stacked([one.candidates for one in resolved.values()])
    pairs = candidates[["asset_id", "other_asset_id"]].itertuples(index=False, name=None)
    candidates = candidates.assign(candidate_id=scope.ids_of("identity_candidate", pairs))
    known = {outcome.edit_id: outcome for one in resolved.values() for outcome in one.outcomes}
    return InventoryResult(
        conform(_with_applications(inventory, belonging), inventory_table),
        conform(conflicts, conflicts_table),
        conform(candidates, candidates_table),
        {asset_type: one.candidates_left_out for asset_type, one in resolved.items() if one.candidates_left_out},
        tuple(known.get(edit.edit_id) or EditOutcome(edit.edit_id, "not_found", None) for edit in decisions),
    )


def templates_left_out(cleansed_records: pd.DataFrame) -> int:
    """Count the records of virtual machines that are templates, which no asset is made of."""
    return int((are_templates(cleansed_records) & (cleansed_records["record_type"] == "server")).sum())


def _records_of(cleansed_records: pd.DataFrame, asset_type: str) -> pd.DataFrame:
    records = cleansed_records[cleansed_records["record_type"] == asset_type]
    records = records.sort_values("record_id", ignore_index=True)
    if asset_type == "application":
        # A list of applications may call its column like the column of a server list that names applications.
        names = records["application_names"].map(
            lambda told: told[0] if isinstance(told, list) and len(told) == 1 else None
        )
        records["name"] = records["name"].where(records["name"].notna(), names)
    return records


def _with_applications(assets: pd.DataFrame, belonging: Belonging) -> pd.DataFrame:
    """Set the applications of assets: what the records name is replaced by the names of the applications meant."""
    memberships = belonging.memberships.sort_values(["application", "application_id"])
    ids = lists_of(memberships["asset_id"], memberships["application_id"])
    named = memberships.dropna(subset=["application"])
    names = lists_of(named["asset_id"], named["application"])
    found = [
        (sorted(ids.get(asset_id, ())), list(dict.fromkeys(names.get(asset_id, ()))) or None)
        for asset_id in assets["asset_id"]
    ]
    columns = pd.DataFrame(found, columns=["application_ids", "application_names"], index=assets.index, dtype="object")
    return assets.assign(**columns)


def _stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Put frames on top of each other; empty ones and empty columns would decide types."""
    filled = [part.dropna(axis="columns", how="all") for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]
