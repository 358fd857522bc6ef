"""Kinds of files: what a file is, told by its first bytes and never by its name.

Belongs here: recognising the kinds that are read, and naming those that are not. Does not: reading any of them.
"""

from __future__ import annotations

import re
import zipfile
from enum import Enum, auto
from pathlib import Path

from flow_pipelines.discovery.readers.rejections import Rejection
from flow_pipelines.discovery.readers.text import encoding_of_start


class Kind(Enum):
    """A kind of file that is read."""

    TEXT = auto()
    JSON = auto()
    WORKBOOK = auto()
    PARQUET = auto()
    ZIP = auto()
    GZIP = auto()


START_BYTES = 4096
READ_KINDS = {
    b"PK\x05\x06": Kind.ZIP,  # an empty one
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": Kind.WORKBOOK,
    b"PAR1": Kind.PARQUET,
    b"\x1f\x8b": Kind.GZIP,
}
ZIP_START = b"PK\x03\x04"
WORKBOOK_PART = re.compile(rb"\[Content_Types\]\.xml|xl/|opendocument\.spreadsheet")
OTHER_KINDS = {
    b"%PDF": "a PDF document",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an XZ archive",
    b"(\xb5/\xfd": "a Zstandard archive",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3": "a SQLite database",
    b"ORC": "an ORC file",
    b"Obj\x01": "an Avro file",
}
TAR_MARK, TAR_MARK_AT = b"ustar", 257
MARKUP = re.compile(r"\ufeff?\s*<[!?a-zA-Z]")
# `[section]` of a settings file is none.
JSON = re.compile(r'\ufeff?\s*(?:\{\s*["}]|\[\s*[\[{"\]])')
CONTROL_CHARACTERS = re.compile(r"[\x01-\x08\x0e-\x1b]")
MOST_CONTROL_SHARE = 0.05


def kind_of(path: Path) -> Kind | Rejection:
    """Return what a file is, or why it can't be read.

    Raises:
        OSError: It can't be opened.
    """
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    if start.startswith(ZIP_START):
        return Kind.WORKBOOK if _is_workbook(path, start) else Kind.ZIP
    kind = next((kind for magic, kind in READ_KINDS.items() if start.startswith(magic)), None)
    return kind or _other_kind(start) or _kind_of_text(start)


def _is_workbook(path: Path, start: bytes) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(member.startswith("xl/") or member == "content.xml" for member in archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return WORKBOOK_PART.search(start) is not None  # It is broken; its reader says how.


def _other_kind(start: bytes) -> Rejection | None:
    named = next((kind for magic, kind in OTHER_KINDS.items() if start.startswith(magic)), None)
    if start[TAR_MARK_AT:].startswith(TAR_MARK):
        named = "a TAR archive"
    return _unsupported(named) if named else None


def _kind_of_text(start: bytes) -> Kind | Rejection:
    text = start.decode(encoding_of_start(start) or "latin-1", errors="replace")
    if MARKUP.match(text):
        return _unsupported("an HTML or XML document")
    if JSON.match(text):
        return Kind.JSON
    if len(CONTROL_CHARACTERS.findall(text)) > MOST_CONTROL_SHARE * len(text):
        return _unsupported("in a binary format")
    return Kind.TEXT


def _unsupported(kind: str) -> Rejection:
    return Rejection("unsupported_type", row_count=0, details={"kind": kind})
