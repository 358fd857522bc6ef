"""Whether assets may be merged or split: which records that means, and what speaks against it.

Belongs here: what people may decide about which records are one asset. Does not: doing it
(`flow_pipelines/discovery/identity/decided.py`), edits of single cells (`edit_checks.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import cast

from sqlalchemy import Connection

from flow_pipelines.discovery.gates import DETAIL_RECORD_TYPES
from flow_pipelines.edits import Edit, MergeDraft, NewEdit, SplitDraft, active_edits
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.discovery import CLEANSED, INVENTORY
from resources.edited_rows import NAMED, Row, chosen_row, edits_of, looked_at, rows_by_key, rows_by_name
from resources.snapshots import Snapshot

# What merges and splits decide about an asset.
COLUMN = "source_entity_ids"


class AssetChecks:
    """Checks of merges and splits on an engagement's current inventory; all raise ValueError with the problem."""

    def __init__(self, connection: Connection) -> None:
        """Check in a transaction in the engagement's scope."""
        self._connection = connection

    def merge(self, draft: MergeDraft) -> NewEdit:
        """Return the edit that makes two assets one."""
        one, other = self._asset(draft.asset), self._asset(draft.other)
        if one["asset_id"] == other["asset_id"]:
            raise ValueError(f"{draft.asset} and {draft.other} are one asset already: {one['asset_id']}")
        if one["asset_type"] != other["asset_type"]:
            raise ValueError(
                f"{draft.asset} is a {one['asset_type']} and {draft.other} a {other['asset_type']}; "
                "only assets of one type can be one"
            )
        of_one, of_other = draft.records or (None, None)
        first, second = self._record_for(one, of_one), self._record_for(other, of_other)
        records = {str(first["record_id"]), str(second["record_id"])}
        if (edit := self._last_decision(records)) and edit.kind == "merge" and _records(edit) == records:
            raise ValueError(f"{draft.asset} and {draft.other} are merged already, by edit {edit.number}")
        names = [first["name"], second["name"]]
        return NewEdit("merge", INVENTORY, str(first["record_id"]), COLUMN, names, str(second["record_id"]))

    def split(self, draft: SplitDraft) -> list[NewEdit]:
        """Return the edits that make records an asset of their own: each is split off, then they are merged."""
        asset = self._asset(draft.asset)
        own = self._own_records(asset)
        chosen = list(dict.fromkeys(str(self._record(draft, one, asset, own)["record_id"]) for one in draft.records))
        if not chosen:
            raise ValueError(f"name the records to be split from {draft.asset}; it has {_listed(own)}")
        if len(chosen) == len(own):
            raise ValueError(f"{draft.asset} would have no record left; it has {_listed(own)}")
        names = {str(record["record_id"]): record["name"] for record in own}
        splits = [
            NewEdit("split", INVENTORY, record_id, COLUMN, asset["asset_id"], names[record_id]) for record_id in chosen
        ]
        first, *others = chosen
        return splits + [
            NewEdit("merge", INVENTORY, first, COLUMN, [names[first], names[record_id]], record_id)
            for record_id in others
        ]

    @cached_property
    def _inventory(self) -> Snapshot:
        return self._current(INVENTORY)

    @cached_property
    def _cleansed(self) -> Snapshot:
        return self._current(CLEANSED)

    @cached_property
    def _decisions(self) -> list[Edit]:
        return [edit for edit in active_edits(edits_of(self._connection, [INVENTORY])) if edit.kind != "set"]

    def _current(self, table_key: str) -> Snapshot:
        snapshot = looked_at(self._connection, table_key)
        if snapshot is None:
            raise ValueError(f"there is no {table_key} yet")
        return snapshot

    def _asset(self, entity: str) -> Row:
        by_key = rows_by_key(self._connection, self._inventory, [entity])
        by_name = rows_by_name(self._connection, self._inventory, [entity])
        return chosen_row(output_tables()[INVENTORY], entity, by_key, by_name)[1]

    def _records_of(self, asset: Row) -> list[Row]:
        ids = cast("Sequence[str]", asset[COLUMN])
        return [record for _, record in sorted(rows_by_key(self._connection, self._cleansed, ids).items())]

    def _own_records(self, asset: Row) -> list[Row]:
        return [record for record in self._records_of(asset) if record["record_type"] == asset["asset_type"]]

    def _record_for(self, asset: Row, wanted: str | None) -> Row:
        """Return a record that stands for an asset; of a machine that only details tell of, a detail.

        Args:
            asset: The asset.
            wanted: The record that is meant; if it does not stand for the asset, but is one of its, any that does.
        """
        records = self._records_of(asset)
        if wanted and wanted not in {str(record["record_id"]) for record in records}:
            raise ValueError(f"{asset['name']} has no record {wanted} by now; it has {_listed(records)}")
        own = [record for record in records if record["record_type"] == asset["asset_type"]]
        details = [record for record in records if record["record_type"] in DETAIL_RECORD_TYPES]
        stand_ins = details if asset["asset_type"] == "server" else []
        if found := own or stand_ins:
            return next((record for record in (*own, *stand_ins) if str(record["record_id"]) == wanted), found[0])
        raise ValueError(
            f"{asset['name']} has no record of its own, other assets name it: correct their application_names instead"
        )

    def _record(self, draft: SplitDraft, told: str, asset: Row, own: Sequence[Row]) -> Row:
        found = [record for record in own if told.lower() in _names(record)]
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            raise ValueError(f"{told!r} names several records of {draft.asset}, use an id: {_listed(found)}")
        if told.lower() in cast("Sequence[str]", asset[COLUMN]):
            raise ValueError(f"{told} tells a detail of {draft.asset}, and follows one of its records: {_listed(own)}")
        raise ValueError(f"{draft.asset} has no record {told!r}; it has {_listed(own)}")

    def _last_decision(self, record_ids: set[str]) -> Edit | None:
        about = [edit for edit in self._decisions if record_ids & _records(edit)]
        return about[-1] if about else None


def _records(edit: Edit) -> set[str]:
    return {edit.entity_id, str(edit.new_value)} if edit.kind == "merge" else {edit.entity_id}


def _place(record: Row) -> str:
    parts = (record["source_file"], record["sheet"], record["row_number"])
    return ":".join(str(part) for part in parts if part is not None)


def _names(record: Row) -> set[str]:
    """Return all by which a person may call a record, in lower case: id, name, host, `file:sheet:row`, `file:row`."""
    told = (
        record["record_id"],
        record["name"],
        record["host_name"],
        _place(record),
        f"{record['source_file']}:{record['row_number']}",
    )
    return {str(one).lower() for one in told if one is not None}


def _listed(records: Sequence[Row]) -> str:
    named = [f"{record['record_id']} ({_place(record)})" for record in records[:NAMED]]
    more = f" and {len(records) - NAMED} more" if len(records) > NAMED else ""
    return (", ".join(named) or "none") + more
