"""The boundary of the command, at which whatever goes wrong becomes one line."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from flow_pipelines.cli import main


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    def broken(**_: Any) -> None:  # noqa: ANN401
        message = "boom [red]\nand more"
        raise LookupError(message)

    monkeypatch.setattr(main, "app", broken)
    monkeypatch.setattr(sys, "argv", ["flow", *arguments])
    main.run()


def test_a_defect_is_one_line_that_says_how_to_see_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch)
    assert ended.value.code == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert "LookupError: boom [red] and more" in said[0]
    assert "--debug" in said[0]


def test_a_defect_shows_its_stack_trace_with_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LookupError):
        run(monkeypatch, "--debug")
