"""The versions of the reference facts that an installation has: those it came with and those it fetched since.

Belongs here: asking for newer facts over HTTP, keeping each version in the state folder, telling which one is current.
Does not: what an answer means (`flow_pipelines/reference/end_of_life_refresh.py`).

Environment:
    FLOW_REFERENCE_URL: Address of an API in the shape of endoflife.date's version 1, a mirror for example.
"""

from __future__ import annotations

import os
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import date
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from flow_pipelines.errors import InputError
from flow_pipelines.reference.end_of_life import (
    EndOfLifeFacts,
    facts_as_csv,
    installed_facts,
    read_end_of_life_facts,
)
from flow_pipelines.reference.end_of_life_refresh import FULL, Refreshed, refresh_facts
from resources.local_server import state_folder

PUBLIC_URL = "https://endoflife.date/api/v1"
INSTALLED = "installed"
POINTER = "current"
# All products of endoflife.date are about 6 MB of JSON; what is ten times that is something else.
LARGEST_ANSWER = 64 * 1024 * 1024
BLOCK = 256 * 1024


@dataclass(frozen=True)
class Patience:
    """Seconds to wait: for the next bytes, and for the whole answer however slowly it comes."""

    silence: float = 20.0
    altogether: float = 180.0


@dataclass(frozen=True)
class FactsVersion:
    """One version of the end-of-life facts that an installation has."""

    version: str
    as_of: date
    rows: int
    is_current: bool
    is_installed: bool


@dataclass(frozen=True)
class ReferenceFacts:
    """The versions in a folder, beside the installed one."""

    folder: Path

    def current(self) -> EndOfLifeFacts:
        """Return the facts that runs use: the version last chosen, unless the installed one is newer.

        Raises:
            ContractError: A stored version is damaged.
            InputError: The version that was chosen is gone.
        """
        chosen = self._chosen()
        if chosen is None:
            return installed_facts()
        stored = self._read(chosen)
        return stored if stored.as_of >= installed_facts().as_of else installed_facts()

    def versions(self) -> list[FactsVersion]:
        """Return all versions, the newest first."""
        current = self.current().version
        stored = [self._read(path.stem) for path in sorted(self.folder.glob("*.csv"))]
        known = {facts.version: facts for facts in [*stored, installed_facts()]}
        listed = [
            FactsVersion(
                name, facts.as_of, len(facts.rows), name == current, is_installed=name == installed_facts().version
            )
            for name, facts in known.items()
        ]
        return sorted(listed, key=lambda one: (one.as_of, one.version), reverse=True)

    def use(self, version: str) -> EndOfLifeFacts:
        """Choose a version for the runs to come: one that is stored, or `installed`.

        Raises:
            InputError: There is no such version.
        """
        if version in {INSTALLED, installed_facts().version}:
            (self.folder / POINTER).unlink(missing_ok=True)
            return installed_facts()
        facts = self._read(version)
        self._write(POINTER, version)
        return facts

    def refresh(self, url: str, *, on: date, patience: Patience | None = None) -> Refreshed:
        """Fetch newer facts, check them, keep them as a version of their own, and choose that.

        Args:
            url: Address of the API, without the path of the list.
            on: Today, which becomes the day of the facts that changed.
            patience: How long to wait.

        Raises:
            InputError: The address can't be reached, answers with an error, too slowly, too much or something else.
                Nothing is changed then.
        """
        address = f"{url.rstrip('/')}/{FULL}"
        body = fetch(address, patience or Patience())
        refreshed = refresh_facts(self.current(), body, origin=address, on=on)
        if refreshed.changed or refreshed.added:
            version = refreshed.facts.version
            self._write(f"{version}.csv", facts_as_csv(refreshed.facts.rows))
            self._read(version)  # what can't be read again must not become current
            self._write(POINTER, version)
        return refreshed

    def _chosen(self) -> str | None:
        pointer = self.folder / POINTER
        return pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else None

    def _read(self, version: str) -> EndOfLifeFacts:
        path = self.folder / f"{version}.csv"
        if path.parent != self.folder or not path.is_file():
            raise InputError(
                f"There is no version {version!r} of the end-of-life facts.",
                remedy="List the versions with: flow reference show, and choose one: flow reference use VERSION.",
            )
        return EndOfLifeFacts(read_end_of_life_facts(path))

    def _write(self, name: str, text: str) -> None:
        """Write a file so that it is there whole or not at all."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, partial = tempfile.mkstemp(dir=self.folder, prefix=".arriving-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(partial).replace(self.folder / name)


def reference_facts() -> ReferenceFacts:
    """Return the versions of the installation that the environment names; needs no database."""
    return ReferenceFacts(state_folder() / "reference")


def configured_url() -> str:
    """Return the address to ask for newer facts."""
    return os.environ.get("FLOW_REFERENCE_URL") or PUBLIC_URL


def fetch(address: str, patience: Patience) -> bytes:
    """Return what an address answers.

    Raises:
        InputError: It is no HTTP address, can't be reached, answers with an error, too slowly or too much.
    """
    if urlsplit(address).scheme not in {"http", "https"}:
        raise _unreachable(address, "is no HTTP address")
    request = urllib.request.Request(address, headers={"Accept": "application/json"})  # noqa: S310  (checked above)
    deadline = time.monotonic() + patience.altogether
    try:
        with urllib.request.urlopen(request, timeout=patience.silence) as answer:  # noqa: S310  (checked above)
            return _body(answer, address, deadline)
    except urllib.error.HTTPError as error:
        raise _unreachable(address, f"answers {error.code} {error.reason}") from error
    except TimeoutError as error:
        raise _unreachable(address, f"did not answer within {patience.silence:g} seconds") from error
    except urllib.error.URLError as error:
        late = isinstance(error.reason, TimeoutError)
        why = f"did not answer within {patience.silence:g} seconds" if late else f"can't be reached: {error.reason}"
        raise _unreachable(address, why) from error
    except (OSError, HTTPException, ValueError) as error:
        raise _unreachable(address, f"broke off: {error or type(error).__name__}") from error


def _body(answer: HTTPResponse, address: str, deadline: float) -> bytes:
    blocks: list[bytes] = []
    size = 0
    # Whatever has come is taken, so that a server that trickles is noticed before a block is full.
    while block := answer.read1(BLOCK):
        blocks.append(block)
        size += len(block)
        if size > LARGEST_ANSWER:
            raise _unreachable(address, f"answers with more than {LARGEST_ANSWER // 1024**2} MiB")
        if time.monotonic() > deadline:
            raise _unreachable(address, "is too slow: its answer was not complete in time")
    return b"".join(blocks)


def _unreachable(address: str, why: str) -> InputError:
    parts = urlsplit(address)
    shown = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()  # no password in a message
    return InputError(
        f"{shown} {why}.",
        remedy="Nothing was changed and the stored facts serve on; try later, or name a mirror: "
        "flow reference refresh --url URL.",
    )
