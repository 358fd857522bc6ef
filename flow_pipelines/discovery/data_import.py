"""The data import phase: read every file that landed; each row ends as an imported or a rejected record.

Belongs here: going from files to the phase's two tables, and proving that no row was lost between. Does not: how a
kind of file is read and which rows are usable (`readers/`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from flow_pipelines.discovery.export_times import stated_export_time
from flow_pipelines.discovery.readers.files import read_file
from flow_pipelines.discovery.readers.read_table import ReadTable
from flow_pipelines.discovery.readers.secrets import without_secrets
from flow_pipelines.errors import InputError
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.discovery import imported_records, rejected_records

# Read in ten seconds or more: so long nobody waits without being told for what.
LARGE_BYTES = 100_000_000


@dataclass(frozen=True)
class SourceFile:
    """One file to import.

    Attributes:
        name: What it is called.
        path: Where it is.
        landing_number: Place in the order of landing; a later export of a source has a higher one.
    """

    name: str
    path: Path
    landing_number: int = 0


@dataclass(frozen=True)
class SheetReport:
    """What became of one worksheet, or of a text file, or of a file that could not be read at all.

    Attributes:
        source_file: Name of the file.
        sheet: Name of the worksheet; None for a text file or a file as a whole.
        source_format: Detected format; `generic` if it is none of the known, `unknown` if nothing could be told.
        record_type: What its rows describe, the most frequent type if it holds several; None if it is not used.
        rows: Number of its data rows, counted by its reader as they passed, before any decision on them.
        imported_rows: Number of rows that its imported records stand for.
        rejected_rows: Number of rows that its rejected records stand for.
        confidence: Probability that the format was recognised rightly.
        landing_number: Order in which its file landed.
    """

    source_file: str
    sheet: str | None
    source_format: str
    record_type: str | None
    rows: int
    imported_rows: int
    rejected_rows: int
    confidence: float
    landing_number: int = 0


@dataclass(frozen=True)
class ImportResult:
    """The phase's two tables, and what became of each sheet."""

    imported_records: pd.DataFrame
    rejected_records: pd.DataFrame
    sheets: tuple[SheetReport, ...]


@dataclass(frozen=True)
class _Version:
    """One version of a file: what it is called, what makes its records' ids its own, and when it came to be."""

    name: str
    key: tuple[object, ...]
    landing_number: int
    exported_at: datetime | None


def import_files(
    files: Sequence[SourceFile],
    *,
    scope: Scope,
    settings: EngagementSettings,
    progress: Callable[[str], None] = lambda _: None,
) -> ImportResult:
    """Read files into imported and rejected records.

    Bad rows, sheets and files never raise; each becomes a rejected record with its reason.

    Args:
        files: The files; their order does not matter. Those of one name are versions of one file, by landing.
        scope: The engagement.
        settings: Its settings.
        progress: Told in a few words what was just read, and before it which large file is being read.

    Returns:
        Both tables, conforming to their contracts, and a report per sheet in order of file and worksheet.

    Raises:
        InputError: Two files of one landing have the same name.
    """
    repeated = [name for (name, _), count in Counter(map(_place, files)).items() if count > 1]
    if repeated:
        raise InputError(
            f"Several files are called {', '.join(sorted(repeated))}.", remedy="Give every file a name of its own."
        )
    imported, rejected, sheets = [], [], []
    for versions in _versions(files):
        called: dict[tuple[str, str | None], str] = {}
        for age, file in reversed(list(enumerate(versions))):
            _announce(file, progress)
            tables = list(read_file(file.path, file.name, settings))
            name = _name_of(file, tables, called)
            exported_at = stated_export_time(file.path, name, [table.detection for table in tables], settings)
            key = (file.name, *([file.landing_number] if age else []))
            version = _Version(name, key, file.landing_number, exported_at)
            for table in tables:
                report = _report(version, table)
                progress(_in_words(report))
                sheets.append(report)
                imported.append(_imported(version, table, scope))
                rejected.append(_rejected(version, table, scope))
    return ImportResult(
        conform(pd.concat(imported or [empty(imported_records)], ignore_index=True), imported_records),
        conform(pd.concat(rejected or [empty(rejected_records)], ignore_index=True), rejected_records),
        tuple(sheets),
    )


def _announce(file: SourceFile, progress: Callable[[str], None]) -> None:
    size = file.path.stat().st_size if file.path.is_file() else 0
    if size >= LARGE_BYTES:
        progress(f"{file.name}: reading {size / 1e9:,.2f} GB")


def _place(file: SourceFile) -> tuple[str, int]:
    return file.name, file.landing_number


def _versions(files: Sequence[SourceFile]) -> list[list[SourceFile]]:
    """Return the files of each name, the first landed first."""
    by_name: dict[str, list[SourceFile]] = {}
    for file in sorted(files, key=_place):
        by_name.setdefault(file.name, []).append(file)
    return list(by_name.values())


def _name_of(file: SourceFile, tables: Sequence[ReadTable], called: dict[tuple[str, str | None], str]) -> str:
    """Return under which name a version of a file is known; versions are asked for from the newest one back.

    Versions of one name share it, and with it what was decided and corrected about their columns. One in which a
    sheet holds something else is another file to all that follows.
    """
    formats = {(file.name, table.sheet): table.detection.source_format for table in tables}
    if any(called.get(place, source_format) != source_format for place, source_format in formats.items()):
        return f"{file.name} (landing {file.landing_number})"
    called.update(formats)
    return file.name


def check_row_sum(result: ImportResult) -> list[str]:
    """List the sheets whose rows are not all in exactly one of the two tables.

    The number of rows is the one that the reader counted, the numbers of records come from the tables themselves.

    Returns:
        One sentence per problem; empty if every row is accounted for.
    """
    imported = _rows_per_sheet(result.imported_records)
    rejected = _rows_per_sheet(result.rejected_records)
    expected: Counter[tuple[str, str | None]] = Counter()
    for report in result.sheets:
        expected[report.source_file, report.sheet] += report.rows
    return [
        f"{file}{f', sheet {sheet}' if sheet else ''}: {expected[file, sheet]} rows were read, but "
        f"{imported[file, sheet]} imported and {rejected[file, sheet]} rejected"
        for file, sheet in sorted({*expected, *imported, *rejected}, key=lambda key: (key[0], key[1] or ""))
        if expected[file, sheet] != imported[file, sheet] + rejected[file, sheet]
    ]


def _rows_per_sheet(records: pd.DataFrame) -> Counter[tuple[str, str | None]]:
    rows: Counter[tuple[str, str | None]] = Counter()
    for file, sheet, count in zip(records["source_file"], records["sheet"], records["row_count"], strict=True):
        rows[file, sheet] += count
    return rows


def _report(version: _Version, table: ReadTable) -> SheetReport:
    types = Counter(table.decided.record_types)
    most_frequent = min(types, key=lambda record_type: (-types[record_type], record_type), default=None)
    return SheetReport(
        source_file=version.name,
        sheet=table.sheet,
        source_format=table.detection.source_format,
        record_type=most_frequent or table.detection.record_type,
        rows=table.rows,
        imported_rows=sum(table.decided.counts),
        rejected_rows=sum(rejection.row_count for rejection in table.decided.rejections),
        confidence=table.detection.confidence,
        landing_number=version.landing_number,
    )


def _in_words(report: SheetReport) -> str:
    place = f"{report.source_file}, sheet {report.sheet}" if report.sheet else report.source_file
    kind = f"{report.source_format} {report.record_type}" if report.record_type else report.source_format
    return f"{place}: {report.rows:,} rows ({kind})"


def _imported(version: _Version, table: ReadTable, scope: Scope) -> pd.DataFrame:
    rows = table.decided
    keys = ((*version.key, table.sheet or "", number) for number in rows.numbers)
    return pd.DataFrame(
        {
            "record_id": pd.Series(scope.ids_of("record", keys), dtype=object),
            "source_file": pd.Series([version.name] * len(rows.numbers), dtype=object),
            "sheet": pd.Series([table.sheet] * len(rows.numbers), dtype=object),
            "row_number": pd.array(rows.numbers, dtype="Int64"),
            "landing_number": version.landing_number,
            "exported_at": pd.Series([version.exported_at] * len(rows.numbers), dtype="datetime64[us, UTC]"),
            "row_count": pd.array(rows.counts, dtype="Int64"),
            "source_format": pd.Series([table.detection.source_format] * len(rows.numbers), dtype=object),
            "record_type": pd.Series(rows.record_types, dtype=object),
            "raw_values": pd.Series(rows.values, dtype=object),
            "observed_from": _timestamps(rows.observed_from),
            "observed_to": _timestamps(rows.observed_to),
        }
    )


def _timestamps(microseconds: list[int | None]) -> pd.Series[Any]:
    return pd.to_datetime(pd.Series(microseconds, dtype="Int64"), unit="us", utc=True)


def _rejected(version: _Version, table: ReadTable, scope: Scope) -> pd.DataFrame:
    rejections = table.decided.rejections
    return pd.DataFrame(
        {
            "record_id": [
                scope.id_of(
                    "rejected", *version.key, table.sheet or "", item.row_number or "", item.code, item.column or ""
                )
                for item in rejections
            ],
            "source_file": [version.name] * len(rejections),
            "sheet": [table.sheet] * len(rejections),
            "row_number": pd.array([item.row_number for item in rejections], dtype="Int64"),
            "landing_number": version.landing_number,
            "column_name": [item.column for item in rejections],
            "row_count": pd.array([item.row_count for item in rejections], dtype="Int64"),
            "reason_code": [item.code for item in rejections],
            "reason": [item.reason(version.name, table.sheet) for item in rejections],
            "remedy": [item.remedy for item in rejections],
            # Of lines that could not be parted into cells, too.
            "raw_text": [item.raw_text and without_secrets(item.raw_text) for item in rejections],
        },
        dtype=object,
    )
