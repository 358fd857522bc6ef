"""The account of a takeover: for every table what was found, what came over, what did not and why.

Belongs here: counting rows and proving that none was lost. Does not: deciding on them, printing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from flow_pipelines.scope import Scope

# Rows that a reason names: enough to find out what is wrong with them.
NAMED = 5


class RefusedError(Exception):
    """A row is not taken over; carries the code of the reason, see `replaced_platform.yaml`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class TableAccount:
    """What became of the rows of one table of the source.

    Attributes:
        kind: What this code calls it; empty for a table that is not taken over.
        table: Its name there.
        counted: Its rows as the source's own count says.
        found: Its rows as they were read.
        brought: Rows that came over, by engagement here; those that belong to none in the table of clients too.
        elsewhere: Rows of engagements that were not asked for.
        refused: Rows that did not come over, by reason.
        examples: Some ids of those, by reason.
        why_not: Why the table as a whole is not taken over.
    """

    kind: str
    table: str
    counted: int
    found: int = 0
    brought: Counter[str] = field(default_factory=Counter)
    elsewhere: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    why_not: str = ""

    def bring(self, target: Scope | str) -> None:
        """Count a row that comes over."""
        self.brought[str(target)] += 1

    def refuse(self, code: str, row_id: str) -> None:
        """Count a row that does not."""
        self.refused[code] += 1
        examples = self.examples.setdefault(code, [])
        if len(examples) < NAMED:
            examples.append(row_id)

    def move(self, target: Scope, code: str, row_id: str) -> None:
        """Count a row as refused that had been counted as brought: what was found out later."""
        self.brought[str(target)] -= 1
        self.brought += Counter()
        self.refuse(code, row_id)

    @property
    def brought_rows(self) -> int:
        """All rows that came over."""
        return self.brought.total()

    @property
    def refused_rows(self) -> int:
        """All rows that did not."""
        return self.refused.total()


def account_problems(accounts: list[TableAccount]) -> list[str]:
    """List the tables whose rows do not add up: by the source's own count, and by what became of them."""
    problems = []
    for one in (one for one in accounts if not one.why_not):
        if one.found != one.counted:
            problems.append(f"{one.table}: the source counts {one.counted} rows, but {one.found} were read")
        told = one.brought_rows + one.elsewhere + one.refused_rows
        if told != one.found:
            problems.append(
                f"{one.table}: {one.found} rows were read, but {one.brought_rows} came over, {one.elsewhere} belong "
                f"elsewhere and {one.refused_rows} were refused"
            )
    return problems
