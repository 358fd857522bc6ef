from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from flow_pipelines.errors import InputError
from flow_pipelines.scope import Scope
from resources.landing import SETTLING_SECONDS, UPDATES, Landing, check_files, content_hash

SCOPE = Scope("acme", "dc-exit")
OTHER = Scope("acme", "cloud-first")


def written(folder: Path, name: str, text: str = "name\nweb01\n") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def settle(landing: Landing) -> None:
    past = time.time() - SETTLING_SECONDS - 1
    for file in landing.files(SCOPE):
        os.utime(file.path, (past, past))


def test_files_land_in_their_engagements_folder_only(tmp_path: Path) -> None:
    landing = Landing(tmp_path / "landing")
    landed = landing.land(SCOPE, [written(tmp_path, "b.csv"), written(tmp_path, "a.csv")])
    assert [file.name for file in landing.files(SCOPE)] == ["a.csv", "b.csv"]
    assert {file.path.parent for file in landed} == {tmp_path / "landing" / "acme" / "dc-exit"}
    assert landing.files(OTHER) == []


def test_a_newer_export_replaces_the_one_of_the_same_name(tmp_path: Path) -> None:
    landing = Landing(tmp_path / "landing")
    landing.land(SCOPE, [written(tmp_path, "a.csv", "old")])
    landing.land(SCOPE, [written(tmp_path, "a.csv", "new")])
    assert [file.path.read_text(encoding="utf-8") for file in landing.files(SCOPE)] == ["new"]


def test_what_tells_of_tasks_never_replaces_another_file_and_is_whole_at_once(tmp_path: Path) -> None:
    landing = Landing(tmp_path / "landing")
    landed = [
        landing.land(SCOPE, [written(tmp_path, "week.csv", text)], subfolder=UPDATES)[0].name
        for text in ("old", "new", "old", "newer", "new")
    ]
    assert landed == ["week.csv", "week (2).csv", "week.csv", "week (3).csv", "week (2).csv"]
    told = [file.path.read_text(encoding="utf-8") for file in landing.settled_update_files(SCOPE)]
    assert sorted(told) == ["new", "newer", "old"]


def test_what_is_half_copied_hidden_or_a_link_is_no_file(tmp_path: Path) -> None:
    landing = Landing(tmp_path / "landing")
    landing.land(SCOPE, [written(tmp_path, "a.csv")])
    folder = landing.folder(SCOPE)
    written(folder, ".arriving-x")
    (folder / "passwords.csv").symlink_to("/etc/passwd")
    written(folder / "inner", "c.csv")
    assert [file.name for file in landing.files(SCOPE)] == ["a.csv"]


def test_a_file_that_would_be_passed_over_is_refused_and_nothing_is_copied(tmp_path: Path) -> None:
    landing = Landing(tmp_path / "landing")
    with pytest.raises(InputError, match=r"hidden files: \.b\.csv"):
        landing.land(SCOPE, [written(tmp_path, "a.csv"), written(tmp_path, ".b.csv")])
    assert landing.files(SCOPE) == []


def test_a_name_in_another_encoding_becomes_one_that_can_be_stored(tmp_path: Path) -> None:
    """As a share of an old Windows has them; the database takes UTF-8 only."""
    landing, name = Landing(tmp_path / "landing"), os.fsdecode("Pr\xfcfung.csv".encode("cp1252"))
    landing.land(SCOPE, [written(tmp_path, name)])
    dropped = written(landing.folder(SCOPE), "x" + name)
    (landed, other) = landing.files(SCOPE)
    assert (landed.name, other.name, other.path) == ("Pr\ufffdfung.csv", "xPr\ufffdfung.csv", dropped)
    landing.take_in(SCOPE, other, 1)
    assert landing.received(SCOPE, 1, other.name).is_file()


def test_every_bad_path_is_named_and_nothing_is_copied(tmp_path: Path) -> None:
    landing = Landing(tmp_path / "landing")
    good, twin = written(tmp_path, "a.csv"), written(tmp_path / "other", "a.csv")
    with pytest.raises(InputError) as caught:
        landing.land(SCOPE, [good, twin, tmp_path / "missing.csv", tmp_path])
    assert "missing.csv is not a file" in str(caught.value)
    assert f"{tmp_path} is not a file" in str(caught.value)
    assert "same name" in str(caught.value)
    assert landing.files(SCOPE) == []


def test_the_fingerprint_follows_every_change(tmp_path: Path) -> None:
    landing = Landing(tmp_path / "landing")
    seen = [landing.fingerprint(SCOPE)]
    landing.land(SCOPE, [written(tmp_path, "a.csv")])
    seen.append(landing.fingerprint(SCOPE))
    assert landing.fingerprint(SCOPE) == seen[-1]
    landing.land(SCOPE, [written(tmp_path, "a.csv", "changed")])
    seen.append(landing.fingerprint(SCOPE))
    landing.land(SCOPE, [written(tmp_path, "b.csv")])
    seen.append(landing.fingerprint(SCOPE))
    assert len(set(seen)) == 4


def test_files_are_settled_once_none_is_arriving(tmp_path: Path) -> None:
    landing = Landing(tmp_path / "landing")
    assert not landing.is_settled(SCOPE)
    landing.land(SCOPE, [written(tmp_path, "a.csv")])
    assert not landing.is_settled(SCOPE)
    settle(landing)
    assert landing.is_settled(SCOPE)


def test_the_content_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    assert content_hash(written(tmp_path, "a.csv", "x")) == content_hash(written(tmp_path, "b.csv", "x"))
    assert content_hash(written(tmp_path, "a.csv", "x")) != content_hash(written(tmp_path, "b.csv", "y"))
    assert check_files([tmp_path / "a.csv"])[0].name == "a.csv"
