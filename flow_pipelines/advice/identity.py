"""Questions about pairs of assets that may be one.

Belongs here: what is told of a pair. Does not: which pairs there are (`discovery/identity/candidates.py`).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
from rapidfuzz.distance import OSA

from flow_pipelines.advice.facts import plain_fact
from flow_pipelines.advice.masking import shape, shortened
from flow_pipelines.advice.questions import Asked, Question
from flow_pipelines.discovery.identity.candidates import UNDECIDED
from flow_pipelines.discovery.identity.names import words_of
from flow_pipelines.reference.doubts import doubts

TOPIC = "identity"
SAME, DIFFERENT = "same", "different"
# What is told of both: nothing that names a machine or a person.
FACTS = (
    "environment", "criticality", "os_product", "os_cycle", "database_product", "database_cycle", "cpu_count",
    "memory_mib", "storage_allocated_gib", "is_virtual", "power_state", "lifecycle_status", "source_formats",
    "is_missing_from_latest",
)  # fmt: skip
MOST_PARTS, LONGEST_PART = 4, 12


def identity_questions(candidates: pd.DataFrame, inventory: pd.DataFrame) -> Asked:
    """Return a question for every pair of assets that nobody has decided, the most probable ones first, up to a limit.

    Args:
        candidates: Conforms to `discovery/identity_candidates`.
        inventory: Conforms to `discovery/inventory`.
    """
    open_pairs = candidates[candidates["verdict"] == UNDECIDED]
    open_pairs = open_pairs.sort_values(["probability", "candidate_id"], ascending=[False, True])
    open_pairs = open_pairs.head(doubts().identity.most_pairs)
    wanted = {*open_pairs["asset_id"], *open_pairs["other_asset_id"]}
    chosen = inventory.loc[inventory["asset_id"].isin(wanted), ["asset_id", *FACTS]]
    assets = {row["asset_id"]: row for row in chosen.to_dict("records")}
    return Asked(TOPIC, [_question(row, assets) for row in open_pairs.to_dict("records")])


def _question(row: Mapping[Hashable, Any], assets: Mapping[str, Mapping[Hashable, Any]]) -> Question:
    both = [assets.get(row[key], {}) for key in ("asset_id", "other_asset_id")]
    told = {name: [_fact(one.get(name)) for one in both] for name in FACTS}
    names = [str(row[key] or "").casefold() for key in ("asset_name", "other_asset_name")]
    parts = [words_of(name) for name in names]
    evidence = {
        "assets_are": row["asset_type"],
        "probability": round(float(row["probability"]), 3),
        "speaks_for": list(row["speaks_for"]),
        "speaks_against": list(row["speaks_against"]),
        "facts_of_both": {name: values for name, values in told.items() if values != [None, None]},
        "names_differ_in": [
            [_told_part(part) for part in mine if part not in others][:MOST_PARTS]
            for mine, others in (parts, parts[::-1])
        ],
        "characters_that_differ": OSA.distance(*names),
    }
    return Question(str(row["candidate_id"]), evidence, (SAME, DIFFERENT))


def _told_part(part: str) -> str:
    """Return a part of a name: in clear if it is a remark such as `old`, else its shape: it may be all the name."""
    return part if part in doubts().identity.remarks else shortened(shape(part), LONGEST_PART)


def _fact(value: object) -> object:
    if isinstance(value, list):
        return [str(one) for one in value]
    return None if value is None or pd.isna(value) else plain_fact(value)  # type: ignore[call-overload]
