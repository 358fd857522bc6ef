"""Survivorship: which of the values that an asset's records tell is kept.

Belongs here: applying the orders of trust to records that are known to be one asset. Does not: the orders themselves
(`reference/identity_model.yaml`), ranking (`ranking.py`) and what becomes of the values that lost (`conflicts.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.discovery.identity.conflicts import COLUMNS, find_conflicts, find_denied, find_dropped
from flow_pipelines.discovery.identity.exports import Standing
from flow_pipelines.discovery.identity.grouping import unite
from flow_pipelines.discovery.identity.ranking import (
    Integers,
    Ranking,
    are_newest,
    first_of_each,
    rank_records,
    refine,
)
from flow_pipelines.reference.attributes import AttributeType
from flow_pipelines.reference.identity_model import identity_model
from flow_pipelines.tables.discovery import ASSET_ATTRIBUTES


@dataclass(frozen=True)
class Survivors:
    """What is known of each asset, and what lost.

    Attributes:
        assets: One row per asset, a column per attribute.
        conflicts: One row per losing value; columns as `conflicts.COLUMNS`.
    """

    assets: pd.DataFrame
    conflicts: pd.DataFrame


def survive(records: pd.DataFrame, asset_of: Integers, standing: Standing) -> Survivors:
    """Choose the value of every attribute of every asset.

    Lists are united, of each source the newest one. Of other attributes the value of the most believed record that
    tells one is kept; every value that differs from it is a conflict.

    Args:
        records: Rows of `cleansed_records` with a fresh index, ordered by record id.
        asset_of: Number of the asset of each record, from 0 on without gaps.
        standing: Which export each record is from.
    """
    survivorship = identity_model().survivorship
    rankings: dict[str, Ranking] = {}
    columns: dict[str, pd.Series[Any]] = {}
    conflicts = [pd.DataFrame(columns=list(COLUMNS))]
    count = int(asset_of.max(initial=-1)) + 1
    is_told = records[[attribute.name for attribute in ASSET_ATTRIBUTES]].notna().any()
    for attribute in ASSET_ATTRIBUTES:
        name, values = attribute.name, records[attribute.name]
        if not is_told[name]:
            continue
        if attribute.type is AttributeType.TEXT_LIST:
            newest = are_newest(values.notna().to_numpy(), asset_of, standing)
            columns[name] = unite(values.where(newest), asset_of)
            if standing.age.any():
                conflicts.append(find_dropped(values, records["record_id"], asset_of, newest, standing))
        elif name in survivorship.extremes:
            groups = values.groupby(asset_of)
            columns[name] = groups.min() if survivorship.extremes[name] == "earliest" else groups.max()
        else:
            group, bundle = survivorship.group_of(name), survivorship.bundle_of(name)
            key = bundle.name if bundle else group.name
            if key not in rankings:
                rankings[key] = rank_records(records, asset_of, group, bundle, standing)
            kept = _kept(values, asset_of, rankings[key])
            if bundle and name in bundle.lead:
                kept = _refined(values, kept, asset_of, rankings[key])
            columns[name] = values.reindex(kept).reset_index(drop=True)
            conflicts += [
                find_denied(records, one, asset_of, kept, standing)
                for one in survivorship.disagreements
                if one.attribute == name and is_told[one.other]
            ]
            if len(records) > count and name not in survivorship.of_the_source:
                conflicts.append(find_conflicts(records, attribute, asset_of, kept, rankings[key]))
    silent = records[[name for name, told in is_told.items() if not told]].iloc[:0].reindex(range(count))
    assets = pd.concat([pd.DataFrame(columns, index=range(count)), silent], axis="columns")
    return Survivors(assets, pd.concat([found for found in conflicts if len(found)] or conflicts, ignore_index=True))


def _kept(values: pd.Series[Any], asset_of: Integers, ranking: Ranking) -> Integers:
    """Return the position of the record whose value is kept, by asset; -1 where no record tells one."""
    may_win = values.notna().to_numpy() & ranking.eligible
    return first_of_each(asset_of, ranking.order[may_win[ranking.order]])


def _refined(values: pd.Series[Any], kept: Integers, asset_of: Integers, ranking: Ranking) -> Integers:
    """Keep a more precise release, where a less believed record tells it and agrees otherwise."""
    texts = values.to_numpy(dtype=object)
    refines = ranking.eligible & refine(texts, texts[ranking.leader])
    precise = first_of_each(asset_of, ranking.order[refines[ranking.order]])
    return np.where(precise >= 0, precise, kept)
