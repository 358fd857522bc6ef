"""Files beside tables: whole, of one engagement, and none left over from an earlier version."""

from __future__ import annotations

from pathlib import Path

from flow_pipelines.scope import Scope
from resources.artefacts import Artefacts

ONE, OTHER = Scope("acme", "dc-exit"), Scope("globex", "dc-exit")


def test_a_new_version_replaces_the_files_of_the_one_before_and_no_others(tmp_path: Path) -> None:
    artefacts = Artefacts(tmp_path)
    artefacts.replace(ONE, "assess/waves", {"wave-1.svg": "old", "wave-2.svg": "old"})
    artefacts.replace(ONE, "assess/roadmap", {"gantt.svg": "kept"})
    artefacts.replace(OTHER, "assess/waves", {"wave-1.svg": "theirs"})
    paths = artefacts.replace(ONE, "assess/waves", {"wave-1.svg": "new"})
    assert paths["wave-1.svg"] == tmp_path / "acme" / "dc-exit" / "assess" / "waves" / "wave-1.svg"
    found = {path.relative_to(tmp_path).as_posix(): path.read_text() for path in tmp_path.rglob("*.*")}
    assert found == {
        "acme/dc-exit/assess/waves/wave-1.svg": "new",
        "acme/dc-exit/assess/roadmap/gantt.svg": "kept",
        "globex/dc-exit/assess/waves/wave-1.svg": "theirs",
    }


def test_a_table_without_pictures_leaves_no_folder(tmp_path: Path) -> None:
    assert Artefacts(tmp_path).replace(ONE, "discovery/inventory", {}) == {}
    assert list(tmp_path.iterdir()) == []


def test_bytes_are_written_as_they_are(tmp_path: Path) -> None:
    paths = Artefacts(tmp_path).replace(
        ONE, "execute/cutover_runbook", {"wave-1.xlsx": b"PK\x00\r\n", "page.html": "ü"}
    )
    assert paths["wave-1.xlsx"].read_bytes() == b"PK\x00\r\n"
    assert paths["page.html"].read_text(encoding="utf-8") == "ü"
