"""Asking for a sample: the same bytes for the same arguments, any size, nothing of the user's overwritten."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from flow_pipelines.errors import InputError
from flow_pipelines.sample import connections, details, write_sample
from flow_pipelines.sample.edges import draw_edges
from flow_pipelines.sample.layout import lay_out
from flow_pipelines.sample.writing import Ledger


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_same_arguments_give_the_same_bytes_on_another_machine_at_another_time(tmp_path: Path) -> None:
    write_sample(tmp_path / "here", servers=60, connections=500, seed=7)
    script = (
        "from pathlib import Path; from flow_pipelines.sample import write_sample; "
        f"write_sample(Path({str(tmp_path / 'there')!r}), servers=60, connections=500, seed=7)"
    )
    elsewhere = {**os.environ, "PYTHONHASHSEED": "123", "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", script], check=True, env=elsewhere)
    assert contents(tmp_path / "here") == contents(tmp_path / "there")


def test_another_seed_gives_another_estate(tmp_path: Path) -> None:
    write_sample(tmp_path / "one", servers=20, connections=10, seed=1)
    write_sample(tmp_path / "four", servers=20, connections=10, seed=4)
    first, second = contents(tmp_path / "one"), contents(tmp_path / "four")
    assert set(first) == set(second)
    assert first["truth/servers.csv"] != second["truth/servers.csv"]


@pytest.mark.parametrize("servers", [20, 300])
def test_samples_of_any_size_have_all_files_and_report_their_rows(tmp_path: Path, servers: int) -> None:
    progress = Counter[str]()

    def count(file: str, rows: int) -> None:
        progress[file] += rows

    report = write_sample(tmp_path, servers=servers, connections=100, seed=2, progress=count)
    assert {path.name for path in report.files} == {
        *("rvtools.xlsx", "cmdb_ci_server.csv", "cmdb_ci_appl.csv", "cmdb_ci_db_instance.csv", "cmdb_rel_ci.csv"),
        *("aws_migration_hub.csv", "connections.csv"),
    }
    assert all(path.is_file() for path in report.files)
    assert report.servers == servers
    assert report.rows["connections.csv"] == 100
    assert progress["connections.csv"] == 100
    assert progress["rvtools.xlsx"] == sum(rows for name, rows in report.rows.items() if name.startswith("rvtools"))


def test_a_sample_without_connections_has_a_file_with_a_header_only(tmp_path: Path) -> None:
    write_sample(tmp_path, servers=20, connections=0, seed=0)
    assert (tmp_path / "connections.csv").read_text(encoding="utf-8").count("\n") == 1


def test_an_estate_too_large_for_one_workbook_has_one_for_each_virtual_center(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flow_pipelines.sample.rvtools.ONE_WORKBOOK_UP_TO", 100)
    report = write_sample(tmp_path, servers=120, connections=10, seed=0)
    assert [path.name for path in report.files if path.suffix == ".xlsx"] == [
        "rvtools-vclon01.xlsx",
        "rvtools-vcman02.xlsx",
    ]
    assert sum(rows for name, rows in report.rows.items() if name.endswith("vCPU")) == 102 + 6  # VMs and templates


def test_a_sample_written_in_several_chunks_repeats_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(details, "CHUNK", 50)
    monkeypatch.setattr(connections, "CHUNK", 300)
    report = write_sample(tmp_path, servers=220, connections=1_000, seed=3)
    lines = (report.truth / "servers.csv").read_text(encoding="utf-8").splitlines()[1:]
    names = [line.split(",")[:2] for line in lines]
    assert len({identity for identity, _ in names}) == len(lines)
    live = [name for identity, name in names if identity.startswith("SRV")]
    assert len(set(live)) == 220
    uuids = [line.split(",")[5] for line in lines]
    assert len(set(uuids)) > 0.97 * len(uuids), "only rare clones share a UUID, across chunks too"
    times = [line.split(",")[0] for line in (tmp_path / "connections.csv").read_text(encoding="utf-8").splitlines()[1:]]
    assert len(times) == 1_000
    assert times == sorted(times)


def test_memory_does_not_grow_with_the_number_of_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "CHUNK", 4_000)
    layout = lay_out(50, 1)
    edges = draw_edges(layout)
    peaks = []
    with Ledger(tmp_path, lambda _file, _rows: None) as ledger:
        for chunks in (2, 2, 10):
            tracemalloc.start()
            observed = connections.write_connections(
                tmp_path / "connections.csv", layout, edges, 4_000 * chunks, ledger
            )
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert int(np.sum(observed)) <= 4_000 * chunks
    assert peaks[2] < peaks[1] * 1.2


@pytest.mark.parametrize(
    ("servers", "connections_count", "seed", "named"),
    [
        (19, 0, 0, "servers"),
        (100_001, 0, 0, "servers"),
        (20, -1, 0, "connections"),
        (20, 0, -1, "seed"),
        (20, 0, 2**32, "seed"),
    ],
)
def test_arguments_out_of_range_are_refused_by_name(
    tmp_path: Path, servers: int, connections_count: int, seed: int, named: str
) -> None:
    with pytest.raises(InputError, match=f"{named} is"):
        write_sample(tmp_path / "out", servers=servers, connections=connections_count, seed=seed)
    assert not (tmp_path / "out").exists()


def test_all_arguments_out_of_range_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"servers is 1, .*connections is -1, .*seed is -5"):
        write_sample(tmp_path, servers=1, connections=-1, seed=-5)


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "rvtools.xlsx").write_text("mine")
    with pytest.raises(InputError, match="no sample"):
        write_sample(tmp_path, servers=20, connections=10, seed=0)
    assert contents(tmp_path) == {"rvtools.xlsx": b"mine"}


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(InputError, match="is a file"):
        write_sample(tmp_path / "out", servers=20, connections=10, seed=0)


def test_an_earlier_sample_is_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sample(tmp_path / "once", servers=20, connections=10, seed=0)
    with monkeypatch.context() as patch:
        patch.setattr("flow_pipelines.sample.rvtools.ONE_WORKBOOK_UP_TO", 10)
        write_sample(tmp_path / "twice", servers=40, connections=50, seed=3)
    write_sample(tmp_path / "twice", servers=20, connections=10, seed=0)
    assert contents(tmp_path / "once") == contents(tmp_path / "twice")
