"""What the tools that take our exports read, and what they refuse, as data.

Belongs here: the loader of `export_formats.yaml`. Does not: what we write into their columns (`exports/`), and what
their own exports look like (`source_formats.yaml`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path

from pydantic import Field, model_validator

from flow_pipelines.reference.conditions import Data
from flow_pipelines.reference.documents import read_yaml

FORMATS = Path(__file__).with_name("export_formats.yaml")
NUMBERED = re.compile(r"(.*)\{(\d+)-(\d+)\}(.*)")


class ColumnRule(Data):
    """What a tool refuses in a column; see the comments of `export_formats.yaml`."""

    required: bool = False
    values: tuple[str, ...] = ()
    longest: int | None = None
    matches: str | None = None
    unique: bool = False
    unique_among: Mapping[str, str] = Field(default_factory=dict)
    one_name: bool = False
    remedy: str = "Correct it where the table in question has it from: flow trace {scope} {name}"


class ExportFormat(Data):
    """The file that one tool reads; see the comments of `export_formats.yaml`."""

    title: str
    headers: tuple[str, ...]
    most_rows: int | None = None
    words: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    rules: Mapping[str, ColumnRule] = Field(default_factory=dict)
    treatments: tuple[str, ...] = ()
    known_systems: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The header row, numbered headers written out."""
        return tuple(_written_out(self.headers))

    @model_validator(mode="after")
    def _names_its_columns(self) -> ExportFormat:
        among = {column for rule in self.rules.values() for column in rule.unique_among}
        if unknown := (set(self.rules) | set(self.words) | among) - set(self.columns):
            raise ValueError(f"{self.title}: no column is called {', '.join(sorted(unknown))}")
        return self


class ExportFormats(Data):
    """All formats, by the name that a command gives them, and the words that tell a system's family."""

    version: int = Field(ge=1)
    system_families: Mapping[str, tuple[str, ...]]
    formats: Mapping[str, ExportFormat]


@cache
def export_formats() -> ExportFormats:
    """Load the formats.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return ExportFormats.model_validate(read_yaml(FORMATS.read_text(encoding="utf-8")))


def _written_out(headers: Sequence[str]) -> Iterator[str]:
    """Write out numbered headers; those that stand beside each other take turns."""
    for numbers, group in groupby(headers, key=_numbers):
        beside = list(group)
        for number in numbers:
            yield from (NUMBERED.sub(rf"\g<1>{number}\g<4>", header) for header in beside)


def _numbers(header: str) -> range:
    found = NUMBERED.fullmatch(header)
    return range(int(found.group(2)), int(found.group(3)) + 1) if found else range(1)
