"""Advice that nobody has decided on yet, and the edit by which a person accepts it.

Belongs here: what is open, and which ordinary edit each acceptance is. Does not: making edits (`resources/edits.py`),
printing (`cli/advising.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pandas as pd
from sqlalchemy import Table

from flow_pipelines.advice import identity, mapping, modernization, treatment, wave_rationale
from flow_pipelines.advice.answers import decided_rows
from flow_pipelines.advice.questions import NONE_OF_THEM
from flow_pipelines.advice.wording import KEY_DIGITS
from flow_pipelines.edit_values import plain
from flow_pipelines.edits import Edit, MergeDraft, SetDraft, SignedDraft, active_edits, entity_ids
from flow_pipelines.tables.advice import advised_column
from flow_pipelines.tables.discovery import INVENTORY
from flow_pipelines.tables.modernize.backlogs import BACKLOGS

# Which topic the advice of each table is of.
TOPICS = {
    "discovery/attribute_mappings": mapping.TOPIC,
    "discovery/identity_candidates": identity.TOPIC,
    "assess/treatments": treatment.TOPIC,
    "assess/wave_totals": wave_rationale.TOPIC,
    **dict.fromkeys(BACKLOGS, modernization.TOPIC),
}
# Where none of the choices means that the cell is to be empty; elsewhere it is no opinion, which nobody can accept.
NONE_EMPTIES = frozenset({mapping.TOPIC})
# Where the row's value is proposed and not in effect, so that advice which says the same changes something.
PROPOSED_ONLY = frozenset({mapping.TOPIC})
# Of 40 bits: two of 10,000 pieces of advice share a key once in 20,000 engagements.
SHORT_DIGITS = 10


@dataclass(frozen=True)
class OpenAdvice:
    """Advice on one row that no person has decided.

    Attributes:
        topic: What it is about.
        table_key: The table, flow/table.
        row_id: Key of the row.
        name: What a person calls the row.
        column: What the advice is a value for.
        current: What the rules came to.
        advice: What the model would choose.
        confidence: How sure it says it is, 0 to 1.
        reason: Why, in its words.
        model: The model.
        key: Under which the exchange is kept.
        merge: Of a pair of assets, the edit that makes one of them, by the records that evidence is about.
    """

    topic: str
    table_key: str
    row_id: str
    name: str
    column: str
    current: object
    advice: str
    confidence: float
    reason: str
    model: str
    key: str
    merge: MergeDraft | None = None

    @property
    def can_be_accepted(self) -> bool:
        """Whether there is something to accept: not where the model had no opinion."""
        return self.advice != NONE_OF_THEM or self.topic in NONE_EMPTIES

    @property
    def can_be_accepted_unseen(self) -> bool:
        """Whether it may be accepted for its confidence alone.

        Not `none`, which also means that there was too little to tell, and not what holds anyhow: that would only
        pin the row.
        """
        return self.advice != NONE_OF_THEM and (self.advice != self.current or self.topic in PROPOSED_ONLY)

    @property
    def short_key(self) -> str:
        """By which a person accepts it: of this advice on this row, so that it fits no later one."""
        return sha256(f"{self.table_key}/{self.row_id}/{self.advice}/{self.key}".encode()).hexdigest()[:SHORT_DIGITS]


def open_advice(frame: pd.DataFrame, table: Table, edits: Sequence[Edit], merged: Collection[str]) -> list[OpenAdvice]:
    """Return the advice in a table on which no person has decided, the surest first.

    Args:
        frame: Rows that conform to the table, in the version that people see.
        table: The declared table; it carries advice.
        edits: People's edits of the table.
        merged: Keys of the rows whose assets a person has merged; of other tables none.
    """
    key, column = f"{table.schema}/{table.name}", str(advised_column(table))
    decided = decided_rows(table, edits) | set(merged)
    rows = frame.assign(row_id=entity_ids(frame, table))
    advised = rows[rows["advice"].notna() & ~rows["row_id"].isin(decided)]
    found = [_opened(row, table, key, column) for row in advised.to_dict("records")]
    return sorted(found, key=lambda one: (-one.confidence, one.row_id))


def _opened(row: dict[Any, Any], table: Table, key: str, column: str) -> OpenAdvice:
    topic, label = TOPICS[key], table.info["label"]
    name, merge = str(row[label] or ""), None
    if topic == identity.TOPIC:
        name = f"{row['asset_name'] or row['asset_id']} and {row['other_asset_name'] or row['other_asset_id']}"
        merge = MergeDraft(row["asset_id"], row["other_asset_id"], records=(row["record_id"], row["other_record_id"]))
    elif topic == mapping.TOPIC:
        name = ", ".join(str(one) for one in (row["source_column"], row["sheet"], row["source_file"]) if one)
    said = (row["advice_reason"] or "", row["advice_model"] or "", row["advice_key"] or "")
    confidence = float(row["advice_confidence"]) if pd.notna(row["advice_confidence"]) else 0.0
    return OpenAdvice(
        topic, key, row["row_id"], name, column, plain(row[column]), row["advice"], confidence, *said, merge
    )


def merged_candidates(candidates: pd.DataFrame, inventory: pd.DataFrame, edits: Iterable[Edit]) -> set[str]:
    """Return the keys of the pairs that a person has merged since, by any record of each.

    Args:
        candidates: Conforms to `discovery/identity_candidates`.
        inventory: Conforms to `discovery/inventory`.
        edits: People's edits of the inventory.
    """
    merges = [edit for edit in active_edits(edits) if edit.kind == "merge" and edit.table_key == INVENTORY]
    wanted = {str(end) for edit in merges for end in (edit.entity_id, edit.new_value)}
    members = inventory[["asset_id", "source_entity_ids"]].explode("source_entity_ids")
    members = members[members["source_entity_ids"].isin(wanted)]
    asset_of = dict(zip(members["source_entity_ids"], members["asset_id"], strict=True))
    joined = {frozenset((asset_of.get(edit.entity_id), asset_of.get(str(edit.new_value)))) for edit in merges}
    columns = candidates[["candidate_id", "asset_id", "other_asset_id"]].itertuples(index=False, name=None)
    return {candidate for candidate, *pair in columns if frozenset(pair) in joined}


def acceptance(one: OpenAdvice, by: str) -> SignedDraft:
    """Return the edit by which a person accepts advice.

    Args:
        one: The advice; `can_be_accepted`.
        by: The person.
    """
    actor = f"advice: {one.model}, accepted by {by}"
    reason = f"{one.reason or 'no reason given'} (confidence {one.confidence:.2f}, advice {one.key[:KEY_DIGITS]})"
    if one.merge and one.advice == identity.SAME:
        return SignedDraft(one.merge, actor, reason)
    value = None if one.advice == NONE_OF_THEM else one.advice
    return SignedDraft(SetDraft(one.table_key, one.row_id, one.column, value, seen=one.current), actor, reason)
