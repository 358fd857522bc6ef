"""Scope: the one client account and engagement that a row, a run or a query belongs to.

Belongs here: the validator of scope names, the partition key, and the deterministic ids that follow from
them. Does not: how the database enforces the scope (`resources/`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha1
from uuid import UUID, uuid5

from flow_pipelines.errors import ScopeError

# Fixed for ever: every id in every database of every installation derives from it.
NAMESPACE = UUID("6f1b7a52-6c0e-5d9a-9a53-0f7a5d0c7e11")
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
# Between the parts of a natural key: a control character that no cell keeps after import.
SEPARATOR = "\x1f"
# The digit of a UUID that tells its layout (RFC 9562), for each that a hash may have there.
VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


@dataclass(frozen=True, order=True)
class Scope:
    """One engagement of one client account, named `client/engagement` (`acme/dc-exit`)."""

    client: str
    engagement: str

    def __post_init__(self) -> None:
        validate_name(self.client, "client")
        validate_name(self.engagement, "engagement")

    @classmethod
    def parse(cls, key: str) -> Scope:
        """Read a partition key.

        Raises:
            ScopeError: The key is not `client/engagement`, or one of the names is not valid.
        """
        parts = key.split("/")
        if len(parts) != 2:  # noqa: PLR2004
            raise ScopeError(
                f"{key!r} does not name an engagement.",
                remedy="Write client/engagement, for example acme/dc-exit.",
            )
        return cls(client=parts[0], engagement=parts[1])

    def __str__(self) -> str:
        return f"{self.client}/{self.engagement}"

    @property
    def partition_key(self) -> str:
        """The Dagster partition key, `client/engagement`."""
        return str(self)

    @cached_property
    def client_account_id(self) -> UUID:
        """Deterministic id of the client account."""
        return client_account_id(self.client)

    @cached_property
    def engagement_id(self) -> UUID:
        """Deterministic id of the engagement."""
        return uuid5(self.client_account_id, self.engagement)

    def id_of(self, kind: str, *natural_key: object) -> str:
        """Deterministic id of one thing of this engagement.

        Args:
            kind: What it identifies, such as `record` or `asset`; keeps equal keys of two kinds apart.
            natural_key: The parts that make it unique within the engagement.

        Returns:
            A UUID (version 5) as text: the same arguments give the same id, run after run.
        """
        return str(uuid5(self.engagement_id, SEPARATOR.join((kind, *map(str, natural_key)))))

    def ids_of(self, kind: str, natural_keys: Iterable[tuple[object, ...]]) -> list[str]:
        """Deterministic ids of many things of one kind, in order; see `id_of`."""
        # The same UUIDs without an object for each: 0.9 s instead of 3.8 s for 300,000.
        started = sha1(self.engagement_id.bytes, usedforsecurity=False)
        found = []
        for key in natural_keys:
            digest = started.copy()
            digest.update(SEPARATOR.join((kind, *map(str, key))).encode())
            text = digest.hexdigest()
            found.append(f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{VARIANT[text[16]]}{text[17:20]}-{text[20:32]}")
        return found


def client_account_id(client: str) -> UUID:
    """Deterministic id of a client account.

    Raises:
        ScopeError: The name is not valid.
    """
    return uuid5(NAMESPACE, validate_name(client, "client"))


def validate_name(name: str, kind: str) -> str:
    """Return `name` if it may name a client or an engagement.

    Raises:
        ScopeError: It is not 1 to 40 lower-case letters, digits and inner hyphens.
    """
    if NAME.fullmatch(name):
        return name
    raise ScopeError(
        f"{name!r} is not a valid {kind} name.",
        remedy="Use 1 to 40 lower-case letters, digits and hyphens, starting and ending with a letter or digit.",
    )
