"""Passwords and keys in exports: none gets past the import, and what is around them stays."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_pipelines.discovery.readers.secrets import REMOVED, is_secret_column, without_secrets
from tests.flow_pipelines.discovery.readers.importing import import_paths, import_text, rows

HIDDEN = "Tr0ub4dor3"
STRING = f"Server=tcp:db01.corp.example,1433;Database=shop;User Id=jane;Password={HIDDEN};Encrypt=True"
HOSTILE = [
    "<a",
    "<pwd>",
    '"key":"',
    *("a", "a:", "a-", 'password="', "pwd ", "x://", "jdbc:oracle:thin:a/", "-----BEGIN ", "= ", "pwd={"),
    *("--a-", "--password ", "authorization:", "?sig=", "pwd1"),
]
KEPT = [
    "Server=db01;Port=5432;Database=shop;User=jane",
    "jdbc:postgresql://db01:5432/shop",
    "https://wiki.corp.example/how-to-reset-a-password",
    "owner:jane; purpose: bypass: yes",
    "12:30:45",
    "2001:db8::5",
    "00:50:56:ab:cd:ef",
    "Password last set: 2024-02-01",
    "passwordNeverExpires=true",
    "backup --password-file /etc/pw --all",
]


@pytest.mark.parametrize(
    ("cell", "without"),
    [
        ("Server=db01;Password=s3cret;Database=shop", f"Server=db01;Password={REMOVED};Database=shop"),
        ("Data Source=db01; PWD = 's3 cret;x' ;Encrypt=True", f"Data Source=db01; PWD = {REMOVED} ;Encrypt=True"),
        ("postgresql://jane:s3cret@db01:5432/shop", f"postgresql://jane:{REMOVED}@db01:5432/shop"),
        ("redis://:s3cret@cache01:6379/0", f"redis://:{REMOVED}@cache01:6379/0"),
        ("jdbc:oracle:thin:scott/tiger@ora01:1521:ERP", f"jdbc:oracle:thin:scott/{REMOVED}@ora01:1521:ERP"),
        ("jdbc:sqlserver://db01;user=sa;password={s3;cret}", f"jdbc:sqlserver://db01;user=sa;password={REMOVED}"),
        ("jdbc:mysql://db01/shop?user=a&password=s3cret&useSSL=1", f"jdbc:mysql://db01/shop?user=a&password={REMOVED}&useSSL=1"),
        ('{"host": "db01", "secret_key": "s3cret"}', f'{{"host": "db01", "secret_key": {REMOVED}}}'),
        ("AccountName=a;AccountKey=s3cret==;EndpointSuffix=x", f"AccountName=a;AccountKey={REMOVED};EndpointSuffix=x"),
        ('[{"Key": "db_password", "Value": "s3cret"}]', f'[{{"Key": "db_password", "Value": {REMOVED}}}]'),
        ("<db><dbPassword>s3cret</dbPassword></db>", f"<db><dbPassword>{REMOVED}</dbPassword></db>"),
        ("root Passwort: s3cret", f"root Passwort: {REMOVED}"),
        ("jdbc.dbPassword=s3cret", f"jdbc.dbPassword={REMOVED}"),
        ("PGPASSWORD=s3cret psql -h db01", f"PGPASSWORD={REMOVED} psql -h db01"),
        ("java -Dssl.keyStorePassword=s3cret -jar a", f"java -Dssl.keyStorePassword={REMOVED} -jar a"),
        ("backup --host db01 --password s3cret --all", f"backup --host db01 --password {REMOVED} --all"),
        ("agent --db-password s3cret", f"agent --db-password {REMOVED}"),
        ("Authorization: Bearer s3cret.s3cret", f"Authorization: Bearer {REMOVED}"),
        ("https://a.blob.example/b?sv=1&sig=s3cret%3D&se=2", f"https://a.blob.example/b?sv=1&sig={REMOVED}&se=2"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", f"-----BEGIN RSA PRIVATE KEY-----{REMOVED}"),
    ],
)  # fmt: skip
def test_the_secret_goes_and_the_rest_stays(cell: str, without: str) -> None:
    assert without_secrets(cell) == without
    assert without_secrets(without) == without


@pytest.mark.parametrize("cell", KEPT)
def test_what_holds_no_secret_stays_as_it_is(cell: str) -> None:
    assert without_secrets(cell) == cell


@given(st.text(alphabet=st.characters(exclude_characters=":=-<"), max_size=60))
def test_text_without_any_sign_of_a_pair_is_never_touched(cell: str) -> None:
    assert without_secrets(cell) == cell


@given(st.text(alphabet=st.characters(categories=("L", "N")), min_size=4, max_size=20))
def test_no_password_of_letters_and_digits_is_left(password: str) -> None:
    for cell in (f"Server=db;Password={password};", f"mysql://jane:{password}@db01/shop", f"pwd: {password}"):
        assert without_secrets(cell).count(password) == cell.replace(password, "").count(password)


COLUMNS = ["Password", "Admin Password", "db_pwd", "rootPassword", "API Key", "Kennwort"]


@pytest.mark.parametrize("name", [*COLUMNS, "Password*", "PASSWORD:", "Password (2)", "Secrets"])
def test_a_column_of_secrets_is_told_by_its_name(name: str) -> None:
    assert is_secret_column(name)


@pytest.mark.parametrize("name", ["Password last set", "Key", "Passengers", "Pass", "Secretary", "Bypass"])
def test_a_column_about_secrets_is_none(name: str) -> None:
    assert not is_secret_column(name)


def test_no_secret_of_any_kind_of_file_reaches_a_table(tmp_path: Path) -> None:
    facts = {"DB connection": STRING, "Admin Password": HIDDEN, "OS": "RHEL 8"}
    rows = [{"Hostname": "web01", "IP Address": "10.0.0.1", **facts}, {"Hostname": "", "IP Address": "", **facts}]
    frame = pd.DataFrame(rows)
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_excel(tmp_path / "b.xlsx", index=False)
    duckdb.from_df(frame).write_parquet(str(tmp_path / "c.parquet"))
    (tmp_path / "d.json").write_text(json.dumps(rows), encoding="utf-8")
    broken = "\n".join([json.dumps(rows[0]), json.dumps(rows[1]), json.dumps(rows[0])[:-3]])
    (tmp_path / "e.jsonl").write_text(broken, encoding="utf-8")
    result = import_paths(*sorted(tmp_path.iterdir()))
    assert len(result.imported_records) == 5
    assert len(result.rejected_records) >= 5
    kept = result.imported_records.to_csv() + result.rejected_records.to_csv()
    assert HIDDEN not in kept
    assert REMOVED in kept
    for values in result.imported_records["raw_values"]:
        assert values["DB connection"].startswith("Server=tcp:db01.corp.example,1433;Database=shop;User Id=jane;")
        assert values["Admin Password"] == REMOVED


def test_a_row_that_repeats_the_name_of_a_secret_column_is_no_asset(tmp_path: Path) -> None:
    header, row = "Hostname,IP Address,OS,Password", f"web01,10.0.0.1,RHEL 8,{HIDDEN}"
    (tmp_path / "twice.csv").write_text(f"{header}\n{row}\n{header}\n{row}", encoding="utf-8")
    result = import_paths(tmp_path / "twice.csv")
    assert len(result.imported_records) == 2
    assert list(result.rejected_records["reason_code"]) == ["repeated_header"]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_cell_of_millions_of_characters_comes_to_an_end(piece: str) -> None:
    """Searches that begin anew at each of them would take hours."""
    found = without_secrets("=:" + piece * (3_000_000 // len(piece)))
    assert found.startswith("=:")


def test_the_value_of_a_tag_whose_key_names_a_secret_goes(tmp_path: Path) -> None:
    result = import_text(tmp_path, f"MachineId,Key,Value\nvm-1,db_password,{HIDDEN}\nvm-1,owner,Jane\n")
    assert set(result.imported_records["record_type"]) == {"server_tag"}
    assert [values["Value"] for _, values in rows(result)] == [REMOVED, "Jane"]
