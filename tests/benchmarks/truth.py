"""The truth beside a sample estate, and what it is to be right about it.

Belongs here: reading the truth, precision and recall. Does not: any particular measure (`quality.py`, `values.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class Score:
    """How many of what was found are right, and how many of what is right were found."""

    measure: str
    found: int
    right: int
    expected: int

    @property
    def precision(self) -> float:
        """Share of the found that is right."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the right that is found."""
        return self.right / self.expected if self.expected else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True)
class Truth:
    """The tables of truth that are measured against."""

    mappings: pd.DataFrame
    records: pd.DataFrame
    servers: pd.DataFrame
    databases: pd.DataFrame
    applications: pd.DataFrame
    server_applications: pd.DataFrame
    edges: pd.DataFrame


def read_truth(folder: Path) -> Truth:
    """Read the truth beside a sample."""
    names = ("mappings", "records", "servers", "databases", "applications", "server_applications")
    tables = {name: pd.read_csv(folder / f"{name}.csv", dtype=str) for name in names}
    for name in ("mappings", "records"):
        tables[name]["sheet"] = tables[name]["sheet"].fillna("")
    tables["records"]["row_number"] = tables["records"]["row_number"].astype(int)
    edges = pd.read_csv(folder / "edges.csv", dtype={"port": "Int64"})
    return Truth(**tables, edges=edges)
