"""How like a header is to the names of each attribute.

Belongs here: comparing words, rare ones counting more, and whole spellings. Does not: exact aliases
(`reference/aliases.py`) and values (`evidence.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from flow_pipelines.reference.aliases import aliases, canonical_words, family_of
from flow_pipelines.reference.header_words import expanded, header_rules, parse_header, without_remarks
from flow_pipelines.reference.mapping_model import mapping_model

# Pseudo-attribute of the known headers that no attribute fits.
NO_ATTRIBUTE = ""
# Words that are less alike than this are different words (stage and storage: 0.83); a slip of the pen gives more.
LEAST_WORD_LIKENESS = 0.85
# One letter wrong, missing, too many or in the wrong place is a slip of the pen where words have at least so many
# letters; two letters in the wrong order would otherwise count as two (memroy and memory: 0.83).
LONG_ENOUGH_FOR_SLIPS = 6
SLIP_LIKENESS = 0.92
# What words weigh that only join others.
JOINING_WEIGHT = 0.05
# What an unknown word weighs, as a multiple of the mean weight of known ones: some are only decoration.
UNKNOWN_WEIGHT = 0.8
# Two spellings so alike are one word with a slip of the pen, wherever their words end.
LEAST_SPELLING_LIKENESS = 0.88
TIE_BREAK = 0.03
# Names whose single words are looked at: those behind are not alike anyway, and each costs about 10 microseconds.
MOST_COMPARED = 100

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class NameLikeness:
    """How like a header is to one attribute's names: 0 to 1, and the name that is most like it."""

    likeness: float
    name: str


@dataclass(frozen=True)
class NameIndex:
    """The names of all attributes for one record type, ready to be compared at once."""

    attributes: tuple[str, ...]  # per name
    names: tuple[str, ...]
    spellings: tuple[str, ...]
    vocabulary: tuple[str, ...]
    weights: Matrix  # per word of the vocabulary; the last one is no word
    words: npt.NDArray[np.intp]  # names x longest name, numbers of words; the last number is no word


@lru_cache(maxsize=8192)
def likenesses(header: str, record_type: str) -> Mapping[str, NameLikeness]:
    """Compare a header with all names that hold for a record type.

    Returns:
        The likeness to each attribute's most similar name; that of known headers without an attribute stands under
        `NO_ATTRIBUTE`.
    """
    plain = without_remarks(header)
    if plain != header:
        # What stands in brackets may explain or distract.
        whole, rest = _likenesses(header, header, record_type), _likenesses(header, plain, record_type)
        return {
            attribute: max(
                (one[attribute] for one in (whole, rest) if attribute in one), key=lambda like: like.likeness
            )
            for attribute in whole | rest
        }
    return _likenesses(header, header, record_type)


def _likenesses(header: str, compared: str, record_type: str) -> dict[str, NameLikeness]:
    index = _index(family_of(record_type))
    words = canonical_words(compared)
    if not words:
        return {}
    spellings = _spelling_likeness("".join(words), index)
    alike = np.maximum(_shared_words(words, index), np.where(spellings >= LEAST_SPELLING_LIKENESS, spellings, 0.0))
    # Spelling also tells names of the same words apart: source to destination, destination to source.
    scores = alike * (1 - TIE_BREAK) + spellings * TIE_BREAK
    for place in np.argsort(-scores, kind="stable")[:MOST_COMPARED].tolist():
        scores[place] -= _difference(header, index.names[place])
    best: dict[str, NameLikeness] = {}
    for place in np.argsort(-scores, kind="stable").tolist():
        best.setdefault(index.attributes[place], NameLikeness(float(max(scores[place], 0.0)), index.names[place]))
    return best


def _difference(header: str, name: str) -> float:
    """Say how much less alike a header and a name are, because single words make them mean different things.

    A header may have a word such as target, free or backup that the name has not, or the two lie on different sides
    of a contrast such as peak and average; if only one of them has a word of the contrast, half of that.
    """
    model = mapping_model()
    ours, theirs = _all_words(header), _all_words(name)
    total = model.weights.turning_word * (not model.turning_words.isdisjoint(ours - theirs))
    for sides in model.contrasts:
        our_sides = [not side.isdisjoint(ours) for side in sides]
        their_sides = [not side.isdisjoint(theirs) for side in sides]
        if any(our_sides) and any(their_sides):
            same = any(our and their for our, their in zip(our_sides, their_sides, strict=True))
            total += 0.0 if same else model.weights.contrast
        elif any(our_sides) or any(their_sides):
            total += model.weights.contrast / 2
    return total


@lru_cache(maxsize=8192)
def _all_words(header: str) -> frozenset[str]:
    return frozenset((*expanded(parse_header(header).words), *canonical_words(header)))


@cache
def _index(family: str) -> NameIndex:
    listed = [
        (attribute, name)
        for attribute, names in aliases().names[family].items()
        for name in (*names.names, *names.with_unit)
    ]
    listed += [(NO_ATTRIBUTE, name) for name in aliases().without_attribute]
    words = [canonical_words(name) for _, name in listed]
    vocabulary = tuple(sorted({word for one in words for word in one}))
    number_of = {word: number for number, word in enumerate(vocabulary)}
    padded = np.full((len(words), max(map(len, words))), len(vocabulary), dtype=np.intp)
    for row, one in enumerate(words):
        padded[row, : len(one)] = [number_of[word] for word in one]
    return NameIndex(
        attributes=tuple(attribute for attribute, _ in listed),
        names=tuple(name for _, name in listed),
        spellings=tuple("".join(one) for one in words),
        vocabulary=vocabulary,
        weights=np.array([*_weights([attribute for attribute, _ in listed], words, vocabulary), 0.0]),
        words=padded,
    )


def _weights(attributes: Sequence[str], words: Sequence[tuple[str, ...]], vocabulary: Sequence[str]) -> Matrix:
    """Weigh words by how few attributes they are used for, mean weight 1."""
    users: dict[str, set[str]] = {}
    for attribute, one in zip(attributes, words, strict=True):
        for word in one:
            users.setdefault(word, set()).add(attribute)
    total = len(set(attributes))
    rarity = np.array([math.log(1 + total / len(users[word])) for word in vocabulary])
    return np.where([word in header_rules().joining for word in vocabulary], JOINING_WEIGHT, rarity / rarity.mean())


def _shared_words(words: tuple[str, ...], index: NameIndex) -> Matrix:
    """Compare by the words that both have, as the weight of shared words in that of all words of both."""
    alike = _spelled_alike(words, index.vocabulary)
    alike[alike < LEAST_WORD_LIKENESS] = 0.0
    # Relation and regulation are 0.89 alike, but who writes a word that exists means it.
    is_known = np.array([word in header_rules().known for word in words])
    alike[(alike < 1) & is_known[:, np.newaxis]] = 0.0
    # Contact and contract are 0.93 alike: what is not the same word counts clearly less.
    alike **= 3
    nearest = alike.argmax(axis=1)
    known = alike[np.arange(len(words)), nearest] > 0
    unknown_weight = [
        JOINING_WEIGHT if word in header_rules().joining or word.isdigit() else UNKNOWN_WEIGHT for word in words
    ]
    weights = np.where(known, index.weights[nearest], unknown_weight)
    pairs = np.column_stack([alike, np.zeros(len(words))])[:, index.words]
    name_weights = index.weights[index.words]
    shared = weights @ pairs.max(axis=2) + (pairs.max(axis=0) * name_weights).sum(axis=1)
    result: Matrix = shared / (weights.sum() + name_weights.sum(axis=1))
    return result


def _spelling_likeness(spelling: str, index: NameIndex) -> Matrix:
    alike: Matrix = _spelled_alike([spelling], index.spellings)[0]
    return alike


def _spelled_alike(words: Sequence[str], others: Sequence[str]) -> Matrix:
    alike: Matrix = process.cdist(words, others, scorer=fuzz.ratio, dtype=np.float64) / 100
    slips = process.cdist(words, others, scorer=OSA.distance, dtype=np.float64) == 1
    long_enough = np.array([len(word) >= LONG_ENOUGH_FOR_SLIPS for word in words])
    slipped: Matrix = np.where(slips & long_enough[:, np.newaxis], SLIP_LIKENESS, 0.0)
    result: Matrix = np.maximum(alike, slipped)
    return result
