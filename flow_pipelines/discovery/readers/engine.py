"""Engine: DuckDB for what is too large to hold, in bounded memory.

Belongs here: opening it, fetching from it, and quoting what goes into its statements. Does not: any statement.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

# Enough for 10 million distinct connections in memory; beyond that DuckDB spills to its temporary folder.
MEMORY_LIMIT = "1GB"
FETCHED_ROWS = 50_000


@contextmanager
def open_engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an engine of its own for one file; it knows no time zone but UTC and fetches nothing from elsewhere."""
    with tempfile.TemporaryDirectory(prefix="flow-engine-") as spill:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": spill,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        with duckdb.connect(config=config) as database:
            database.execute("SET TimeZone = 'UTC'")
            # It would be drawn on standard output, into what a program reads there.
            database.execute("SET enable_progress_bar = false")
            yield database


def fetched(database: duckdb.DuckDBPyConnection, statement: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a statement without holding them all."""
    database.execute(statement)
    while rows := database.fetchmany(FETCHED_ROWS):
        yield from rows


def literal(value: str) -> str:
    """Return a text as a literal of a statement."""
    return "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return the name of a column as it stands in a statement."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def plain_path(path: Path) -> Iterator[str]:
    """Yield the literal of another path to a file: `export[1].csv` would be a pattern, `a=b/` a partition."""
    with tempfile.TemporaryDirectory(prefix="flow-link-") as folder:
        link = Path(folder) / "content"
        link.symlink_to(path.resolve())
        yield literal(str(link))
