"""An installation: the state folder and the PostgreSQL server that every process of it works on.

Belongs here: reading the installation's settings from the environment and opening it. Does not: an
engagement's settings (`flow_pipelines/settings.py`), and the language model (`advisor_endpoint.py` reads those).

Environment:
    FLOW_STATE: Folder for everything kept between commands; `.flow` if not set.
    FLOW_DATABASE_URL: The owner's URL of a PostgreSQL database of yours; the embedded server if not set.
    FLOW_ADVISOR_MODEL: The language model that gives second opinions; none are asked for if not set.
    FLOW_ADVISOR_URL: Base URL of the OpenAI-compatible endpoint that has it, such as https://host/v1; without it, and
        without the extra `agents`, only answers that are kept are used.
    FLOW_ADVISOR_KEY: The key to that endpoint, if it wants one; it is in no table, log, setting or message.
    FLOW_ADVISOR_REQUEST: Parameters of each request to it, as JSON, instead of `advisor_endpoint.REQUEST`.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from flow_pipelines.errors import DatabaseError
from resources.access import DAGSTER, PIPELINE, READER, VACUUM
from resources.database import Database
from resources.local_server import lease, state_folder
from resources.schema import bring_up_to_date

OWNER = "flow_owner"


@dataclass(frozen=True)
class Installation:
    """An open installation; valid inside `open_installation`."""

    state: Path
    owner_url: URL
    analyst_host: str | None = None  # where analysts connect, if not where the owner does

    @property
    def database(self) -> Database:
        """The database as the pipeline's role, which owns nothing and bypasses nothing."""
        return Database(self.url_of_role(PIPELINE))

    @property
    def owner(self) -> Database:
        """The database as its owner: for migrations and for creating roles only."""
        return Database(self.owner_url)

    @property
    def retention(self) -> Database:
        """The database as the only role that may delete rows, those of snapshots that nothing needs."""
        return Database(self.url_of_role(VACUUM))

    @property
    def dagster_home(self) -> Path:
        """Dagster's instance folder."""
        return self.state / "dagster"

    @property
    def dagster_url(self) -> URL:
        """The URL for Dagster's own storage, which needs psycopg 2 named in it."""
        return self.url_of_role(DAGSTER).set(drivername="postgresql+psycopg2")

    def url_of_role(self, role: str) -> URL:
        """Return the URL with which one of our roles connects."""
        return self.owner_url.set(username=role, password=role_password(self.owner_url, role))

    def analyst_url(self, role: str, password: str) -> str:
        """Return the URL with which an analyst connects, password included: to be shown once, never logged."""
        url = self.owner_url.set(drivername="postgresql", username=role, password=password)
        if self.analyst_host is not None:
            url = url.set(host=self.analyst_host, port=int(str(url.query["port"])), query={})
        return url.render_as_string(hide_password=False)


def landing_root() -> Path:
    """Return the folder in which files land, one subfolder per client and engagement; needs no database."""
    return state_folder() / "landing"


def role_password(owner_url: URL, role: str) -> str | None:
    """Return a role's password: derived from the owner's, so that no process has to store a second secret.

    None if the owner connects without one (the embedded server trusts its private socket).
    """
    if not owner_url.password:
        return None
    return hmac.new(str(owner_url.password).encode(), role.encode(), hashlib.sha256).hexdigest()


@contextmanager
def open_installation() -> Iterator[Installation]:
    """Open the installation that the environment names, its schema brought up to date.

    The embedded server is started if need be and stays for at least as long as the block runs.

    Raises:
        DatabaseError: The server can't be started or reached, or its schema is newer than this code.
    """
    state = state_folder()
    configured = os.environ.get("FLOW_DATABASE_URL")
    if configured:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield _up_to_date(Installation(state, _configured_url(configured)))
        return
    with lease(state) as address:
        url = make_url(address.url(OWNER, driver="postgresql+psycopg"))
        yield _up_to_date(Installation(state, url, analyst_host="127.0.0.1"))


def _up_to_date(installation: Installation) -> Installation:
    passwords = {role: role_password(installation.owner_url, role) for role in (PIPELINE, READER, DAGSTER, VACUUM)}
    bring_up_to_date(installation.owner, passwords)
    return installation


def _configured_url(configured: str) -> URL:
    try:
        url = make_url(configured)
    except (ArgumentError, ValueError) as error:
        raise DatabaseError(
            "FLOW_DATABASE_URL is not a database URL.",
            remedy="Write postgresql://user:password@host:5432/database.",
        ) from error
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        raise DatabaseError(
            f"FLOW_DATABASE_URL names a {url.get_backend_name()} database.",
            remedy="flow-pipelines works on PostgreSQL 15 or newer only.",
        )
    return url.set(drivername="postgresql+psycopg")
