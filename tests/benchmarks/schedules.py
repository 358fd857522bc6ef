"""How long scheduling takes, how far from the bound it ends, and whether every constraint is kept.

Belongs here: measuring. Does not: the problems (`schedule_instances.py`), printing (`report.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from flow_pipelines.plan.timeline.schedule import schedule
from flow_pipelines.plan.timeline.search import SearchSettings
from tests.benchmarks.schedule_instances import drawn_plan, read_psplib
from tests.flow_pipelines.plan.timeline.checker import Frames, violations


@dataclass(frozen=True)
class ScheduleReport:
    """One problem: periods late and end of its schedule, the gap of its cost to the bound, what it breaks."""

    problem: str
    tasks: int
    seconds: float
    periods_late: int
    end: int
    gap: float
    broken: int


def measure_schedules(
    sizes: list[int], instances: Path | None, seed: int, progress: Callable[[str], None]
) -> list[ScheduleReport]:  # fmt: skip
    """Schedule the PSPLIB instances of a folder, or else a drawn plan of each size."""
    reports = []
    for name, frames in _problems(sizes, instances, seed):
        progress(f"{name}, {len(frames[0]):,} tasks: schedule")
        reports.append(_measure(name, frames, SearchSettings(seed=seed)))
    return reports


def _problems(sizes: list[int], instances: Path | None, seed: int) -> Iterator[tuple[str, Frames]]:
    if instances is None:
        yield from (("drawn", drawn_plan(size, seed)) for size in sizes)
    else:
        yield from ((path.stem, read_psplib(path)) for path in sorted(instances.glob("*.sm")))


def _measure(name: str, frames: Frames, settings: SearchSettings) -> ScheduleReport:
    started = time.monotonic()
    result = schedule(*frames, settings=settings)
    seconds = time.monotonic() - started
    starts = dict(zip(result.tasks["task_id"], result.tasks["start"], strict=True))
    late = int(result.tasks["periods_late"].sum())
    return ScheduleReport(
        name, len(starts), seconds, late, result.end, result.gap, len(violations(frames, starts))
    )  # fmt: skip
