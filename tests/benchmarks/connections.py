"""How long connections take to aggregate, against DuckDB doing no more than reading the same file.

Belongs here: files of made-up connections of any size, the bare read, the import, each in a process of its own:
`python -m tests.benchmarks.connections STEP FILE`. Does not: Discovery as a whole (`speed.py`).
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from flow_pipelines.discovery.data_import import SourceFile, import_files
from tests.benchmarks.discovery_run import SCOPE, SETTINGS
from tests.benchmarks.measured import Measurement

MEMORY_LIMIT = "1GB"
# 200,000 pairs of ends talk, one row in a thousand is a scanner's that tries every port, and every fifth row is an
# answer recorded from the side that listens: to another port of the client each time.
WRITE = """
COPY (
    SELECT
        strftime(TIMESTAMP '2026-05-01' + INTERVAL (number % 2592000) SECOND, '%Y-%m-%dT%H:%M:%S') AS timestamp,
        CASE WHEN is_answer THEN server ELSE client END AS source_ip,
        CASE WHEN is_answer THEN listening ELSE opened END AS source_port,
        CASE WHEN is_answer THEN client ELSE server END AS destination_ip,
        CASE WHEN is_answer THEN opened ELSE listening END AS destination_port,
        CASE WHEN pair % 7 = 5 THEN 'udp' ELSE 'tcp' END AS protocol,
        random % 20000 AS bytes_sent,
        (random // 7) % 90000 AS bytes_received
    FROM (
        SELECT
            number, random, pair,
            random % 5 = 0 AND NOT is_scan AS is_answer,
            CASE
                WHEN is_scan THEN '10.66.6.6'
                ELSE concat('10.', pair % 20, '.', (pair // 20) % 250, '.', 1 + (pair // 5000) % 250)
            END AS client,
            concat('10.', 100 + (pair * 7919) % 5, '.', (pair * 7919) % 250, '.', 1 + (pair * 31) % 250) AS server,
            32768 + random % 32000 AS opened,
            CASE WHEN is_scan THEN 1 + random % 1024 ELSE [443, 8443, 1521, 5432, 1433, 53, 389][1 + pair % 7] END
                AS listening
        FROM (
            SELECT
                number,
                (hash(number) % 1000000007)::BIGINT AS random,
                (hash(number * 31) % 200000)::BIGINT AS pair,
                number % 1000 = 999 AS is_scan
            FROM range($rows) AS numbers(number)
        )
    )
) TO '$path' (HEADER, DELIMITER ',')
"""


@dataclass(frozen=True)
class ConnectionsReport:
    """What aggregating one file took."""

    rows: int
    megabytes: float
    records: int
    bare: Measurement
    imported: Measurement

    @property
    def ratio(self) -> float:
        """How many times as long as the bare read."""
        return self.imported.seconds / self.bare.seconds

    @property
    def cpu_ratio(self) -> float:
        """How many times the processor time of the bare read."""
        return self.imported.cpu_seconds / self.bare.cpu_seconds


def measure_connections(folder: Path, *, rows: int, progress: Callable[[str], None]) -> ConnectionsReport:
    """Write a file of connections, read it bare, import it."""
    path = folder / f"connections_{rows}.csv"
    progress(f"{rows:,} connections: writing the file")
    with _engine() as database:
        database.execute(WRITE.replace("$rows", str(rows)).replace("$path", str(path)))
    steps = {}
    for step in ("bare", "import"):
        progress(f"{rows:,} connections: {step}")
        command = [sys.executable, "-m", "tests.benchmarks.connections", step, str(path)]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        if finished.returncode:
            sys.exit(f"The step {step} failed:\n{finished.stderr}")
        steps[step] = Measurement(**json.loads(finished.stdout))
    report = ConnectionsReport(
        rows, path.stat().st_size / 1e6, steps["import"].rows, bare=steps["bare"], imported=steps["import"]
    )
    path.unlink()
    return report


def _engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 2, "memory_limit": MEMORY_LIMIT})


def _bare(path: Path) -> int:
    with _engine() as database:
        counted = database.execute("SELECT count(*) FROM read_csv(?)", [str(path)]).fetchone()
    return int(counted[0]) if counted else 0


def _import(path: Path) -> int:
    result = import_files([SourceFile(path.name, path)], scope=SCOPE, settings=SETTINGS)
    return len(result.imported_records)


def main() -> None:
    """Run one step and print its measurement as JSON."""
    step, path = sys.argv[1], Path(sys.argv[2])
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    rows = {"bare": _bare, "import": _import}[step](path)
    seconds, used = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    cpu_seconds = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    measured = Measurement(seconds, cpu_seconds, used.ru_maxrss / 1024, rows)
    sys.stdout.write(json.dumps(asdict(measured)))


if __name__ == "__main__":
    main()
