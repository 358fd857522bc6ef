"""The platform that is being replaced: what its tables and columns are called, and what its words mean here.

Belongs here: loading and looking up `replaced_platform.yaml`. Does not: reading a database
(`resources/replaced_platform.py`) and deciding on rows (`flow_pipelines/takeover/`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from flow_pipelines.reference.aliases import attribute_of_header
from flow_pipelines.reference.attributes import ATTRIBUTES
from flow_pipelines.reference.documents import read_yaml


@dataclass(frozen=True)
class SourceTable:
    """One kind of rows; see the comments of `replaced_platform.yaml`.

    Attributes:
        kind: What this code calls it.
        names: Names of its table, newest first.
        columns: For each column that is understood, its names, newest first.
        parents: Column to the kind of rows that it names.
        needed: Those of the parents without which a row is refused.
        id_header: Header of its id in the file that it is written to; empty if it is written to none.
        file: Name of that file.
    """

    kind: str
    names: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    parents: Mapping[str, str]
    needed: frozenset[str]
    id_header: str
    file: str


@dataclass(frozen=True)
class Reason:
    """Why a row is not taken over, and what to do about it."""

    says: str
    remedy: str


@dataclass(frozen=True)
class ReplacedPlatform:
    """All that is known; see the comments of `replaced_platform.yaml`."""

    version: int
    tables: Mapping[str, SourceTable]
    record_header: str
    headers: Mapping[str, str]
    relation_header: str
    relations: Mapping[str, str]
    other_relation: str
    left_out: frozenset[str]
    approved: frozenset[str]
    machines: frozenset[str]
    unmapped: frozenset[str]
    attributes: Mapping[str, str]
    reasons: Mapping[str, Reason]
    other_tables: tuple[tuple[re.Pattern[str], str], ...]

    def relation_of(self, dependency_type: str) -> str:
        """Return what a dependency of this type says, as configuration databases put it."""
        return self.relations.get(_plain(dependency_type), self.other_relation)

    def attribute_of(self, target_field: str) -> str | None:
        """Return the attribute that a target field stands for; empty if it says that nothing does.

        Returns:
            None if it is not known. A prefix (`asset.hostname`) says nothing more.
        """
        target = _plain(target_field.rpartition(".")[2])
        if not target or target in self.unmapped:
            return ""
        if target in self.attributes:
            return self.attributes[target]
        if target in _mappable():
            return target
        match = attribute_of_header(target, record_type="server")
        return match.attribute if match else None

    def why_not(self, table: str) -> str:
        """Return why a table is not taken over."""
        return next(why for matches, why in self.other_tables if matches.search(table))


@cache
def replaced_platform() -> ReplacedPlatform:
    """Load what is known."""
    data: dict[str, Any] = read_yaml(files(__package__).joinpath("replaced_platform.yaml").read_text("utf-8"))
    return ReplacedPlatform(
        version=data["version"],
        tables={kind: _table(kind, entry) for kind, entry in data["tables"].items()},
        record_header=data["record_header"],
        headers=data["headers"],
        relation_header=data["relation_header"],
        relations=data["relations"],
        other_relation=data["other_relation"],
        left_out=frozenset(data["left_out"]),
        approved=frozenset(data["approved"]),
        machines=frozenset(data["machines"]),
        unmapped=frozenset(data["unmapped"]),
        attributes=data["attributes"],
        reasons={code: Reason(entry["says"], entry["remedy"]) for code, entry in data["reasons"].items()},
        other_tables=tuple((re.compile(entry["matches"]), entry["why"]) for entry in data["other_tables"]),
    )


def _table(kind: str, entry: dict[str, Any]) -> SourceTable:
    return SourceTable(
        kind=kind,
        names=tuple(entry["names"]),
        columns={column: tuple(names) for column, names in entry["columns"].items()},
        parents=entry.get("parents", {}),
        needed=frozenset(entry.get("needed", ())),
        id_header=entry.get("id_header", ""),
        file=entry.get("file", ""),
    )


@cache
def _mappable() -> frozenset[str]:
    return frozenset(attribute.name for attribute in ATTRIBUTES if not attribute.derived)


def _plain(text: str) -> str:
    return "_".join(text.casefold().replace("-", " ").replace("_", " ").split())
