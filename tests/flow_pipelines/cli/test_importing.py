"""Previews of files by themselves: no engagement, no database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from flow_pipelines.cli import importing
from flow_pipelines.cli.main import app
from flow_pipelines.errors import InputError, ScopeError


@pytest.fixture(autouse=True)
def _no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        pytest.fail("the database was opened")

    monkeypatch.setattr(importing, "open_installation", refuse)


def flow(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["import", *map(str, arguments)])


def preview(*arguments: object, code: int = 0) -> Any:  # noqa: ANN401  (whatever the command prints)
    result = flow("--preview", "--json", *arguments)
    assert result.exit_code == code
    return json.loads(result.stdout)


def test_one_file_is_one_object_with_format_confidence_and_sheets(tmp_path: Path) -> None:
    path = tmp_path / "export"
    path.write_text("Servername;IP Adresse\nweb01;10.0.0.1\nx;y;z\n", encoding="utf-8")
    shown = preview(path)
    assert (shown["file"], shown["format"]) == ("export", "generic")
    assert 0 < shown["confidence"] <= 1
    (sheet,) = shown["sheets"]
    assert (sheet["sheet"], sheet["rows"], sheet["imported"], sheet["rejected"]) == (None, 2, 1, 1)
    assert {mapping["source"]: mapping["attribute"] for mapping in sheet["mappings"]} == {
        "Servername": "name",
        "IP Adresse": "ip_addresses",
    }
    assert set(sheet["mappings"][0]) >= {"source", "attribute", "part", "method", "confidence", "status"}
    assert shown["inventory"] is None


def test_several_files_are_listed_and_a_file_without_usable_rows_sets_the_exit_code(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.bin"
    good.write_text('[{"hostname": "web\\ud800", "ip": "10.0.0.1"}]', encoding="utf-8")
    bad.write_bytes(bytes(range(256)) * 20)
    shown = preview(good, bad, code=InputError.exit_code)
    assert [(file["file"], file["format"]) for file in shown["files"]] == [
        ("bad.bin", "unknown"),
        ("good.json", "generic"),
    ]
    assert shown["files"][0]["rejections"][0]["reason_code"] == "unsupported_type"


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    assert isinstance(flow("--preview", tmp_path / "missing.csv").exception, InputError)
    assert isinstance(flow("servers.csv").exception, ScopeError)
    assert isinstance(flow("acme/dc-exit").exception, InputError)
    assert isinstance(flow("--preview", "acme/dc-exit").exception, InputError)
    assert isinstance(flow("--preview").exception, InputError)
