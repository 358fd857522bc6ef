from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from flow_pipelines.cli.main import app
from flow_pipelines.cli.trace_tree import plain
from flow_pipelines.errors import InputError
from flow_pipelines.scope import Scope
from resources.installation import Installation
from resources.pins import set_pin
from resources.snapshots import SnapshotStore
from tests.conftest import new_engagement
from tests.resources.traced_estate import (
    CANDIDATES,
    CONFLICTS,
    DEBT,
    DEPENDENCIES,
    GROUPS,
    HANDOFF,
    INVENTORY,
    OVERVIEW,
    QUALITY,
    SCORES,
    Estate,
    make_edit,
    small_estate,
)

HOSTILE = "[red]web[/red] [link=file:///etc]x[/link]\x1b[2J\x07\u202e\\"


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")


@pytest.fixture(scope="module")
def estate(installation: Installation) -> Estate:
    """A small estate, published, that nobody changes."""
    return small_estate(SnapshotStore(installation.database), new_engagement(installation))


@pytest.fixture
def changing(store: SnapshotStore, scope: Scope) -> Estate:
    """A small estate, published, of the test's own."""
    return small_estate(store, scope)


def flow(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def shown(*arguments: str) -> str:
    result = flow(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_name_is_traced_to_file_row_and_cells_with_mapping_rule_lost_value_and_edit(
    changing: Estate, installation: Installation
) -> None:
    make_edit(installation, changing, "set", INVENTORY, changing.id("asset", "web01"))
    lines = shown("trace", str(changing.scope), "WEB01")
    for words in (
        "asset web01 (server)",
        "resolution reason: Same name.",
        "cpu_count: 2, kept 4  first comes first",
        "set name: empty → new, applied, by jane",
        "I asked the owner.",
        "record web01, servers.csv, row 1",
        "CPUs = four → cpu_count = 4  [person 1.00]  rule integer/1",
        "Note = x: not mapped, kept as it is; advice: owner (gpt-x, 91% sure",
        "record servers.csv, row 1",
        "decided from it (7)",
        "workload Shop (application)",
    ):
        assert words in lines


def test_an_id_gives_the_whole_trace_as_json(estate: Estate) -> None:
    traced = json.loads(shown("trace", str(estate.scope), estate.id("asset", "web01"), "--json"))
    assert traced["entity_id"] == estate.id("asset", "web01")
    assert {(step["direction"], step["table_key"]) for step in traced["steps"]} == {
        ("back", "discovery/imported_records"),
        ("back", "discovery/cleansed_records"),
        ("self", INVENTORY),
        ("self", SCORES),
        *(("forward", key) for key in (CONFLICTS, CANDIDATES, DEPENDENCIES, GROUPS, DEBT, QUALITY, OVERVIEW)),
    }
    asset = next(step for step in traced["steps"] if step["direction"] == "self")
    assert asset["row"]["name"] == "web01"
    assert asset["lost_values"][0]["losing_value"] == "2"
    cells = {cell["source_column"]: cell for step in traced["steps"] for cell in step["cells"]}
    assert cells["CPUs"]["mapping_method"] == "person"


def test_one_of_several_rows_of_a_name_has_to_be_chosen(estate: Estate) -> None:
    result = flow("trace", str(estate.scope), "cpu_count")
    assert isinstance(result.exception, InputError)
    assert result.exception.exit_code == 5
    assert estate.id("change", 1) in result.stderr
    assert estate.id("conflict", 1) in result.stderr


@pytest.mark.parametrize("entity", ["nobody", "0d4b9a55-5f4f-4a4e-9d53-3f9f2a3f6c11"])
def test_what_is_not_there_is_an_error_with_its_remedy(entity: str, estate: Estate) -> None:
    result = flow("trace", str(estate.scope), entity)
    assert isinstance(result.exception, InputError)
    assert entity in result.exception.problem


def test_names_are_shown_as_they_are_and_steer_neither_markup_nor_the_terminal(changing: Estate) -> None:
    changing.inventory("run-2", host=HOSTILE)
    lines = shown("trace", str(changing.scope), changing.id("asset", "web01"))
    assert "[red]web[/red] [link=file:///etc]x[/link] [2J \\" in lines
    assert not set("\x1b\x07\u202e") & set(lines)
    listed = shown("diff", str(changing.scope), str(changing.current[INVENTORY].snapshot_id))
    assert not set("\x1b\x07\u202e") & set(listed)


def test_a_long_value_is_cut() -> None:
    assert plain("x" * 1000, 10) == "xxxxxxxxx…"


def test_a_hub_is_cut_on_the_screen_and_whole_in_json(changing: Estate) -> None:
    changing.dependencies("run-2", count=40)
    asset = changing.id("asset", "web01")
    assert "and 25 more in discovery/dependencies: --json has all" in shown("trace", str(changing.scope), asset)
    steps = json.loads(shown("trace", str(changing.scope), asset, "--json"))["steps"]
    assert sum(step["table_key"] == "discovery/dependencies" for step in steps) == 40


def test_what_changed_since_a_pin_is_counted_and_shown_by_example(changing: Estate, installation: Installation) -> None:
    with installation.database.in_scope(changing.scope) as connection:
        set_pin(connection, changing.scope, kind="person", reason="Before.", by="jane", name="before")
    changing.inventory("run-2", host="web02")
    lines = shown("diff", str(changing.scope), "before")
    assert "discovery/inventory, changed (1)" in lines
    assert "name: web01 → web02" in lines
    found = json.loads(shown("diff", str(changing.scope), "before", "current", "--json"))
    changed = found["tables"].pop(INVENTORY)
    assert (changed["added"], changed["removed"], changed["changed"], changed["cells"]) == (0, 0, 1, 1)
    assert changed["rows"][0]["key"] == [changing.id("asset", "web01")]
    assert changed["rows"][0]["cells"] == [{"column": "name", "before": "web01", "after": "web02"}]
    assert all(not table["rows"] for table in found["tables"].values())
    back = json.loads(shown("diff", str(changing.scope), "current", "before", "--table", INVENTORY, "--json"))
    assert list(back["tables"]) == [INVENTORY]
    assert back["tables"][INVENTORY]["rows"][0]["cells"] == [{"column": "name", "before": "web02", "after": "web01"}]


def test_a_table_that_neither_point_has_is_unchanged_and_one_that_is_unknown_is_refused(estate: Estate) -> None:
    found = json.loads(shown("diff", str(estate.scope), "current", "--table", HANDOFF, "--json"))
    assert found["tables"][HANDOFF]["rows"] == []
    result = flow("diff", str(estate.scope), "current", "--table", "discovery/nothing")
    assert isinstance(result.exception, InputError)
