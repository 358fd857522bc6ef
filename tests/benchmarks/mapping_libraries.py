"""The same headers mapped by a well-kept library: valentine's schema matchers, on the sheets that are held out.

Belongs here: giving them the same data, and making the most of what they find. Does not: our own mapping
(`held_out.py`). valentine is no dependency: it is looked for in the environment whose interpreter the variable
`VALENTINE_PYTHON` names (`python -m venv V && V/bin/pip install valentine==1.0.1`, then VALENTINE_PYTHON=V/bin/python).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from flow_pipelines.discovery.mapping.assignment import takes_several
from flow_pipelines.discovery.mapping.evidence import attributes_for
from tests.benchmarks.held_out import WHAT, cells_of, held_out_sheets
from tests.benchmarks.quality import QualityReport, score_mappings
from tests.benchmarks.truth import Score

SCRIPT = Path(__file__).with_name("valentine_matches.py")
INTERPRETER = "VALENTINE_PYTHON"
# As many cells of each attribute as the matchers are shown.
CELLS = 30
Match = tuple[str, str, str, float]


def measure_mapping_libraries(
    imported_records: pd.DataFrame,
    mappings: pd.DataFrame,
    held_out: tuple[pd.DataFrame, pd.DataFrame],
    folder: Path,
    progress: Callable[[str], None],
) -> QualityReport:
    """Map the sheets that are held out with each matcher of valentine.

    They are given what we are not: the threshold at which each of them does best on these very sheets, and cells of
    every attribute from a sample estate. What no library can know, the aliases, they do not have.

    Args:
        imported_records: The imported records of the sample; examples of each attribute's cells.
        mappings: The true mappings of its columns.
        held_out: Our mappings of the sheets, for their record types, and the truth about them.
        folder: Where to write; it does not exist yet.
        progress: Told when valentine is missing.

    Returns:
        A score per matcher; none if valentine is not there.
    """
    python = os.environ.get(INTERPRETER)
    if (
        python is None
        or subprocess.run([python, "-c", "import valentine"], check=False, capture_output=True).returncode
    ):
        progress(
            f"valentine is missing, so no matcher stands beside our mapping; {INTERPRETER} names no Python with it"
        )
        return QualityReport((), ())
    folder.mkdir()
    task, found = folder / "task.json", folder / "matches.json"
    ours, truth = held_out
    record_types = ours.dropna(subset=["record_type"]).groupby("source_file")["record_type"].first()
    task.write_text(json.dumps(_task(_examples(imported_records, mappings), record_types)), encoding="utf-8")
    subprocess.run([python, str(SCRIPT), str(task), str(found)], check=True, capture_output=True)
    matches: dict[str, list[Match]] = json.loads(found.read_text(encoding="utf-8"))
    scores = [_best_score(f"{WHAT} by valentine, {name}", of_matcher, truth) for name, of_matcher in matches.items()]
    return QualityReport(tuple(scores), ())


def _examples(imported_records: pd.DataFrame, mappings: pd.DataFrame) -> dict[str, list[str]]:
    """Return cells of each attribute from the sample."""
    cells: dict[str, list[str]] = {}
    for file, columns in mappings.dropna(subset=["attribute"]).groupby("source_file"):
        rows = imported_records[imported_records["source_file"] == file].sort_values("row_number")
        for attribute, column in zip(columns["attribute"], columns["source_column"], strict=True):
            found = cells.setdefault(attribute, [])
            found += [raw[column] for raw in rows["raw_values"].head(CELLS) if column in raw][: CELLS - len(found)]
    return cells


def _task(examples: Mapping[str, Sequence[str]], record_types: Mapping[str, str]) -> dict[str, Any]:
    sheets = [
        {
            "file": f"{sheet['sheet']}.csv",
            "columns": {column["header"]: cells_of(column, sheet["rows"]) for column in sheet["columns"]},
            "candidates": [one.name for one in attributes_for(record_types.get(f"{sheet['sheet']}.csv", "server"))],
        }
        for sheet in held_out_sheets()
    ]
    names = sorted({name for sheet in sheets for name in sheet["candidates"]})
    padded = {name: [*examples.get(name, ()), *[""] * (CELLS - len(examples.get(name, ())))] for name in names}
    return {"sheets": sheets, "attributes": padded}


def _best_score(what: str, matches: Sequence[Match], truth: pd.DataFrame) -> Score:
    """Score the matches at the threshold that suits them best."""
    chosen = _one_to_one(matches)
    scores = [
        score_mappings(_as_mappings(chosen, truth, threshold), truth, what)[0]
        for threshold in sorted({similarity for *_, similarity in chosen} or {1.0})
    ]
    return max(scores, key=lambda score: score.f1)


def _one_to_one(matches: Sequence[Match]) -> list[Match]:
    """Keep the best match of each column and attribute of a sheet; lists may have several columns."""
    taken: set[tuple[str, str]] = set()
    chosen = []
    for file, column, attribute, similarity in sorted(matches, key=lambda match: (-match[3], match)):
        keys = {(file, f"column {column}")} | (set() if takes_several(attribute, "server") else {(file, attribute)})
        if taken.isdisjoint(keys):
            taken |= keys
            chosen.append((file, column, attribute, similarity))
    return chosen


def _as_mappings(matches: Sequence[Match], truth: pd.DataFrame, threshold: float) -> pd.DataFrame:
    found = pd.DataFrame(
        [match for match in matches if match[3] >= threshold],
        columns=["source_file", "source_column", "attribute", "confidence"],
    )
    every = truth[["source_file", "sheet", "source_column"]].merge(found, how="left")
    return every.assign(status=every["attribute"].notna().map({True: "applied", False: "unmapped"}))
