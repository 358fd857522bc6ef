"""Pairs of records that may be one asset, and how probable it is that they are.

Belongs here: blocking by shared keys, comparing, scoring by the model's weights. Does not: putting pairs together
(`clusters.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt
import pandas as pd

from flow_pipelines.discovery.identity.contradictions import share
from flow_pipelines.discovery.identity.evidence import Evidence, Texts
from flow_pipelines.discovery.identity.names import any_close
from flow_pipelines.reference.identity_model import identity_model

Mask = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
# Comparisons whose outcome is a key in common or none, and those of one value with another.
OF_KEYS = ("external_id", "uuid", "serial", "ip", "mac", "placed_name", "context")
OF_VALUES = ("domain", "environment")


def likely_pairs(evidence: Evidence) -> pd.DataFrame:
    """Find the pairs of records that are probably one asset: `accepted` of `scored_pairs`."""
    return accepted(scored_pairs(evidence))


def accepted(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs that are probably one asset.

    An address alone, or several, is never enough, nor is a name that is only close.

    Args:
        pairs: As `scored_pairs` returns them.
    """
    is_likely = (pairs["method"] != "") & (pairs["probability"] >= identity_model().accept)
    return pairs[is_likely].reset_index(drop=True)


def scored_pairs(evidence: Evidence) -> pd.DataFrame:
    """Score the pairs of records that may be one asset: those that share a key, a name, an address, an identifier.

    Args:
        evidence: Of the records of one asset type.

    Returns:
        One row per pair of at least the model's `least_probability`: left and right (positions, left < right), method
        (as in `inventory`; empty if it rests on nothing that could carry it), probability and bits, its logarithm of
        the odds; the most probable first, then by position.
    """
    model = identity_model()
    in_common = {kind: _pairs_with(keys) for kind, keys in evidence.keys.items()}
    pairs = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *in_common.values()]))
    left, right = np.divmod(pairs, len(evidence.facts)) if len(pairs) else (pairs, pairs)
    outcomes = _outcomes(evidence, left, right, {kind: np.isin(pairs, own) for kind, own in in_common.items()})
    bits = np.full(len(pairs), model.prior_bits)
    for comparison, levels in model.comparisons.items():
        for level, weight in levels.items():
            bits += weight.bits * outcomes.get((comparison, level), False)
    probability = 1 / (1 + np.exp2(-bits))
    frame = pd.DataFrame({"left": left, "right": right, "method": _method(outcomes), "probability": probability})
    # Rounded, so that the order of equally likely pairs does not hang on the last digit of a sum.
    frame["bits"] = bits.round(6)
    frame = frame[frame["probability"] >= model.candidates.least_probability]
    return frame.sort_values(["bits", "left", "right"], ascending=[False, True, True], ignore_index=True)


def _pairs_with(keys: Sequence[Texts]) -> Integers:
    """Return the pairs of positions that share a key, each as left x number of records + right."""
    positions = np.repeat(np.arange(len(keys)), [len(one) for one in keys])
    codes, _ = pd.factorize(np.asarray([*chain.from_iterable(keys)], dtype=object))
    order = np.lexsort((positions, codes))
    sorted_codes, positions = codes[order], positions[order]
    starts = np.flatnonzero(np.diff(sorted_codes, prepend=-1))
    sizes = np.diff(starts, append=len(codes))
    found = [np.empty(0, dtype=np.int64)]
    # All blocks of one size at a time: as many steps as there are sizes, not as there are blocks.
    for size in np.unique(sizes[sizes > 1]).tolist():
        blocks = positions[starts[sizes == size][:, None] + np.arange(size)]
        first, second = np.triu_indices(size, k=1)
        found.append((blocks[:, first] * len(keys) + blocks[:, second]).ravel())
    return np.concatenate(found)


def _outcomes(
    evidence: Evidence, left: Integers, right: Integers, in_common: Mapping[str, Mask]
) -> dict[tuple[str, str], Mask]:
    """Return the pairs of each outcome, by comparison and level."""
    outcomes: dict[tuple[str, str], Mask] = {}
    for kind in OF_KEYS:
        equal = in_common.get(kind, np.zeros(len(left), dtype=np.bool_))
        outcomes[kind, "equal"] = equal
        if kind in ("ip", "mac") and kind in in_common:
            outcomes[kind, "different"] = _both_tell(_codes(evidence, kind), left, right) & ~equal
    differs = np.zeros(len(left), dtype=np.bool_)
    for kind in ("bios_uuid", "vm_uuid"):
        differs |= _both_tell(codes := _codes(evidence, kind), left, right) & (codes[left] != codes[right])
    outcomes["uuid", "different"] = differs & ~outcomes["uuid", "equal"]
    for kind in OF_VALUES:
        codes = _codes(evidence, kind)
        is_equal = codes[left] == codes[right]
        outcomes[kind, "equal"] = _both_tell(codes, left, right) & is_equal
        outcomes[kind, "different"] = _both_tell(codes, left, right) & ~is_equal
    return outcomes | _outcomes_of_names(evidence, left, right, in_common["name"])


def _codes(evidence: Evidence, field: str) -> Integers:
    """Return a number for the value that each record tells, -1 where it tells none."""
    values = [getattr(facts, field) for facts in evidence.facts]
    codes, _ = pd.factorize(np.asarray(["\n".join(texts) or None for texts in values], dtype=object))
    return codes.astype(np.int64)


def _both_tell(codes: Integers, left: Integers, right: Integers) -> Mask:
    return np.asarray((codes[left] >= 0) & (codes[right] >= 0), dtype=np.bool_)


def _outcomes_of_names(
    evidence: Evidence, left: Integers, right: Integers, in_common: Mask
) -> dict[tuple[str, str], Mask]:
    """Compare names one by one where they share no key: few pairs do not, so speed does not matter here."""
    equal, close, different = in_common.copy(), np.zeros_like(in_common), np.zeros_like(in_common)
    for pair in np.flatnonzero(~in_common).tolist():
        one, other = evidence.facts[left[pair]], evidence.facts[right[pair]]
        if one.name and other.name:
            equal[pair] = share(one.name, other.name)
            close[pair] = not equal[pair] and any_close(one.base, other.base)
            different[pair] = not equal[pair] and not close[pair]
    return {("name", "equal"): equal, ("name", "close"): close, ("name", "different"): different}


def _method(outcomes: Mapping[tuple[str, str], Mask]) -> npt.NDArray[np.object_]:
    """Name the evidence that a pair rests on; empty if it rests on none that could carry it."""
    corroborated = outcomes["ip", "equal"] | outcomes["mac", "equal"] | outcomes["placed_name", "equal"]
    has_name, has_close_name = outcomes["name", "equal"], outcomes["name", "close"]
    conditions = {
        "external_id": outcomes["external_id", "equal"],
        "uuid": outcomes["uuid", "equal"],
        "serial": outcomes["serial", "equal"],
        "host_and_address": has_name & corroborated,
        "close_name": has_close_name & (corroborated | outcomes["context", "equal"]),
        "name": has_name,
    }
    return np.select(list(conditions.values()), list(conditions), default="").astype(object)
