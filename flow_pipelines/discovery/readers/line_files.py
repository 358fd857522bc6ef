"""Line files: text in which every line is one record, so that DuckDB can split millions of them by itself.

Belongs here: telling whether a text file is one already, rewriting any other table into one, and counting its data
rows independently of whoever splits them. Does not: what the rows hold (`connections.py`).
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt

from flow_pipelines.discovery.readers.cells import REMOVED
from flow_pipelines.discovery.readers.engine import fetched
from flow_pipelines.discovery.readers.rejections import RAW_TEXT_LIMIT, Rejection
from flow_pipelines.discovery.readers.table import Record
from flow_pipelines.discovery.readers.text import TextLayout

CHUNK_BYTES = 1 << 22
# DuckDB refuses lines of 2 MiB; half of that leaves room for the rest of a chunk's last line.
LONGEST_LINE = 1 << 20
CELL_SEPARATOR = "\x1f"
# Line breaks inside a cell of a rewritten file; no cell holds these characters, see `cells.REMOVED`.
STAND_INS = {ord("\n"): "\x1e", ord("\r"): "\x1d"}
WHITE = "' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)"
CARE = re.compile(r"[\x00\x1c-\x1e\n\r]")
WHITE_SPACE, SEPARATOR, SPECIAL = 1, 2, 8
BEYOND_ASCII_SPACE = tuple(chr(code) for code in range(0x80, 0x3001) if chr(code).isspace())


@dataclass(frozen=True)
class LineFile:
    """A text file in which every line is one record.

    Attributes:
        path: The file, in UTF-8.
        delimiter: What separates the cells of a line.
        newline: What ends a line.
        is_numbered: Whether the first cell of each line is the row's number in the file it was rewritten from; else
            the row's number is the line's.
        rows: Number of data rows: lines that are not blank, below the header.
        comment: What lines start with that are no rows; empty if there are none.
        unset: Cells that stand for no value, besides empty ones.
        cells: Number of cells of every line below the header; None if they differ or nobody looked.
    """

    path: Path
    delimiter: str
    newline: str
    is_numbered: bool
    rows: int
    comment: str = ""
    unset: tuple[str, ...] = ()
    cells: int | None = None


def as_line_file(
    path: Path, layout: TextLayout, header_number: int, *, comment: str = "", unset: tuple[str, ...] = ()
) -> LineFile | None:
    """Return a text file as it is, if each of its lines is one record that needs no care.

    Args:
        path: The file.
        layout: Its encoding and delimiter.
        header_number: The line above the first data row.
        comment: One ASCII character that lines start with which are no rows, if any.
        unset: Cells that stand for no value.

    Returns:
        The file with its data rows counted, or None if it is not in UTF-8, or holds quotes, characters to remove,
        mixed line ends, very long lines, or white space around cells.
    """
    # Behind a byte-order mark a first line that is a comment does not start like one.
    if not layout.encoding.startswith("utf-8") or (comment and layout.encoding == "utf-8-sig"):
        return None
    kinds = np.zeros(256, np.uint8)
    kinds[[*b" \t\v\f"]] = WHITE_SPACE
    kinds[[*b"\r\n", ord(layout.delimiter)]] = SEPARATOR
    kinds[[*b'"', *REMOVED]] = SPECIAL
    carriage_returns = lines = rows = 0
    widths: set[int] = set()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            chunk += file.readline()
            if not chunk.endswith(b"\n"):
                chunk += b"\r\n" if b"\r" in chunk else b"\n"
            starts = _line_starts(chunk, kinds)
            if starts is None:
                return None
            carriage_returns += chunk.count(b"\r")
            data = starts[max(0, header_number - lines) :]
            widths |= _widths(chunk, data, layout.delimiter)
            lines += len(starts)
            if comment:
                data = data[np.frombuffer(chunk, np.uint8)[data] != ord(comment)]
            rows += len(data) - _blank_lines(chunk, data, kinds)
    if carriage_returns not in {0, lines}:
        return None
    newline = "\r\n" if carriage_returns else "\n"
    cells = widths.pop() if len(widths) == 1 else None
    return LineFile(
        path, layout.delimiter, newline, is_numbered=False, rows=rows, comment=comment, unset=unset, cells=cells
    )


def _line_starts(chunk: bytes, kinds: npt.NDArray[np.uint8]) -> npt.NDArray[np.intp] | None:
    if not chunk.isascii():
        try:
            text = chunk.decode("utf-8")
        except UnicodeDecodeError:
            return None
        if any(space in text for space in BEYOND_ASCII_SPACE):
            return None
    kind = kinds[np.frombuffer(chunk, np.uint8)]
    touches = kind[1:] * kind[:-1] == WHITE_SPACE * SEPARATOR
    ends = np.flatnonzero(np.frombuffer(chunk, np.uint8) == ord("\n"))
    starts = np.concatenate(([0], ends[:-1] + 1))
    if (kind == SPECIAL).any() or touches.any() or (ends - starts).max() > LONGEST_LINE:
        return None
    return starts


def _widths(chunk: bytes, starts: npt.NDArray[np.intp], delimiter: str) -> set[int]:
    """Return the numbers of cells that lines have."""
    if not len(starts):
        return set()
    delimiters = np.frombuffer(chunk, np.uint8) == ord(delimiter)
    return set((1 + np.unique(np.add.reduceat(delimiters, starts, dtype=np.int32))).tolist())


def _blank_lines(chunk: bytes, starts: npt.NDArray[np.intp], kinds: npt.NDArray[np.uint8]) -> int:
    separators = bytes(np.flatnonzero(kinds == SEPARATOR).tolist())
    first = kinds[np.frombuffer(chunk, np.uint8)[starts]]
    suspects = starts[first == SEPARATOR].tolist()
    return sum(1 for start in suspects if not chunk[start : chunk.index(b"\n", start)].strip(separators))


def write_line_file(records: Iterable[Record], target: Path) -> tuple[LineFile, list[Rejection]]:
    """Rewrite records as a line file.

    Args:
        records: Data records, blank ones too; their cells may hold anything.
        target: Where to write it.

    Returns:
        The file, whose first cells are the records' numbers, and the records that could not be parsed or are too
        long for a line; those are not in the file.
    """
    rows = 0
    broken: list[Rejection] = []
    with target.open("w", encoding="utf-8", errors="replace", newline="") as file:
        for number, cells, problem in records:
            line = CELL_SEPARATOR.join(map(str.strip, cells))
            if CARE.search(line) or line.count(CELL_SEPARATOR) != len(cells) - 1:
                line = CELL_SEPARATOR.join(cell.translate(REMOVED).strip().translate(STAND_INS) for cell in cells)
            if problem or len(line) > LONGEST_LINE:
                details: dict[str, object] = {"limit": LONGEST_LINE}
                broken.append(
                    Rejection(
                        problem or "cell_too_long", number, text="\t".join(cells)[:RAW_TEXT_LIMIT], details=details
                    )
                )
            elif line.strip(CELL_SEPARATOR):
                rows += 1
                file.write(f"{number}{CELL_SEPARATOR}{line}\n")
    return LineFile(target, CELL_SEPARATOR, "\n", is_numbered=True, rows=rows), broken


@contextmanager
def write_selected(
    database: duckdb.DuckDBPyConnection, source: str, cells: Sequence[str], number: str = "row_number() OVER ()"
) -> Iterator[tuple[LineFile, list[Rejection]]]:
    """Write what DuckDB reads as a line file, for as long as it is needed.

    Args:
        database: The engine.
        source: What stands after FROM.
        cells: Expressions of text, one per cell.
        number: The row's number.

    Yields:
        The file, and the rows that are too long for a line; those are not in the file.
    """
    # What no cell may hold is removed first; line ends come out as their stand-ins.
    line_ends = "".join(f"chr({code}) || " for code in STAND_INS).removesuffix(" || ")
    removed = " || ".join(f"chr({code})" for code in REMOVED if code)
    stand_ins = "".join(f"chr({ord(one)}) || " for one in STAND_INS.values()).removesuffix(" || ")
    clean = [
        f"coalesce(translate(trim(translate({cell}, {removed}, ''), {WHITE}), {line_ends}, {stand_ins}), '')"
        for cell in cells
    ]
    separator = f"chr({ord(CELL_SEPARATOR)})"
    statement = f"SELECT {number}, concat_ws({separator}, {', '.join(clean)}) FROM {source}"  # noqa: S608
    rows = 0
    broken: list[Rejection] = []
    with tempfile.TemporaryDirectory(prefix="flow-lines-") as folder:
        target = Path(folder) / "lines"
        with target.open("w", encoding="utf-8", newline="") as file:
            for row_number, line in fetched(database, statement):
                if len(line) > LONGEST_LINE:
                    text = line[:RAW_TEXT_LIMIT].replace(CELL_SEPARATOR, "\t")
                    broken.append(Rejection("cell_too_long", row_number, text=text, details={"limit": LONGEST_LINE}))
                elif line.strip(CELL_SEPARATOR):
                    rows += 1
                    file.write(f"{row_number}{CELL_SEPARATOR}{line}\n")
        yield LineFile(target, CELL_SEPARATOR, "\n", is_numbered=True, rows=rows), broken
