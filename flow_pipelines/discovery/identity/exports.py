"""Exports of one source over time: which file follows which, what a newer one says no more, and what has vanished.

Belongs here: telling the source of each record, how old its word is, and which assets the newest exports lack. Does
not: which records are one asset (`clusters.py`), which value is kept (`survivorship.py`), the rules' numbers
(`reference/identity_model.yaml`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import combinations, groupby

import numpy as np
import numpy.typing as npt
import pandas as pd

from flow_pipelines.discovery.identity.evidence import Texts, instances_of
from flow_pipelines.discovery.identity.grouping import lists_of
from flow_pipelines.reference.identity_model import identity_model
from flow_pipelines.settings import SourceStatement
from flow_pipelines.tables.discovery import ASSET_ATTRIBUTES

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Standing:
    """How the records of one asset type stand to each other in time.

    Attributes:
        source: Number of the source of each record.
        age: How many newer exports of its source mention its asset; 0 is the newest word of the source on it.
        file: What each record's file is called, with its landing if a newer one of the name has landed.
        last_seen_in: Of each asset: the newest export of each source that mentions it, sorted.
        missing: Of each asset: which full exports lack it, in words; empty if none does.
    """

    source: Integers
    age: Integers
    file: list[str]
    last_seen_in: list[list[str]]
    missing: list[str]


@dataclass
class _Export:
    """One file, or what it holds of one system, of one asset type."""

    file: str
    source_format: str
    instance: Texts
    landing: int
    exported_at: datetime | None
    label: str
    positions: Integers
    assets: frozenset[int]
    statement: SourceStatement | None
    columns: frozenset[str] = frozenset()


@dataclass
class _Source:
    """The exports of one source, those of one time together, the earliest first."""

    generations: list[list[_Export]] = field(default_factory=list)


def stand(records: pd.DataFrame, asset_of: Integers, statements: Sequence[SourceStatement]) -> Standing:
    """Find out which export each record is from, and how the exports of each source follow each other.

    Args:
        records: Rows of `cleansed_records` of one asset type, with a fresh index.
        asset_of: Number of the asset of each record, from 0 on without gaps.
        statements: What people say about files.
    """
    exports = _exports(records, asset_of, statements)
    sources = [_in_order(own) for own in _by_source(exports, records)]
    source, generation = np.zeros(len(records), np.int64), np.zeros(len(records), np.int64)
    files: list[str] = [""] * len(records)
    for number, one in enumerate(sources):
        for place, together in enumerate(one.generations):
            for export in together:
                source[export.positions], generation[export.positions] = number, place
                for position in export.positions.tolist():
                    files[position] = export.label
    count = int(asset_of.max(initial=-1)) + 1
    missing: list[list[str]] = [[] for _ in range(count)]
    seen: list[set[str]] = [set() for _ in range(count)]
    for one in sources:
        for asset, words in _vanished(one).items():
            missing[asset].append(words)
    age = _ages(asset_of, source, generation)
    for position in np.flatnonzero(age == 0).tolist():
        seen[asset_of[position]].add(files[position])
    return Standing(source, age, files, [sorted(one) for one in seen], ["; ".join(sorted(one)) for one in missing])


def _ages(asset_of: Integers, source: Integers, generation: Integers) -> Integers:
    """Count the later generations of the same source that mention the same asset, by record."""
    frame = pd.DataFrame({"asset": asset_of, "source": source, "generation": generation})
    if not generation.any():
        return np.zeros(len(frame), np.int64)
    ranks = frame.groupby(["asset", "source"])["generation"].rank("dense", ascending=False)
    return (ranks - 1).to_numpy(dtype=np.int64)


def _exports(records: pd.DataFrame, asset_of: Integers, statements: Sequence[SourceStatement]) -> list[_Export]:
    frame = pd.DataFrame(
        {
            "file": records["source_file"],
            "landing": records["landing_number"].fillna(0).astype("int64"),
            "format": records["source_format"],
            "instance": pd.Series(instances_of(records), index=records.index, dtype="object"),
        }
    )
    newest = frame.groupby("file")["landing"].max().to_dict()
    exports = []
    keys = zip(frame["file"], frame["landing"], frame["format"], frame["instance"], strict=True)
    for (file, landing, source_format, instance), places in sorted(lists_of(keys, range(len(frame))).items()):
        positions = np.asarray(places, dtype=np.int64)
        told = records["exported_at"].take(positions).dropna()
        exports.append(
            _Export(
                file=file,
                source_format=source_format,
                instance=instance,
                landing=landing,
                exported_at=told.iloc[0] if len(told) else None,
                label=file if landing == newest[file] else f"{file} (landing {landing})",
                positions=positions,
                assets=frozenset(asset_of[positions].tolist()),
                statement=next((one for one in statements if fnmatchcase(file, one.files)), None),
            )
        )
    return exports


def _by_source(exports: Sequence[_Export], records: pd.DataFrame) -> list[list[_Export]]:
    """Group exports by their source; see `exports` in `identity_model.yaml`."""
    group_of = list(range(len(exports)))
    pairs = [pair for pair in combinations(range(len(exports)), 2) if _may_follow(*(exports[one] for one in pair))]
    for place in {place for pair in pairs for place in pair}:
        exports[place].columns = _columns(records, exports[place].positions)
    for left, right in pairs:
        if group_of[left] != group_of[right] and _are_one_source(exports[left], exports[right]):
            joined = group_of[right]
            group_of = [group_of[left] if one == joined else one for one in group_of]
    return [[one for one, own in zip(exports, group_of, strict=True) if own == group] for group in sorted({*group_of})]


def _may_follow(one: _Export, other: _Export) -> bool:
    """Tell whether one of two exports can be newer than the other, which those of one landing seldom are."""
    names = [export.statement and export.statement.source for export in (one, other)]
    if names[0] != names[1] or (one.source_format != other.source_format and not names[0]):
        return False
    return one.landing != other.landing or _are_dated_apart(one, other)


def _are_dated_apart(one: _Export, other: _Export) -> bool:
    return bool(one.exported_at and other.exported_at) and one.exported_at != other.exported_at


def _are_one_source(one: _Export, other: _Export) -> bool:
    rules = identity_model().exports
    if one.statement and one.statement.source:
        return True
    if one.instance and other.instance:
        return not set(one.instance).isdisjoint(other.instance)
    if one.file == other.file:
        return True
    likeness = len(one.columns & other.columns) / max(len(one.columns | other.columns), 1)
    overlap = len(one.assets & other.assets) / min(len(one.assets), len(other.assets))
    return likeness >= rules.least_column_likeness and overlap >= rules.least_overlap


def _columns(records: pd.DataFrame, positions: Integers) -> frozenset[str]:
    own = records.take(positions)
    filled = [attribute.name for attribute in ASSET_ATTRIBUTES if own[attribute.name].notna().any()]
    custom = {header for cells in own["custom_attributes"] if isinstance(cells, dict) for header in cells}
    return frozenset({*filled, *(f"custom {header}" for header in custom)})


def _in_order(exports: Iterable[_Export]) -> _Source:
    """Put exports in order: by their own dates if all of a source state one, else by landing."""
    listed = list(exports)
    is_dated = all(one.exported_at for one in listed)

    def when(one: _Export) -> float:
        return one.exported_at.timestamp() if is_dated and one.exported_at else float(one.landing)

    # A file exported at the moment that an earlier landing states, too, is a newer version all the same.
    ordered = sorted(listed, key=lambda one: (when(one), one.landing, one.file))
    return _Source([list(same) for _, same in groupby(ordered, key=lambda one: (when(one), one.landing))])


def _vanished(source: _Source) -> Mapping[int, str]:
    """Return the assets that the newest full export of a source lacks, and why that is so, in words."""
    rules = identity_model().exports
    seen: dict[int, str] = {}
    gone: dict[int, str] = {}
    for together in source.generations:
        mentioned = frozenset[int]().union(*(one.assets for one in together))
        known = seen.keys() - gone.keys()
        share = len(known & mentioned) / len(known) if known else 1.0
        stated = next((one.statement.coverage for one in together if one.statement and one.statement.coverage), None)
        if stated == "full" or (stated is None and share >= rules.least_share_of_full):
            named = " and ".join(sorted({one.label for one in together}))
            why = (
                "which a person says is full"
                if stated
                else f"a full export: it mentions {len(known & mentioned):,} of the {len(known):,} known before"
            )
            for asset in known - mentioned:
                gone[asset] = f"seen last in {seen[asset]}; not in {named}, {why}"
        for asset in mentioned:
            gone.pop(asset, None)
        for one in together:
            seen |= dict.fromkeys(one.assets, one.label)
    return gone
