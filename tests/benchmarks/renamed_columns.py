"""Mapping where no template helps: a sample's cells under headers that people make up.

Belongs here: writing such files, their truth, and how right import and mapping are about them. Does not: the measures
(`quality.py`). The headers were written down without a look at the aliases; neither is to be fitted to the other.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from flow_pipelines.discovery.attribute_mapping import map_attributes
from flow_pipelines.discovery.data_import import SourceFile, import_files
from tests.benchmarks.discovery_run import SCOPE, SETTINGS
from tests.benchmarks.quality import QualityReport, score_mappings
from tests.benchmarks.truth import Score

HEADERS = Path(__file__).with_name("renamed_headers.csv")
STYLES = ("terse", "wordy", "german")
# Enough rows for the likeness of values; a person's spreadsheet is no longer.
ROWS = 300


def measure_renamed_columns(imported_records: pd.DataFrame, mappings: pd.DataFrame, folder: Path) -> QualityReport:
    """Write a sample's text exports under made-up headers, import and map them, and hold the result against the truth.

    Args:
        imported_records: The imported records of the sample.
        mappings: The true mappings of its columns.
        folder: Where to write; it does not exist yet.
    """
    folder.mkdir()
    truth = write_renamed_exports(imported_records, mappings, folder)
    files = [SourceFile(path.name, path) for path in sorted(folder.iterdir())]
    imported = import_files(files, scope=SCOPE, settings=SETTINGS).imported_records
    found = map_attributes(imported, scope=SCOPE, settings=SETTINGS)
    scores = [_record_types(imported, imported_records, len(files))]
    for style in STYLES:
        of_style = [
            frame[frame["source_file"].str.startswith(style)].reset_index(drop=True) for frame in (found, truth)
        ]
        scores.append(score_mappings(of_style[0], of_style[1], f"made-up headers, {style}")[0])
    _, calibration = score_mappings(found, truth, "made-up headers")
    return QualityReport(tuple(scores), tuple(calibration))


def _record_types(renamed: pd.DataFrame, original: pd.DataFrame, files: int) -> Score:
    """Count files whose rows are taken for what they are."""
    true_types = original.drop_duplicates("source_file").set_index("source_file")["record_type"]
    found = renamed.drop_duplicates(["source_file", "record_type"])
    is_right = [
        true_types.filter(regex=f"{name.split('_', 1)[1]}$").iloc[0] == record_type
        for name, record_type in zip(found["source_file"], found["record_type"], strict=True)
    ]
    return Score("record types of made-up files", len(found), sum(is_right), files)


def write_renamed_exports(imported_records: pd.DataFrame, mappings: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Write each text export of a sample in each style.

    Args:
        imported_records: The imported records of the sample.
        mappings: The true mappings of its columns.
        folder: Where to write.

    Returns:
        The true mappings of the columns written, in the form of `mappings`.
    """
    headers = pd.read_csv(HEADERS, dtype=str)
    truth = headers.merge(mappings, on=["source_file", "source_column"], how="left")
    tables = []
    for source_file, columns in truth.groupby("source_file", sort=True):
        records = imported_records[imported_records["source_file"] == source_file]
        rows = records.sort_values("row_number")["raw_values"].head(ROWS).tolist()
        for style in STYLES:
            name = f"{style}_{columns['source_file'].iloc[0].removeprefix('cmdb_ci_')}"
            with (folder / name).open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(columns[style])
                writer.writerows([row.get(column, "") for column in columns["source_column"]] for row in rows)
            tables.append(columns.assign(source_file=name, source_column=columns[style], sheet=""))
    return pd.concat(tables, ignore_index=True)[["source_file", "sheet", "source_column", "attribute", "also_right"]]
