"""The relations of a sample estate's configuration database, and which true edges they state.

Belongs here: `cmdb_rel_ci`, with the direction that each relation type has. Does not: traffic (`edges.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from flow_pipelines.sample.details import server_id
from flow_pipelines.sample.edges import Edges, Purpose
from flow_pipelines.sample.hypervisors import Platform
from flow_pipelines.sample.layout import Layout
from flow_pipelines.sample.mess import Blemish, Cell, Rows, Spoiler
from flow_pipelines.sample.randomness import Stream, generator
from flow_pipelines.sample.servicenow import KnownItems, application_id, database_id
from flow_pipelines.sample.writing import TextExport, repeat_rows

CHUNK = 20_000
# How many of the relations between two known items somebody entered.
STATED_SHARE = 0.80
STATED_TIER_SHARE = 0.25


class Relation(NamedTuple):
    """One true statement that the parent needs the child."""

    parent_type: str
    parent: str
    child_type: str
    child: str
    kind: str
    type: str


# Kind of dependency and relation type, by what is stated; in all of them the parent needs the child.
OF_APPLICATIONS = ("depends_on", "Depends on::Used by")
ON_SERVERS = (
    ("runs_on", "Runs on::Runs"),
    ("runs_on", "Runs on::Runs"),
    ("contains", "Contains::Contained by"),
    ("depends_on", "Depends on::Used by"),
)
OF_DATABASES = (("runs_on", "Runs on::Runs"), ("hosted_on", "Hosted on::Hosts"))
OF_MACHINES = ("hosted_on", "Hosted on::Hosts")
OF_TIERS = "Connects to::Connected by"


def true_relations(layout: Layout, platform: Platform, edges: Edges) -> Iterator[Relation]:
    """Yield what a complete configuration database would state besides traffic: the structure of the estate."""
    for source, target in edges.applications[["source", "target"]].itertuples(index=False, name=None):
        yield Relation("application", application_id(source), "application", application_id(target), *OF_APPLICATIONS)
    for server, application in enumerate(layout.servers["application"].tolist()):
        for one in [application, *layout.further_applications.get(server, [])]:
            kind = ON_SERVERS[one % len(ON_SERVERS)]
            yield Relation("application", application_id(one), "server", server_id(server), *kind)
    columns = layout.databases[["server", "application", "ordinal"]].itertuples(index=False, name=None)
    for server, application, ordinal in columns:
        database = database_id(server, ordinal)
        yield Relation("database", database, "server", server_id(server), *OF_DATABASES[server % 2])
        yield Relation("application", application_id(application), "database", database, *OF_APPLICATIONS)
    for server, host in enumerate(layout.servers["host"].tolist()):
        if host >= 0:
            yield Relation("server", server_id(server), "hypervisor_host", platform.host_ids[host], *OF_MACHINES)


def stated_tiers(layout: Layout, edges: Edges, known: KnownItems) -> npt.NDArray[np.bool_]:
    """Choose the traffic edges that somebody entered as relations between two servers."""
    chance = generator(layout.seed, Stream.RELATIONS, 1_000_000).random(len(edges))
    stated = np.asarray((edges.purpose == Purpose.TIER) & (chance < STATED_TIER_SHARE), dtype=np.bool_)
    for number in np.flatnonzero(stated).tolist():
        ends = (server_id(int(edges.source[number])), server_id(int(edges.target[number])))
        stated[number] = all(end in known.names for end in ends)
    return stated


def write_relations(
    export: TextExport, layout: Layout, relations: Iterator[Relation], known: KnownItems
) -> Iterator[tuple[Relation, bool]]:
    """Write the relations between known items that somebody entered, some of them spoiled.

    Yields:
        Every relation with whether the file states it, in chunks as they are written.
    """
    for chunk, part in enumerate(iter(lambda: list(islice(relations, CHUNK)), [])):
        rng = generator(layout.seed, Stream.RELATIONS, chunk)
        chance = rng.random(len(part)).tolist()
        entered = [
            number
            for number, one in enumerate(part)
            if chance[number] < STATED_SHARE and one.parent in known.names and one.child in known.names
        ]
        whole = _write_chunk(export, [part[number] for number in entered], known, Spoiler("cmdb_rel_ci", rng))
        stated = {entered[place] for place in whole}
        yield from ((one, number in stated) for number, one in enumerate(part))


def write_tier_relations(export: TextExport, edges: Edges, stated: npt.NDArray[np.bool_], known: KnownItems) -> None:
    """Write the relations between servers that `stated_tiers` chose, none of them spoiled."""
    numbers = np.flatnonzero(stated).tolist()
    for start in range(0, len(numbers), CHUNK):
        part = numbers[start : start + CHUNK]
        parents, children = (
            [known.names[server_id(int(ends[number]))] for number in part] for ends in (edges.source, edges.target)
        )
        types: list[Cell] = [OF_TIERS] * len(part)
        columns: dict[str, list[Cell]] = {"parent": [*parents], "child": [*children], "type": types}
        export.write(Rows(columns, [""] * len(part), [""] * len(part)))


def _write_chunk(export: TextExport, part: Sequence[Relation], known: KnownItems, spoiler: Spoiler) -> set[int]:
    """Write relations and rows that state nothing true; return the places that are stated by a whole row."""
    places = spoiler.repeated(len(part))
    columns: dict[str, list[Cell]] = {
        "parent": [known.names[one.parent] for one in part],
        "child": [known.names[one.child] for one in part],
        "type": [one.type for one in part],
    }
    rows = Rows(repeat_rows(columns, places), [""] * len(places), [str(place) for place in places])
    spoiler.log_repeats(rows)
    spoiler.change(
        rows, "type_spelling", "type", lambda text: spoiler.one_of([text.lower(), text.replace("::", " :: ")])
    )
    spoiler.change(rows, "missing_cell", "child", lambda _: "")
    whole = {place for place, child in zip(places, rows.columns["child"], strict=True) if child}
    strangers = [f"decom-{number:05d}" for number in spoiler.rng.integers(100_000, size=len(part)).tolist()]
    for kind, names in (("unknown_item", strangers), ("gone_item", known.gone)):
        for position in spoiler.positions(kind, range(len(places))) if names else []:
            rows.blemishes.append(Blemish(len(rows), "child", kind, None, spoiler.one_of(names)))
            for column in ("parent", "type"):
                rows.columns[column].append(rows.columns[column][position])
            rows.columns["child"].append(rows.blemishes[-1].written)
            rows.true_ids.append("")
    rows.true_ids, rows.entity_types = [""] * len(rows), [""] * len(rows)
    export.write(rows)
    return whole
