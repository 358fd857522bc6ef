"""Clients and engagements of the source, and what they are called here.

Belongs here: making valid names of theirs, and choosing which engagements are taken over into which here. Does not:
registering them (`resources/tenancy.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flow_pipelines.errors import InputError
from flow_pipelines.scope import Scope
from flow_pipelines.takeover.account import RefusedError

LONGEST_KEY = 40
NOT_OF_A_KEY = re.compile(r"[^a-z0-9]+")

Row = Mapping[str, str]


@dataclass(frozen=True)
class SourceClient:
    """A client account of the source, and its name here."""

    client_id: str
    name: str
    key: str


@dataclass(frozen=True)
class SourceEngagement:
    """An engagement of the source, and its name here."""

    engagement_id: str
    client_id: str
    client_name: str
    name: str
    scope: Scope


def tenant_key(*names: str) -> str:
    """Make a valid name of the first of some names that has a letter or digit in it.

    Accents go, everything else that may not be in a name becomes one hyphen: `Müller & Söhne` is `muller-sohne`.

    Raises:
        RefusedError: None of them has one.
    """
    for name in names:
        plain = unicodedata.normalize("NFKD", name.casefold())
        plain = "".join(character for character in plain if not unicodedata.combining(character))
        key = NOT_OF_A_KEY.sub("-", plain).strip("-")[:LONGEST_KEY].strip("-")
        if key:
            return key
    raise RefusedError("no_key")


def client_of(row: Row) -> SourceClient:
    """Read a client account.

    Raises:
        RefusedError: No name can be made of it.
    """
    name = row.get("name", "") or row.get("slug", "")
    return SourceClient(row["id"], name, tenant_key(row.get("slug", ""), row.get("name", "")))


def engagement_of(row: Row, clients: Mapping[str, SourceClient]) -> SourceEngagement:
    """Read an engagement.

    Raises:
        RefusedError: Its client is unknown, or no name can be made of it.
    """
    client = clients.get(row.get("client", ""))
    if client is None:
        raise RefusedError("client_unknown")
    scope = Scope(client.key, tenant_key(row.get("slug", ""), row.get("name", "")))
    name = row.get("name", "") or row.get("slug", "")
    return SourceEngagement(row["id"], client.client_id, client.name, name, scope)


def chosen_engagements(
    clients: Iterable[SourceClient], engagements: Sequence[SourceEngagement], target: Scope | None, named: str
) -> dict[str, Scope]:
    """Tell which engagements are taken over, and into which here.

    Args:
        clients: The clients of the source.
        engagements: Its engagements.
        target: The engagement here that one of them is to come into; all of them, each into its own, if not given.
        named: Id or name (client/engagement, as here) of the one that is meant; may be empty.

    Returns:
        The engagement here by the id of the one there.

    Raises:
        InputError: Names collide, or it is not told which engagement is meant. Nothing is guessed.
    """
    if target is None:
        _refuse_collisions(clients, engagements)
        return {one.engagement_id: one.scope for one in engagements}
    wanted = named or str(target)
    meant = [one for one in engagements if wanted in (one.engagement_id, str(one.scope))]
    if not meant and not named and len(engagements) == 1:
        # The user names where to, and there is nothing to choose from.
        meant = list(engagements)
    if len(meant) == 1:
        return {meant[0].engagement_id: target}
    listed = "; ".join(_listed(one) for one in sorted(engagements, key=lambda one: (one.scope, one.engagement_id)))
    found = f"{len(meant)} engagements there are" if meant else "No engagement there is"
    raise InputError(
        f"{found} called {wanted!r}. There are: {listed or 'none'}.",
        remedy=f"Say which one is to come into {target}, by its id: --source-engagement ID",
    )


def _refuse_collisions(clients: Iterable[SourceClient], engagements: Iterable[SourceEngagement]) -> None:
    by_key: dict[str, list[str]] = {}
    for client in clients:
        by_key.setdefault(client.key, []).append(f"client {client.name!r} ({client.client_id})")
    for engagement in engagements:
        by_key.setdefault(str(engagement.scope), []).append(_listed(engagement))
    collisions = [f"{key}: {', '.join(sorted(names))}" for key, names in sorted(by_key.items()) if len(names) > 1]
    if collisions:
        raise InputError(
            f"Different things there would be called the same here: {'; '.join(collisions)}.",
            remedy="Take them over one by one: flow import CLIENT/ENGAGEMENT --from-database URL "
            "--source-engagement ID",
        )


def _listed(engagement: SourceEngagement) -> str:
    return f"{engagement.scope} ({engagement.client_name!r}, {engagement.name!r}, id {engagement.engagement_id})"
