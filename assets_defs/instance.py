"""Dagster's instance: its home folder and its settings, derived from the installation.

Belongs here: writing `dagster.yaml` and opening the instance. Does not: the server behind it
(`resources/installation.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from dagster import DagsterInstance

from resources.installation import Installation

URL_VARIABLE = "FLOW_DAGSTER_DATABASE_URL"
CONCURRENT_RUNS = 4
# A look of the automation notes which event is the newest and waits so long before it reads what there is up to that
# one: else it misses for good what is numbered before it and written after. To write an event and what Dagster keeps of
# its table takes some milliseconds.
SETTLE_SECONDS = "0.5"
# Dagster's own storage connects anew for every query: 333 times in a run of Discovery, which cost the server 2.2 of the
# 7.4 s that the run took. What it calls optimizing for its web server keeps a connection per storage instead.
NO_TIMEOUT, NO_RECYCLING, MOST_CONNECTIONS = 0, -1, 10


@contextmanager
def open_instance(installation: Installation) -> Iterator[DagsterInstance]:
    """Open Dagster's instance of an installation."""
    os.environ.update(instance_environment(installation))
    with DagsterInstance.from_config(str(_write_home(installation.dagster_home))) as instance:
        keep_connections(instance)
        yield instance


def keep_connections(instance: DagsterInstance) -> None:
    """Let an instance keep its connections to its storage from now on, for as long as it is open."""
    instance.optimize_for_webserver(NO_TIMEOUT, NO_RECYCLING, MOST_CONNECTIONS)


def instance_environment(installation: Installation) -> dict[str, str]:
    """Return the environment in which Dagster's own processes find the instance.

    The database URL travels here and not in `dagster.yaml`, which holds no secret.
    """
    return {
        "DAGSTER_HOME": str(_write_home(installation.dagster_home)),
        URL_VARIABLE: installation.dagster_url.render_as_string(hide_password=False),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "DAGSTER_AUTOMATION_TICK_SETTLE_SECONDS": SETTLE_SECONDS,
    }


def _write_home(home: Path) -> Path:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = yaml.safe_dump(_settings(), sort_keys=False)
    file = home / "dagster.yaml"
    if not file.exists() or file.read_text(encoding="utf-8") != wanted:
        partial = home / f".dagster.yaml.{os.getpid()}"
        partial.write_text(wanted, encoding="utf-8")
        partial.replace(file)
    return home


def _settings() -> dict[str, object]:
    return {
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
        "storage": {"postgres": {"postgres_url": {"env": URL_VARIABLE}}},
        "run_coordinator": {
            "module": "assets_defs.run_coordinator",
            "class": "TenantRunCoordinator",
            "config": {"max_concurrent_runs": CONCURRENT_RUNS, "dequeue_interval_seconds": 2},
        },
        "auto_materialize": {"enabled": True},
    }
