"""When each release of a product loses its vendor's support: our own dated table, and reading a cycle in it.

Belongs here: the loader of `end_of_life.csv`, its checks, and which of its cycles a release belongs to. Does not:
recognizing a product in what a source writes (`discovery/products.py`) and judging an asset by the dates
(`discovery/tech_debt.py`).
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd

from flow_pipelines.errors import ContractError

TABLE = Path(__file__).with_name("end_of_life.csv")
DATE_COLUMNS = ("release_date", "end_of_support", "end_of_life", "end_of_extended_support")
REQUIRED_COLUMNS = ("product", "title", "category", "cycle", "source", "as_of")
COLUMNS = ("product", "title", "category", "cycle", *DATE_COLUMNS, "source", "as_of")
CATEGORIES = ("operating_system", "database")
LAST_COMPONENT = re.compile(r"[ .][^ .]*$")


def end_of_life_facts() -> pd.DataFrame:
    """Return the end-of-life facts, one row per product and release cycle.

    Returns:
        A frame with the columns of `COLUMNS`: texts, and dates as `datetime.date` or None. A date is the last day
        on which it holds. No `end_of_life` means that the vendor has announced none. A cycle that names a release
        without its service pack or update has the dates of the last one, and its `source` says so.

    Raises:
        ContractError: The table that is installed is damaged.
    """
    return _facts().copy(deep=False)


def known_cycle(product: str, release: str) -> str | None:
    """Return the release cycle that a release belongs to.

    Args:
        product: A product of the table.
        release: What is known of its release, most significant part first, such as `9.6.24` or `2012 r2 sp1`;
            the case does not matter.

    Returns:
        The longest leading part of the release that the table has as a cycle, in the table's spelling (`9.6`,
        `2012 R2`); None if it has none.
    """
    cycles = _cycles().get(product, {})
    rest = release.casefold()
    while rest not in cycles:
        shorter = LAST_COMPONENT.sub("", rest)
        if shorter == rest:
            return None
        rest = shorter
    return cycles[rest]


def read_end_of_life_facts(path: Path) -> pd.DataFrame:
    """Read and check a table of end-of-life facts; see `end_of_life_facts`.

    Raises:
        ContractError: Columns, required cells, dates, their order or the uniqueness of product and cycle are
            broken; every breach is listed.
    """
    facts = pd.read_csv(path, dtype=str, keep_default_na=False).astype(object)
    if tuple(facts.columns) != COLUMNS:
        raise _damaged(path, [f"the columns are not {', '.join(COLUMNS)}"])
    breaches: list[str] = []
    for column in (*DATE_COLUMNS, "as_of"):
        facts[column] = pd.Series(
            [_date(text, f"{column} of line {line}", breaches) for line, text in enumerate(facts[column], start=2)],
            index=facts.index,
            dtype=object,
        )
    breaches += [
        f"{column} of line {line} is empty"
        for column in REQUIRED_COLUMNS
        for line, cell in enumerate(facts[column], start=2)
        if not cell
    ]
    breaches += _contradictions(facts)
    if breaches:
        raise _damaged(path, breaches)
    return facts


def _date(text: str, place: str, breaches: list[str]) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        breaches.append(f"{place} is no date: {text!r}")
        return None


def _contradictions(facts: pd.DataFrame) -> list[str]:
    breaches = [f"unknown category {name!r}" for name in sorted(set(facts["category"]) - set(CATEGORIES))]
    names = facts["product"] + " " + facts["cycle"]
    breaches += [f"{name} stands there twice" for name in names[names.str.casefold().duplicated()]]
    told = facts.groupby("product")[["title", "category"]].nunique()
    breaches += [f"{name} has several titles or categories" for name in told.index[(told > 1).any(axis="columns")]]
    for line, dates in enumerate(facts[list(DATE_COLUMNS)].to_numpy().tolist(), start=2):
        known = [value for value in dates if value is not None]
        if known != sorted(known):
            breaches.append(f"the dates of line {line} are out of order")
        *_, end_of_life, end_of_extended_support = dates
        if end_of_life is None and end_of_extended_support is not None:
            breaches.append(f"line {line} has an end of extended support, but no end of life")
    return breaches


def _damaged(path: Path, breaches: list[str]) -> ContractError:
    return ContractError(
        f"The end-of-life facts in {path.name} are damaged: {'; '.join(breaches)}.",
        remedy="Restore the file from the release that is installed, or correct the lines named.",
    )


@cache
def _facts() -> pd.DataFrame:
    return read_end_of_life_facts(TABLE)


@cache
def _cycles() -> dict[str, dict[str, str]]:
    cycles: dict[str, dict[str, str]] = {}
    for product, cycle in zip(_facts()["product"], _facts()["cycle"], strict=True):
        cycles.setdefault(product, {})[cycle.casefold()] = cycle
    return cycles
