"""Pairs of assets that may be one: what evidence speaks for and the model, or a contradiction, kept apart.

Belongs here: which pairs those are, and what speaks for and against each. Does not: joining (`clusters.py`) and
scoring (`pairs.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from flow_pipelines.discovery.identity.clusters import AMBIGUOUS, NAME_ALONE, Cluster
from flow_pipelines.discovery.identity.contradictions import contradiction, differ, share
from flow_pipelines.discovery.identity.evidence import Evidence, Facts
from flow_pipelines.reference.identity_model import identity_model

Integers = npt.NDArray[np.int64]
# What two records may agree or differ on, and what a person calls it.
COMPARED = {
    "external_id": "external id",
    "bios_uuid": "SMBIOS UUID",
    "vm_uuid": "UUID in the hypervisor",
    "serial": "serial number",
    "name": "name",
    "ip": "address",
    "mac": "hardware address",
    "domain": "DNS domain",
    "environment": "environment",
    "place": "place",
    "hypervisor_host": "host that runs it",
    "owner": "owner",
    "business_unit": "business unit",
}
ENDS = (("one", "left"), ("other", "right"))
COLUMNS = (
    "asset_type", "asset_id", "asset_name", "record_id", "other_asset_id", "other_asset_name", "other_record_id",
    "probability", "speaks_for", "speaks_against", "verdict",
)  # fmt: skip
UNDECIDED = "undecided"
# Records of two assets that are looked at for a contradiction: all, up to so many pairs.
MOST_COMPARISONS = 400


def find_candidates(
    pairs: pd.DataFrame, evidence: Evidence, by_model: Sequence[Cluster], decided: Sequence[Cluster]
) -> tuple[pd.DataFrame, int]:
    """Find the pairs of assets that may be one, though they are two.

    What a person split is not among them, nor are two records that contradict each other and nothing but a name, or
    less, speaks for.

    Args:
        pairs: As `pairs.scored_pairs` returns them.
        evidence: Of the records.
        by_model: The assets as the model found them.
        decided: The assets as people decided.

    Returns:
        One row per pair of assets, the most probable first: left and right (positions of the records that are most
        alike), one and other (places of their assets in `decided`), probability, speaks_for and speaks_against. And how
        many more there are than the model allows.
    """
    asset, was = _places(decided, len(evidence.facts)), _places(by_model, len(evidence.facts))
    left, right = (pairs[side].to_numpy(dtype=np.int64) for side in ("left", "right"))
    apart = pairs[(asset[left] != asset[right]) & (was[left] != was[right])]
    apart = apart.assign(one=asset[apart["left"]], other=asset[apart["right"]])
    best = apart[~pd.DataFrame(np.sort(apart[["one", "other"]].to_numpy(), axis=1), apart.index).duplicated()]
    most = identity_model().candidates.most_of_type
    rows: list[dict[Any, Any]] = []
    left_out = 0
    for row in best.to_dict("records"):
        against = _contradiction(decided[row["one"]], decided[row["other"]], evidence.facts)
        if against and row["method"] in ("", NAME_ALONE):
            continue
        if len(rows) == most:
            left_out += 1
            continue
        facts = evidence.facts[row["left"]], evidence.facts[row["right"]]
        doubt = against or (AMBIGUOUS if row["method"] == NAME_ALONE else "")
        different = [words for field, words in COMPARED.items() if _differ(field, *facts)]
        rows.append(
            {
                **row,
                "speaks_for": [words for field, words in COMPARED.items() if _share(field, *facts)],
                "speaks_against": [*([doubt] if doubt else []), *(f"different {words}" for words in different)],
            }
        )
    columns = ["left", "right", "one", "other", "probability", "speaks_for", "speaks_against"]
    return pd.DataFrame(rows, columns=columns), left_out


def candidate_rows(candidates: pd.DataFrame, assets: pd.DataFrame, record_ids: pd.Series[str]) -> pd.DataFrame:
    """Return pairs as rows of `identity_candidates`, without their ids; of two assets the one of the lower id is first.

    Args:
        candidates: As `find_candidates` returns them.
        assets: asset_id, asset_type and, if any tells one, name, in the order that `one` and `other` count.
        record_ids: Of the records, by position.
    """
    ids, records = assets["asset_id"].tolist(), record_ids.tolist()
    names = assets["name"].tolist() if "name" in assets else [None] * len(ids)
    rows = []
    for row in candidates.to_dict("records"):
        ends = [(ids[row[end]], names[row[end]], records[row[record]]) for end, record in ENDS]
        first, second = sorted(ends, key=lambda end: str(end[0]))
        told = {
            **dict(zip(("asset_id", "asset_name", "record_id"), first, strict=True)),
            **dict(zip(("other_asset_id", "other_asset_name", "other_record_id"), second, strict=True)),
        }
        judged = {name: row[name] for name in ("probability", "speaks_for", "speaks_against")}
        rows.append({**told, **judged, "asset_type": assets["asset_type"].iloc[row["one"]], "verdict": UNDECIDED})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _places(clusters: Sequence[Cluster], records: int) -> Integers:
    places = np.zeros(records, dtype=np.int64)
    for place, one in enumerate(clusters):
        places[list(one.members)] = place
    return places


def _contradiction(one: Cluster, other: Cluster, facts: Sequence[Facts]) -> str:
    if len(one.members) * len(other.members) > MOST_COMPARISONS:
        return ""
    words = (contradiction(facts[member], facts[another]) for member, another in product(one.members, other.members))
    return next(filter(None, words), "")


def _share(field: str, one: Facts, other: Facts) -> bool:
    return share(getattr(one, field), getattr(other, field))


def _differ(field: str, one: Facts, other: Facts) -> bool:
    return differ(getattr(one, field), getattr(other, field))
