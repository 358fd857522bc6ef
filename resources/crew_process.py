"""The process in which a crew is asked: started when something is to be asked, gone when it is.

Belongs here: what it is given, its surroundings, and reading what it tells. Does not: what happens in it (`crews.py`).

CrewAI takes over signals and `warnings.warn`, reads `.env` files, writes prompts into files under HOME, and adds log
handlers that print what endpoints say. In a process with a home of its own, none of it is anybody's concern, and at
the end of the budget it can be ended, whatever it waits for. It gets no secret but the endpoint's key, on its standard
input.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from flow_pipelines.reference.crews import Crew

# What a program needs to find its libraries, certificates and proxies; anything else stays here.
PASSED_ON = (
    "PATH",
    "PYTHONPATH",
    "LANG",
    "LC_ALL",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    *(name for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY") for name in (proxy, proxy.lower())),
)
SWITCHES = {
    "CREWAI_DISABLE_TELEMETRY": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "CREWAI_DISABLE_VERSION_CHECK": "true",
    "PYTHON_DOTENV_DISABLED": "true",
}
# What a line of the process tells, one of these at least.
MEMBERS = frozenset({"spent", "batch", "mistake"})
ROOT = Path(__file__).parents[1]


class Job(BaseModel):
    """What a crew is to do; travels as JSON on the process's standard input.

    Attributes:
        model: The model's name.
        url: The endpoint's base URL.
        key: The key to it; empty if it wants none.
        request: Parameters of every request.
        crew: Who is asked.
        batches: The questions as they are sent, those of one request together.
        requests: The most requests.
        tokens: The most tokens, sent and received.
        seconds: The most seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    url: str
    key: str
    request: dict[str, Any]
    crew: Crew
    batches: list[list[dict[str, Any]]]
    requests: int
    tokens: int
    seconds: float


def is_installed() -> bool:
    """Tell whether the extra `agents` is installed; imports nothing."""
    return find_spec("crewai") is not None


def surroundings(home: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which CrewAI calls nobody and writes nowhere but into a home of its own."""
    passed = {name: environment[name] for name in PASSED_ON if name in environment}
    path = os.pathsep.join([str(ROOT), *filter(None, [passed.get("PYTHONPATH")])])
    storage = str(Path(home) / "storage")
    return passed | SWITCHES | {"PYTHONPATH": path, "HOME": home, "TMPDIR": home, "CREWAI_STORAGE_DIR": storage}


def work(job: Job) -> Iterator[dict[str, Any]]:
    """Have a crew do a job, and yield what it tells (`crews.answer` says what that is) until every batch is told.

    What it doesn't tell within the job's seconds it never does: the process is ended. If it can't start or ends by
    itself before (the installation is broken, memory or space ran out), the other batches are told to be unanswered.

    Raises:
        RuntimeError: The process failed by a mistake of ours, which is where the message says.
    """
    batches, is_over_time = 0, threading.Event()
    # No folder, no process: an OSError. One of whoever reads what is yielded does not pass here.
    with suppress(OSError), closing(_told(job, is_over_time)) as lines:
        for told in lines:
            if mistake := told.get("mistake"):
                raise RuntimeError(f"asking a crew failed: {mistake}")
            yield told
            batches += "batch" in told
    reason = "budget_of_seconds" if is_over_time.is_set() else "crew_did_not_run"
    for number in range(batches, len(job.batches)):
        yield {"batch": number, "answers": {}, "reason": reason}


def _told(job: Job, is_over_time: threading.Event) -> Generator[dict[str, Any], None, None]:
    """Yield the lines of a crew's process until it ends; the event is set if it is ended because its time is over."""
    with (
        tempfile.TemporaryDirectory(prefix="flow-crew-", ignore_cleanup_errors=True) as home,
        _started(home) as process,
    ):
        if process.stdin is None or process.stdout is None:
            raise TypeError(process)

        def end() -> None:
            is_over_time.set()
            process.kill()

        timer = threading.Timer(job.seconds, end)
        timer.start()
        try:
            with suppress(BrokenPipeError):  # it has ended already
                process.stdin.write(job.model_dump_json())
                process.stdin.close()
            for line in process.stdout:
                with suppress(ValueError):  # ended while it wrote, or a library's greeting
                    if isinstance(told := json.loads(line), dict) and MEMBERS & told.keys():
                        yield told
        finally:
            timer.cancel()


@contextmanager
def _started(home: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-P", "-m", "resources.crews"]
    with subprocess.Popen(  # noqa: S603  (our own)
        command,
        cwd=home,
        env=surroundings(home, os.environ),
        text=True,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
