"""The fuzz: thousands of hostile files imported, and what came of them.

Belongs here: importing them in a process that may die, hang or swell, and telling so. Does not: making the files
(`hostile_files.py`).
"""

from __future__ import annotations

import json
import multiprocessing
import re
import resource
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from rich.console import Console

from flow_pipelines.discovery.attribute_mapping import map_attributes
from flow_pipelines.discovery.data_import import SourceFile, check_row_sum, import_files
from tests.benchmarks.discovery_run import SCOPE, SETTINGS
from tests.benchmarks.hostile_files import hostile_file

NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
# Mapping takes longer than all else, and reads tables, not files.
MAPPED_EVERY = 10
HUNG_SECONDS = 300.0
# A process of its own is started after so many files, so that a leak shows as a peak and not as a crash of the rest.
FILES_PER_PROCESS = 250
MOST_ADDRESS_SPACE = 8 << 30


@dataclass
class FuzzReport:
    """What came of the files: numbers of files, and the problems, each with the number of its file."""

    files: int = 0
    usable: int = 0
    rows: int = 0
    rejected_rows: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    peak_megabytes: int = 0
    slowest_seconds: float = 0.0
    slowest: str = ""


def import_hostile(folder: Path, number: int) -> tuple[int, int, list[str], list[str]]:
    """Import one hostile file.

    Returns:
        Rows imported, rows rejected, reasons of rejections, and what is wrong with the result.
    """
    what, content = hostile_file(number)
    path = folder / "export"
    path.write_bytes(content)
    result = import_files([SourceFile("export", path)], scope=SCOPE, settings=SETTINGS)
    problems = [f"{what}: {problem}" for problem in check_row_sum(result)]
    frames = [result.imported_records, result.rejected_records]
    if number % MAPPED_EVERY == 0:
        frames.append(map_attributes(result.imported_records, scope=SCOPE, settings=SETTINGS))
    for frame in frames:
        text = json.dumps(frame.to_dict("records"), ensure_ascii=False, default=str)
        if NUL.search(text) or text != text.encode(errors="replace").decode():
            problems.append(f"{what}: a table holds what PostgreSQL refuses")
        if frame.iloc[:, 0].duplicated().any():
            problems.append(f"{what}: two rows of a table have one id")
    if not len(result.imported_records) and not len(result.rejected_records):
        problems.append(f"{what}: nothing was imported and nothing says why")
    imported, rejected = (int(frame["row_count"].sum()) for frame in (result.imported_records, result.rejected_records))
    return imported, rejected, result.rejected_records["reason_code"].tolist(), problems


def run_fuzz(files: int, seed: int, progress: Callable[[str], None]) -> FuzzReport:
    """Import hostile files and report.

    Args:
        files: How many.
        seed: Which: the numbers from a million times the seed on.
        progress: Told now and then how far it is.
    """
    report = FuzzReport()
    start, end = seed * 1_000_000, seed * 1_000_000 + files
    while start < end:
        told = len(report.problems)
        start = _run_some(start, min(end, start + FILES_PER_PROCESS), report)
        progress(
            "\n".join(report.problems[told:])
            or f"{report.files:,} files, {len(report.problems)} problems, {report.peak_megabytes:,} MB at most"
        )
    return report


def _run_some(start: int, end: int, report: FuzzReport) -> int:
    """Import the files of some numbers in a process of its own; return the number to go on with."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(start, end, sender))
    process.start()
    sender.close()
    try:
        for number in range(start, end):
            if not receiver.poll(HUNG_SECONDS):
                process.kill()
                report.problems.append(f"{number} {hostile_file(number)[0]}: hung")
                return number + 1
            try:
                outcome = receiver.recv()
            except EOFError:
                process.join()
                report.problems.append(f"{number} {hostile_file(number)[0]}: died ({process.exitcode})")
                return number + 1
            _count(report, number, *outcome)
    finally:
        process.join()
    return end


def _count(
    report: FuzzReport, number: int, found: tuple[int, int, list[str], list[str]], seconds: float, peak: int
) -> None:
    imported, rejected, reasons, problems = found
    report.files += 1
    report.usable += bool(imported)
    report.rows += imported + rejected
    report.rejected_rows += rejected
    report.reasons.update(reasons)
    report.problems += [f"{number} {problem}" for problem in problems]
    report.peak_megabytes = max(report.peak_megabytes, peak)
    if seconds > report.slowest_seconds:
        report.slowest_seconds, report.slowest = seconds, f"{number} {hostile_file(number)[0]}"


def _work(start: int, end: int, sender: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESS_SPACE, MOST_ADDRESS_SPACE))
    warnings.filterwarnings("ignore", message="Duplicate name")
    with tempfile.TemporaryDirectory(prefix="flow-fuzz-") as folder:
        for number in range(start, end):
            started = time.process_time()
            try:
                found = import_hostile(Path(folder), number)
            except Exception:  # noqa: BLE001  (whatever it is, it is what the fuzz looks for)
                found = (0, 0, [], [f"{hostile_file(number)[0]}: {traceback.format_exc()}"])
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            sender.send((found, time.process_time() - started, peak))


def print_fuzz(report: FuzzReport, console: Console) -> None:
    """Print what came of the files."""
    console.print(
        f"{report.files:,} hostile files: {report.usable:,} of them gave records; {report.rows:,} rows, of which "
        f"{report.rejected_rows:,} were rejected; {len(report.problems):,} problems"
    )
    console.print(f"peak memory {report.peak_megabytes:,} MB; slowest {report.slowest_seconds:.1f} s: {report.slowest}")
    console.print("reasons: " + ", ".join(f"{code} {count:,}" for code, count in sorted(report.reasons.items())))
    for problem in report.problems:
        console.print(problem, markup=False)
