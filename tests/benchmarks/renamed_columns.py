"""The exports of a sample as nobody's tool writes them: the same cells under headers that people make up.

Belongs here: writing such files and their truth. Known formats are mapped by template, which is no test of mapping;
these headers were written down before anybody looked at the aliases, and are not to be fitted to them.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

HEADERS = Path(__file__).with_name("renamed_headers.csv")
STYLES = ("terse", "wordy", "german")
# Enough rows for the likeness of values; a person's spreadsheet is no longer.
ROWS = 300


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
