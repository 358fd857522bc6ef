"""What the tests of import share: importing files into an engagement made up for the purpose."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd

from flow_pipelines.discovery.data_import import ImportResult, SourceFile, check_row_sum, import_files
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings

SCOPE = Scope("acme", "dc-exit")
SETTINGS = EngagementSettings(as_of=date(2025, 6, 1))


def import_paths(*paths: Path, settings: EngagementSettings = SETTINGS) -> ImportResult:
    result = import_files([SourceFile(path.name, path) for path in paths], scope=SCOPE, settings=settings)
    assert check_row_sum(result) == []
    return result


def import_text(folder: Path, text: str | bytes, name: str = "servers.csv") -> ImportResult:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return import_paths(path)


def rows(result: ImportResult) -> list[tuple[int, dict[str, str]]]:
    """The imported rows by number."""
    found = zip(result.imported_records["row_number"], result.imported_records["raw_values"], strict=True)
    return sorted(((int(number), values) for number, values in found), key=lambda item: item[0])


def rejections(result: ImportResult) -> list[tuple[int | None, str]]:
    """The rejected rows by number, with the code of the reason; sheets and files as a whole come first."""
    numbers = [None if pd.isna(number) else int(number) for number in result.rejected_records["row_number"]]
    found = zip(numbers, result.rejected_records["reason_code"], strict=True)
    return sorted(found, key=lambda item: (item[0] or 0, item[1]))
