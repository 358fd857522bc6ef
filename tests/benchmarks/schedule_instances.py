"""Scheduling problems to measure: plans drawn by lot and PSPLIB's single-mode instances.

Belongs here: making the frames that `schedule` reads. Does not: measuring (`schedules.py`).
"""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pandas as pd

from flow_pipelines.errors import InputError
from tests.flow_pipelines.plan.timeline.checker import Frames

# A workload goes through seven steps (prepare … decommission), in working half days, each done by a role.
STEPS = (
    ("architect", 1, 6), ("platform", 1, 8), ("migration", 2, 12), ("tester", 2, 8),
    ("migration", 1, 2), ("tester", 1, 4), ("platform", 1, 6),
)  # fmt: skip
CUTOVER = 4
# A workload waits for one other in three cases of ten; a tenth has a deadline; nobody works the last four weeks
# of a year of 52 weeks of ten half days.
WAITS, DUE, YEAR, CLOSED = 0.3, 0.1, 520, 40
# Roles so large that a programme takes about three years at any size.
PERIODS = 3 * YEAR


def drawn_plan(tasks: int, seed: int) -> Frames:
    """Draw a plan of about `tasks` tasks, in half days of the calendar with black-outs."""
    lot = random.Random(seed)  # noqa: S311  a drawn plan guards nothing
    rows, links, needs = [], [], []
    for workload in range(tasks // len(STEPS)):
        names = [f"w{workload:05}.{step}" for step in range(len(STEPS))]
        due = lot.randint(PERIODS // 4, PERIODS * 2) if lot.random() < DUE else None
        for step, (name, (role, low, high)) in enumerate(zip(names, STEPS, strict=True)):
            rows.append((name, lot.randint(low, high), 0, due if step == CUTOVER else None))
            needs.append((name, role, lot.randint(1, 3)))
        links += [(first, second, 0) for first, second in pairwise(names)]
        if workload and lot.random() < WAITS:
            links.append((f"w{lot.randrange(workload):05}.{CUTOVER}", names[CUTOVER], 0))
    demands = pd.DataFrame(needs, columns=["task_id", "resource", "units"])
    frame = pd.DataFrame(rows, columns=["task_id", "duration", "release", "deadline"])
    work = demands["units"] * demands["task_id"].map(frame.set_index("task_id")["duration"])
    capacity = (work.groupby(demands["resource"]).sum() // PERIODS + 3).rename("capacity").reset_index()
    closed = [(role, end - CLOSED, end, 0) for role in capacity["resource"] for end in range(YEAR, PERIODS * 2, YEAR)]
    return (
        frame,
        pd.DataFrame(links, columns=["before", "after", "lag"]),
        demands,
        capacity,
        pd.DataFrame(closed, columns=["resource", "begin", "end", "capacity"]),
    )


def read_psplib(path: Path) -> Frames:
    """Read a single-mode file of PSPLIB (`.sm`).

    Raises:
        InputError: The file lacks a section or has tasks of several modes.
    """
    sections = _sections(path)
    successors = {int(line[0]): [int(value) for value in line[3:]] for line in sections["PRECEDENCE RELATIONS:"]}
    requests = {int(line[0]): [int(value) for value in line[2:]] for line in sections["REQUESTS/DURATIONS:"]}
    capacities = [int(value) for value in sections["RESOURCEAVAILABILITIES:"][0]]
    names = [f"R{index + 1}" for index in range(len(capacities))]
    return (
        pd.DataFrame(
            [(str(task), row[0], 0, None) for task, row in requests.items()],
            columns=["task_id", "duration", "release", "deadline"],
        ),
        pd.DataFrame(
            [(str(task), str(other), 0) for task, others in successors.items() for other in others],
            columns=["before", "after", "lag"],
        ),
        pd.DataFrame(
            [(str(t), name, units) for t, row in requests.items() for name, units in zip(names, row[1:], strict=True)],
            columns=["task_id", "resource", "units"],
        ),
        pd.DataFrame({"resource": names, "capacity": capacities}),
        pd.DataFrame(columns=["resource", "begin", "end", "capacity"]),
    )


def _sections(path: Path) -> dict[str, list[list[str]]]:
    """Return the lines of numbers under each heading, cut at white space."""
    found: dict[str, list[list[str]]] = {}
    heading = ""
    for line in path.read_text(encoding="latin-1").splitlines():
        if line.strip() in {"PRECEDENCE RELATIONS:", "REQUESTS/DURATIONS:", "RESOURCEAVAILABILITIES:"}:
            heading = line.strip()
        elif line.startswith("***"):
            heading = ""
        elif heading and all(value.isdigit() for value in line.split()) and line.strip():
            found.setdefault(heading, []).append(line.split())
    if len(found) < 3:
        raise InputError(f"{path} is no single-mode instance of PSPLIB.", remedy="Give a file ending in .sm.")
    return found
