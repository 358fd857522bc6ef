"""Exports that can't be made yet: what is told can be done as it is told."""

from __future__ import annotations

import re

from typer.testing import CliRunner

from flow_pipelines.cli.main import app
from flow_pipelines.errors import InputError
from flow_pipelines.flows import FLOWS
from flow_pipelines.scope import Scope
from resources.installation import Installation


def test_what_fills_missing_tables_are_commands_that_can_be_run_one_after_the_other(
    installation: Installation, scope: Scope
) -> None:
    del installation
    found = CliRunner().invoke(app, ["export", str(scope), "--format", "mgn"]).exception
    assert isinstance(found, InputError)
    commands = found.remedy.removeprefix("Run what fills it: ").split(", then ")
    told = [re.fullmatch(rf"flow run {scope} --flow (\w+)", command) for command in commands]
    assert [one and one.group(1) for one in told] == ["discovery", "assess", "plan"]
    assert {"discovery", "assess", "plan"} <= {flow.name for flow in FLOWS}
