"""Mapping on headers that nothing was tuned to: names of columns that real inventories have, in six languages.

Belongs here: writing those sheets, their truth, and how right import and mapping are about them. Does not: the measures
(`quality.py`), the libraries beside them (`mapping_libraries.py`). `held_out_headers.yaml` tells what may not be done.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from flow_pipelines.discovery.attribute_mapping import map_attributes
from flow_pipelines.discovery.data_import import SourceFile, import_files
from tests.benchmarks.discovery_run import SCOPE, SETTINGS
from tests.benchmarks.quality import QualityReport, calibration_of_mappings, score_mappings

SHEETS = Path(__file__).with_name("held_out_headers.yaml")
WHAT = "headers held out"


def held_out_sheets() -> list[dict[str, Any]]:
    """Return the sheets, see the comments of their file."""
    sheets: list[dict[str, Any]] = yaml.safe_load(SHEETS.read_text(encoding="utf-8"))
    return sheets


def map_held_out_headers(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write the sheets, import and map them.

    Args:
        folder: Where to write; it does not exist yet.

    Returns:
        The mappings, and the truth about them.
    """
    folder.mkdir()
    truth = write_held_out_sheets(folder)
    # A sheet that was not even imported has missed all its columns.
    mappings = map_held_out_sheets(folder).merge(
        truth[["source_file", "source_column"]], on=["source_file", "source_column"], how="right"
    )
    return mappings, truth


def measure_held_out_headers(mappings: pd.DataFrame, truth: pd.DataFrame) -> QualityReport:
    """Hold the mappings of the sheets against the truth, as a whole and by language; say how far confidence holds."""
    languages = {f"{sheet['sheet']}.csv": sheet["language"] for sheet in held_out_sheets()}
    scores = [score_mappings(mappings, truth, WHAT)]
    for language in sorted(set(languages.values())):
        files = {file for file, of_file in languages.items() if of_file == language}
        parts = [frame[frame["source_file"].isin(files)].reset_index(drop=True) for frame in (mappings, truth)]
        scores.append(score_mappings(parts[0], parts[1], f"{WHAT}, {language}"))
    return QualityReport(
        tuple(score for score, _ in scores), tuple(calibration_of_mappings(mappings, truth, f"mapping of {WHAT}"))
    )


def map_held_out_sheets(folder: Path) -> pd.DataFrame:
    """Import and map the files of a folder; return the rows of `discovery/attribute_mappings`."""
    files = [SourceFile(path.name, path) for path in sorted(folder.iterdir())]
    imported = import_files(files, scope=SCOPE, settings=SETTINGS).imported_records
    return map_attributes(imported, scope=SCOPE, settings=SETTINGS)


def write_held_out_sheets(folder: Path) -> pd.DataFrame:
    """Write each sheet as a CSV file.

    Returns:
        The true mappings: source_file, sheet, source_column, attribute, also_right, as `score_mappings` takes them.
    """
    truth = []
    for sheet in held_out_sheets():
        columns = sheet["columns"]
        name = f"{sheet['sheet']}.csv"
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(column["header"] for column in columns)
            writer.writerows(zip(*(cells_of(column, sheet["rows"]) for column in columns), strict=True))
        for column in columns:
            first, *others = column["is"].split("|")
            if first == "none":
                first, others = others[0], ["none", *others[1:]]
            truth.append((name, "", column["header"], first or None, "|".join(others) or None))
    return pd.DataFrame(truth, columns=["source_file", "sheet", "source_column", "attribute", "also_right"])


def cells_of(column: Mapping[str, Any], rows: int) -> list[str]:
    """Return the cells of one column of a sheet."""
    cells = column["cells"]
    return [str(cells[row % len(cells)]).replace("{n}", str(row + 1)) for row in range(rows)]
