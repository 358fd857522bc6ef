"""Approvals: field mappings that people stand behind, on their way to become edits.

Belongs here: which mappings count, who approved them and why. Does not: making edits (`resources/edits.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flow_pipelines.reference.replaced_platform import replaced_platform
from flow_pipelines.takeover.account import RefusedError

Row = Mapping[str, str]
TRUE, REJECTED = "true", "rejected"
UNKNOWN_PERSON = "unknown (replaced platform)"


@dataclass(frozen=True)
class Approval:
    """A mapping that a person approved.

    Attributes:
        mapping_id: Its id there.
        import_id: The import whose column it maps.
        source_field: The column.
        attribute: The attribute; empty if the person left the column unmapped.
        actor: Who approved it.
        approved_at: When, as the source writes it; empty if it does not say.
        reason: Why, in words that name the source.
    """

    mapping_id: str
    import_id: str
    source_field: str
    attribute: str
    actor: str
    approved_at: str
    reason: str


def approval_of(row: Row, people: Mapping[str, str]) -> Approval:
    """Read a field mapping.

    Args:
        row: The row.
        people: What users are called, by id.

    Raises:
        RefusedError: No person approved it, or its target is no attribute here.
    """
    known = replaced_platform()
    status = row.get("status", "").casefold()
    if status not in known.approved and (status == REJECTED or row.get("is_validated") != TRUE):
        raise RefusedError("not_approved")
    by = row.get("approved_by", "")
    # Where nobody is named, how it was approved still tells a machine from a person.
    if (by or row.get("method", "")).casefold() in known.machines:
        raise RefusedError("approved_by_machine")
    attribute = known.attribute_of(row.get("target_field", ""))
    if attribute is None:
        raise RefusedError("no_attribute")
    actor = people.get(by, by) or UNKNOWN_PERSON
    when = row.get("approved_at", "")
    why = row.get("reason") or row.get("feedback") or "no reason given"
    target = row.get("target_field", "") or "nothing"
    return Approval(
        mapping_id=row["id"],
        import_id=row.get("import", ""),
        source_field=row.get("source_field", ""),
        attribute=attribute,
        actor=actor,
        approved_at=when or row.get("updated_at", ""),
        reason=f"Approved as {target} in the replaced platform{f' at {when}' if when else ''}: {why}",
    )


def latest_approvals(approvals: Iterable[Approval]) -> tuple[list[Approval], list[Approval]]:
    """Part the last approval of each column from those that it supersedes."""
    ordered = sorted(approvals, key=lambda one: (one.approved_at, one.mapping_id))
    last = {(one.import_id, one.source_field): one for one in ordered}
    counting = sorted(last.values(), key=lambda one: (one.import_id, one.source_field))
    return counting, [one for one in ordered if last[one.import_id, one.source_field] is not one]


def row_for(attribute: str, rows: Sequence[Mapping[Any, Any]]) -> str:
    """Return the id of the mapping that an approval is about.

    Args:
        attribute: The attribute that was approved.
        rows: The mappings of its column here, one for each attribute that it feeds: mapping_id, attribute, part.

    Returns:
        The attribute's own row, or else that of the whole cell.
    """
    best = min(rows, key=lambda row: (row["attribute"] != attribute, row["part"] is not None, str(row["mapping_id"])))
    return str(best["mapping_id"])


def person_of(row: Row) -> str:
    """Return what a user is called: the e-mail address, which is unique there, or the name."""
    return row.get("email", "") or " ".join(filter(None, (row.get("first_name"), row.get("last_name"))))
