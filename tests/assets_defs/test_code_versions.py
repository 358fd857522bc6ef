"""What a phase's results can depend on: every import, on whatever way and of whatever flow."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

from assets_defs.code_versions import ROOT, code_version, imported_by, sources_of
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


def test_every_phase_has_a_version_that_its_own_code_changes() -> None:
    for plan in phase_plans():
        own = Path(str(importlib.import_module(plan.shell.compute.__module__).__file__))
        flow = "handoffs" if plan.shell.phase == "handoff" else plan.flow.name
        assert plan.code_version == code_version(flow, own)
        assert own in sources_of(plan.flow.name, own)
