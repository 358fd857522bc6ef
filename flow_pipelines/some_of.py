"""Many names in one sentence: the first of them, and how many more there are.

Belongs here: that one form. Does not: which names, and the sentence around them.
"""

from __future__ import annotations

from collections.abc import Sequence


def some_of(names: Sequence[object], most: int, *, between: str = ", ") -> str:
    """Return the first of some names and how many more there are: "a, b and 3 more"; empty if there are none."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return between.join(map(str, names[:most])) + more
