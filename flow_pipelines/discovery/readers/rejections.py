"""Rejections: why a row, a sheet or a file could not be used, in words.

Belongs here: the closed list of reasons with their remedies, and the sentence that each becomes. Does not: deciding
that something is rejected.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

RAW_TEXT_LIMIT = 10_000
# Rows of one table listed one by one; more of them say nothing new.
MOST_LISTED = 10_000


@dataclass(frozen=True)
class Reason:
    """Why something can't be used: a sentence with places for details, and what to do about it."""

    problem: str
    remedy: str


@dataclass(frozen=True)
class Rejection:
    """One row, or one sheet or file as a whole, that can't be used.

    Attributes:
        code: One of `REASONS`.
        row_number: Row as a person sees it; None if it is about a sheet or file.
        row_count: Number of data rows that it stands for.
        column: Header of the offending column, if it is about one.
        text: The row as read.
        details: Values for the places in the reason's sentence.
    """

    code: str
    row_number: int | None = None
    row_count: int = 1
    column: str | None = None
    text: str | None = None
    details: dict[str, object] = field(default_factory=dict)

    def reason(self, source_file: str, sheet: str | None) -> str:
        """Return what is wrong and where, in one sentence."""
        place = f"{source_file}" + (f", sheet {sheet}" if sheet else "")
        place += f", row {self.row_number}" if self.row_number is not None else ""
        place += f", column {self.column}" if self.column is not None else ""
        return f"{place}: {REASONS[self.code].problem.format(**self.details)}"

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return REASONS[self.code].remedy

    @property
    def raw_text(self) -> str | None:
        """The row as read, up to 10,000 characters, without what PostgreSQL can't store."""
        return self.text.replace("\x00", "")[:RAW_TEXT_LIMIT] if self.text else None


def limited(rejections: Iterable[Rejection]) -> list[Rejection]:
    """Keep the first 10,000 rejections of one table and make the others one, which says for how many rows it stands.

    Args:
        rejections: In the order of their rows; only those kept are held in memory.
    """
    remaining = iter(rejections)
    listed = list(islice(remaining, MOST_LISTED))
    first = next(remaining, None)
    if first is None:
        return listed
    rows = first.row_count + sum(rejection.row_count for rejection in remaining)
    return [*listed, Rejection("further_rows", first.row_number, rows, details={"rows": rows})]


EXPORT_AGAIN = "Export the file again, or open it in a spreadsheet and save it as CSV UTF-8."
EXPORT_AGAIN_WHOLE = "Check that the export finished, and import the file again."
CORRECT_ROW = "Correct the row in the source and import the file again."

REASONS: dict[str, Reason] = {
    # A file as a whole.
    "empty_file": Reason("the file holds no text.", "Check that the export finished, and import the file again."),
    "unreadable_file": Reason("the file can't be opened: {error}.", "Check that it exists and may be read."),
    "unsupported_type": Reason(
        "the file is {kind}, not a table.",
        "Import CSV, XLSX, XLSM, XLSB, XLS, ODS, JSON, JSON Lines, Parquet, or a ZIP or gzip file of these.",
    ),
    "broken_archive": Reason("the archive can't be read to its end: {error}.", "Pack it anew and import it again."),
    "archive_too_large": Reason(
        "it unpacks to more than {expansion} times its size, or to more than there is room for.",
        "Unpack it and import the files that matter.",
    ),
    "too_many_members": Reason(
        "the archive has {members:,} members; the limit is {limit:,}.", "Pack the files that matter into several."
    ),
    "nested_archive": Reason(
        "it is an archive more than {levels} levels deep in others.",
        "Unpack the outermost archive and import its files.",
    ),
    "unsafe_member": Reason(
        "its path leads out of the archive, or it is a link.", "Pack the file itself, under a relative path."
    ),
    "repeated_member": Reason("the archive has another member of this path.", "Pack each file once."),
    "encrypted_member": Reason("it is encrypted.", "Pack it without a password and import it again."),
    "unknown_compression": Reason(
        "it is packed by method {method}, which is not read.", "Pack it anew with the usual method (Deflate)."
    ),
    "broken_parquet": Reason("the Parquet file can't be read: {error}.", "Write it anew and import it again."),
    "document_too_large": Reason(
        "the JSON document has {megabytes:,} MB; the limit is {limit:,} MB.",
        "Export it as JSON Lines, one object a line, of any size.",
    ),
    "password_protected": Reason(
        "the workbook is protected by a password.", "Save it without a password and import it again."
    ),
    "broken_workbook": Reason("the workbook can't be read: {error}.", "Open it in a spreadsheet and save it anew."),
    "workbook_too_large": Reason(
        "the workbook unpacks to {gigabytes:.1f} GB; the limit is {limit:.0f} GB.",
        "Split the export into several files, or export it as CSV.",
    ),
    # A sheet, or the only table of a text file.
    "sheet_too_large": Reason(
        "its sheet {part} spans {rows:,} rows by {columns:,} columns; the limit is {limit:,} cells.",
        "Delete stray values far from the table and save it again, or export it as CSV.",
    ),
    "sheet_not_used": Reason(
        "it is the {source_format} sheet {template}, on which nothing in a migration rests.",
        "Nothing to do; its rows are counted and left out.",
    ),
    "no_header": Reason(
        "no row of column names was found in the first {looked_at} rows.",
        "Add one row of column names above the data and import the file again.",
    ),
    "no_rows": Reason("there are column names but no rows.", "Check that the export finished."),
    "record_type_unknown": Reason(
        "the column names ({headers}) do not tell what the rows describe.",
        "Name the first column Server name, Application name or Database name, or add a column named Type.",
    ),
    "details_unknown": Reason(
        "nothing tells what the rows under {key} add to what they belong to.",
        "Nothing to do; if they matter, name the list after what it holds, such as disks or network_adapters.",
    ),
    "too_many_values": Reason(
        "{rows:,} rows are left out, as the file has more than {lists:,} lists or {values:,} values.",
        "Split the export into several files.",
    ),
    "too_many_columns": Reason(
        "it has more than {limit:,} columns: values seem to stand where names should.",
        "Export it with one row for each machine and one column for each fact.",
    ),
    # One row.
    "broken_json": Reason("it is no valid JSON: {error}.", EXPORT_AGAIN_WHOLE),
    "nested_too_deep": Reason("its values are nested too deep.", CORRECT_ROW),
    "no_objects": Reason(
        "the document holds no list of objects, or more than one.",
        "Give the output of one command as it is, such as aws mgn describe-source-servers.",
    ),
    "not_an_object": Reason("it is no object with named values.", CORRECT_ROW),
    "no_values": Reason("none of its values is filled.", CORRECT_ROW),
    "name_too_long": Reason(
        "the name of a value, with those around it, is longer than {limit:,} characters.", CORRECT_ROW
    ),
    "too_much_repeated": Reason(
        "{cells:,} values of its own would be repeated for each of {objects:,} objects in it.",
        "Split the export into several files, or give each object in a list of its own.",
    ),
    "more_pages": Reason(
        "it ends in the middle: the tool says that there are more pages.",
        "Export all pages, such as without --max-items and --no-paginate, and import it again.",
    ),
    "too_many_cells": Reason(
        "the row has {cells} cells under {columns} columns.",
        "Put cells that contain the delimiter in double quotes and import the file again.",
    ),
    "too_few_cells": Reason("the row has only {cells} cells under {columns} columns.", CORRECT_ROW),
    "broken_line": Reason(
        "the row has {cells} cells and its neighbour {neighbour}, together one more than the {columns} columns: "
        "a line break inside a cell split one row in two.",
        "Put cells that contain line breaks in double quotes and import the file again.",
    ),
    "unclosed_quote": Reason(
        "a double quote opens a cell that is never closed.",
        "Close or double the quote in the source and import the file again.",
    ),
    "cell_too_long": Reason("a cell is longer than {limit:,} characters.", CORRECT_ROW),
    "repeated_header": Reason("the row repeats the column names.", "Nothing to do; it holds no data."),
    "footer": Reason("the row is a total or a note, not data.", "Nothing to do; it holds no data."),
    "no_identity": Reason(
        "none of the columns that could identify it is filled ({columns}).",
        "Fill a name, address, serial number or id in the source and import the file again.",
    ),
    "sample_no_number": Reason("{value} is no number.", CORRECT_ROW),
    "incomplete_relation": Reason("the relation lacks its {missing}.", CORRECT_ROW),
    "class_not_migrated": Reason(
        "its class {value} is nothing that a migration moves.",
        "Nothing to do; if it should move, give it a class such as Server, Application or Database.",
    ),
    "class_unknown": Reason(
        "its class {value} does not tell what it is.",
        "Use a class such as Server, Application, Database, Cluster or Network device.",
    ),
    "no_endpoint": Reason("the connection lacks its {end}.", CORRECT_ROW),
    "malformed_address": Reason("{value} is no address, and nothing else names the {end}.", CORRECT_ROW),
    "refused_connection": Reason(
        "the connection was refused or never answered, so nothing depends on it.",
        "Nothing to do; such rows are counted.",
    ),
    "nothing_recorded": Reason(
        "the row says that nothing was recorded for a while, or that records were skipped.",
        "Nothing to do; such rows are counted.",
    ),
    "further_rows": Reason(
        "{rows:,} further rows of this file are rejected like those listed, the first one at this row.", EXPORT_AGAIN
    ),
}
