"""The applications of a sample estate: business applications and the shared services under them.

Belongs here: names, codes, owners and the shape of each application. Does not: its servers (`layout.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import pandas as pd

from flow_pipelines.sample.randomness import Decimals, by_share, pick
from flow_pipelines.sample.vocabulary import Vocabulary

# Every third application is a bought one until those run out, so that small estates have some too.
PACKAGED_EVERY = 3
INTERNET_FACING_SHARE = 0.15
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
CRITICALITY_SHARES = (0.12, 0.23, 0.40, 0.25)
# Applications per site, main site first: enterprises concentrate.
SITE_SHARES = (0.5, 0.2, 0.12, 0.08, 0.06, 0.04)


def invent_applications(words: Vocabulary, count: int, sites: int, rng: np.random.Generator) -> pd.DataFrame:
    """Invent business applications.

    Args:
        words: The vocabulary.
        count: How many to invent; fewer come back once all names are used (18,732).
        sites: How many sites the enterprise has.
        rng: Source of the choices.

    Returns:
        One row per application: name, code (4 letters or digits, unique), shape, family, engine (may be empty),
        age (quantile, 0 is oldest), criticality (1 is most critical), business_unit, owner, support_group,
        cost_center, site (number), size (factor), internet_facing, since (year),
        infrastructure (False), service (empty).
    """
    frame = _in_house(words, count, rng)
    packaged = _packaged(words, rng)
    places = np.arange(len(packaged)) * PACKAGED_EVERY
    order = np.argsort(np.concatenate([places, np.arange(len(frame)) + 0.5]), kind="stable")
    frame = pd.concat([packaged, frame], ignore_index=True).iloc[order].head(count).reset_index(drop=True)
    rows = len(frame)
    units = rng.integers(len(words.business_units), size=rows)
    frame["age"] = rng.random(rows)
    frame["size"] = np.clip(rng.lognormal(0.0, 0.5, rows), 0.7, 6.0)
    frame["site"] = by_share(SITE_SHARES[:sites], rng.random(rows))
    frame["business_unit"] = [words.business_units[unit] for unit in units.tolist()]
    frame["support_group"] = [f"{unit} Application Support" for unit in frame["business_unit"]]
    frame["cost_center"] = [
        f"CC-{4100 + 10 * unit + extra}" for unit, extra in zip(units, _few(rng, rows), strict=True)
    ]
    frame["owner"] = people(words, rows, rng)
    frame["internet_facing"] = rng.random(rows) < INTERNET_FACING_SHARE
    frame["since"] = 2008 + (frame["age"].to_numpy() * 17).astype(int)
    frame["infrastructure"] = False
    frame["service"] = ""
    frame["code"] = _codes(frame["name"].tolist(), frame["code"].tolist(), {one.code for one in words.services})
    return frame


def infrastructure_applications(words: Vocabulary, servers: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return the shared services that an estate of this size has, as applications; columns as above."""
    services = [service for service in words.services if servers >= service.from_servers]
    return pd.DataFrame(
        {
            "name": [service.name for service in services],
            "code": [service.code for service in services],
            "shape": "service",
            "family": [service.family for service in services],
            "engine": "",
            "age": rng.random(len(services)),
            "criticality": 1,
            "business_unit": "Corporate Services",
            "owner": people(words, len(services), rng),
            "support_group": "Infrastructure Operations",
            "cost_center": "CC-4000",
            "site": 0,
            "size": 1.0,
            "internet_facing": False,
            "since": 2015,
            "infrastructure": True,
            "service": [service.key for service in services],
        }
    )


def people(words: Vocabulary, count: int, rng: np.random.Generator) -> list[str]:
    """Draw people's full names; the same person may come up again."""
    firsts, lasts = pick(rng, words.first_names, count), pick(rng, words.last_names, count)
    return [f"{first} {last}" for first, last in zip(firsts, lasts, strict=True)]


def _in_house(words: Vocabulary, count: int, rng: np.random.Generator) -> pd.DataFrame:
    plain = [" ".join(pair) for pair in product(words.capabilities, words.kinds)]
    regional = [" ".join(triple) for triple in product(words.regions, words.capabilities, words.kinds)]
    names = [plain[place] for place in rng.permutation(len(plain)).tolist()]
    names += [regional[place] for place in rng.permutation(len(regional)).tolist()] if count > len(plain) else []
    names = names[:count]
    shapes, families = list(words.shapes), list(words.families)
    family = by_share([words.families[key].share for key in families], rng.random(len(names)))
    shape = by_share([words.shapes[key].share for key in shapes], rng.random(len(names)))
    frame = pd.DataFrame({"name": names, "code": "", "shape": [shapes[index] for index in shape.tolist()]})
    frame["family"] = [families[index] for index in family.tolist()]
    frame["engine"] = _engines(words, frame["family"].tolist(), rng.random(len(names)))
    frame["criticality"] = by_share(CRITICALITY_SHARES, rng.random(len(names))) + 1
    return frame


def _engines(words: Vocabulary, families: Sequence[str], quantiles: Decimals) -> list[str]:
    chosen = np.empty(len(families), dtype=object)
    for family, shares in words.engines.items():
        rows = np.flatnonzero(np.asarray(families) == family)
        chosen[rows] = np.asarray(list(shares), dtype=object)[by_share(list(shares.values()), quantiles[rows])]
    return [str(engine) for engine in chosen]


def _packaged(words: Vocabulary, rng: np.random.Generator) -> pd.DataFrame:
    entries = [one.model_dump() for one in words.packaged_applications]
    return pd.DataFrame([entries[place] for place in rng.permutation(len(entries)).tolist()])


def _few(rng: np.random.Generator, count: int) -> list[int]:
    return [int(draw) for draw in rng.integers(10, size=count)]


def _codes(names: Sequence[str], given: Sequence[str], reserved: set[str]) -> list[str]:
    """Give every application without one a code of 4 that looks like its name and that no other has."""
    taken = reserved | {code for code in given if code}
    codes = []
    for name, code in zip(names, given, strict=True):
        unique = code or next(one for one in _code_candidates(name) if one not in taken)
        taken.add(unique)
        codes.append(unique)
    return codes


def _code_candidates(name: str) -> Iterator[str]:
    # The last two words are the capability and the kind; a region in front would give all its codes one start.
    first, last = (re.sub(r"[^a-z]", "", word) for word in name.lower().split()[-2:])
    stem = first[:2] + last[:2]
    yield stem
    yield from (stem[:3] + letter for letter in last + first)
    yield from (stem[:2] + "".join(end) for end in product(DIGITS, repeat=2))
    yield from (stem[:1] + "".join(end) for end in product(DIGITS, repeat=3))
