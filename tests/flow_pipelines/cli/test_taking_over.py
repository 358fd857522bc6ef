"""`flow import --from-database` as its user runs it, on a real source: whole, previewed, interrupted, again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flow_pipelines.cli import taking_over
from flow_pipelines.cli.main import app
from flow_pipelines.errors import InputError, RunError
from flow_pipelines.scope import Scope
from resources.edits import EditStore
from resources.imported_rows import FileRows, rows_by_file
from resources.installation import Installation, landing_root
from resources.landing import Landing
from resources.takeover_files import origin_of
from resources.tenancy import all_engagements, engagement_settings
from tests.conftest import new_engagement
from tests.resources.replaced_platform_database import NUMBERS, Source, add_tenant, source_database

PASSWORD = "hunter2-takeover-secret"  # noqa: S105  (to be looked for)


@pytest.fixture
def source(installation: Installation) -> Iterator[Source]:
    with source_database(installation) as made:
        yield made


@pytest.fixture
def client() -> str:
    """A client that no other test uses."""
    return f"Taken & Over {next(NUMBERS)}"


def scope_of(client: str) -> Scope:
    return Scope(f"taken-over-{client.rsplit(maxsplit=1)[-1]}", "dc-exit")


def flow(*arguments: object) -> str:
    words = [str(argument) for argument in arguments]
    finished = CliRunner(env={"COLUMNS": "200"}).invoke(app, words, catch_exceptions=False)
    assert finished.exit_code == 0, finished.output
    return finished.stdout


def import_all(source: Source, *arguments: object) -> Any:  # noqa: ANN401  (JSON)
    address = source.url.set(password=PASSWORD).render_as_string(hide_password=False)
    shown = flow("import", *arguments, "--from-database", address, "--json")
    return json.loads(shown[shown.index("{") :])


def state_of(installation: Installation, scope: Scope) -> tuple[object, ...]:
    """Return all that a takeover leaves of an engagement."""
    landing = Landing(landing_root())
    files = {file.name: file.path.read_bytes() for file in landing.files(scope)}
    edits = [
        (one.edit_id, one.entity_id, one.new_value, one.actor, one.reason)
        for one in EditStore(installation.database).all(scope)
    ]
    return files, rows_by_file(installation.database, scope), edits, origin_of(landing.folder(scope))


def test_a_preview_shows_what_would_come_over_and_writes_nothing(
    installation: Installation, source: Source, client: str
) -> None:
    tenant = add_tenant(source, client, "DC exit", prefix="acme")
    shown = import_all(source, "--preview")
    assert shown["written"] is False
    (engagement,) = shown["engagements"]
    assert (engagement["engagement"], engagement["engagement_id"]) == (str(scope_of(client)), tenant.engagement_id)
    assert sum(file["rows"] for file in engagement["files"]) == 7
    assert scope_of(client) not in all_engagements(installation.owner)
    assert not Landing(landing_root()).folder(scope_of(client)).exists()
    assert "Nothing was written" in flow("import", "--from-database", source.address, "--preview")


def test_everything_comes_over_and_again_gives_the_same(
    installation: Installation, source: Source, client: str
) -> None:
    add_tenant(source, client, "DC exit", prefix="acme")
    before = source.fingerprint()
    told = import_all(source)
    scope = scope_of(client)
    first = state_of(installation, scope)
    (engagement,) = told["engagements"]
    assert (engagement["edits"], engagement["problem"]) == (1, None)
    assert all(file["imported"] + file["rejected"] == file["rows"] for file in engagement["files"])
    assert first[1] == {file["file"]: FileRows(file["rows"], 0) for file in engagement["files"]}
    (edit,) = EditStore(installation.database).all(scope)
    assert (edit.new_value, edit.actor) == ("owner", "jane@acme.example")
    assert "2025-07-01 09:30:00" in edit.reason
    for table in told["tables"]:
        assert table["found"] == table["brought"] + table["elsewhere"] + table["refused"]
    fingerprint = Landing(landing_root()).fingerprint(scope)
    assert import_all(source) == told
    assert state_of(installation, scope) == first
    # Nothing seems to have arrived, so no sensor starts anything.
    assert Landing(landing_root()).fingerprint(scope) == fingerprint
    assert source.fingerprint() == before
    assert holders_of(PASSWORD.encode(), installation.state) == []


def holders_of(secret: bytes, folder: Path) -> list[Path]:
    """Return the files below a folder, the database's own among them, that hold a text."""
    paths = (Path(parent) / name for parent, _, names in os.walk(folder) for name in names)
    return [path for path in paths if path.is_file() and secret in path.read_bytes()]


class InterruptedHereError(BaseException):
    """Like a kill, nothing handles it."""


def interrupted_after(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
    real: Callable[..., object] = getattr(owner, name)

    def stop(*arguments: object, **named: object) -> object:
        real(*arguments, **named)
        raise InterruptedHereError

    monkeypatch.setattr(owner, name, stop)


def test_a_takeover_interrupted_at_any_step_comes_to_the_same_when_started_again(
    installation: Installation, source: Source, client: str
) -> None:
    add_tenant(source, client, "DC exit", prefix="acme")
    scope = scope_of(client)
    steps = [
        (taking_over, "read_platform"),
        (taking_over, "add_client"),
        (taking_over, "write_origin"),
        (taking_over, "register_engagement"),
        (Landing, "land"),
        (taking_over, "run_phase"),
        (taking_over, "rows_by_file"),
        (EditStore, "take_over"),
    ]
    # What a killed one leaves, which could tidy up nothing.
    (installation.state / "takeover" / "acme").mkdir(parents=True)
    for owner, name in steps:
        with pytest.MonkeyPatch.context() as patch:
            interrupted_after(patch, owner, name)
            with pytest.raises(InterruptedHereError):
                import_all(source)
        assert not (installation.state / "takeover").exists()
    left = state_of(installation, scope)
    import_all(source)
    assert state_of(installation, scope) == left
    (edit,) = EditStore(installation.database).all(scope)
    assert edit.new_value == "owner"
    # As one takeover that nothing interrupted: four files, seven rows, one edit.
    assert sum(rows.imported for rows in rows_by_file(installation.database, scope).values()) == 7


def test_what_was_decided_here_since_stays(installation: Installation, source: Source, client: str) -> None:
    add_tenant(source, client, "DC exit", prefix="acme")
    import_all(source)
    scope, store = scope_of(client), EditStore(installation.database)
    (edit,) = store.all(scope)
    store.withdraw(scope, [str(edit.number)], actor="joe", reason="it is the support group")
    # Another approval there of the same column does not overrule what people did here.
    source.execute("UPDATE migration.import_field_mappings SET target_field = 'department' WHERE status = 'approved'")
    told = import_all(source)
    assert [one.kind for one in store.all(scope)] == ["set", "withdraw"]
    (mappings,) = [table for table in told["tables"] if table["kind"] == "mappings"]
    assert {"not_edited", "approved_by_machine", "not_approved"} == {one["code"] for one in mappings["refusals"]}


def test_one_engagement_comes_into_one_that_is_here_already(
    installation: Installation, source: Source, client: str
) -> None:
    tenant = add_tenant(source, client, "DC exit", prefix="acme")
    add_tenant(source, f"Other {client}", "DC exit", prefix="other")
    here = new_engagement(installation)
    settings = engagement_settings(installation.database, here)
    with pytest.raises(InputError, match="There are"):
        import_all(source, here)
    told = import_all(source, here, "--source-engagement", tenant.engagement_id)
    assert [one["engagement"] for one in told["engagements"]] == [str(here)]
    assert engagement_settings(installation.database, here) == settings
    assert scope_of(client) not in all_engagements(installation.owner)
    (imported,) = {rows.imported for name, rows in rows_by_file(installation.database, here).items() if "acme" in name}
    assert imported == 2
    # It holds that engagement's data now, and no other's may be mixed into it.
    with pytest.raises(InputError, match="taken over from"):
        import_all(source, here, "--source-engagement", f"other-{scope_of(client)}")


def test_an_engagement_here_that_is_not_named_is_not_mixed_with_one_there(
    installation: Installation, source: Source
) -> None:
    here = new_engagement(installation)
    add_tenant(source, here.client, here.engagement, prefix="acme")
    with pytest.raises(InputError, match=f"{here} is here already"):
        import_all(source)
    assert rows_by_file(installation.database, here) == {}
    assert import_all(source, here)["engagements"][0]["engagement"] == str(here)


def test_one_engagement_that_fails_does_not_stop_the_others(
    installation: Installation, source: Source, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_tenant(source, client, "DC exit", prefix="acme")
    add_tenant(source, client, "Later", prefix="late")
    real = taking_over.run_phase

    def fail_one(installation: Installation, scope: Scope, *rest: Any) -> object:  # noqa: ANN401
        if scope.engagement == "dc-exit":
            raise RunError("Another run is under way.", remedy="Wait.")
        return real(installation, scope, *rest)

    source.execute("UPDATE migration.engagements SET client_account_id = (SELECT min(id::text)::uuid FROM "
                   "migration.client_accounts)")  # fmt: skip
    source.execute("DELETE FROM migration.client_accounts WHERE id NOT IN (SELECT client_account_id FROM "
                   "migration.engagements)")  # fmt: skip
    for table in ("assets", "data_imports", "raw_import_records", "asset_dependencies", "import_field_mappings"):
        source.execute(f"UPDATE migration.{table} SET client_account_id = NULL")
    monkeypatch.setattr(taking_over, "run_phase", fail_one)
    with pytest.raises(RunError, match=r"1 of 2 engagements .*dc-exit: Another run"):
        import_all(source)
    later = Scope(scope_of(client).client, "later")
    assert sum(rows.imported for rows in rows_by_file(installation.database, later).values()) == 7


def test_clients_without_an_engagement_come_over_too(source: Source, client: str) -> None:
    source.add("client_accounts", {"name": client})
    told = import_all(source)
    assert [one["client"] for one in told["clients"]] == [scope_of(client).client]
    assert told["engagements"] == []


def test_import_says_what_it_needs() -> None:
    for arguments in ([], ["acme/dc-exit"], ["acme/dc-exit", "x.csv", "--source-engagement", "1"]):
        with pytest.raises(InputError, match="not told what to import"):
            flow("import", *arguments)
    with pytest.raises(InputError, match="besides"):
        flow("import", "acme/dc-exit", "x.csv", "--from-database", "postgresql://nowhere/x")
