"""What speaks for each attribute of a column: its header and its values, added up to scores and probabilities.

Belongs here: scoring one column by itself. Does not: competition between the columns of a sheet (`assignment.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from flow_pipelines.discovery.mapping.likeness import NO_ATTRIBUTE, NameLikeness, likenesses
from flow_pipelines.discovery.mapping.value_profiles import ColumnProfile
from flow_pipelines.reference.aliases import (
    attribute_of_header,
    attributes_told_by_values,
    means_nothing_known,
    place_among_names,
)
from flow_pipelines.reference.attributes import ATTRIBUTES, Attribute, Subject, attribute_named
from flow_pipelines.reference.header_words import dimension_of, parse_header
from flow_pipelines.reference.mapping_model import ValueExpectation, mapping_model

Method = Literal["template", "alias", "likeness"]

# With fewer rows repetition says nothing.
ROWS_THAT_SHOW_REPETITION = 10
MOSTLY_DISTINCT, SELDOM_DISTINCT = 0.9, 0.3
# Records of which several stand for one asset: a key of the asset repeats in them, though not as often as a category.
DETAIL_RECORDS = frozenset({"server_disk", "server_partition", "server_network"})
SELDOM_DISTINCT_DETAIL = 0.1


@dataclass(frozen=True)
class Candidate:
    """One attribute that a column may hold.

    Attributes:
        attribute: Its name.
        method: How the header led to it.
        name: The alias that the header is or is like.
        likeness: How like the header is to that name; 1 for template and alias.
        header_evidence: Logarithm of what the header says for it.
        value_evidence: Logarithm of how much likelier its values are than those of any column.
    """

    attribute: str
    method: Method
    name: str
    likeness: float
    header_evidence: float
    value_evidence: float

    @property
    def score(self) -> float:
        """Both evidences together."""
        return self.header_evidence + self.value_evidence


@dataclass(frozen=True)
class ScoredColumn:
    """A column with all its candidates."""

    header: str
    profile: ColumnProfile
    candidates: Mapping[str, Candidate]
    none_score: float  # of holding nothing that the catalogue has

    def probabilities(self, taken: Iterable[str]) -> dict[str, float]:
        """Return the probability of each candidate.

        Args:
            taken: Attributes that other columns have; a second column for them is less likely.
        """
        weights = mapping_model().weights
        elsewhere = set(taken)
        scores = {
            attribute: candidate.score - (weights.taken if attribute in elsewhere else 0.0)
            for attribute, candidate in self.candidates.items()
        }
        highest = max([*scores.values(), self.none_score])
        total = sum(math.exp(score - highest) for score in (*scores.values(), self.none_score))
        return {
            attribute: _calibrated(math.exp(score - highest) / total, self.candidates[attribute].method)
            for attribute, score in scores.items()
        }


def _calibrated(share: float, method: Method) -> float:
    """Return the confidence in a candidate that has this share of the evidence of all candidates."""
    if method == "likeness" and 0 < share < 1:
        odds = (share / (1 - share)) ** (1 / mapping_model().weights.temperature_of_likeness)
        share = odds / (1 + odds)
    return min(share, mapping_model().most_confidence[method])


def templated_column(header: str, profile: ColumnProfile, record_type: str, attribute: str) -> ScoredColumn:
    """Score a column of a known format, of which only its values could say otherwise."""
    values = value_evidence(profile, attribute, record_type)
    evidence = mapping_model().weights.template
    candidate = Candidate(attribute, "template", header, 1.0, evidence, values)
    return ScoredColumn(header, profile, {attribute: candidate}, mapping_model().weights.none)


def scored_column(header: str, profile: ColumnProfile, record_type: str) -> ScoredColumn:
    """Score a column by alias, likeness of names and values."""
    by_name = _named(header, record_type)
    alike = likenesses(header, record_type) if by_name or not means_nothing_known(header) else {}
    dimension = dimension_of(parse_header(header).unit)
    candidates: dict[str, Candidate] = {}
    for attribute in attributes_for(record_type):
        if dimension and dimension_of(attribute.unit) != dimension:
            continue
        values = value_evidence(profile, attribute.name, record_type)
        if attribute.name in by_name:
            evidence = by_name[attribute.name]
            candidates[attribute.name] = Candidate(attribute.name, "alias", header, 1.0, evidence, values)
        elif not _by_name_only(attribute, record_type):
            like = alike.get(attribute.name)
            name, likeness = (like.name, like.likeness) if like else ("", 0.0)
            evidence = _likeness_evidence(likeness)
            # A header that is one attribute's name is not evidence for another's that is like it.
            evidence = min(evidence, 0.0) if by_name else evidence
            candidates[attribute.name] = Candidate(attribute.name, "likeness", name, likeness, evidence, values)
    none_score = mapping_model().weights.none if by_name else _none_score(header, alike)
    return ScoredColumn(header, profile, candidates, none_score)


def _named(header: str, record_type: str) -> dict[str, float]:
    """Return the evidence for each attribute of which the header is an alias."""
    weights = mapping_model().weights
    meanings = attributes_told_by_values(header, record_type=record_type)
    match = attribute_of_header(header, record_type=record_type)
    evidence = {
        attribute: weights.told_by_values - place * weights.later_meaning for place, attribute in enumerate(meanings)
    } or ({match.attribute: weights.alias} if match else {})
    places = {attribute: place_among_names(header, attribute, record_type=record_type) for attribute in evidence}
    return {
        attribute: one - min(places[attribute] * weights.less_usual, weights.least_usual)
        for attribute, one in evidence.items()
    }


def _likeness_evidence(likeness: float) -> float:
    weights = mapping_model().weights
    return weights.likeness * (max(likeness, weights.least_likeness) - weights.neutral_likeness)


def _none_score(header: str, alike: Mapping[str, NameLikeness]) -> float:
    """Score that a column holds nothing the catalogue has, by the known headers of which that is true."""
    weights = mapping_model().weights
    if means_nothing_known(header):
        return weights.none + weights.alias
    nearest = alike.get(NO_ATTRIBUTE)
    against = weights.likeness * (nearest.likeness - weights.neutral_likeness) if nearest else 0.0
    return weights.none + max(against, 0.0)


@cache
def attributes_for(record_type: str) -> tuple[Attribute, ...]:
    """Return the attributes that a column of such records may hold."""
    subjects = mapping_model().candidates[record_type]
    return tuple(attribute for attribute in ATTRIBUTES if attribute.subject in subjects and not attribute.derived)


def _by_name_only(attribute: Attribute, record_type: str) -> bool:
    nothing: frozenset[Subject] = frozenset()
    return attribute.subject in mapping_model().by_name_only.get(record_type, nothing)


def value_evidence(profile: ColumnProfile, attribute: str, record_type: str) -> float:
    """Return the logarithm of how much likelier a column's values are for an attribute than for any column."""
    if not profile.meaningful:
        return 0.0
    expectations = mapping_model().expectations[attribute]
    evidence = max(_evidence_of_one_way(profile, expected, record_type) for expected in expectations)
    dimension = dimension_of(attribute_named(attribute).unit)
    other = sum(rows for unit, rows in profile.units.items() if dimension_of(unit) not in (None, dimension))
    return evidence + mapping_model().weights.beyond_most * other / profile.meaningful


def _evidence_of_one_way(profile: ColumnProfile, expected: ValueExpectation, record_type: str) -> float:
    weights, background = mapping_model().weights, mapping_model().background
    evidence = sum(share * _kind_evidence(kind, expected) for kind, share in profile.kinds.items())
    evidence += _vocabulary_evidence(profile, expected, background)
    if expected.most is not None and profile.numbers.size:
        evidence += weights.beyond_most * float((profile.numbers > expected.most).mean())
    strength = weights.values * profile.meaningful / (profile.meaningful + weights.few_rows)
    if evidence > 0:
        # One value in all rows may fit by chance; what does not fit need not vary to be wrong.
        strength *= profile.distinct / (profile.distinct + weights.few_distinct)
    return strength * evidence + weights.cardinality * _repetition_evidence(profile, expected, record_type)


def _kind_evidence(kind: str, expected: ValueExpectation) -> float:
    evidence = math.log(expected.kinds[kind] / mapping_model().background.kinds[kind])
    if kind in mapping_model().special_kinds:
        return evidence
    return min(evidence, mapping_model().weights.most_of_usual_kind)


def _vocabulary_evidence(profile: ColumnProfile, expected: ValueExpectation, background: ValueExpectation) -> float:
    evidence = 0.0
    for vocabulary, likely in expected.vocabularies.items():
        usual = background.vocabularies[vocabulary]
        if likely != usual:
            hits = profile.vocabularies.get(vocabulary, 0.0)
            evidence += hits * math.log(likely / usual) + (1 - hits) * math.log((1 - likely) / (1 - usual))
    return evidence


def _repetition_evidence(profile: ColumnProfile, expected: ValueExpectation, record_type: str) -> float:
    """Say how well the share of distinct values fits a key or a category, -1 to 0.5."""
    if profile.filled < ROWS_THAT_SHOW_REPETITION or expected.distinct is None:
        return 0.0
    share = profile.distinct / profile.filled
    seldom = SELDOM_DISTINCT_DETAIL if record_type in DETAIL_RECORDS else SELDOM_DISTINCT
    if expected.distinct == "key":
        return 0.5 if share >= MOSTLY_DISTINCT else -1.0 if share <= seldom else 0.0
    return -1.0 if share >= MOSTLY_DISTINCT else 0.5 if share <= seldom else 0.0
