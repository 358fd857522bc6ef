"""Cells of tables as JSON can say them.

Belongs here: what is done to a fact before it is told. Does not: which facts are told (the modules beside this one),
imported text (`masking.py`).
"""

from __future__ import annotations


def plain_fact(value: object) -> object:
    """Return a cell as JSON can say it: numbers as such, all else as text."""
    if isinstance(value, bool | int | float | str):
        return value
    return value.item() if hasattr(value, "item") else str(value)
