"""Reading the replaced platform on a real PostgreSQL: whole, incomplete, contradictory, protected."""

from __future__ import annotations

import csv
import random
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy import table as table_clause
from sqlalchemy.exc import InternalError

from flow_pipelines.errors import DatabaseError, FlowError, InputError
from flow_pipelines.scope import Scope
from flow_pipelines.takeover.account import account_problems
from resources.installation import Installation
from resources.replaced_platform import open_source
from resources.takeover import Taken, read_platform
from tests.resources.replaced_platform_database import (
    Source,
    Tenant,
    add_tenant,
    id_of,
    source_database,
)

ACME, INITECH = Scope("acme", "dc-exit"), Scope("initech", "to-cloud")


@pytest.fixture
def source(installation: Installation) -> Iterator[Source]:
    with source_database(installation) as made:
        yield made


def taken(source: Source, folder: Path, *, target: Scope | None = None, named: str = "") -> Taken:
    folder.mkdir(exist_ok=True)
    with open_source(source.address) as opened:
        found = read_platform(opened, folder, target=target, named=named)
    assert account_problems(found.accounts) == []
    return found


def two_tenants(source: Source) -> tuple[Tenant, Tenant]:
    return add_tenant(source, "Acme", "DC exit", prefix="acme"), add_tenant(source, "Initech", "To cloud", prefix="ini")


def rows_of(found: Taken, scope: Scope, name: str) -> list[dict[str, str]]:
    (path,) = [file.path for known, file in found.files[scope].items() if name in known]
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_two_tenants_come_over_each_with_its_own_rows(source: Source, tmp_path: Path) -> None:
    acme, initech = two_tenants(source)
    found = taken(source, tmp_path)
    assert set(found.targets.values()) == {ACME, INITECH}
    for scope, tenant, prefix in ((ACME, acme, "acme"), (INITECH, initech, "ini")):
        records = rows_of(found, scope, f"{prefix} servers.{tenant.import_id}")
        assert [row["Host"] for row in records] == [f"{prefix}-web01", f"{prefix}-db01"]
        assert [row["replaced_platform_record_id"] for row in records] == tenant.records
        assert {row["replaced_platform_asset_id"] for row in rows_of(found, scope, "assets")} == set(tenant.assets)
        (dependency,) = rows_of(found, scope, "dependencies")
        assert (dependency["asset_id"], dependency["depends_on_asset_id"]) == tuple(tenant.assets[:2])
        assert (dependency["port"], dependency["relation_type"]) == ("5432", "Depends on::Used by")
        (issue,) = rows_of(found, scope, "quality-issues")
        assert issue["reasoning"] == "No operating system was told"
        (approval,) = found.approvals[scope]
        assert (approval.source_field, approval.attribute) == ("Zuständig", "owner")
        assert approval.actor == f"jane@{prefix}.example"
    counted = {one.table: (one.found, one.brought_rows, one.refused_rows) for one in found.accounts if not one.why_not}
    assert counted["raw_import_records"] == (4, 4, 0)
    assert counted["import_field_mappings"] == (6, 2, 4)
    states = next(one for one in found.accounts if one.table == "workflow_states")
    assert (states.counted, bool(states.why_not)) == (2, True)


def test_nothing_of_another_engagement_comes_along(source: Source, tmp_path: Path) -> None:
    two_tenants(source)
    found = taken(source, tmp_path, target=Scope("acme", "dc-exit"))
    assert set(found.files) == {ACME}
    assert {one.kind: one.elsewhere for one in found.accounts if one.kind in ("assets", "raw_records", "clients")} == {
        "assets": 3,
        "raw_records": 2,
        "clients": 1,
    }
    assert "ini-" not in "".join(file.path.read_text("utf-8") for file in found.files[ACME].values())


def test_the_source_is_only_read_and_can_only_be_read(source: Source, tmp_path: Path) -> None:
    two_tenants(source)
    before = source.fingerprint()
    taken(source, tmp_path)
    assert source.fingerprint() == before
    with open_source(source.address) as opened, pytest.raises(InternalError, match="read-only transaction"):
        opened.connection.execute(insert(table_clause("alembic_version", schema="migration")))


def test_what_others_write_meanwhile_does_not_tear_the_picture(source: Source, tmp_path: Path) -> None:
    acme, _ = two_tenants(source)
    with open_source(source.address) as opened:
        source.add("assets", {**acme.scope, "name": "late", "asset_type": "server"})
        source.execute("DELETE FROM migration.data_imports")
        found = read_platform(opened, tmp_path, target=None, named="")
    assert {one.table: one.refused_rows for one in found.accounts if one.kind == "raw_records"} == {
        "raw_import_records": 0
    }
    assert "late" not in {row["name"] for row in rows_of(found, ACME, "assets")}


def test_orphans_and_rows_without_scope_are_refused_with_their_reason(source: Source, tmp_path: Path) -> None:
    acme, initech = two_tenants(source)
    both = {"client_account_id": acme.client_id, "engagement_id": initech.engagement_id}
    server = {"asset_type": "server"}
    source.add(
        "assets",
        {**server, "name": "nobody's"},
        {**server, "name": "a client's", "client_account_id": acme.client_id},
        {**server, "name": "torn", **both},
        {**server, "name": "of a lost engagement", "engagement_id": id_of("lost")},
    )
    source.add("raw_import_records", {"data_import_id": id_of("lost import"), "row_number": 1, "raw_data": {"a": 1}})
    source.add("raw_import_records", {"data_import_id": acme.import_id, "row_number": 9, "raw_data": [1, 2]})
    source.add("asset_dependencies", {"asset_id": acme.assets[0], "depends_on_asset_id": initech.assets[0]})
    source.add("asset_dependencies", {"asset_id": acme.assets[0], "depends_on_asset_id": id_of("lost asset")})
    source.add("data_quality_issues", {"issue_type": "anything"})
    source.add("engagements", {"client_account_id": id_of("lost client"), "name": "Lost"})
    found = taken(source, tmp_path)
    refused = {one.table: dict(one.refused) for one in found.accounts if one.refused}
    refused.pop("import_field_mappings")
    assert refused == {
        "engagements": {"client_unknown": 1},
        "raw_import_records": {"parent_missing": 1, "no_record": 1},
        "assets": {"no_scope": 1, "client_only": 1, "client_contradicts": 1, "engagement_unknown": 1},
        "asset_dependencies": {"engagements_contradict": 1, "parent_missing": 1},
        "data_quality_issues": {"no_scope": 1},
    }


def test_tables_without_a_client_scope_are_attributed_through_what_they_belong_to(
    installation: Installation, tmp_path: Path
) -> None:
    scope = ("client_account_id", "engagement_id")
    unscoped = {"raw_import_records": scope, "import_field_mappings": scope[:1], "asset_dependencies": scope}
    with source_database(installation, without=unscoped, schema="public") as source:
        two_tenants(source)
        found = taken(source, tmp_path)
    assert {scope: sum(file.rows for file in files.values()) for scope, files in found.files.items()} == {
        ACME: 7,
        INITECH: 7,
    }
    assert sum(one.refused_rows for one in found.accounts if one.kind != "mappings") == 0


def test_an_import_without_scope_is_attributed_through_its_flow(source: Source, tmp_path: Path) -> None:
    acme, _ = two_tenants(source)
    source.add("crewai_flow_state_extensions", {"flow_id": id_of("flow"), **acme.scope})
    source.execute("UPDATE migration.data_imports SET client_account_id = NULL, engagement_id = NULL")
    source.execute("UPDATE migration.raw_import_records SET client_account_id = NULL, engagement_id = NULL")
    source.execute(
        "UPDATE migration.data_imports SET master_flow_id = :flow WHERE id = :id",
        {"flow": id_of("flow"), "id": acme.import_id},
    )
    found = taken(source, tmp_path)
    assert found.account_of("imports").brought == Counter({str(ACME): 1})
    assert found.account_of("imports").refused == Counter({"no_scope": 1})
    assert len(rows_of(found, ACME, "acme servers")) == 2


def test_an_older_revision_with_other_names_and_fewer_tables_comes_over(
    installation: Installation, tmp_path: Path
) -> None:
    with source_database(
        installation,
        schema="public",
        without={"assets": ("environment", "custom_attributes", "hostname"), "import_field_mappings": ("approved_at",)},
        without_tables=("asset_dependencies", "data_quality_issues", "crewai_flow_state_extensions", "users"),
        renamed={"data_imports.filename": "source_filename", "import_field_mappings.approved_by": "validated_by"},
    ) as source:
        two_tenants(source)
        people = {str(row[0]) for row in source.execute("SELECT validated_by FROM import_field_mappings")}
        found = taken(source, tmp_path)
    assert {name.split(".")[0] for name in found.files[ACME]} == {"acme servers", "replaced-platform-assets"}
    # Nobody there to be looked up: the person goes by the id.
    assert {one.actor for one in found.approvals[ACME]} <= set(people)
    missing = [one for one in found.accounts if one.kind in ("dependencies", "issues")]
    assert [(one.found, one.brought_rows) for one in missing] == [(0, 0), (0, 0)]


def test_records_of_one_import_may_hold_different_fields_and_anything_in_them(source: Source, tmp_path: Path) -> None:
    acme, _ = two_tenants(source)
    odd = {"Host": 'a "quoted", name;\nwith a second line', "Note": "=cmd|' /C calc'!A0", "Größe": 1.5}
    source.add("raw_import_records", {"data_import_id": acme.import_id, "row_number": 3, "raw_data": odd})
    # Half a surrogate pair: JSON may hold it, UTF-8 may not.
    source.execute(
        "INSERT INTO migration.raw_import_records (id, data_import_id, row_number, raw_data) "
        f"VALUES ('{id_of('half')}', '{acme.import_id}', 4, '{{\"Host\": \"x\\ud800\"}}')"
    )
    rows = rows_of(taken(source, tmp_path), ACME, "acme servers")
    assert {name: rows[2][name] for name in odd} == {**odd, "Größe": "1.5"}
    assert rows[3]["Host"] == "x\\ud800"
    assert rows[0]["Note"] == ""


def test_the_same_rows_give_the_same_files_however_they_lie_in_the_source(source: Source, tmp_path: Path) -> None:
    two_tenants(source)
    first = taken(source, tmp_path / "first")
    for table in ("raw_import_records", "assets", "data_imports", "import_field_mappings"):
        source.execute(f"UPDATE migration.{table} SET id = id WHERE ctid = '(0,1)'")
    second = taken(source, tmp_path / "second")
    for scope, files in first.files.items():
        assert {name: file.path.read_bytes() for name, file in files.items()} == {
            name: file.path.read_bytes() for name, file in second.files[scope].items()
        }
    assert first.approvals == second.approvals


def test_every_row_is_accounted_for_whatever_it_says_of_its_scope(source: Source, tmp_path: Path) -> None:
    tenants = two_tenants(source)
    chance = random.Random(7)  # noqa: S311  (no secret)
    clients = [None, id_of("lost"), *(tenant.client_id for tenant in tenants)]
    engagements = [None, id_of("lost"), *(tenant.engagement_id for tenant in tenants)]
    imports = [None, id_of("lost"), *(tenant.import_id for tenant in tenants)]
    rows = [
        {
            "client_account_id": chance.choice(clients),
            "engagement_id": chance.choice(engagements),
            "data_import_id": chance.choice(imports),
            "row_number": number,
            "raw_data": {"Host": f"h{number}"},
        }
        for number in range(100, 250)
    ]
    ids = source.add("raw_import_records", *rows)
    found = taken(source, tmp_path)
    owner = {tenant.engagement_id: tenant for tenant in tenants}
    expected: dict[str, str] = {}
    for row_id, row in zip(ids, rows, strict=True):
        of_import = {tenant.engagement_id for tenant in tenants if tenant.import_id == row["data_import_id"]}
        told = {row["engagement_id"], *of_import} - {None}
        if len(told) == 1 and (one := told.pop()) in owner and row["client_account_id"] in (None, owner[one].client_id):
            expected[row_id] = str(one)
    brought = {
        row["replaced_platform_record_id"]: engagement_id
        for engagement_id, scope in found.targets.items()
        for file in found.files[scope].values()
        if not file.path.name.startswith("replaced-platform")
        for row in csv.DictReader(file.path.open(encoding="utf-8", newline=""))
    }
    assert {row_id: brought[row_id] for row_id in brought if row_id in set(ids)} == expected
    account = found.account_of("raw_records")
    assert (account.found, account.brought_rows) == (154, len(brought))
    assert account.brought_rows + account.refused_rows == account.found


def test_rows_that_row_security_would_hide_are_an_error_not_a_hole(source: Source, tmp_path: Path) -> None:
    two_tenants(source)
    source.execute("CREATE ROLE of_the_application LOGIN")
    try:
        source.execute("GRANT USAGE ON SCHEMA migration TO of_the_application")
        source.execute("GRANT SELECT ON ALL TABLES IN SCHEMA migration TO of_the_application")
        source.execute("ALTER TABLE migration.assets ENABLE ROW LEVEL SECURITY")
        address = source.url.set(username="of_the_application").render_as_string(hide_password=False)
        with open_source(address) as opened, pytest.raises(DatabaseError, match="row-level security") as refused:
            read_platform(opened, tmp_path, target=None, named="")
        assert "BYPASSRLS" in refused.value.remedy
    finally:
        source.execute("DROP OWNED BY of_the_application")
        source.execute("DROP ROLE of_the_application")


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://owner:hunter2-Zq8%2Fw%3Arong@127.0.0.1:1/replaced",
        "postgresql+asyncpg://owner:hunter2-Zq8%2Fw%3Arong@127.0.0.1:1/replaced",
        "postgresql://127.0.0.1:1/replaced?user=owner&password=hunter2-Zq8/w:rong",
        "postgresql://owner:hunter2-Zq8/w:rong@127.0.0.1:1/replaced",
        "mysql://owner:hunter2-Zq8%2Fw%3Arong@127.0.0.1:1/replaced",
        "hunter2-Zq8/w:rong",
    ],
)
def test_the_password_is_in_no_message_and_no_stack_trace(address: str) -> None:
    with pytest.raises(FlowError) as refused, open_source(address):
        pass
    told = "".join(traceback.format_exception(refused.value))
    # The test's own source lines and arguments aside, nothing of it.
    assert "hunter2" not in "\n".join(line for line in told.splitlines() if __file__ not in line)
    assert "hunter2" not in str(refused.value)
    assert refused.value.remedy


def test_another_database_is_told_from_the_replaced_platform(installation: Installation) -> None:
    with (
        pytest.raises(InputError, match="no tables of client accounts"),
        open_source(installation.owner_url.render_as_string(hide_password=False)),
    ):
        pass


def test_a_role_without_rights_is_told_what_it_lacks(source: Source, tmp_path: Path) -> None:
    source.execute("CREATE ROLE without_rights LOGIN")
    try:
        source.execute("GRANT USAGE ON SCHEMA migration TO without_rights")
        address = source.url.set(username="without_rights").render_as_string(hide_password=False)
        with open_source(address) as opened, pytest.raises(DatabaseError, match="permission denied"):
            read_platform(opened, tmp_path, target=None, named="")
    finally:
        source.execute("DROP OWNED BY without_rights")
        source.execute("DROP ROLE without_rights")
