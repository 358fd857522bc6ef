"""Where every random choice of a sample estate comes from.

Belongs here: generators that depend on nothing but the seed, what they are for and the chunk. Does not: the choices.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Choice = TypeVar("Choice")
Integers = npt.NDArray[np.int64]
Decimals = npt.NDArray[np.float64]


class Stream(IntEnum):
    """What a generator is for: two purposes never share one, so changing one leaves the others as they are."""

    APPLICATIONS = 1
    LAYOUT = 2
    DETAILS = 3
    RETIRED = 4
    TEMPLATES = 5
    EDGES = 6
    RVTOOLS = 7
    SERVERS = 8
    APPLICATION_ITEMS = 9
    DATABASE_ITEMS = 10
    RELATIONS = 11
    MIGRATION_HUB = 12
    CONNECTIONS = 13


def generator(seed: int, stream: Stream, chunk: int = 0) -> np.random.Generator:
    """Return the generator of one chunk of one stream; equal arguments give equal numbers."""
    return np.random.default_rng((seed, int(stream), chunk))


def pick(rng: np.random.Generator, choices: Sequence[Choice], count: int) -> list[Choice]:
    """Draw `count` of the choices, evenly and with replacement."""
    return [choices[index] for index in rng.integers(len(choices), size=count).tolist()]


def by_share(shares: Sequence[float], quantiles: Decimals) -> Integers:
    """Return for each quantile (0 to 1) the index of the entry it falls into, entries lying end to end."""
    ends = np.cumsum(shares)
    return np.minimum(np.searchsorted(ends / ends[-1], quantiles, side="right"), len(shares) - 1).astype(np.int64)


def hexadecimal(rng: np.random.Generator, count: int, digits: int) -> list[str]:
    """Draw `count` texts of hexadecimal digits."""
    text = rng.bytes(count * ((digits + 1) // 2)).hex()
    width = (digits + 1) // 2 * 2
    return [text[start : start + digits] for start in range(0, count * width, width)]
