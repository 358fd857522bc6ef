"""How long Discovery takes and how much memory it needs, against doing next to nothing with the same data.

Belongs here: the estates measured and the ratios. Does not: the steps themselves (`measured.py`).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.discovery_run import PHASES
from tests.benchmarks.measured import Measurement

WRITING, READING, PARSING = "writing the sample", "reading bytes", "bare parse"
COPYING, SNAPSHOTS, FLOW = "bare COPY", "snapshots", "flow run"


@dataclass(frozen=True)
class SpeedReport:
    """What the steps took for one estate."""

    servers: int
    connections: int
    steps: dict[str, Measurement]

    @property
    def seconds(self) -> float:
        """Time of the pure phases together."""
        return sum(self.steps[phase].seconds for phase in PHASES)

    @property
    def cpu_seconds(self) -> float:
        """Processor time of the pure phases together."""
        return sum(self.steps[phase].cpu_seconds for phase in PHASES)

    @property
    def peak_mib(self) -> float:
        """Peak memory of the phase that needs most."""
        return max(self.steps[phase].peak_mib for phase in PHASES)

    @property
    def ratios(self) -> dict[str, float]:
        """How many times as long as the bare counterpart."""
        steps = self.steps
        bare = steps[PARSING].seconds + steps[COPYING].seconds
        return {
            "pure phases : reading bytes": self.seconds / steps[READING].seconds,
            "pure phases : bare parse": self.seconds / steps[PARSING].seconds,
            "data import : bare parse": steps["data import"].seconds / steps[PARSING].seconds,
            "snapshots : bare COPY": steps[SNAPSHOTS].seconds / steps[COPYING].seconds,
            "pure phases and snapshots : bare parse and COPY": (self.seconds + steps[SNAPSHOTS].seconds) / bare,
            "flow run : bare parse and COPY": steps[FLOW].seconds / bare,
        }


def measure_speed(
    folder: Path, *, servers: int, connections: int, seed: int, progress: Callable[[str], None]
) -> SpeedReport:
    """Measure every step for one estate, each in a process of its own.

    Args:
        folder: An empty folder for the sample and what the steps hand on.
        servers: Servers of the estate.
        connections: Rows of observed connections.
        seed: Seed of the estate.
        progress: Told what is measured next.
    """
    sample, work = folder / "sample", folder / "work"
    work.mkdir(parents=True)
    size = {"servers": servers, "connections": connections, "seed": seed}
    (work / "size.json").write_text(json.dumps(size), encoding="utf-8")
    steps = {}
    for step in (WRITING, READING, PARSING, *PHASES, COPYING, SNAPSHOTS, FLOW):
        progress(f"{servers:,} servers, {connections:,} connections: {step}")
        steps[step] = _run(step, sample, work)
    return SpeedReport(servers, connections, steps)


def _run(step: str, sample: Path, work: Path) -> Measurement:
    command = [sys.executable, "-m", "tests.benchmarks.measured", step, str(sample), str(work)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        sys.exit(f"The step {step} failed:\n{finished.stderr}")
    return Measurement(**json.loads(finished.stdout))
