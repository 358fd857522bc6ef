"""What cleansing a cell comes to.

Belongs here: the result type, the rule names' form and how issues quote a cell. Does not: any particular rule.
"""

from __future__ import annotations

from dataclasses import dataclass

# Raised whenever a rule decides differently than before, so that every change row names what decided it.
RULES_VERSION = 1
LONGEST_QUOTE = 60


@dataclass(frozen=True)
class Cleansed:
    """A cleansed cell: its value, None if it holds nothing usable; the rule that changed it; what is wrong with it."""

    value: object
    rule: str | None = None
    issue: str | None = None


def rule(*names: str) -> str:
    """Return the name under which rules are recorded, with their version."""
    return " + ".join(f"{name}@{RULES_VERSION}" for name in names)


def quoted(cell: str) -> str:
    """Return a cell as issues quote it: long ones cut, since they are kept in full elsewhere."""
    return repr(cell if len(cell) <= LONGEST_QUOTE else f"{cell[:LONGEST_QUOTE]}…")


MISSING = Cleansed(None, rule("missing_word"))
