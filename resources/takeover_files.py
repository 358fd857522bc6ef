"""The files that rows of the replaced platform are written to, on their way to the landing folder.

Belongs here: writing CSV whose header is known only after the last record, and the word of where files were taken over
from. Does not: which rows they are.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Self

from flow_pipelines.reference.replaced_platform import replaced_platform

# Hidden, so that it is no landed file.
ORIGIN = ".taken-over-from.json"


class RecordFile:
    """The records of one import as a CSV file.

    Records hold what they hold, so the header is known only after the last of them: until then they wait in a file
    beside it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = path.with_name(f".{path.name}.lines")
        self._headers: dict[str, None] = {}

    def __enter__(self) -> Self:
        self._file = text_file(self._lines)
        return self

    def add(self, record: Mapping[str, str], record_id: str) -> None:
        """Add a record."""
        self._headers.update(dict.fromkeys(record))
        self._file.write(json.dumps([record_id, record]) + "\n")

    def __exit__(self, *_: object) -> None:
        self._file.close()
        headers = list(self._headers)
        with self._lines.open(encoding="utf-8") as lines, text_file(self._path) as file:
            writer = csv.writer(file)
            writer.writerow([*headers, replaced_platform().record_header])
            for line in lines:
                record_id, record = json.loads(line)
                writer.writerow([*(record.get(header, "") for header in headers), record_id])
        self._lines.unlink()


class TableFile:
    """Rows of one table as a CSV file."""

    def __init__(self, path: Path, headers: Sequence[str]) -> None:
        self._file = text_file(path)
        self._writer = csv.writer(self._file)
        self._writer.writerow(headers)

    def __enter__(self) -> Self:
        return self

    def add(self, cells: Sequence[str]) -> None:
        """Add a row."""
        self._writer.writerow(cells)

    def __exit__(self, *_: object) -> None:
        self._file.close()


def text_file(path: Path) -> IO[str]:
    """Open a text file to be written, as the csv module wants it.

    Half a surrogate pair, which JSON may hold and UTF-8 may not, is written as its escape.
    """
    return path.open("w", encoding="utf-8", errors="backslashreplace", newline="")


@dataclass(frozen=True)
class Origin:
    """Which engagement of the replaced platform an engagement here was taken over from."""

    client: str
    engagement: str
    engagement_id: str


def origin_of(folder: Path) -> Origin | None:
    """Return where the files of a landing folder were taken over from; None if they were not."""
    try:
        return Origin(**json.loads((folder / ORIGIN).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def write_origin(folder: Path, origin: Origin) -> None:
    """Write down where the files of a landing folder are taken over from, before the first of them lands."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = folder / f"{ORIGIN}.new"
    written.write_text(json.dumps(asdict(origin), ensure_ascii=False), encoding="utf-8")
    written.replace(folder / ORIGIN)
