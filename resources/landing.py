"""The landing folder: where an engagement's files arrive, one subfolder per client and engagement.

Belongs here: putting files there whole, keeping those that were taken in, telling whether anything changed. Does not:
which of them count (`landed_files.py`), reading what is in them (`flow_pipelines/discovery/data_import.py`).

A file that arrives lies in the engagement's folder itself. The run that reads it first takes it in: it moves to
`received/<landing>/`, where a later export of the same name can't overwrite it. What tells of tasks lies in the
subfolder `updates/` and moves to `received/updates/<number>/` likewise.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path

from flow_pipelines.discovery.data_import import SourceFile
from flow_pipelines.errors import InputError
from flow_pipelines.scope import Scope

# A file that somebody is still copying grows; one untouched for this long is taken to be whole.
SETTLING_SECONDS = 5.0
HASH_BLOCK = 1024 * 1024
RECEIVED = "received"
ANALYSIS = "analysis"
UPDATES = "updates"
HIDDEN = "."


@dataclass(frozen=True)
class Landing:
    """The landing folder of an installation."""

    root: Path

    def folder(self, scope: Scope) -> Path:
        """Return an engagement's folder; it may not exist yet."""
        return self.root / scope.client / scope.engagement

    def files(self, scope: Scope) -> list[SourceFile]:
        """Return the files that have arrived and were not taken in, by name; no hidden ones, links and subfolders."""
        return _files_in(self.folder(scope))

    def analysis_files(self, scope: Scope) -> list[SourceFile]:
        """Return the files of static analyses, by name; those of an application may lie in a folder of its name.

        They stay where they are: a newer report of the same name replaces the older one.
        """
        root = self.folder(scope) / ANALYSIS
        folders = sorted(one for one in root.iterdir() if one.is_dir()) if root.is_dir() else []
        inner = [
            replace(file, name=f"{_readable(folder.name)}/{file.name}")
            for folder in folders
            if not folder.is_symlink() and not folder.name.startswith(HIDDEN)
            for file in _files_in(folder)
        ]
        return [*_files_in(root), *inner]

    def update_files(self, scope: Scope) -> list[SourceFile]:
        """Return the files that tell of tasks and were not taken in, by name; some may still be arriving."""
        return _files_in(self.folder(scope) / UPDATES)

    def settled_update_files(self, scope: Scope) -> list[SourceFile]:
        """Return those of them that are whole."""
        return [file for file in self.update_files(scope) if _are_settled([file])]

    def received(self, scope: Scope, landing_number: int, name: str) -> Path:
        """Return where a file lies that was taken in."""
        return self.folder(scope) / RECEIVED / f"{landing_number:04d}" / name

    def all_files(self, scope: Scope) -> list[SourceFile]:
        """Return every file, taken in or not; the landing number is that of its folder, 0 if it was not taken in."""
        received = self.folder(scope) / RECEIVED
        landings = sorted(received.iterdir()) if received.is_dir() else []
        taken_in = [
            replace(file, landing_number=int(folder.name))
            for folder in landings
            if folder.is_dir() and folder.name.isdecimal()
            for file in _files_in(folder)
        ]
        return [*self.files(scope), *taken_in]

    def land(self, scope: Scope, paths: Iterable[Path], *, subfolder: str = "") -> list[SourceFile]:
        """Copy files into an engagement's folder; each appears there whole or not at all.

        One that has arrived under the same name and that no run has read yet is replaced, unless it is the same. What
        tells of tasks is added to and never replaced: the later one gets a number.

        Args:
            scope: The engagement.
            paths: The files.
            subfolder: `updates` for files that tell of tasks.

        Raises:
            InputError: A path is no readable file or hidden, or two have the same name; nothing is copied then.
        """
        chosen = check_files(paths)
        if hidden := [source.name for source in chosen if source.name.startswith(HIDDEN)]:
            raise InputError(
                f"The landing folder passes over hidden files: {', '.join(hidden)}.",
                remedy="Rename them, so that no name begins with a dot.",
            )
        folder = self.folder(scope) / subfolder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        landed = []
        for source in chosen:
            there = folder / source.name
            landed.append(there if subfolder != UPDATES else _free(there, content_hash(source.path)))
            _copy_whole(source.path, landed[-1], is_settled=subfolder == UPDATES)
        return [SourceFile(name=path.name, path=path) for path in landed]

    def take_in(self, scope: Scope, file: SourceFile, landing_number: int) -> None:
        """Move a file to those that were taken in.

        Raises:
            InputError: The folder can't be written to.
        """
        _move(file, self.received(scope, landing_number, file.name))

    def take_in_update(self, scope: Scope, file: SourceFile) -> None:
        """Move a file that tells of tasks to those that were taken in, into a folder of its own.

        Raises:
            InputError: The folder can't be written to.
        """
        received = self.folder(scope) / RECEIVED / UPDATES
        known = [int(one.name) for one in received.iterdir() if one.name.isdecimal()] if received.is_dir() else []
        _move(file, received / f"{max(known, default=0) + 1:04d}" / file.name)

    def fingerprint(self, scope: Scope) -> str:
        """Return a text that changes when a file arrives, is removed or changed; the same for no files at all.

        Looks at names, sizes and times only, so that a sensor may ask every half minute about any number of bytes.
        Taking a file in changes nothing.
        """
        return _fingerprint(self.all_files(scope))

    def is_settled(self, scope: Scope) -> bool:
        """Tell whether there are files and none of them is still arriving."""
        return _are_settled(self.all_files(scope))

    def updates_to_take_in(self, scope: Scope) -> str:
        """Return a fingerprint of the files that tell of tasks; empty if there are none, or one still arrives."""
        return _fingerprint_if_settled(self.update_files(scope))

    def settled_analyses(self, scope: Scope) -> str:
        """Return a fingerprint of the files of static analyses; empty if there are none, or one still arrives."""
        return _fingerprint_if_settled(self.analysis_files(scope))


def _free(there: Path, content: str) -> Path:
    """Return a path by whose name nothing else lies there: "week (2).csv" if there is another "week.csv"."""
    numbered = (there.with_name(f"{there.stem} ({number}){there.suffix}") for number in count(2))
    return next(path for path in chain([there], numbered) if not path.exists() or content_hash(path) == content)


def _copy_whole(source: Path, there: Path, *, is_settled: bool) -> None:
    """Copy a file, so that it is there whole or not at all; `is_settled` if nobody need wait whether it grows."""
    if there.is_file() and content_hash(there) == content_hash(source):
        return
    descriptor, partial = tempfile.mkstemp(dir=there.parent, prefix=".arriving-")
    os.close(descriptor)
    shutil.copyfile(source, partial)
    if is_settled:
        before = time.time() - SETTLING_SECONDS
        os.utime(partial, (before, before))
    Path(partial).replace(there)


def _fingerprint(files: Iterable[SourceFile]) -> str:
    described = []
    for file in files:
        status = file.path.stat()
        described.append(f"{file.name}\0{status.st_size}\0{status.st_mtime_ns}\n")
    return hashlib.sha256("".join(sorted(described)).encode()).hexdigest()[:16]


def _fingerprint_if_settled(files: list[SourceFile]) -> str:
    return _fingerprint(files) if _are_settled(files) else ""


def _are_settled(files: Iterable[SourceFile]) -> bool:
    times = [file.path.stat().st_mtime for file in files]
    return bool(times) and time.time() - max(times) >= SETTLING_SECONDS


def _move(file: SourceFile, target: Path) -> None:
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.path.replace(target)
    except OSError as error:
        raise InputError(
            f"{file.name} can't be moved to {target.parent}: {error.strerror}.",
            remedy="Let the platform's user write to the landing folder.",
        ) from error


def _files_in(folder: Path) -> list[SourceFile]:
    if not folder.is_dir():
        return []
    return [
        SourceFile(name=_readable(path.name), path=path)
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.is_symlink() and not path.name.startswith(HIDDEN)
    ]


def _readable(name: str) -> str:
    """Return a file's name as text that can be stored: bytes in it that are no UTF-8 become replacement characters."""
    return os.fsencode(name).decode("utf-8", errors="replace")


def check_files(paths: Iterable[Path]) -> list[SourceFile]:
    """Return the files that a user named.

    Raises:
        InputError: A path is no readable file, or two have the same name; every problem is listed.
    """
    chosen: dict[str, Path] = {}
    problems = []
    for path in paths:
        name, shown = _readable(path.name), _readable(str(path))
        if not path.is_file():
            problems.append(f"{shown} is not a file")
        elif not os.access(path, os.R_OK):
            problems.append(f"{shown} can't be read")
        elif name in chosen:
            problems.append(f"{shown} has the same name as {_readable(str(chosen[name]))}")
        chosen.setdefault(name, path)
    if problems:
        raise InputError(f"{'; '.join(problems)}.", remedy="Name readable files, each with a name of its own.")
    return [SourceFile(name=name, path=path) for name, path in chosen.items()]


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()
