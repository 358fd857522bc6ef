"""The `flow` command as its user runs it, on an installation of its own, with real files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from flow_pipelines.sample import write_sample
from tests.end_to_end.command import Command, Run


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory, warm_flow: Run) -> Command:
    """The command on an installation with one engagement that has run its flows on a sample of 40 servers."""
    folder = tmp_path_factory.mktemp("installation")
    command = Command(folder / "state", warm_flow)
    sample = write_sample(folder / "sample", servers=40, connections=2_000, seed=7)
    settings = folder / "settings.yaml"
    settings.write_text("as_of: 2026-06-30\n", encoding="utf-8")
    command.ok("client", "add", "acme")
    command.ok("engagement", "add", "acme/dc-exit", "--settings", settings)
    command.ok("import", "acme/dc-exit", *sample.files)
    command.ok("run", "acme/dc-exit")
    command.ok("run", "acme/dc-exit", "--flow", "assess")
    command.ok("approve", "acme/dc-exit", "--by", "Ann", "--reason", "agreed in the board")
    command.ok("run", "acme/dc-exit", "--flow", "plan")
    command.ok("run", "acme/dc-exit", "--flow", "execute")
    command.ok("run", "acme/dc-exit", "--flow", "modernize")
    return command


def versions(flow: Command) -> dict[str, str]:
    tables = flow.json("status", "acme/dc-exit")[0]["tables"]
    return {name: table["data_version"] for name, table in tables.items()}


def test_status_shows_every_table_and_what_they_come_to(flow: Command) -> None:
    status = flow.json("status")[0]
    assert status["engagement"] == "acme/dc-exit"
    assert all(table["rows"] is not None for table in status["tables"].values())
    figures = status["figures"]
    assert 36 <= figures["servers"] <= 48
    assert figures["server records merged as duplicates"] > 0
    assert figures["dependencies"] > 0
    assert figures["tech debt findings"] > 0
    assert figures["waves"].endswith(" planned")
    assert figures["tasks done"].startswith("0 of ")
    assert figures["end"].endswith(" planned")
    assert figures["refactor backlog"].endswith(" items, 0 done")
    shown = flow.ok("status")
    assert "acme/dc-exit in figures" in shown
    assert "tech_debt" in shown


def test_running_again_gives_the_same_data_version_for_every_table(flow: Command) -> None:
    before = versions(flow)
    assert flow.json("run", "acme/dc-exit")["run_id"]
    assert versions(flow) == before


def test_sql_is_read_only_and_in_scope(flow: Command) -> None:
    flow.ok("client", "add", "globex")
    flow.ok("engagement", "add", "globex/move")
    query = "SELECT count(*) FROM inventory"
    assert int(flow.ok("sql", "acme/dc-exit", "--csv", "-c", query).split()[1]) > 0
    assert flow.ok("sql", "globex/move", "--csv", "-c", query).split()[1] == "0"
    assert flow.ok("sql", "acme/dc-exit", "--csv", stdin="SELECT 1 AS one;").split() == ["one", "1"]
    refused = flow("sql", "acme/dc-exit", "-c", "DELETE FROM discovery_history.inventory")
    assert refused.returncode != 0
    assert "permission denied" in refused.stderr or "read-only" in refused.stderr
    assert "Which engagement?" in flow.fails("sql", code=3)


def test_an_analyst_connects_with_the_printed_url(flow: Command) -> None:
    url = flow.ok("user", "add", "acme", "jane").split()[-1]
    holder = subprocess.Popen(
        [sys.executable, "-m", "flow_pipelines.cli", "sql", "acme/dc-exit"],
        env=flow.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    holder.stdin.write("\\echo ready\n")
    holder.stdin.flush()
    assert holder.stdout.readline().strip() == "ready"
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM discovery.inventory").fetchone()
        assert row is not None
        assert row[0] > 0
    holder.communicate()


def test_a_preview_says_what_would_happen_and_writes_nothing(flow: Command, tmp_path: Path) -> None:
    before = versions(flow)
    file = tmp_path / "newcomers.csv"
    file.write_text(
        "Export of 2026-06-01\n\nServername;IP Adresse;Arbeitsspeicher (GB);Betriebssystem\n"
        "brandnew01;10.250.1.1;16;Windows Server 2019\nbrandnew02;10.250.1.2;8;RHEL 8\nx;y;z;a;b;c\n",
        encoding="cp1252",
    )
    preview = flow.json("import", "acme/dc-exit", file, "--preview")
    assert preview["format"] == "generic"
    sheet = preview["sheets"][0]
    assert (sheet["rows"], sheet["rejected"]) == (3, 1)
    mapped = {mapping["source"]: mapping["attribute"] for mapping in sheet["mappings"]}
    assert mapped["IP Adresse"] == "ip_addresses"
    assert mapped["Arbeitsspeicher (GB)"] == "memory_mib"
    assert preview["rejections"][0]["row_number"] == 6
    assert preview["inventory"]["created"] == 2
    assert preview["inventory"]["vanished"] == 0
    assert versions(flow) == before
    assert "2 assets are new" in flow.ok("import", "acme/dc-exit", file, "--preview")


def test_what_other_tools_read_is_written_or_refused_as_a_whole(flow: Command, tmp_path: Path) -> None:
    issues, table, intake = tmp_path / "issues.csv", tmp_path / "targets.parquet", tmp_path / "intake.csv"
    assert "rows are in" in flow.ok("export", "acme/dc-exit", "--format", "jira", "--to", issues)
    assert issues.read_text(encoding="utf-8").startswith("Summary,Issue Type,Description,")
    flow.ok("export", "acme/dc-exit", "targets", "--as", "parquet", "--to", table)
    assert table.read_bytes()[:4] == b"PAR1"
    refused = flow("export", "acme/dc-exit", "--format", "cmf", "--to", intake)
    assert refused.returncode == 1
    assert "aws_accountid" in refused.stdout
    assert not intake.exists()
    assert "--format" in flow.fails("export", "acme/dc-exit", code=2)


def test_errors_are_one_line_with_the_remedy(flow: Command, tmp_path: Path) -> None:
    for arguments, code, words in (
        (("run", "acme/nowhere"), 3, "flow engagement add acme/nowhere"),
        (("run", "Acme"), 3, "client/engagement"),
        (("run", "acme/dc-exit", "--flow", "sixth"), 9, "Choose one of: discovery, assess, plan, execute, modernize"),
        (("import", "acme/dc-exit", tmp_path / "missing.csv"), 5, "missing.csv is not a file"),
        (("engagement", "add", "stranger/danger"), 3, "flow client add stranger"),
        (("client", "add", "Acme Corp."), 3, "lower-case letters"),
    ):
        message = flow.fails(*arguments, code=code)
        assert len(message.strip().splitlines()) == 1
        assert words in message


def test_bad_settings_are_all_named(flow: Command, tmp_path: Path) -> None:
    settings = tmp_path / "settings.yaml"
    settings.write_text("near_end_of_life_days: -1\ncolour: blue\n", encoding="utf-8")
    message = flow.fails("engagement", "add", "acme/dc-exit", "--settings", settings, code=4)
    assert "near_end_of_life_days" in message
    assert "colour" in message


def test_debug_shows_the_stack_trace(flow: Command) -> None:
    finished = flow("--debug", "run", "acme/nowhere")
    assert finished.returncode != 0
    assert "Traceback" in finished.stderr


def test_an_unreadable_file_is_rejected_and_the_rest_goes_on(flow: Command, tmp_path: Path) -> None:
    flow.ok("client", "add", "globex")
    good, bad = tmp_path / "good.csv", tmp_path / "bad.xlsx"
    good.write_text("hostname,ip_address,os\nweb01,10.1.1.1,RHEL 8\n", encoding="utf-8")
    bad.write_bytes(b"PK\x03\x04 this is no workbook")
    flow.ok("engagement", "add", "globex/mess")
    counts = {count["file"]: count for count in flow.json("import", "globex/mess", good, bad)}
    assert counts["good.csv"] == {"file": "good.csv", "imported": 1, "rejected": 0}
    reason = flow.ok("sql", "globex/mess", "--csv", "-c", "SELECT reason FROM rejected_records")
    assert "bad.xlsx" in reason
    assert flow.json("run", "globex/mess")["figures"]["servers"] == 1
