"""Recognizing operating systems, databases and other software in what sources write of them.

Belongs here: from a name and a version, as text, to vendor, product, release cycle, edition and version. Does not:
the rules (`reference/product_patterns.yaml`), the cycles (`reference/end_of_life.py`) and judging them
(`discovery/debt/`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd
from rapidfuzz.distance import OSA

from flow_pipelines.reference.end_of_life import known_cycle
from flow_pipelines.reference.products import ProductRule, ProductRules, product_rules

COMPONENT = re.compile(r"[ .]")
WORD = re.compile(r"(?<![^\s])[a-z]{5,}(?![^\s])")
# Letters that a mistyped word may differ in: one in short words, two from this length on.
LONG_WORD = 8
# From a product and its release to its release cycle.
KnownCycle = Callable[[str, str], str | None]


class Identity(NamedTuple):
    """What is known of one product; the columns of the result."""

    vendor: str | None = None
    product: str | None = None
    cycle: str | None = None
    edition: str | None = None
    version: str | None = None
    category: str | None = None


IDENTITY_COLUMNS = ["vendor", "product", "cycle", "edition", "version"]


@dataclass(frozen=True)
class Reading:
    """One release read in one text."""

    release: str
    version: str | None

    @property
    def components(self) -> list[str]:
        """The release's parts, most significant first."""
        return COMPONENT.split(self.release)

    def is_refined_by(self, other: Reading) -> bool:
        """Whether the other reading says the same, or the same more precisely."""
        return other.components[: len(self.components)] == self.components


def identify_operating_systems(
    names: pd.Series[Any], versions: pd.Series[Any], known: KnownCycle | None = None
) -> pd.DataFrame:
    """Recognize operating systems and hypervisors.

    Args:
        names: Text per row, as the source writes it (`Microsoft Windows Server 2016 (64-bit)`); may be missing.
        versions: The version the source states beside it (`10.0.14393`), in the same order; may be missing.
        known: Finds the release cycle; by the installed end-of-life facts if not given.

    Returns:
        One row per row, with the index of `names` and the columns vendor, product, cycle, edition and version, each
        text or None. Product and cycle are spelled as in the end-of-life facts, so that they join exactly. What the
        text does not say is None, never a guess: a range (`CentOS 4/5/6/7`), a lower bound (`2016 or later`) and
        two texts that contradict each other have no cycle. A release whose service pack or update is not told has
        the cycle without it (`2008 R2`).
    """
    return _identify(names, versions, product_rules().operating_systems, known)[IDENTITY_COLUMNS]


def identify_databases(
    names: pd.Series[Any], versions: pd.Series[Any], known: KnownCycle | None = None
) -> pd.DataFrame:
    """Recognize databases; see `identify_operating_systems`.

    Args:
        names: Text per row, such as `Microsoft SQL Server 2014 SP3` or `cmdb_ci_db_mssql_instance`.
        versions: The version the source states beside it, such as `12.0.6024`, in the same order.
        known: Finds the release cycle; by the installed end-of-life facts if not given.
    """
    return _identify(names, versions, product_rules().databases, known)[IDENTITY_COLUMNS]


def identify_software(texts: pd.Series[Any], known: KnownCycle | None = None) -> pd.DataFrame:
    """Recognize runtimes, middleware and databases in the entries of software lists and in names of processes.

    Args:
        texts: One entry each, such as `Apache Tomcat 9.0.54`; may be missing.
        known: Finds the release cycle; by the installed end-of-life facts if not given.

    Returns:
        The columns of `identify_operating_systems` and category. Most entries of such lists are no product that has
        facts, and come out as None.
    """
    rules = product_rules()
    names = texts.str.strip().str.lower()
    for pattern, replacement in rules.software_lists.text:
        names = names.str.replace(pattern, replacement, regex=True)
    return _identify(names, pd.Series(None, index=texts.index, dtype=object), rules.software + rules.databases, known)


def _identify(
    names: pd.Series[Any], versions: pd.Series[Any], rules: tuple[ProductRule, ...], known: KnownCycle | None
) -> pd.DataFrame:
    pairs = list(
        zip(
            names.astype(object).where(names.notna(), ""),
            versions.astype(object).where(versions.notna(), ""),
            strict=True,
        )
    )
    identities = {pair: _identity(*pair, rules, known or known_cycle) for pair in set(pairs)}
    return pd.DataFrame(
        [identities[pair] for pair in pairs], index=names.index, columns=list(Identity._fields), dtype=object
    )


def _identity(name: object, version: object, rules: tuple[ProductRule, ...], known: KnownCycle) -> Identity:
    parts = [_plain(str(name), product_rules()), _plain(str(version), product_rules())]
    whole = " ".join(part for part in parts if part)
    rule = next((rule for rule in rules if rule.named.search(whole)), None)
    if rule is None:
        return Identity()
    cycle, exact = _release(rule, parts, whole, known)
    edition = next((edition for edition, pattern in rule.editions if pattern.search(whole)), None)
    return Identity(rule.vendor, rule.product, cycle, edition, exact, rule.category)


def _release(rule: ProductRule, parts: list[str], whole: str, known: KnownCycle) -> tuple[str | None, str | None]:
    is_ambiguous = product_rules().ambiguous.search
    texts = [part for part in parts if part and not is_ambiguous(part)]
    if not is_ambiguous(whole):
        texts.append(whole)
    readings = [reading for text in texts if (reading := _reading(text, rule))]
    if rule.product is None or not readings:
        return None, None
    finest = max(readings, key=lambda reading: len(reading.components))
    if all(reading.is_refined_by(finest) for reading in readings):
        told = [reading.version for reading in readings if reading.version]
        return known(rule.product, finest.release), max(told, key=len, default=None)
    cycles = {known(rule.product, reading.release) for reading in readings}
    return (cycles.pop() if len(cycles) == 1 else None), None


def _reading(text: str, rule: ProductRule) -> Reading | None:
    for reader in rule.readers:
        if found := reader.pattern.search(text):
            groups = {name: value or "" for name, value in found.groupdict().items()}
            return Reading(" ".join(reader.release.format(**groups).split()), groups.get("version"))
    return None


def _plain(text: str, rules: ProductRules) -> str:
    decomposed = unicodedata.normalize("NFD", text).casefold()
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    for pattern, replacement in rules.text:
        plain = pattern.sub(replacement, plain)
    return " ".join(WORD.sub(lambda found: _corrected(found[0], rules.words), plain).split())


def _corrected(word: str, words: tuple[str, ...]) -> str:
    """Return the one known word that this is a mistyping of, or the word itself.

    Only words of letters come here: a digit is never corrected, so no version becomes another one.
    """
    if word in words:
        return word
    allowed = 1 + (len(word) >= LONG_WORD)
    distances = {known: OSA.distance(word, known) for known in words if known[0] == word[0]}
    nearest = min(distances.values(), default=allowed + 1)
    closest = [known for known, distance in distances.items() if distance == nearest]
    return closest[0] if nearest <= allowed and len(closest) == 1 else word
