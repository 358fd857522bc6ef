"""When each release of a product loses its vendor's support: our own dated table, and reading a cycle in it.

Belongs here: the loader of `end_of_life.csv` and of later versions of it, its checks, its version, and which of its
cycles a release belongs to. Does not: getting newer facts (`end_of_life_refresh.py`), recognizing a product in what a
source writes (`discovery/products.py`) and judging an asset by the dates (`discovery/debt/`).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path

import pandas as pd

from flow_pipelines.errors import ContractError

TABLE = Path(__file__).with_name("end_of_life.csv")
DATE_COLUMNS = ("release_date", "end_of_support", "end_of_life", "end_of_extended_support")
REQUIRED_COLUMNS = ("product", "title", "category", "cycle", "source", "as_of")
COLUMNS = ("product", "title", "category", "cycle", *DATE_COLUMNS, "source", "as_of")
CATEGORIES = ("operating_system", "hypervisor", "database", "runtime", "middleware")
LAST_COMPONENT = re.compile(r"[ .][^ .]*$")
# Enough of the content's hash to tell two versions of one day apart.
VERSION_DIGITS = 8


@dataclass(frozen=True, eq=False)
class EndOfLifeFacts:
    """One version of the end-of-life facts.

    Attributes:
        rows: One row per product and release cycle, see `end_of_life_facts`. Not to be changed.
    """

    rows: pd.DataFrame

    @cached_property
    def as_of(self) -> date:
        """The day on which the newest of the facts was recorded."""
        newest: date = self.rows["as_of"].max()
        return newest

    @cached_property
    def version(self) -> str:
        """The name of the version: the day of its newest fact and a hash of its content, whatever the order of rows."""
        text = facts_as_csv(self.rows.sort_values(["product", "cycle"]))
        return f"{self.as_of}-{hashlib.sha256(text.encode()).hexdigest()[:VERSION_DIGITS]}"

    def known_cycle(self, product: str, release: str) -> str | None:
        """Return the release cycle that a release belongs to.

        Args:
            product: A product of the table.
            release: What is known of its release, most significant part first, such as `9.6.24` or `2012 r2 sp1`;
                the case does not matter.

        Returns:
            The longest leading part of the release that the table has as a cycle, in the table's spelling (`9.6`,
            `2012 R2`); None if it has none.
        """
        cycles = self._cycles.get(product, {})
        rest = release.casefold()
        while rest not in cycles:
            shorter = LAST_COMPONENT.sub("", rest)
            if shorter == rest:
                return None
            rest = shorter
        return cycles[rest]

    @cached_property
    def _cycles(self) -> dict[str, dict[str, str]]:
        cycles: dict[str, dict[str, str]] = {}
        for product, cycle in zip(self.rows["product"], self.rows["cycle"], strict=True):
            cycles.setdefault(product, {})[cycle.casefold()] = cycle
        return cycles


@cache
def installed_facts() -> EndOfLifeFacts:
    """Return the facts that came with the installation.

    Raises:
        ContractError: The table that is installed is damaged.
    """
    return EndOfLifeFacts(read_end_of_life_facts(TABLE))


def end_of_life_facts() -> pd.DataFrame:
    """Return the end-of-life facts, one row per product and release cycle.

    Returns:
        A frame with the columns of `COLUMNS`: texts, and dates as `datetime.date` or None. A date is the last day
        on which it holds. No `end_of_life` means that the vendor has announced none. A cycle that names a release
        without its service pack or update has the dates of the last one, and its `source` says so.

    Raises:
        ContractError: The table that is installed is damaged.
    """
    return installed_facts().rows.copy(deep=False)


def known_cycle(product: str, release: str) -> str | None:
    """Return the release cycle that a release belongs to by the installed facts; see `EndOfLifeFacts.known_cycle`."""
    return installed_facts().known_cycle(product, release)


def facts_as_csv(rows: pd.DataFrame) -> str:
    """Return facts as the text of a table that `read_end_of_life_facts` reads."""
    return str(rows.to_csv(index=False, columns=list(COLUMNS), lineterminator="\n"))


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
    breaches += [sentence for _, sentence in contradictions(facts)]
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


def contradictions(facts: pd.DataFrame) -> list[tuple[str, str]]:
    """List what can't be true of facts: the product concerned, and a sentence that names the line."""
    breaches = [
        (product, f"unknown category {name!r}")
        for product, name in facts[["product", "category"]].drop_duplicates().itertuples(index=False)
        if name not in CATEGORIES
    ]
    names = facts["product"] + " " + facts["cycle"]
    is_repeated = names.str.casefold().duplicated()
    breaches += [(facts["product"][row], f"{names[row]} stands there twice") for row in facts.index[is_repeated]]
    told = facts.groupby("product")[["title", "category"]].nunique()
    several = told.index[(told > 1).any(axis="columns")]
    breaches += [(name, f"{name} has several titles or categories") for name in several]
    columns = facts[["product", *DATE_COLUMNS]].to_numpy().tolist()
    for line, (product, *dates) in enumerate(columns, start=2):
        known = [value for value in dates if value is not None]
        if known != sorted(known):
            breaches.append((product, f"the dates of line {line} are out of order"))
        *_, end_of_life, end_of_extended_support = dates
        if end_of_life is None and end_of_extended_support is not None:
            breaches.append((product, f"line {line} has an end of extended support, but no end of life"))
    return breaches


def _damaged(path: Path, breaches: list[str]) -> ContractError:
    return ContractError(
        f"The end-of-life facts in {path.name} are damaged: {'; '.join(breaches)}.",
        remedy="Restore the file from the release that is installed, or correct the lines named.",
    )
