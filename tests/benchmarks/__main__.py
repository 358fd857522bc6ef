"""The benchmarks: `make bench`, or `python -m tests.benchmarks --help`.

Belongs here: which estates are measured by default. Does not: measuring (`quality.py`, `speed.py`, `rollback.py`,
`fuzz.py`).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from flow_pipelines.sample import write_sample
from tests.benchmarks.advice import measure_advice
from tests.benchmarks.connections import measure_connections
from tests.benchmarks.discovery_run import Frames, run_discovery
from tests.benchmarks.fuzz import print_fuzz, run_fuzz
from tests.benchmarks.held_out import map_held_out_headers, measure_held_out_headers
from tests.benchmarks.mapping_libraries import measure_mapping_libraries
from tests.benchmarks.peers import MISSING, measure_peer
from tests.benchmarks.quality import QualityReport, measure_handicapped_identity, measure_quality
from tests.benchmarks.renamed_columns import measure_renamed_columns
from tests.benchmarks.report import (
    print_advice,
    print_connections,
    print_quality,
    print_rollbacks,
    print_schedules,
    print_speed,
    print_targets,
    print_treatments,
    print_waves,
    quality_as_json,
    speed_as_json,
)
from tests.benchmarks.rollback import measure_rollbacks
from tests.benchmarks.schedules import measure_schedules
from tests.benchmarks.speed import measure_speed
from tests.benchmarks.targets import measure_targets
from tests.benchmarks.treatments import measure_treatments
from tests.benchmarks.truth import Truth, read_truth
from tests.benchmarks.waves import measure_waves

QUALITY_SERVERS, QUALITY_CONNECTIONS = 1_000, 200_000
SPEED_SERVERS, SPEED_CONNECTIONS = (1_000, 10_000), 1_000_000
ROLLBACK_SERVERS = (1_000, 100_000)
TREATED_SERVERS = 100_000
SIZED_SERVERS = 100_000
ADVISED_SERVERS = 1_000
PLANNED_WORKLOADS = (200, 2_000, 20_000)
SCHEDULED_TASKS = (500, 5_000, 20_000)
FUZZED_FILES = 10_000
AGGREGATED_CONNECTIONS = 50_000_000

# Wide enough for every table, also where the output is no terminal.
WIDTH = 120


def main() -> None:
    """Run the benchmarks that are asked for and print what they measured."""
    arguments = _arguments()
    progress = Console(stderr=True, highlight=False)
    found: dict[str, Any] = {}
    console = Console(highlight=False, quiet=arguments.json, width=WIDTH)
    # Speed first: a process that has held frames would lend its peak memory to the processes that it starts.
    if arguments.which in {"all", "rollback"}:
        rollbacks = measure_rollbacks(arguments.servers or list(ROLLBACK_SERVERS), progress.print)
        print_rollbacks(rollbacks, console)
        found["rollback"] = [asdict(report) for report in rollbacks]
    if arguments.which == "connections":  # asked for by name only: it writes 3 GB
        rows = arguments.connections or AGGREGATED_CONNECTIONS
        with _folder() as folder:
            aggregated = measure_connections(folder, rows=rows, progress=progress.print)
        print_connections(aggregated, console)
        found["connections"] = asdict(aggregated)
    if arguments.which in {"all", "speed"}:
        found["speed"] = []
        for servers in arguments.servers or SPEED_SERVERS:
            with _folder() as folder:
                report = measure_speed(
                    folder,
                    servers=servers,
                    connections=arguments.connections or SPEED_CONNECTIONS,
                    seed=arguments.seed,
                    progress=progress.print,
                )
            print_speed(report, console)
            found["speed"].append(speed_as_json(report))
    if arguments.which in {"all", "quality"}:
        servers = (arguments.servers or [QUALITY_SERVERS])[0]
        connections = arguments.connections or QUALITY_CONNECTIONS
        progress.print(f"{servers:,} servers, {connections:,} connections: quality")
        quality = _quality(servers, connections, arguments.seed, progress.print)
        print_quality(quality, console, title=f"{servers:,} servers, {connections:,} connections")
        found["quality"] = quality_as_json(quality)
    found.update(_plans(arguments, console, progress.print))
    if arguments.which == "fuzz":
        fuzzed = run_fuzz(arguments.files, arguments.seed, progress.print)
        print_fuzz(fuzzed, console)
        found["fuzz"] = asdict(fuzzed)
    if arguments.json:
        json.dump(found, sys.stdout, indent=2)


def _plans(arguments: argparse.Namespace, console: Console, progress: Callable[[str], None]) -> dict[str, Any]:
    """Run those of treatments, advice, waves, targets and schedules that are asked for."""
    found: dict[str, Any] = {}
    if arguments.which in {"all", "treatments"}:
        servers = (arguments.servers or [TREATED_SERVERS])[0]
        with _folder() as folder:
            treated = measure_treatments(folder, servers=servers, seed=arguments.seed, progress=progress)
        print_treatments(treated, console)
        found["treatments"] = asdict(treated)
    if arguments.which in {"all", "advice"}:
        servers = (arguments.servers or [ADVISED_SERVERS])[0]
        with _folder() as folder:
            advised = measure_advice(folder, servers=servers, seed=arguments.seed, progress=progress)
        print_advice(advised, console)
        found["advice"] = [asdict(one) for one in advised]
    if arguments.which in {"all", "waves"}:
        planned = measure_waves(arguments.workloads or list(PLANNED_WORKLOADS), arguments.seed, progress)
        print_waves(planned, console)
        found["waves"] = [asdict(one) for one in planned]
    if arguments.which in {"all", "targets"}:
        progress("right-sizing")
        with _folder() as folder:
            sized = measure_targets(folder, servers=(arguments.servers or [SIZED_SERVERS])[0], seed=arguments.seed)
        print_targets(sized, console)
        found["targets"] = asdict(sized)
    if arguments.which in {"all", "schedule"}:
        sizes = arguments.tasks or list(SCHEDULED_TASKS)
        scheduled = measure_schedules(sizes, arguments.psplib, arguments.seed, progress)
        print_schedules(scheduled, console)
        found["schedule"] = [asdict(one) for one in scheduled]
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description="Measure quality, speed and rollback, or import hostile files."
    )
    parser.add_argument(
        "which",
        nargs="?",
        choices=[
            "all",
            "quality",
            "speed",
            "rollback",
            "connections",
            "treatments",
            "advice",
            "waves",
            "targets",
            "schedule",
            "fuzz",
        ],
        default="all",
    )
    parser.add_argument("--servers", type=int, action="append", help="servers of an estate; may be repeated for speed")
    parser.add_argument("--workloads", type=int, action="append", help="workloads to plan waves for; may be repeated")
    parser.add_argument("--tasks", type=int, action="append", help="tasks to schedule; may be repeated")
    parser.add_argument("--psplib", type=Path, help="folder of PSPLIB instances (.sm) to schedule instead")
    parser.add_argument("--connections", type=int, help="rows of observed connections")
    parser.add_argument("--files", type=int, default=FUZZED_FILES, help="hostile files of the fuzz")
    parser.add_argument("--seed", type=int, default=1, help="seed of the estates and of the fuzz")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser.parse_args()


def _quality(servers: int, connections: int, seed: int, progress: Callable[[str], None]) -> QualityReport:
    with _folder() as folder:
        sample = folder / "sample"
        report = write_sample(sample, servers=servers, connections=connections, seed=seed)
        frames, truth = run_discovery(sample), read_truth(report.truth)
        held_out = map_held_out_headers(folder / "held_out")
        parts = [
            measure_quality(frames, truth),
            measure_handicapped_identity(frames, truth),
            _peer(frames, truth, folder / "peer"),
            measure_renamed_columns(frames["imported_records"], truth.mappings, folder / "renamed"),
            measure_held_out_headers(*held_out),
            measure_mapping_libraries(
                frames["imported_records"], truth.mappings, held_out, folder / "libraries", progress
            ),
        ]
    return QualityReport(
        scores=tuple(score for part in parts for score in part.scores),
        calibrations=tuple(one for part in parts for one in part.calibrations),
        groupings=tuple(one for part in parts for one in part.groupings),
    )


def _peer(frames: Frames, truth: Truth, folder: Path) -> QualityReport:
    """Measure splink beside ours, or say that it is missing."""
    report = measure_peer(frames, truth, folder)
    told = Console(stderr=True, highlight=False)
    if report.peer is None or report.peer_seconds is None:
        told.print(MISSING)
        return QualityReport((report.ours,), ())
    told.print(f"joining server records: ours {report.our_seconds:.1f} s, splink {report.peer_seconds:.1f} s")
    return QualityReport((report.ours, report.peer), ())


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="flow-benchmark-") as folder:
        yield Path(folder)


if __name__ == "__main__":
    main()
