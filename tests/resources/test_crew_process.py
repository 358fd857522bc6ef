"""The process of a crew when it does not come to its work; needs no CrewAI: a library of the name stands before it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from flow_pipelines.reference.crews import Crew
from resources import crew_process
from resources.crew_process import Job

CREW = Crew(version=1, role="Mapper of columns", goal="Map columns.", instructions="Look at the values first.")
NOT_RUN = [{"batch": number, "answers": {}, "reason": "crew_did_not_run"} for number in range(2)]


def job(seconds: float = 60.0) -> Job:
    question: dict[str, Any] = {"evidence": {}, "choices": ["hostname", "none"]}
    return Job(
        model="large",
        url="http://127.0.0.1:9/v1",
        key="",
        request={},
        crew=CREW,
        batches=[[question], [question]],
        requests=5,
        tokens=100_000,
        seconds=seconds,
    )


def library(folder: Path, code: str, patched: pytest.MonkeyPatch) -> None:
    """Let the process find a library `httpx`, which it imports first, that does something else."""
    (folder / "httpx.py").write_text(code, encoding="utf-8")
    patched.setenv("PYTHONPATH", str(folder))


@pytest.mark.parametrize(
    "code",
    [
        "raise ImportError('broken')",
        "raise RuntimeError('Your system has an unsupported version of sqlite3.')",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import os; os.write(1, b'Welcome! \\xff\\n{}\\n[1]\\n{\"spe'); os._exit(0)",
    ],
)
def test_a_broken_installation_or_a_killed_process_leaves_questions_unanswered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    library(tmp_path, code, monkeypatch)
    assert list(crew_process.work(job())) == NOT_RUN


def test_no_space_for_its_folder_or_no_program_leaves_questions_unanswered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("tempfile.tempdir", str(tmp_path / "full"))
        assert list(crew_process.work(job())) == NOT_RUN
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    assert list(crew_process.work(job())) == NOT_RUN


def test_what_is_told_before_it_is_killed_counts_and_the_end_of_its_time_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = '{"batch": 0, "answers": {}, "reason": "http_500"}'
    code = f"import os, time; os.write(1, {told.encode()!r} + b'\\n'); "
    library(tmp_path, code + "os.abort()", monkeypatch)
    assert [one["reason"] for one in crew_process.work(job())] == ["http_500", "crew_did_not_run"]
    library(tmp_path, code + "time.sleep(60)", monkeypatch)
    assert [one["reason"] for one in crew_process.work(job(seconds=2.0))] == ["http_500", "budget_of_seconds"]


def test_a_mistake_of_ours_stays_loud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library(tmp_path, 'import os; os.write(1, b\'{"mistake": "KeyError"}\\n\')', monkeypatch)
    with pytest.raises(RuntimeError, match="KeyError"):
        list(crew_process.work(job()))
