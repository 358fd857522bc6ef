from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.flow_pipelines.discovery.readers.importing import import_paths, import_text, rejections, rows


def parquet(path: Path, statement: str) -> Path:
    with duckdb.connect() as database:
        database.execute(f"COPY ({statement}) TO '{path}' (FORMAT parquet)")
    return path


def test_typed_cells_become_text_without_loss(tmp_path: Path) -> None:
    statement = """SELECT 'web01' AS hostname, 8.0::DOUBLE AS cpus, 2.5::DOUBLE AS load, 16.10::DECIMAL(9, 2) AS ram_gb,
        1234567890123456789::BIGINT AS asset, DATE '2025-01-31' AS installed, NULL::VARCHAR AS note,
        TIMESTAMPTZ '2025-01-31 10:00:00+00' AS seen, true AS virtual, ['10.0.0.1', '10.0.0.2'] AS ips"""
    assert rows(import_paths(parquet(tmp_path / "a.parquet", statement))) == [
        (
            1,
            {
                "hostname": "web01",
                "cpus": "8",
                "load": "2.5",
                "ram_gb": "16.10",
                "asset": "1234567890123456789",
                "installed": "2025-01-31",
                "seen": "2025-01-31 10:00:00+00",
                "virtual": "true",
                "ips": "10.0.0.1; 10.0.0.2",
            },
        )
    ]


@pytest.mark.parametrize("name", ["flows.parquet", "flows[1].csv", "a=b"])
def test_connections_fold_whatever_the_file_is_called(tmp_path: Path, name: str) -> None:
    statement = """SELECT '10.0.0.' || (i % 2) AS src_ip, '10.0.1.1' AS dst_ip, 443.0::DOUBLE AS dst_port, i AS bytes
        FROM range(10) t(i)"""
    made = parquet(tmp_path / "made", statement).rename(tmp_path / name)
    result = import_paths(made)
    assert result.imported_records["row_count"].tolist() == [5, 5]
    assert {values["dst_port"] for _, values in rows(result)} == {"443"}


def test_a_broken_file_says_so(tmp_path: Path) -> None:
    whole = parquet(tmp_path / "made", "SELECT 'web01' AS hostname").read_bytes()
    assert rejections(import_text(tmp_path, whole[:-20], "x")) == [(None, "broken_parquet")]
