"""What a phase's results can depend on: every import, on whatever way and of whatever flow."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

from assets_defs import code_versions
from assets_defs.code_versions import ROOT, code_version, data_in, imported_by, library_versions, sources_of
from assets_defs.definitions import phase_plans


def names(flow: str, module: str) -> set[str]:
    file = Path(str(importlib.import_module(module).__file__))
    return {path.relative_to(ROOT).as_posix() for path in sources_of(flow, file) if path.is_relative_to(ROOT)}


def test_what_is_imported_of_another_flow_counts() -> None:
    execute = names("execute", "assets_defs.execute_overview")
    assert {"execute/all_tasks.py", "modernize/backlog/items.py", "modernize/findings/sarif.py"} <= execute
    assert {"reference/update_formats.yaml", "discovery/identity/names.py", "settings.py"} <= execute
    discovery = names("discovery", "assets_defs.discovery")
    assert {"discovery/readers/split_lines.sql"} <= discovery
    assert not any(name.startswith(("execute/", "modernize/", "cli/", "sample/")) for name in discovery)


def test_no_import_is_overlooked() -> None:
    for path in ROOT.rglob("*.py"):
        found = {
            name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in _modules(node)
        }
        files = {ROOT.parent.joinpath(*name.split(".")).with_suffix(".py") for name in found}
        assert {file for file in files if file.is_relative_to(ROOT) and file.is_file()} <= imported_by(path), path


def _modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [one.name for one in node.names]
    assert not node.level, "imports name the package"
    return [str(node.module), *(f"{node.module}.{one.name}" for one in node.names)]


def test_every_phase_has_a_version_that_its_own_code_changes(tmp_path: Path) -> None:
    for number, plan in enumerate(phase_plans()):
        own = Path(str(importlib.import_module(plan.shell.compute.__module__).__file__))
        flow = "handoffs" if plan.shell.phase == "handoff" else plan.flow.name
        text = own.read_text(encoding="utf-8")
        same, changed = (tmp_path / f"{number} {how}" / own.name for how in ("same", "changed"))
        for file, content in ((same, text), (changed, f"{text}\n")):
            file.parent.mkdir()
            file.write_text(content, encoding="utf-8")
        assert code_version(flow, same) == plan.code_version
        assert code_version(flow, changed) != plan.code_version


def test_what_every_phase_passes_through_counts() -> None:
    found = {path.relative_to(ROOT.parent).as_posix() for path in sources_of("discovery", module_of_discovery())}
    assert {"assets_defs/second_opinion.py", "resources/rows.py", "flow_pipelines/edits.py"} <= found
    assert "flow_pipelines/advice/answers.py" in found


def module_of_discovery() -> Path:
    return Path(str(importlib.import_module("assets_defs.discovery").__file__))


def test_another_library_is_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_version.__wrapped__("discovery", module_of_discovery())
    assert before == code_version("discovery", module_of_discovery())
    monkeypatch.setattr(code_versions, "version", lambda _name: "1.0")
    library_versions.cache_clear()
    assert code_version.__wrapped__("discovery", module_of_discovery()) != before
    library_versions.cache_clear()


def test_what_an_editor_leaves_beside_the_data_is_none(tmp_path: Path) -> None:
    for name in ("facts.csv", ".facts.csv.swp", ".DS_Store", "facts.csv~", "code.py"):
        (tmp_path / name).touch()
    assert data_in(tmp_path) == {tmp_path / "facts.csv"}
