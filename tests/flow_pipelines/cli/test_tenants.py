"""Who does the tasks of an engagement comes from a sheet, whole or not at all."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from flow_pipelines.cli.main import app
from flow_pipelines.errors import InputError
from resources.installation import Installation
from resources.tenancy import engagement_settings
from tests.conftest import new_engagement


def test_the_people_of_a_sheet_take_the_place_of_those_in_the_settings(
    installation: Installation, tmp_path: Path
) -> None:
    scope, file = new_engagement(installation), tmp_path / "team.csv"
    file.write_text("name;role;skills\nAnn;tester;linux\nBob;architect;\n", encoding="utf-8")
    finished = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["engagement", "people", str(scope), str(file)])
    assert finished.exit_code == 0
    assert f"{scope} has 1 architect, 1 tester" in finished.stdout
    people = engagement_settings(installation.database, scope).schedule.people
    assert [(one.name, one.role, one.skills) for one in people] == [
        ("Ann", "tester", ("linux",)),
        ("Bob", "architect", ()),
    ]
    file.write_text("name;role\nCid;tester\nDan;chef\n", encoding="utf-8")
    refused = CliRunner().invoke(app, ["engagement", "people", str(scope), str(file)])
    assert isinstance(refused.exception, InputError)
    assert "team.csv, row 3: column role" in str(refused.exception)
    assert engagement_settings(installation.database, scope).schedule.people == people
