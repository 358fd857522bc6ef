"""Values that lost: which differ from the kept ones, and why those were kept.

Belongs here: comparing values and naming the rule. Does not: choosing (`survivorship.py`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.discovery.identity.exports import Standing
from flow_pipelines.discovery.identity.grouping import unite
from flow_pipelines.discovery.identity.keys import read_uuid
from flow_pipelines.discovery.identity.ranking import Integers, Mask, Ranking, agree
from flow_pipelines.reference.attributes import Attribute, AttributeType
from flow_pipelines.reference.identity_model import Disagreement, identity_model

COLUMNS = ("asset", "attribute", "kept_value", "kept_record_id", "losing_value", "losing_record_id", "rule")
UUIDS = ("vm_uuid", "bios_uuid")


def find_conflicts(
    records: pd.DataFrame, attribute: Attribute, asset_of: Integers, kept: Integers, ranking: Ranking
) -> pd.DataFrame:
    """Find the values of one attribute that differ from the kept ones.

    Args:
        records: Rows of `cleansed_records` with a fresh index.
        attribute: The attribute; not a list.
        asset_of: Number of the asset of each record.
        kept: Position of the record whose value is kept, by asset; -1 if none.
        ranking: By which it was chosen.

    Returns:
        One row per losing record, with the columns `COLUMNS`.
    """
    values = records[attribute.name]
    kept_of = kept[asset_of]
    contested = values.notna().to_numpy() & (kept_of >= 0) & (kept_of != np.arange(len(records)))
    losing = np.flatnonzero(contested)
    losing = losing[_differ(values.take(kept_of[losing]), values.take(losing), attribute)]
    if ranking.bundle and attribute.name in ranking.bundle.wording:
        losing = losing[~_tell_the_same(records[list(ranking.bundle.lead)], kept_of[losing], losing)]
    if ranking.bundle and attribute.name in ranking.bundle.lead:
        texts = values.to_numpy(dtype=object)
        losing = losing[~agree(texts[losing], texts[kept_of[losing]])]
    winning = kept_of[losing]
    return pd.DataFrame(
        {
            "asset": asset_of[losing],
            "attribute": attribute.name,
            "kept_value": as_texts(values.take(winning), attribute.type),
            "kept_record_id": records["record_id"].take(winning).to_numpy(),
            "losing_value": as_texts(values.take(losing), attribute.type),
            "losing_record_id": records["record_id"].take(losing).to_numpy(),
            "rule": _rules(records, winning, losing, ranking),
        },
        columns=list(COLUMNS),
    )


def find_dropped(
    lists: pd.Series[Any], record_ids: pd.Series[Any], asset_of: Integers, newest: Mask, standing: Standing
) -> pd.DataFrame:
    """Find what lists of earlier exports held that no source says any more.

    Args:
        lists: What each record tells of the attribute that the series is named after.
        record_ids: Of the records.
        asset_of: Number of the asset of each record.
        newest: Records whose list is the newest word of their source on their asset.
        standing: Which export each record is from.

    Returns:
        One row per earlier record, with the columns `COLUMNS`.
    """
    told, ids = lists.tolist(), record_ids.tolist()
    is_told = lists.notna().to_numpy()
    united = unite(lists.where(newest), asset_of)
    speakers = {(asset_of[place], standing.source[place]): place for place in np.flatnonzero(newest & is_told).tolist()}
    rows = []
    for place in np.flatnonzero(is_told & ~newest).tolist():
        kept = united[asset_of[place]]
        if dropped := sorted(set(told[place]).difference(kept)):
            by = speakers[asset_of[place], standing.source[place]]
            rule = f"{_newer(standing, by, place)} (identity model {identity_model().version})"
            texts = (", ".join(kept), ids[by], ", ".join(dropped), ids[place])
            rows.append((asset_of[place], str(lists.name), *texts, rule))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def find_denied(
    records: pd.DataFrame, disagreement: Disagreement, asset_of: Integers, kept: Integers, standing: Standing
) -> pd.DataFrame:
    """Find the kept values that another record denies by what it tells of another attribute.

    Args:
        records: Rows of `cleansed_records` with a fresh index.
        disagreement: Which values deny each other.
        asset_of: Number of the asset of each record.
        kept: Position of the record whose value is kept, by asset; -1 if none.
        standing: Which export each record is from; only the newest word of each source denies anything.

    Returns:
        One row per denying record, with the columns `COLUMNS`.
    """
    kept_of = kept[asset_of]
    denies = records[disagreement.other].isin(disagreement.other_values).to_numpy() & (standing.age == 0)
    is_kept = records[disagreement.attribute].isin(disagreement.values).to_numpy()
    denying = np.flatnonzero(denies & (kept_of >= 0) & is_kept[kept_of] & (kept_of != np.arange(len(records))))
    return pd.DataFrame(
        {
            "asset": asset_of[denying],
            "attribute": disagreement.attribute,
            "kept_value": records[disagreement.attribute].take(kept_of[denying]).to_numpy(),
            "kept_record_id": records["record_id"].take(kept_of[denying]).to_numpy(),
            "losing_value": [f"{value} ({disagreement.other})" for value in records[disagreement.other].take(denying)],
            "losing_record_id": records["record_id"].take(denying).to_numpy(),
            "rule": f"disagreement: {disagreement.other} denies it (identity model {identity_model().version})",
        },
        columns=list(COLUMNS),
    )


def _newer(standing: Standing, one: int, other: int) -> str:
    return f"newer export: {standing.file[one]} after {standing.file[other]} of the same source"


def _differ(kept: pd.Series[Any], losing: pd.Series[Any], attribute: Attribute) -> Mask:
    """Tell which values differ: numbers by more than the tolerance, text in more than its case."""
    if attribute.type in (AttributeType.INTEGER, AttributeType.DECIMAL):
        one, other = kept.to_numpy(dtype=np.float64), losing.to_numpy(dtype=np.float64)
        tolerance = identity_model().survivorship.numeric_tolerance
        return np.asarray(np.abs(one - other) > tolerance * np.abs(one), dtype=np.bool_)
    if attribute.type is not AttributeType.TEXT:
        return np.asarray(kept.to_numpy() != losing.to_numpy(), dtype=np.bool_)
    pairs = zip(kept, losing, strict=True)
    read = _comparable_uuid if attribute.name in UUIDS else _comparable
    return np.fromiter((one != other and read(one) != read(other) for one, other in pairs), np.bool_, len(kept))


def _tell_the_same(leading: pd.DataFrame, kept: Integers, losing: Integers) -> Mask:
    """Tell which losing records agree with the kept ones on all leading attributes of a bundle that they tell."""
    same, told = np.ones(len(losing), dtype=np.bool_), np.zeros(len(losing), dtype=np.bool_)
    for name in leading.columns:
        texts = leading[name].to_numpy(dtype=object)
        is_told = ~pd.isna(texts[losing])
        same &= ~is_told | agree(texts[losing], texts[kept])
        told |= is_told
    return same & told


def _comparable(text: str) -> str:
    return " ".join(text.casefold().split())


def _comparable_uuid(text: str) -> str:
    return read_uuid(text) or text


def as_texts(values: pd.Series[Any], kind: AttributeType) -> list[str]:
    """Write values as text: numbers without superfluous digits, truth values in lower case, moments in ISO 8601."""
    if kind is AttributeType.BOOLEAN:
        return ["true" if value else "false" for value in values]
    if kind is AttributeType.DECIMAL:
        return [f"{value:.10g}" for value in values]
    if kind is AttributeType.TIMESTAMP:
        return [value.isoformat() for value in values]
    return [str(value) for value in values]


def _rules(records: pd.DataFrame, winning: Integers, losing: Integers, ranking: Ranking) -> list[str]:
    """Say for each pair of records why the one is believed rather than the other: the first difference in rank."""
    formats = records["source_format"].to_numpy(dtype=object)
    version = identity_model().version
    standing, rules = ranking.standing, []
    for one, other in zip(winning.tolist(), losing.tolist(), strict=True):
        if standing.source[one] == standing.source[other] and standing.age[one] < standing.age[other]:
            rule = _newer(standing, one, other)
        elif ranking.bundle and ranking.completeness[one] != ranking.completeness[other]:
            rule = f"completeness: it tells more of the {ranking.bundle.name}"
        elif ranking.bundle and not ranking.eligible[other]:
            rule = f"coherence: the {ranking.bundle.name} is taken from one record"
        elif ranking.trust[one] != ranking.trust[other]:
            rule = f"trust: {formats[one]} before {formats[other]} on {ranking.group.name} facts"
        elif standing.age[one] != standing.age[other]:
            rule = "newest word: the newest that its source says, before what another source said earlier"
        elif ranking.freshness[one] != ranking.freshness[other]:
            rule = (
                f"freshness: last discovered {_moment(ranking.freshness[one])}, not {_moment(ranking.freshness[other])}"
            )
        elif ranking.quality[one] != ranking.quality[other]:
            rule = f"quality: {ranking.quality[one]:.2f}, not {ranking.quality[other]:.2f}"
        else:
            rule = "record id: the lower one, as nothing else tells the records apart"
        rules.append(f"{rule} (identity model {version})")
    return rules


def _moment(microseconds: float) -> str:
    if microseconds <= np.iinfo(np.int64).min:
        return "at an unknown time"
    return f"{datetime.fromtimestamp(microseconds / 1e6, tz=UTC):%Y-%m-%d %H:%M}"
