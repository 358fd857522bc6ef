"""Text from outside in Markdown that Dagster shows: as text, never as a link, picture or markup.

Belongs here: that escape, and tables made with it. Does not: what is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MARKUP = "|<>&`[]()*_\\!#~"


def shown(value: object) -> str:
    """Return a text on one line in which no sign means anything to Markdown."""
    return "".join(f"&#{ord(sign)};" if sign in MARKUP else sign for sign in " ".join(str(value).split()))


def table(heads: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a table of rows of cells, whatever they hold."""
    lines = ["| " + " | ".join(map(shown, heads)) + " |", "|" + "---|" * len(heads)]
    return "\n".join([*lines, *("| " + " | ".join(map(shown, row)) + " |" for row in rows)])
