"""How the benchmarks are shown: tables for people, JSON for programs.

Belongs here: rendering. Does not: measuring.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.advice import AdviceScore
from tests.benchmarks.connections import ConnectionsReport
from tests.benchmarks.quality import QualityReport, expected_calibration_error
from tests.benchmarks.rollback import RollbackReport
from tests.benchmarks.schedules import ScheduleReport
from tests.benchmarks.speed import SpeedReport
from tests.benchmarks.targets import TargetsReport
from tests.benchmarks.treatments import TreatmentsReport
from tests.benchmarks.waves import WavesReport


def print_quality(report: QualityReport, console: Console, *, title: str) -> None:
    """Print scores and calibration."""
    _print(
        console,
        f"Quality, {title}",
        ("measure", "precision", "recall", "F1", "found", "right", "expected"),
        [
            (
                score.measure,
                f"{score.precision:.4f}",
                f"{score.recall:.4f}",
                f"{score.f1:.4f}",
                f"{score.found:,}",
                f"{score.right:,}",
                f"{score.expected:,}",
            )
            for score in report.scores
        ],
    )
    _print(
        console,
        f"Calibration (expected error {expected_calibration_error(report.calibrations):.3f}), {title}",
        ("decisions", "mean confidence", "share right", "number"),
        [
            (one.measure, f"{one.confidence:.3f}", f"{one.right:.3f}", f"{one.decisions:,}")
            for one in report.calibrations
        ],
    )
    _print(
        console,
        f"Applications inferred, {title}",
        ("servers without a stated application", "host names", "adjusted Rand index", "groups"),
        [
            (
                f"{one.removed:.0%}",
                "as they are" if one.names_tell else "numbers",
                f"{one.adjusted_rand:.3f}",
                f"{one.groups:,}",
            )
            for one in report.groupings
        ],
    )


def print_rollbacks(reports: Sequence[RollbackReport], console: Console) -> None:
    """Print what a rollback took at each size."""
    _print(
        console,
        "Rollback of all flows",
        ("rows", "impact s", "pointers s", "run s", "check s", "tracking of a phase ms"),
        [
            (
                f"{one.rows:,}",
                f"{one.impact_seconds:.2f}",
                f"{one.pointer_seconds:.2f}",
                f"{one.run_seconds:.2f}",
                f"{one.check_seconds:.2f}",
                f"{one.tracking_milliseconds:.1f}",
            )
            for one in reports
        ],
    )


def print_treatments(report: TreatmentsReport, console: Console) -> None:
    """Print what the treatments took, and how far their confidence can be relied upon."""
    size = f"{report.servers:,} servers, {report.workloads:,} workloads, {report.states:,} of them different"
    _print(console, f"Treatments of {size}", ("step", "seconds"), [(k, f"{v:.2f}") for k, v in report.seconds.items()])
    _print(console, "Mix", ("treatment", "workloads"), [(name, f"{count:,}") for name, count in report.mix.items()])
    _print(
        console,
        "Choices that stay the same once the facts that were withheld are known",
        ("confidence", "stay", "choices"),
        [(f"{one.confidence:.2f}", f"{one.kept_share:.2f}", f"{one.count:,}") for one in report.calibration],
    )


def print_advice(scores: Sequence[AdviceScore], console: Console) -> None:
    """Print how right decisions are with advice of stated accuracy, all of it accepted, and the requests it takes."""
    _print(
        console,
        "Second opinions",
        ("decision", "advisor", "precision", "recall", "questions", "answerable", "requests", "per 1,000 servers"),
        [
            (
                one.measure,
                one.advisor,
                f"{one.precision:.4f}",
                f"{one.recall:.4f}",
                f"{one.questions:,}",
                f"{one.answerable:,}",
                f"{one.requests:,}",
                f"{1_000 * one.requests / one.servers:.1f}" if one.servers else "",
            )
            for one in scores
        ],
    )


def print_waves(reports: Sequence[WavesReport], console: Console) -> None:
    """Print what planning took, and how good the plans are."""
    _print(
        console,
        "Waves",
        ("workloads", "planner", "seconds", "waves", "traffic cut", "gap", "hard conditions broken"),
        [
            (
                f"{one.workloads:,}",
                one.planner,
                f"{one.seconds:.1f}",
                f"{one.waves:,}",
                f"{one.cut:,.0f}",
                "" if one.gap is None else f"{one.gap:.3f}",
                f"{one.broken:,}",
            )
            for one in reports
        ],
    )


def print_schedules(reports: Sequence[ScheduleReport], console: Console) -> None:
    """Print what scheduling took, and how good the schedules are."""
    _print(
        console,
        "Schedules",
        ("problem", "tasks", "seconds", "periods late", "end", "gap", "constraints broken"),
        [
            (
                one.problem,
                f"{one.tasks:,}",
                f"{one.seconds:.1f}",
                f"{one.periods_late:,}",
                f"{one.end:,}",
                f"{one.gap:.3f}",
                f"{one.broken:,}",
            )
            for one in reports
        ],
    )


def print_connections(report: ConnectionsReport, console: Console) -> None:
    """Print what aggregating connections took."""
    _print(
        console,
        f"{report.rows:,} connections in {report.megabytes:,.0f} MB, to {report.records:,} records",
        ("step", "seconds", "CPU seconds", "peak MiB"),
        [
            (name, f"{step.seconds:.1f}", f"{step.cpu_seconds:.1f}", f"{step.peak_mib:,.0f}")
            for name, step in (("bare read", report.bare), ("import", report.imported))
        ],
    )
    ratio = f"Import : bare read = {report.ratio:.1f} in time, {report.cpu_ratio:.1f} in processor time"
    console.print(ratio)


def print_speed(report: SpeedReport, console: Console) -> None:
    """Print steps and ratios."""
    title = f"{report.servers:,} servers, {report.connections:,} connections"
    steps = [
        (name, f"{step.seconds:.2f}", f"{step.cpu_seconds:.2f}", f"{step.peak_mib:,.0f}", f"{step.rows:,}")
        for name, step in report.steps.items()
    ]
    whole = ("all pure phases", f"{report.seconds:.2f}", f"{report.cpu_seconds:.2f}", f"{report.peak_mib:,.0f}", "")
    headers = ("step", "seconds", "CPU seconds", "peak MiB", "rows (bytes read)")
    _print(console, f"Speed, {title}", headers, [*steps, whole])
    _print(
        console,
        f"Ratios, {title}",
        ("what", "times as long"),
        [(name, f"{ratio:.1f}") for name, ratio in report.ratios.items()],
    )


def print_targets(report: TargetsReport, console: Console) -> None:
    """Print how long right-sizing took, and how often it disagreed with brute force."""
    _print(
        console,
        f"Right-sizing, {report.servers:,} servers, {report.types:,} types, {report.clouds} clouds",
        ("basis", "seconds", "times reading the rows", "unlike brute force"),
        [
            (one.basis, f"{one.seconds:.2f}", f"{one.ratio:.1f}", f"{one.unlike} of {one.compared}")
            for one in report.measured
        ],
    )


def quality_as_json(report: QualityReport) -> dict[str, Any]:
    """Return scores and calibration for a program."""
    return {
        "scores": [
            vars(score) | {"precision": score.precision, "recall": score.recall, "f1": score.f1}
            for score in report.scores
        ],
        "calibrations": [vars(one) for one in report.calibrations],
        "groupings": [vars(one) for one in report.groupings],
        "expected_calibration_error": expected_calibration_error(report.calibrations),
    }


def speed_as_json(report: SpeedReport) -> dict[str, Any]:
    """Return steps and ratios for a program."""
    return {
        "servers": report.servers,
        "connections": report.connections,
        "steps": {name: vars(step) for name, step in report.steps.items()},
        "seconds": report.seconds,
        "cpu_seconds": report.cpu_seconds,
        "peak_mib": report.peak_mib,
        "ratios": report.ratios,
    }


def _print(console: Console, title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold")
    for place, header in enumerate(headers):
        table.add_column(header, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row)
    console.print(table)
