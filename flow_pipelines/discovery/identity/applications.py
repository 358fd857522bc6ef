"""Applications that machines and databases name: which application each name means.

Belongs here: reading the names that sources give to applications on other records. Does not: applications that have
records of their own (resolved like everything else) and what relations say (`memberships.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from flow_pipelines.discovery.identity.names import are_close, compact, words_of

# Names compared with all others at a time; at 20,000 names one step needs 4 MB.
CHUNK = 200
# An abbreviation has at most so many letters and digits, and its application's name at least so many more.
LONGEST_ABBREVIATION = 6
LEFT_OUT = 2
LEAST_LETTERS = 2


def name_keys(mentions: pd.DataFrame, named: pd.DataFrame, stated: pd.DataFrame) -> dict[str, str]:
    """Find out which application each name means that assets say they belong to.

    In this order: the application of this name but for case and punctuation; the one whose name differs by a typo;
    the one that the name abbreviates (CLPO, Claims Portal) and that the same assets are said to belong to; else an
    application of its own. Among names that no application's record bears, the more frequent one is the right one.

    Args:
        mentions: asset_id and name, as the assets' records tell it.
        named: application_id and name of the applications that have records, one row per name.
        stated: asset_id and application_id, as relations state it.

    Returns:
        Key of the application, its name without case and punctuation, by name as told. Names without any letter or
        digit are left out.
    """
    keys = {name: compact(name) for name in mentions["name"].unique()}
    known = {compact(name): name for name in sorted(named["name"].unique(), reverse=True)}
    told = mentions.assign(key=mentions["name"].map(keys)).drop_duplicates(["asset_id", "key"])
    spellings = {key: name for name, key in sorted(keys.items(), reverse=True)} | known
    counts = told["key"].value_counts()
    unknown = sorted((key for key in counts.index if key and key not in known), key=lambda key: (-counts[key], key))
    typos = _typos(unknown, list(known), spellings)
    told = told.assign(key=[typos.get(key, key) for key in told["key"]])
    right = [key for key in unknown if key not in typos]
    full = _abbreviations(right, told, _keys_stated(named, stated), spellings)
    keys = {name: typos.get(key, key) for name, key in keys.items() if key}
    return {name: full.get(key, key) for name, key in keys.items()}


def _typos(unknown: Sequence[str], known: Sequence[str], spellings: Mapping[str, str]) -> dict[str, str]:
    """Return the name that each misspelt one means; not of those that are close to several.

    Abbreviations are too short for that: one letter makes MACO another application than MANO.
    """
    known, unknown = ([key for key in keys if len(key) > LONGEST_ABBREVIATION] for keys in (known, unknown))
    candidates = [*known, *unknown]
    meant: dict[str, str] = {}
    for start in range(0, len(unknown), CHUNK):
        part = unknown[start : start + CHUNK]
        distances = cdist(part, candidates, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8)
        for row, key in enumerate(part):
            # Only what comes before: names of records, and names that are more frequent.
            before = len(known) + start + row
            near = [candidates[place] for place in np.flatnonzero(distances[row, :before] <= 1).tolist()]
            close = [one for one in near if one not in meant and are_close(spellings[key], spellings[one])]
            if len(close) == 1:
                meant[key] = close[0]
    return meant


def _keys_stated(named: pd.DataFrame, stated: pd.DataFrame) -> pd.DataFrame:
    names = named.assign(key=named["name"].map(compact))
    return stated.merge(names, on="application_id")[["asset_id", "key"]]


def _abbreviations(
    unknown: Iterable[str], told: pd.DataFrame, stated: pd.DataFrame, spellings: Mapping[str, str]
) -> dict[str, str]:
    """Return the name that each abbreviation stands for: one that at least half of its assets bear besides."""
    shorts = {key for key in unknown if len(key) <= LONGEST_ABBREVIATION}
    abbreviated = told.loc[told["key"].isin(shorts), ["asset_id", "key"]]
    full = pd.concat([told.loc[~told["key"].isin(shorts), ["asset_id", "key"]], stated]).drop_duplicates()
    together = abbreviated.merge(full, on="asset_id", suffixes=("", "_full"))
    assets = together.groupby("key")["asset_id"].nunique()
    pairs = together.groupby(["key", "key_full"])["asset_id"].nunique()
    fitting = pairs[[abbreviates(short, spellings[full]) for short, full in pairs.index]].sort_values(
        ascending=False, kind="stable"
    )
    meant: dict[str, str] = {}
    for key, ranked in fitting.groupby(level="key"):
        is_first = len(ranked) == 1 or ranked.iloc[0] > ranked.iloc[1]
        if is_first and 2 * ranked.iloc[0] >= assets[key]:
            meant[str(key)] = str(ranked.index[0][1])
    return meant


def abbreviates(short: str, full: str) -> bool:
    """Tell whether a word may abbreviate a name.

    Its letters, at least two, come in the same order in the name, from the beginning of one of its words on; digits
    may tell abbreviations apart that would be the same. `CLPO` may abbreviate `EMEA Claims Portal`, and so may `CL02`.
    """
    letters = "".join(letter for letter in short if letter.isalpha())
    words = words_of(full)
    rests = ["".join(words[place:]) for place in range(len(words))]
    return len(letters) >= LEAST_LETTERS and any(
        rest[0] == letters[0] and len(rest) >= len(short) + LEFT_OUT and _in_order(letters, rest) for rest in rests
    )


def _in_order(letters: str, text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)
