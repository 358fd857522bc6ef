"""One measured step, in a process of its own: `python -m tests.benchmarks.measured STEP SAMPLE WORK`.

Belongs here: the steps whose time and peak memory are measured, and handing frames from one to the next. Does not:
which steps there are to compare (`speed.py`).
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd
import psycopg
from python_calamine import CalamineWorkbook
from sqlalchemy.dialects import postgresql

from flow_pipelines.sample import write_sample
from flow_pipelines.tables import output_tables
from resources.installation import OWNER, Installation, landing_root, open_installation
from resources.landing import Landing
from resources.local_server import lease
from resources.rows import ContentHash, serialize
from resources.snapshots import SnapshotStore
from resources.tenancy import add_client, add_engagement
from tests.benchmarks.discovery_run import PHASES, SCOPE, SETTINGS, Frames, exports

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
BLOCK = 1024 * 1024
FLOW = (sys.executable, "-m", "flow_pipelines.cli")


@dataclass(frozen=True)
class Measurement:
    """What one step took.

    Attributes:
        seconds: Wall time, without loading what earlier steps left behind.
        cpu_seconds: Processor time of the process itself, the database server's not included.
        peak_mib: Largest resident memory of the process up to the end of the step, its inputs included.
        rows: Rows or bytes that it made or moved.
    """

    seconds: float
    cpu_seconds: float
    peak_mib: float
    rows: int


def main() -> None:
    """Run one step and print its measurement as JSON."""
    step, sample, work = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    measurement = _phase(step, sample, work) if step in PHASES else STEPS[step](sample, work)
    sys.stdout.write(json.dumps(asdict(measurement)))


def _measured(compute: Callable[[], int], *, whose: int = resource.RUSAGE_SELF) -> Measurement:
    before, start = resource.getrusage(whose), time.perf_counter()
    rows = compute()
    seconds, after = time.perf_counter() - start, resource.getrusage(whose)
    cpu_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # Linux counts in KiB.
    return Measurement(seconds, cpu_seconds, after.ru_maxrss / 1024, rows)


def _phase(name: str, sample: Path, work: Path) -> Measurement:
    reads, compute = PHASES[name]
    inputs = {table: _load(work, table) for table in reads}
    outputs: Frames = {}

    def run() -> int:
        outputs.update(compute(sample, inputs))
        return sum(len(frame) for frame in outputs.values())

    measurement = _measured(run)
    for table, frame in outputs.items():
        with (work / f"{table}.pickle").open("wb") as file:
            pickle.dump(frame, file, protocol=pickle.HIGHEST_PROTOCOL)
    return measurement


def _load(work: Path, table: str) -> pd.DataFrame:
    with (work / f"{table}.pickle").open("rb") as file:
        frame: pd.DataFrame = pickle.load(file)  # noqa: S301  (written by an earlier step of this benchmark)
    return frame


def _tables(work: Path) -> list[str]:
    return sorted(path.stem for path in work.glob("*.pickle"))


def _read_bytes(sample: Path, _: Path) -> Measurement:
    def run() -> int:
        total = 0
        for path in exports(sample):
            with path.open("rb", buffering=0) as file:
                while block := file.read(BLOCK):
                    total += len(block)
        return total

    run()  # the second time, the files are in the page cache, as they are for every other step
    return _measured(run)


def _parse(sample: Path, _: Path) -> Measurement:
    """Read every cell of every file with the parsers that Discovery uses, and keep nothing."""

    def rows_of_workbook(path: Path) -> int:
        book = CalamineWorkbook.from_path(path)
        return sum(len(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names)

    def rows_of_text(path: Path) -> int:
        with duckdb.connect() as connection:
            connection.execute(
                "CREATE TABLE parsed AS SELECT * FROM read_csv(?, all_varchar = true, encoding = ?, "
                "strict_mode = false, null_padding = true, ignore_errors = true)",
                [str(path), _encoding_of(path)],
            )
            counted = connection.execute("SELECT count(*) FROM parsed").fetchone()
        return int(counted[0]) if counted else 0

    return _measured(
        lambda: sum(
            rows_of_workbook(path) if path.suffix == ".xlsx" else rows_of_text(path) for path in exports(sample)
        )
    )


def _encoding_of(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(BLOCK)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        start[:-3].decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _bare_copy(_: Path, work: Path) -> Measurement:
    """COPY the rows of all tables into unlogged tables without keys, indexes, checks or row security."""
    rows = sum(_write_copy_text(work, name) for name in _tables(work))
    with (
        tempfile.TemporaryDirectory() as state,
        lease(Path(state)) as server,
        psycopg.connect(server.url(OWNER, driver="postgresql")) as connection,
    ):
        for name in _tables(work):
            table = output_tables()[f"discovery/{name}"]
            columns = ", ".join(f"{column.name} {column.type.compile(DIALECT)}" for column in table.columns)
            connection.execute(f"CREATE UNLOGGED TABLE {name} ({columns})".encode())
        connection.commit()
        return _measured(lambda: _copy(connection, work, rows))


def _write_copy_text(work: Path, name: str) -> int:
    table, frame = output_tables()[f"discovery/{name}"], _load(work, name)
    with (work / f"{name}.copy").open("wb") as file:
        file.writelines(serialize(frame, table, ContentHash(table)))
    return len(frame)


def _copy(connection: psycopg.Connection[tuple[object, ...]], work: Path, rows: int) -> int:
    for name in _tables(work):
        statement = f"COPY {name} FROM STDIN".encode()
        with (work / f"{name}.copy").open("rb") as file, connection.cursor().copy(statement) as copy:
            while block := file.read(BLOCK):
                copy.write(block)
    connection.commit()
    return rows


def _snapshots(_: Path, work: Path) -> Measurement:
    """Write and publish all tables as snapshots: hashed, under row security, with registry and pointers."""
    with _installation() as installation:
        store = SnapshotStore(installation.database)
        parts = []
        for name in _tables(work):
            frames = {f"discovery/{name}": _load(work, name)}
            parts.append(_measured(partial(_publish, store, frames)))
    return Measurement(
        seconds=sum(part.seconds for part in parts),
        cpu_seconds=sum(part.cpu_seconds for part in parts),
        peak_mib=max(part.peak_mib for part in parts),
        rows=sum(part.rows for part in parts),
    )


def _publish(store: SnapshotStore, frames: Frames) -> int:
    store.publish(SCOPE, store.write(SCOPE, frames, inputs=[], run_id="benchmark", code_version="benchmark"))
    return sum(map(len, frames.values()))


def _flow_run(sample: Path, _: Path) -> Measurement:
    """Run the flow by the command line, from landed files to published tables."""
    with _installation():
        Landing(landing_root()).land(SCOPE, exports(sample))

        def run() -> int:
            finished = subprocess.run([*FLOW, "run", str(SCOPE), "--json"], check=True, capture_output=True, text=True)
            return sum(table["rows"] or 0 for table in json.loads(finished.stdout)["tables"].values())

        return _measured(run, whose=resource.RUSAGE_CHILDREN)


@contextmanager
def _installation() -> Iterator[Installation]:
    """An installation of its own with the benchmark's engagement."""
    with tempfile.TemporaryDirectory() as state:
        os.environ["FLOW_STATE"] = state
        os.environ.pop("FLOW_DATABASE_URL", None)
        with open_installation() as installation:
            add_client(installation.database, SCOPE.client)
            add_engagement(installation.database, SCOPE, SETTINGS)
            yield installation


def _write_sample(sample: Path, work: Path) -> Measurement:
    size = json.loads((work / "size.json").read_text())
    return _measured(lambda: sum(write_sample(sample, **size).rows.values()))


STEPS: dict[str, Callable[[Path, Path], Measurement]] = {
    "writing the sample": _write_sample,
    "reading bytes": _read_bytes,
    "bare parse": _parse,
    "bare COPY": _bare_copy,
    "snapshots": _snapshots,
    "flow run": _flow_run,
}

if __name__ == "__main__":
    main()
