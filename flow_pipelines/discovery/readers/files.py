"""Files: every table that a file holds, read and decided on, or the reason why there is none.

Belongs here: taking each kind of file to its reader. Does not: telling kinds apart (`kinds.py`), reading one, and the
rows of the two output tables (`data_import.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from flow_pipelines.discovery.readers.archives import Unpacked, members_of, unpacked_gzip
from flow_pipelines.discovery.readers.cells import CleanCells
from flow_pipelines.discovery.readers.json_tables import read_json
from flow_pipelines.discovery.readers.kinds import Kind, kind_of
from flow_pipelines.discovery.readers.parquet import read_parquet
from flow_pipelines.discovery.readers.read_table import ReadTable, rejected_table
from flow_pipelines.discovery.readers.rejections import Rejection
from flow_pipelines.discovery.readers.text_tables import read_text
from flow_pipelines.discovery.readers.worksheets import read_workbook
from flow_pipelines.settings import EngagementSettings

READERS: Mapping[Kind, Callable[[Path, str, EngagementSettings], Iterator[ReadTable]]] = {
    Kind.TEXT: read_text,
    Kind.JSON: read_json,
    Kind.WORKBOOK: read_workbook,
    Kind.PARQUET: read_parquet,
}


def read_file(path: Path, name: str, settings: EngagementSettings) -> Iterator[ReadTable]:
    """Read a file.

    Args:
        path: Where it is.
        name: What it is called; a hint at its format where the content leaves two choices.
        settings: The engagement's settings.

    Returns:
        Its tables, each under a name of its own: one of a text file, one for each worksheet of a workbook, for each
        list of a JSON document and for each table of an archive's members; of a file that can't be read one without
        rows that says why.
    """
    names: set[str | None] = set()
    clean = CleanCells()
    for table in _read(path, name, settings, Unpacked()):
        name_of_own, repetition = clean[table.sheet or ""], 1
        sheet = name_of_own or None
        while sheet in names:
            repetition += 1
            sheet = f"{name_of_own} ({repetition})".strip()
        names.add(sheet)
        yield replace(table, sheet=sheet)


def _read(path: Path, name: str, settings: EngagementSettings, unpacked: Unpacked) -> Iterator[ReadTable]:
    try:
        kind = kind_of(path)
    except OSError as error:
        kind = Rejection("unreadable_file", row_count=0, details={"error": error.strerror})
    if isinstance(kind, Rejection):
        yield rejected_table(None, kind)
    elif kind is Kind.ZIP:
        yield from _read_zip(path, settings, unpacked)
    elif kind is Kind.GZIP:
        yield from _read_gzip(path, name, settings, unpacked)
    else:
        yield from READERS[kind](path, name, settings)


def _read_gzip(path: Path, name: str, settings: EngagementSettings, unpacked: Unpacked) -> Iterator[ReadTable]:
    with unpacked_gzip(path, unpacked) as (content, problem):
        if content:
            yield from _read(content, name.removesuffix(".gz"), settings, unpacked.deeper())
        if problem:
            yield rejected_table(None, problem)


def _read_zip(path: Path, settings: EngagementSettings, unpacked: Unpacked) -> Iterator[ReadTable]:
    for member, content in members_of(path, unpacked):
        if isinstance(content, Rejection):
            yield rejected_table(member, content)
            continue
        for table in _read(content, Path(member or "").name, settings, unpacked.deeper()):
            yield replace(table, sheet="/".join(filter(None, (member, table.sheet))) or None)
