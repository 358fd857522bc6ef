"""Approvals: a named person's word that a version of a table is what is to be done.

Belongs here: what an approval is. Does not: where they are kept (`resources/approvals.py`), and what waits for one
(`reference/handoff_rules.yaml`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Approval:
    """One approval.

    Attributes:
        number: Its place in the order of all approvals.
        table_key: The table, flow/table.
        data_version: Hash of the rows that were approved; rows that differ in any cell are not.
        approved_by: Who approved them.
        reason: Why.
        approved_at: When.
    """

    number: int
    table_key: str
    data_version: str
    approved_by: str
    reason: str
    approved_at: datetime
