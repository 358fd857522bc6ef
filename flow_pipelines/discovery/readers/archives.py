"""Archives: the members of a ZIP archive and the content of a gzip file, unpacked one at a time within bounds.

Belongs here: unpacking, and refusing what is hostile or would exhaust the machine. Does not: reading what was
unpacked (`files.py`).
"""

from __future__ import annotations

import gzip
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, cast

from flow_pipelines.discovery.readers.cells import REMOVED
from flow_pipelines.discovery.readers.rejections import Rejection

# An export set holds dozens of files, a day of flow logs a few thousand.
MOST_MEMBERS = 10_000
# An archive of archives is common (one export set per site), one more level is not.
MOST_LEVELS = 2
MEGABYTE = 1 << 20
CHUNK_BYTES = MEGABYTE
# Tables shrink to a tenth, monotonous logs to a fiftieth; the format's own limit, which bombs reach, is a thousandth.
MOST_EXPANSION = 200
# Whatever its size, an archive may unpack to so much: a small file of one line repeated is no bomb.
ALWAYS_ALLOWED_BYTES = 100 * MEGABYTE
MOST_UNPACKED_BYTES = 16 * 1024 * MEGABYTE
# LZMA is left out: its header may ask for 4 GB of memory.
COMPRESSIONS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2}
ENCRYPTED = 0x1
# What operating systems put beside the files.
NOT_CONTENT = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"}
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError)


@dataclass
class _Budget:
    """Bytes that may still be unpacked from one file, all its levels together; set when the first is opened."""

    remaining: int | None = None


@dataclass(frozen=True)
class Unpacked:
    """How deep in archives a file lies, and what may still be unpacked from the outermost of them."""

    level: int = 0
    budget: _Budget = field(default_factory=_Budget)

    def deeper(self) -> Unpacked:
        """Return the state for a member."""
        return Unpacked(self.level + 1, self.budget)

    def start(self, path: Path) -> Rejection | None:
        """Allow for unpacking a file, unless it lies too deep."""
        if self.level >= MOST_LEVELS:
            return Rejection("nested_archive", row_count=0, details={"levels": MOST_LEVELS})
        if self.budget.remaining is None:
            self.budget.remaining = most_unpacked_bytes(path.stat().st_size)
        return None


def most_unpacked_bytes(size: int) -> int:
    """Return how large the content of an archive of some size may be, in bytes."""
    return min(max(ALWAYS_ALLOWED_BYTES, MOST_EXPANSION * size), MOST_UNPACKED_BYTES)


@contextmanager
def unpacked_gzip(path: Path, unpacked: Unpacked) -> Iterator[tuple[Path | None, Rejection | None]]:
    """Unpack a gzip file for as long as its content is read.

    Yields:
        The content, None if there is none to read; and what is wrong with it, if something is. Of a file that was
        cut off the content goes up to there.
    """
    problem = unpacked.start(path)
    with tempfile.TemporaryDirectory(prefix="flow-unpacked-") as folder:
        target = Path(folder) / "content"
        if problem is None:
            with gzip.open(path) as content, target.open("wb") as copy:
                problem = _copied(content, copy, unpacked.budget)
        is_usable = target.exists() and target.stat().st_size and (not problem or problem.code == "broken_archive")
        yield (target if is_usable else None), problem


def members_of(path: Path, unpacked: Unpacked) -> Iterator[tuple[str | None, Path | Rejection]]:
    """Unpack the members of a ZIP archive one after the other.

    Members are written under names of our own, so no path of theirs is ever followed.

    Yields:
        Path in the archive, and where the member is until the next one is asked for, or why it can't be read. A
        rejection without a path is about the archive as a whole.
    """
    if problem := unpacked.start(path):
        yield None, problem
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if _is_content(member)]
            if len(members) > MOST_MEMBERS:
                details: dict[str, object] = {"members": len(members), "limit": MOST_MEMBERS}
                yield None, Rejection("too_many_members", row_count=0, details=details)
                return
            if not members:
                yield None, Rejection("empty_file", row_count=0)
            yield from _unpacked_members(archive, members, unpacked.budget)
    except BROKEN as error:
        yield None, _broken(error)


def _is_content(member: zipfile.ZipInfo) -> bool:
    return not member.filename.endswith("/") and NOT_CONTENT.isdisjoint(PurePosixPath(member.filename).parts)


def _unpacked_members(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], budget: _Budget
) -> Iterator[tuple[str, Path | Rejection]]:
    seen: set[str] = set()
    for member in members:
        name = member.filename.replace("\\", "/").translate(REMOVED).strip() or "(no name)"
        problem = _refusal(member) or (Rejection("repeated_member", row_count=0) if name in seen else None)
        seen.add(name)
        if problem:
            yield name, problem
            continue
        with tempfile.TemporaryDirectory(prefix="flow-unpacked-") as folder:
            target = Path(folder) / "content"
            with target.open("wb") as copy:
                problem = _unpack(archive, member, copy, budget)
            yield name, problem or target


def _refusal(member: zipfile.ZipInfo) -> Rejection | None:
    path = PureWindowsPath(member.filename)  # it parts at both kinds of slashes
    if path.drive or path.root or ".." in path.parts or stat.S_ISLNK(member.external_attr >> 16):
        return Rejection("unsafe_member", row_count=0)
    if member.flag_bits & ENCRYPTED:
        return Rejection("encrypted_member", row_count=0)
    if member.compress_type not in COMPRESSIONS:
        return Rejection("unknown_compression", row_count=0, details={"method": member.compress_type})
    return None


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, copy: IO[bytes], budget: _Budget) -> Rejection | None:
    try:
        content = cast("zipfile.ZipExtFile", archive.open(member))
    except BROKEN as error:
        return _broken(error)
    with content:
        return _copied(content, copy, budget)


def _copied(content: zipfile.ZipExtFile | gzip.GzipFile, copy: IO[bytes], budget: _Budget) -> Rejection | None:
    """Copy content until it ends or the budget does; what comes before a broken place is copied."""
    remaining = budget.remaining or 0
    try:
        while chunk := content.read1(CHUNK_BYTES):
            remaining -= len(chunk)
            if remaining < 0:
                break
            copy.write(chunk)
    except BROKEN as error:
        return _broken(error)
    finally:
        budget.remaining = max(0, remaining)
    if remaining < 0:
        return Rejection("archive_too_large", row_count=0, details={"expansion": MOST_EXPANSION})
    return None


def _broken(error: BaseException) -> Rejection:
    return Rejection("broken_archive", row_count=0, details={"error": str(error) or type(error).__name__})
