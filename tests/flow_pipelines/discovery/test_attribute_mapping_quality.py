"""How good mappings are: on known exports, on the same exports without their templates, on headers nobody listed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest
import yaml

from flow_pipelines.discovery.attribute_mapping import map_attributes
from flow_pipelines.discovery.data_import import SourceFile, import_files
from flow_pipelines.reference.aliases import attribute_of_header
from flow_pipelines.sample.generate import write_sample
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings

SCOPE = Scope("acme", "dc-exit")
SETTINGS = EngagementSettings(as_of=date(2026, 3, 2))
LABELLED = Path(__file__).with_name("attribute_mapping_headers.yaml")
ROWS = 24


class Quality(NamedTuple):
    precision: float
    recall: float
    wrong: list[tuple[str, ...]]


def quality(mappings: pd.DataFrame, right: dict[tuple[str, str, str], set[str]]) -> Quality:
    """Compare applied mappings with the right answers per file, sheet and column; `` stands for no attribute."""
    found = missed = 0
    wrong = []
    for row in mappings.itertuples():
        answers = right[row.source_file, row.sheet or "", row.source_column]
        applied = row.attribute if row.status == "applied" else ""
        found += bool(applied) and applied in answers
        missed += applied not in answers and "" not in answers
        if applied and applied not in answers:
            wrong.append((row.source_file, row.sheet or "", row.source_column, applied))
    return Quality(found / (found + len(wrong)), found / (found + missed), wrong)


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, dict[tuple[str, str, str], set[str]]]:
    """Return the records of a sample estate, and the right attributes of its columns."""
    folder = tmp_path_factory.mktemp("estate")
    report = write_sample(folder, servers=60, connections=2_000, seed=11)
    files = [SourceFile(path.name, path) for path in sorted(folder.iterdir()) if path.is_file()]
    imported = import_files(files, scope=SCOPE, settings=SETTINGS).imported_records
    truth = pd.read_csv(report.truth / "mappings.csv", dtype=str, keep_default_na=False)
    right = {
        (row.source_file, row.sheet, row.source_column): {row.attribute}
        | {"" if other == "none" else other for other in row.also_right.split("|") if other}
        for row in truth.itertuples()
    }
    return imported, right


Estate = tuple[pd.DataFrame, dict[tuple[str, str, str], set[str]]]


def test_known_exports_are_mapped_nearly_without_fault(estate: Estate) -> None:
    imported, right = estate
    measured = quality(map_attributes(imported, scope=SCOPE, settings=SETTINGS), right)

    assert measured.precision >= 0.98, measured.wrong
    assert measured.recall >= 0.95


def test_the_same_exports_are_mapped_well_without_their_templates(estate: Estate) -> None:
    imported, right = estate
    unknown = imported.assign(source_format="generic")
    measured = quality(map_attributes(unknown, scope=SCOPE, settings=SETTINGS), right)

    assert measured.precision >= 0.95, measured.wrong
    assert measured.recall >= 0.93


def labelled_sheets() -> list[dict[str, Any]]:
    sheets: list[dict[str, Any]] = yaml.safe_load(LABELLED.read_text(encoding="utf-8"))
    return sheets


def labelled_records(sheets: list[dict[str, Any]]) -> pd.DataFrame:
    rows = [
        {
            "record_id": SCOPE.id_of("record", number, row),
            "source_file": f"sheet {number}",
            "sheet": None,
            "row_number": row + 2,
            "row_count": 1,
            "source_format": "generic",
            "record_type": sheet["record_type"],
            "raw_values": {
                column["header"]: str(column["values"][row % len(column["values"])]).replace("{n}", str(row + 10))
                for column in sheet["columns"]
            },
        }
        for number, sheet in enumerate(sheets)
        for row in range(ROWS)
    ]
    return pd.DataFrame(rows)


def test_headers_that_nobody_listed_are_mapped_by_likeness_and_values() -> None:
    sheets = labelled_sheets()
    right = {
        (f"sheet {number}", "", column["header"]): {column["attribute"]}
        for number, sheet in enumerate(sheets)
        for column in sheet["columns"]
        if attribute_of_header(column["header"], record_type=sheet["record_type"]) is None
    }
    mappings = map_attributes(labelled_records(sheets), scope=SCOPE, settings=SETTINGS)
    unlisted = mappings[[(row.source_file, "", row.source_column) in right for row in mappings.itertuples()]]
    measured = quality(unlisted, right)

    assert len(unlisted) >= 80
    assert measured.precision >= 0.9, measured.wrong
    assert measured.recall >= 0.8


def test_confidence_is_roughly_the_share_of_right_mappings() -> None:
    sheets = labelled_sheets()
    right = {
        (f"sheet {number}", column["header"]): column["attribute"]
        for number, sheet in enumerate(sheets)
        for column in sheet["columns"]
    }
    mappings = map_attributes(labelled_records(sheets), scope=SCOPE, settings=SETTINGS)
    named = mappings[mappings["attribute"].notna()]
    hits = [row.attribute == right[row.source_file, row.source_column] for row in named.itertuples()]

    assert abs(sum(hits) / len(hits) - named["confidence"].mean()) <= 0.1
