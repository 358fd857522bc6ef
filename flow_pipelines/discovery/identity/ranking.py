"""The order in which records of one asset are believed.

Belongs here: ranking records by trust, freshness and quality. Does not: choosing values by it (`survivorship.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from flow_pipelines.discovery.identity.exports import Standing
from flow_pipelines.reference.identity_model import Bundle, TrustGroup

Integers = npt.NDArray[np.int64]
Decimals = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
# What stands behind a release where a source is more precise than another: a minor release or a service pack.
MORE_PRECISE = re.compile(r"(?:\.\d+)*(?: ?SP ?\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Ranking:
    """The order in which records are believed about a group or a bundle of attributes.

    Attributes:
        group: The group.
        bundle: The bundle, if it holds for one.
        standing: Which export each record is from.
        completeness: How many leading attributes of the bundle each record tells; 0 without a bundle, and where a newer
            export of the same source tells any.
        trust: Place of each record's format; 0 is trusted first.
        freshness: When each record was last discovered, in microseconds; the least number if it does not say.
        quality: Quality of each record.
        order: Positions of the records, those of one asset together, the most believed first.
        eligible: Records that may be believed: in a bundle, those that do not contradict the most believed one.
        leader: Position of the most believed record of each record's asset.
    """

    group: TrustGroup
    bundle: Bundle | None
    standing: Standing
    completeness: Integers
    trust: Integers
    freshness: Decimals
    quality: Decimals
    order: Integers
    eligible: Mask
    leader: Integers


def rank_records(
    records: pd.DataFrame, asset_of: Integers, group: TrustGroup, bundle: Bundle | None, standing: Standing
) -> Ranking:
    """Rank the records of each asset.

    The record that tells most of a bundle's leading attributes comes first, then the format trusted most, then the
    newest export, then the record discovered last, then the one of the best quality, then the lowest record id.

    Args:
        records: Rows of `cleansed_records` with a fresh index, ordered by record id.
        asset_of: Number of the asset of each record.
        group: The group of attributes.
        bundle: The bundle of attributes, if it is about one.
        standing: Which export each record is from.
    """
    ranks = {source_format: group.rank(source_format) for source_format in records["source_format"].unique()}
    trust = records["source_format"].map(ranks).to_numpy(dtype=np.int64)
    completeness = np.zeros(len(records), dtype=np.int64)
    if bundle:
        completeness = records[list(bundle.lead)].notna().sum(axis="columns").to_numpy(dtype=np.int64)
        completeness = np.where(are_newest(completeness > 0, asset_of, standing), completeness, 0)
    moments = records["last_discovered"].dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
    freshness = moments.astype(np.int64).astype(np.float64)
    quality = records["quality_score"].to_numpy(dtype=np.float64)
    order = np.lexsort((np.arange(len(records)), -quality, -freshness, standing.age, trust, -completeness, asset_of))
    leader = first_of_each(asset_of, order)[asset_of]
    eligible = np.ones(len(records), dtype=np.bool_)
    for name in bundle.lead if bundle else ():
        told = records[name].to_numpy(dtype=object)
        eligible &= pd.isna(told) | pd.isna(told[leader]) | agree(told, told[leader])
    return Ranking(group, bundle, standing, completeness, trust, freshness, quality, order, eligible, leader)


def are_newest(telling: Mask, asset_of: Integers, standing: Standing) -> Mask:
    """Tell which records are the newest word of their source on their asset, of those that tell something at all."""
    newest = telling.copy()
    if standing.age.any():
        places = np.flatnonzero(telling)
        frame = pd.DataFrame({"asset": asset_of[places], "source": standing.source[places]})
        age = pd.Series(standing.age[places])
        newest[places] = (age == age.groupby([frame["asset"], frame["source"]]).transform("min")).to_numpy()
    return newest


def agree(texts: Texts, others: Texts) -> Mask:
    """Tell which texts are equal or the one only more precise than the other; see `refine`."""
    return np.asarray((texts == others) | refine(texts, others) | refine(others, texts), dtype=np.bool_)


def refine(texts: Texts, others: Texts) -> Mask:
    """Tell which texts are a more precise release than the others: 15.5 than 15, but 2012 R2 is not 2012."""
    refines = np.zeros(len(texts), dtype=np.bool_)
    for place in np.flatnonzero(texts != others).tolist():
        text, other = texts[place], others[place]
        if isinstance(text, str) and isinstance(other, str) and text.startswith(other):
            refines[place] = MORE_PRECISE.fullmatch(text, len(other)) is not None
    return refines


def first_of_each(asset_of: Integers, candidates: Integers) -> Integers:
    """Return the first candidate of each asset, by asset number; -1 for assets without any."""
    first = np.full(int(asset_of.max(initial=-1)) + 1, -1, dtype=np.int64)
    # Of several values assigned to one place the last one stays, hence backwards.
    first[asset_of[candidates][::-1]] = candidates[::-1]
    return first
