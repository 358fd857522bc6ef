"""The observed network connections of a sample estate, streamed in chunks of any number.

Belongs here: observations of the true edges, most of a few edges, with times, bytes and broken rows. Does not: the
edges (`edges.py`).
"""

from __future__ import annotations

from datetime import datetime, time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from flow_pipelines.sample.edges import PROTOCOLS, Edges, Purpose, traffic_weights
from flow_pipelines.sample.layout import Layout
from flow_pipelines.sample.mess import Blemish, Rows, Spoiler, rates
from flow_pipelines.sample.randomness import Integers, Stream, generator
from flow_pipelines.sample.writing import Ledger, source_columns

# Observations drawn and written at a time: 100,000 rows are about 60 MB of objects on their way to 10 MB of text.
CHUNK = 100_000
DAYS = 30
SECONDS_PER_DAY = 86_400
FIRST_EPHEMERAL_PORT = 49_152
LAST_PORT = 65_535
# Under which name addresses resolve: short, full, or, for the rest, in upper case.
SHORT_NAMES, FULL_NAMES = 0.75, 0.20
# Processes that open connections for infrastructure, by purpose; all others are the server's own.
INFRASTRUCTURE_PROCESSES = {
    Purpose.DIRECTORY: "lsass",
    Purpose.TIME: "chronyd",
    Purpose.BACKUP: "bpbrm",
    Purpose.MONITORING: "agentd",
}


def write_connections(path: Path, layout: Layout, edges: Edges, count: int, ledger: Ledger) -> Integers:
    """Write the file of observed connections.

    Args:
        path: The file.
        layout: The estate.
        edges: Its true edges.
        count: Data rows to write.
        ledger: Where rows and mess are noted.

    Returns:
        How often each edge is observed in rows that are not broken.
    """
    style = layout.company.exports
    delimiter = style.connection_delimiter
    ends = _Ends(layout, edges)
    weights = traffic_weights(edges, generator(layout.seed, Stream.CONNECTIONS))
    shares = np.cumsum(weights)
    observed = np.zeros(len(edges), dtype=np.int64)
    ledger.columns[path.name, ""] = ("connections", "")
    ledger.counts[path.name, ""] = 0
    chunks = max(-(-count // CHUNK), 1)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(delimiter.join(one.column for one in source_columns("connections")) + "\n")
        for chunk in range(-(-count // CHUNK)):
            size = min(CHUNK, count - chunk * CHUNK)
            rng = generator(layout.seed, Stream.CONNECTIONS, chunk + 1)
            numbers = np.minimum(np.searchsorted(shares, rng.random(size)), len(edges) - 1)
            times = _times(layout, rng, size, chunk, chunks)
            lines = _lines(ends, edges, numbers, times, delimiter=delimiter, rng=rng)
            broken, rows = _spoil(lines, delimiter, Spoiler("connections", rng))
            observed += np.bincount(np.delete(numbers, broken), minlength=len(edges))
            file.write("".join(lines))
            first = 2 + chunk * CHUNK
            ledger.note(path.name, "", range(first, first + size), rows)
    return observed


class _Ends:
    """What a collector writes for each end: its address, its name as far as it could resolve it, its process."""

    def __init__(self, layout: Layout, edges: Edges) -> None:
        rng = generator(layout.seed, Stream.CONNECTIONS, 10**9)
        names, chance = layout.servers["name"].tolist(), rng.random(len(layout.servers)).tolist()
        hosts = [_resolved(layout, name, one) for name, one in zip(names, chance, strict=True)]
        tiers = list(layout.words.tiers.values())
        columns = zip(layout.servers["tier"], layout.servers["family"] == "windows", strict=True)
        processes = [tiers[tier].process[int(windows)] for tier, windows in columns]
        self.addresses = np.asarray([*layout.servers["address"], *edges.outside_addresses], dtype=object)
        self.hosts = np.asarray([*hosts, *edges.outside_names], dtype=object)
        self.processes = np.asarray([*processes, *[""] * len(edges.outside_names)], dtype=object)


def _resolved(layout: Layout, name: str, chance: float) -> str:
    """Return the name under which an address resolves: for most servers the short one, for some the full one."""
    if chance < SHORT_NAMES:
        return name
    return f"{name}.{layout.company.domain}" if chance < SHORT_NAMES + FULL_NAMES else name.upper()


def _times(layout: Layout, rng: np.random.Generator, size: int, chunk: int, chunks: int) -> npt.NDArray[np.datetime64]:
    """Draw times in order; chunk after chunk covers the days up to the export."""
    end = np.datetime64(datetime.combine(layout.words.exported, time()), "s")
    span = DAYS * SECONDS_PER_DAY
    seconds = np.sort(rng.integers(span * chunk // chunks, span * (chunk + 1) // chunks, size=size))
    return np.asarray(end - np.timedelta64(span, "s") + seconds.astype("timedelta64[s]"))


def _lines(
    ends: _Ends,
    edges: Edges,
    numbers: Integers,
    times: npt.NDArray[np.datetime64],
    *,
    delimiter: str,
    rng: np.random.Generator,
) -> list[str]:
    size = len(numbers)
    source, target = edges.source[numbers], edges.target[numbers]
    hosts, partners, processes = ends.hosts[source], ends.hosts[target], ends.processes[source]
    for names in (hosts, partners):
        names[rng.random(size) < rates("connections")["missing_host"]] = ""
    for purpose, process in INFRASTRUCTURE_PROCESSES.items():
        processes[edges.purpose[numbers] == purpose] = process
    columns = (
        np.datetime_as_string(times, unit="s").tolist(),
        ends.addresses[source].tolist(),
        hosts.tolist(),
        rng.integers(FIRST_EPHEMERAL_PORT, LAST_PORT, size=size).tolist(),
        ends.addresses[target].tolist(),
        partners.tolist(),
        edges.port[numbers].tolist(),
        np.asarray(PROTOCOLS, dtype=object)[edges.protocol[numbers]].tolist(),
        rng.lognormal(7.0, 1.5, size).astype(np.int64).tolist(),
        rng.lognormal(8.0, 1.8, size).astype(np.int64).tolist(),
        processes.tolist(),
    )
    d = delimiter
    return [
        f"{at}{d}{a}{d}{b}{d}{p}{d}{x}{d}{y}{d}{q}{d}{protocol}{d}{sent}{d}{received}{d}{process}\n"
        for at, a, b, p, x, y, q, protocol, sent, received, process in zip(*columns, strict=True)
    ]


def _spoil(lines: list[str], delimiter: str, spoiler: Spoiler) -> tuple[list[int], Rows]:
    """Break some lines in place; return the positions of those that no longer tell both ends, and their mess."""
    names = [one.column for one in source_columns("connections")]
    rows = Rows({}, [""] * len(lines), [""] * len(lines))
    everywhere = range(len(lines))
    for kind, column, change in (
        ("bad_address", "destination_ip", spoiler.bad_address),
        ("bad_number", "bytes_sent", lambda _: "n/a"),
    ):
        place = names.index(column)
        for position in spoiler.positions(kind, everywhere):
            parts = lines[position].split(delimiter)
            was, parts[place] = parts[place], change(parts[place])
            lines[position] = delimiter.join(parts)
            rows.blemishes.append(Blemish(position, column, kind, was, parts[place]))
    return sorted({one.position for one in rows.blemishes if one.kind == "bad_address"}), rows
