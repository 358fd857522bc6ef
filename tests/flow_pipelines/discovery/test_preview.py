from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd

from flow_pipelines.discovery.data_import import SourceFile
from flow_pipelines.discovery.preview import preview_import
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import empty


def preview_columns(folder: Path, text: str) -> list[str]:
    file = folder / "servers.csv"
    file.write_text(text, encoding="utf-8")
    shown = preview_import(
        [],
        [SourceFile(name=file.name, path=file)],
        empty(output_tables()["discovery/inventory"]),
        scope=Scope("acme", "dc-exit"),
        settings=EngagementSettings(as_of=date(2026, 6, 30)),
    )
    assert isinstance(shown.attribute_mappings, pd.DataFrame)
    return shown.attribute_mappings["source_column"].tolist()


def test_columns_are_shown_in_the_order_of_the_file(tmp_path: Path) -> None:
    header = "os,hostname,zone,ip_address,color"
    # No row fills every column.
    rows = "RHEL 8,web01,,,\n,web02,north,10.1.1.2,\n,web03,south,10.1.1.3,red\n"
    assert preview_columns(tmp_path, f"{header}\n{rows}") == header.split(",")
