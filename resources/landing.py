"""The landing folder: where an engagement's files arrive, one subfolder per client and engagement.

Belongs here: putting files there whole, listing them, telling whether they changed. Does not: reading what is in
them (`flow_pipelines/discovery/data_import.py`).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flow_pipelines.discovery.data_import import SourceFile
from flow_pipelines.errors import InputError
from flow_pipelines.scope import Scope

# A file that somebody is still copying grows; one untouched for this long is taken to be whole.
SETTLING_SECONDS = 5.0
HASH_BLOCK = 1024 * 1024


@dataclass(frozen=True)
class Landing:
    """The landing folder of an installation."""

    root: Path

    def folder(self, scope: Scope) -> Path:
        """Return an engagement's folder; it may not exist yet."""
        return self.root / scope.client / scope.engagement

    def files(self, scope: Scope) -> list[SourceFile]:
        """Return an engagement's files, by name. Hidden files and subfolders are none of them."""
        folder = self.folder(scope)
        if not folder.is_dir():
            return []
        return [
            SourceFile(name=path.name, path=path)
            for path in sorted(folder.iterdir())
            if path.is_file() and not path.is_symlink() and not path.name.startswith(".")
        ]

    def land(self, scope: Scope, paths: Iterable[Path]) -> list[SourceFile]:
        """Copy files into an engagement's folder; each appears there whole or not at all.

        A file that is there already under the same name is replaced: a newer export of the same source. One with the
        same content stays as it is, so that nothing seems to have arrived.

        Raises:
            InputError: A path is no readable file, or two have the same name; nothing is copied then.
        """
        chosen = check_files(paths)
        folder = self.folder(scope)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for source in chosen:
            there = folder / source.name
            if there.is_file() and content_hash(there) == content_hash(source.path):
                continue
            descriptor, partial = tempfile.mkstemp(dir=folder, prefix=".arriving-")
            os.close(descriptor)
            shutil.copyfile(source.path, partial)
            Path(partial).replace(there)
        return [SourceFile(name=source.name, path=folder / source.name) for source in chosen]

    def fingerprint(self, scope: Scope) -> str:
        """Return a text that changes when a file is added, removed or changed; the same for no files at all.

        Looks at names, sizes and times only, so that a sensor may ask every half minute about any number of bytes.
        """
        digest = hashlib.sha256()
        for file in self.files(scope):
            status = file.path.stat()
            digest.update(f"{file.name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
        return digest.hexdigest()[:16]

    def is_settled(self, scope: Scope) -> bool:
        """Tell whether there are files and none of them is still arriving."""
        times = [file.path.stat().st_mtime for file in self.files(scope)]
        return bool(times) and time.time() - max(times) >= SETTLING_SECONDS


def check_files(paths: Iterable[Path]) -> list[SourceFile]:
    """Return the files that a user named.

    Raises:
        InputError: A path is no readable file, or two have the same name; every problem is listed.
    """
    chosen: dict[str, Path] = {}
    problems = []
    for path in paths:
        if not path.is_file():
            problems.append(f"{path} is not a file")
        elif not os.access(path, os.R_OK):
            problems.append(f"{path} can't be read")
        elif path.name in chosen:
            problems.append(f"{path} has the same name as {chosen[path.name]}")
        chosen.setdefault(path.name, path)
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
