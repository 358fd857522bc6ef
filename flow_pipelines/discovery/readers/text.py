"""Text files: encoding, delimiter, and the records between them.

Belongs here: from bytes to records of raw cells with the line each starts at. Does not: which record is the header
(`header.py`) and which rows are usable (`rows.py`).
"""

from __future__ import annotations

import codecs
import csv
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import TextIO

from flow_pipelines.discovery.readers.table import Record

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_BYTES = 1 << 18
CHUNK_BYTES = 1 << 20
# The header and enough rows to judge a delimiter by; more rows do not change the verdict.
SAMPLE_RECORDS = 200
# A record without a known width that spans more lines than this is an unclosed quote, not a cell.
MOST_LINES = 100
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # starts like the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# The five bytes that Windows-1252 leaves undefined; Latin-1 gives every byte a meaning.
UNDEFINED_IN_WINDOWS_1252 = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
# Delimiters, digits and line ends alone make more than a tenth of any table ASCII, which is half NUL in UTF-16; a
# file padded with NULs has them on both sides.
LEAST_NUL_SHARE = 0.1
ONE_SIDED = 10
VALID_PER_BROKEN = 10
# Ten cells of the largest size that is told apart from a broken one; a file without line ends must not fill memory.
LONGEST_LINE = 16 << 20
# So many cells of a row tell whether it holds column names.
TELLING_CELLS = 200
NO_TABLE = (0, 0.0, 0)
SEPARATOR_LINE = "sep="


@dataclass(frozen=True)
class TextLayout:
    """How a text file is to be read."""

    encoding: str
    delimiter: str


def detect_encoding(path: Path) -> str:
    """Return the name of a file's encoding.

    A byte-order mark decides. Without one, text with many NULs in every second byte only is UTF-16. What decodes as
    UTF-8 is UTF-8, since other encodings hardly ever do by chance; a few broken characters among many valid ones
    (an export cut off in the middle of one) don't change that. All else is Windows-1252, or Latin-1 if it holds
    bytes that Windows-1252 leaves undefined.
    """
    with path.open("rb") as file:
        start = file.read(SAMPLE_BYTES)
    return encoding_of_start(start) or _utf_8_or_single_byte(path)


def encoding_of_start(start: bytes) -> str | None:
    """Return the encoding that a byte-order mark or the places of NULs give away, else None."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return encoding
    if wide := _utf_32(start):
        return wide
    high_first, low_first = start[0::2].count(0), start[1::2].count(0)
    enough = LEAST_NUL_SHARE * len(start) / 2
    if low_first > max(enough, high_first * ONE_SIDED):
        return "utf-16-le"
    if high_first > max(enough, low_first * ONE_SIDED):
        return "utf-16-be"
    return None


def _utf_32(start: bytes) -> str | None:
    """Return the kind of UTF-32 in which each second pair of bytes is NUL, as it is for all usual characters."""
    pairs = len(start) // 4
    nul = [start[place::4].count(0) for place in range(4)]
    if min(nul[2:]) >= pairs > ONE_SIDED * nul[0]:
        return "utf-32-le"
    if min(nul[:2]) >= pairs > ONE_SIDED * nul[3]:
        return "utf-32-be"
    return None


def _utf_8_or_single_byte(path: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    valid = broken = 0
    undefined = False
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            if chunk.isascii() and not decoder.getstate()[0]:
                continue
            text = decoder.decode(chunk)
            beyond_ascii = len(text) - len(text.encode("ascii", errors="ignore"))
            broken_here = text.count("\N{REPLACEMENT CHARACTER}")
            valid += beyond_ascii - broken_here
            broken += broken_here
            undefined |= any(byte in chunk for byte in UNDEFINED_IN_WINDOWS_1252)
    broken += len(decoder.decode(b"", final=True))
    if valid >= broken * VALID_PER_BROKEN:
        return "utf-8"
    return "latin-1" if undefined else "cp1252"


def open_text(path: Path, encoding: str) -> TextIO:
    """Open a text file, line ends left as they are; bytes that don't decode show as U+FFFD."""
    return path.open(encoding=encoding, errors="replace", newline="")


def text_lines(file: TextIO) -> Iterator[str]:
    """Yield the lines of a file with their ends; one that no line end bounds comes in pieces."""
    while line := file.readline(LONGEST_LINE):
        yield line


def detect_layout(path: Path, is_known: Callable[[str], bool]) -> TextLayout:
    """Return how a text file is to be read.

    The delimiter is the one under which most known column names appear in one record (two tell; a title line or
    a sentence does not hold two). Where fewer do, the one under which the most records have the same, largest number of
    cells; on a tie the one that fits from an earlier record on, because a decimal comma never fits the header.

    Args:
        path: The file.
        is_known: Whether a text is a known column name.
    """
    encoding = detect_encoding(path)
    with open_text(path, encoding) as file:
        sample = file.read(SAMPLE_BYTES)
    # Not str.splitlines: it also splits at characters that are content, such as U+2028.
    lines = list(StringIO(sample, newline=""))
    if len(sample) == SAMPLE_BYTES:
        lines.pop()
    told = _told_delimiter(lines)
    delimiters = dict.fromkeys([*([told] if told else []), *DELIMITERS])
    scores = {
        delimiter: _score([record.cells for record in islice(records(lines, delimiter), SAMPLE_RECORDS)], is_known)
        for delimiter in delimiters
    }
    best = max(delimiters, key=lambda delimiter: scores[delimiter])
    # What the file says of itself counts, unless more column names stand between others.
    if told and scores[told] > NO_TABLE and scores[told][0] >= scores[best][0]:
        best = told
    return TextLayout(encoding, best)


def _told_delimiter(lines: list[str]) -> str | None:
    """Return the delimiter that the first line names, as spreadsheets write it."""
    told = lines[0].strip().casefold() if lines else ""
    if not told.startswith(SEPARATOR_LINE) or len(told) > len(SEPARATOR_LINE) + 1:
        return None
    return lines[0].strip()[len(SEPARATOR_LINE) :] or "\t"


def _score(rows: list[list[str]], is_known: Callable[[str], bool]) -> tuple[int, float, int]:
    filled = [row for row in rows if any(map(str.strip, row))]
    widths = [len(row) for row in filled]
    if not any(width > 1 for width in widths):
        return NO_TABLE
    known = max(sum(map(is_known, row[:TELLING_CELLS])) for row in filled[:50])
    width, agreeing = max(Counter(width for width in widths if width > 1).items(), key=lambda item: (item[1], item[0]))
    return (known if known > 1 else 0, round(agreeing / len(filled) * (1 - 1 / width), 3), -widths.index(width))


class _Lines:
    """Lines that can be given back, so that a record which swallowed its neighbours can be read anew."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._returned: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._lines)
        self.taken.append(line)
        return line

    def give_back_all_but_first(self) -> None:
        self._returned.extendleft(reversed(self.taken[1:]))


def records(lines: Iterable[str], delimiter: str, *, width_from: tuple[int, int] | None = None) -> Iterator[Record]:
    """Parse lines into records of raw cells.

    A cell in double quotes may hold delimiters, line breaks and doubled quotes. Over several lines that is taken only
    from a record which is well-formed and has the right number of cells; else a quote was never closed: its line is
    given out as broken and the lines after it are read as records of their own, so that a stray quote costs one row.

    Args:
        lines: Lines with their ends.
        delimiter: What separates cells.
        width_from: The header's line number and number of cells, once known.
    """
    source = _Lines(lines)
    reader = csv.reader(source, delimiter=delimiter, skipinitialspace=True, strict=True)
    number = 1
    while True:
        source.taken = []
        problem = None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells, problem = _read_leniently(source.taken, delimiter)
        span = len(source.taken)
        if span > 1:
            width = width_from[1] if width_from and number > width_from[0] else None
            fits = span <= MOST_LINES if width is None else len(cells) >= width and not any(cells[width:])
            problem = problem or (None if fits else "unclosed_quote")
        if problem:
            source.give_back_all_but_first()
            yield Record(number, [source.taken[0].rstrip("\r\n")], problem)
            number += 1
        else:
            yield Record(number, cells)
            number += span


def _read_leniently(taken: list[str], delimiter: str) -> tuple[list[str], str | None]:
    """Read a line that is not well-formed: text after a closing quote, a quote never closed, or a huge cell."""
    reader = csv.reader([taken[0], ""], delimiter=delimiter, skipinitialspace=True)
    try:
        cells = next(reader)
    except csv.Error:
        return [], "cell_too_long"
    is_closed = len(taken) == 1 and reader.line_num == 1
    return (cells, None) if is_closed else ([], "unclosed_quote")
