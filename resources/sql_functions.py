"""Functions that anybody who may read the tables may call.

Belongs here: their definitions. Does not: who may call them (`access.py`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SqlFunction:
    """A function of the schema `platform` that runs with its caller's rights.

    Attributes:
        signature: Qualified name with argument types, as DROP FUNCTION wants it.
        comment: What it returns.
        definition: Its CREATE FUNCTION statement.
    """

    signature: str
    comment: str
    definition: str


def functions() -> tuple[SqlFunction, ...]:
    """Return the functions, each after those that it calls."""
    return ()
