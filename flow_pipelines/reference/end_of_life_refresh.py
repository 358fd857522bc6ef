"""Newer end-of-life facts, from what endoflife.date's API answers.

Belongs here: checking an answer and bringing our table up to date with it, row by row. Does not: asking over HTTP and
keeping versions (`resources/reference_facts.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from pydantic import BaseModel, Field, ValidationError

from flow_pipelines.errors import InputError
from flow_pipelines.reference.end_of_life import COLUMNS, DATE_COLUMNS, EndOfLifeFacts, contradictions

# Where under the API's address all products are, in the shape of its version 1.
FULL = "products/full"
# What a row says of its origin if it can be refreshed: product and cycle as endoflife.date spells them, and a note.
SOURCE = re.compile(r"endoflife\.date, .*MIT: (?P<product>\S+) (?P<cycle>\S+)(?P<note> \(.*\))?")
# Less of the known products than this in an answer means that it is another kind of answer, or cut off.
LEAST_SHARE = 0.5


class _Release(BaseModel):
    name: str
    released: date | None = Field(default=None, alias="releaseDate")
    active_support_ends: date | None = Field(default=None, alias="eoasFrom")
    is_ended: bool | None = Field(default=None, alias="isEol")
    ends: date | None = Field(default=None, alias="eolFrom")
    extended_support_ends: date | None = Field(default=None, alias="eoesFrom")

    def dates(self) -> tuple[date | None, ...] | None:
        """Return the dates in the order of `DATE_COLUMNS`; None if it has ended and nobody knows when."""
        if self.is_ended and self.ends is None:
            return None
        extended = self.extended_support_ends if self.ends is not None else None
        return self.released, self.active_support_ends, self.ends, extended


class _Product(BaseModel):
    name: str
    releases: list[_Release]


class _Answer(BaseModel):
    result: list[_Product]


@dataclass(frozen=True)
class Refreshed:
    """What came of a refresh.

    Attributes:
        facts: All facts, those that changed with their new origin and day.
        changed: `product cycle` of the rows whose dates changed.
        added: Those of the cycles that are new.
        left_out: What of the answer was not taken, and why, one sentence each.
    """

    facts: EndOfLifeFacts
    changed: tuple[str, ...]
    added: tuple[str, ...]
    left_out: tuple[str, ...]


def refresh_facts(stored: EndOfLifeFacts, body: bytes, *, origin: str, on: date) -> Refreshed:
    """Bring facts up to date with an answer of the API.

    Rows that were entered by hand, and rows whose note says that they combine several cycles, stay as they are. A new
    cycle is taken where the table spells the product's cycles as endoflife.date does; other spellings need a person.
    Dates that contradict each other are left out, and what was known stays.

    Args:
        stored: The facts so far.
        body: The answer to `FULL`, JSON.
        origin: Where it came from; becomes part of each changed row's source.
        on: The day on which it was asked for.

    Raises:
        InputError: The answer is not of the API's shape, or lacks most of the known products.
    """
    releases = _releases(body, origin)
    rows = stored.rows
    traced = rows["source"].str.extract(f"^{SOURCE.pattern}$")
    known = set(traced["product"].dropna())
    if len(known & set(releases)) < LEAST_SHARE * len(known):
        raise _refused(origin, f"it has {len(known & set(releases))} of the {len(known)} products that are asked for")
    updated = _updated(rows, traced, releases, origin=origin, on=on)
    left_out = [f"{name} is not in the answer; what was known of it stays." for name in sorted(known - set(releases))]
    candidate, refused = _without_contradictions(rows, pd.concat([updated, _new(rows, traced, releases, origin, on)]))
    left_out += refused + _unspelled(rows, traced, releases)
    before, after = _dates_by_name(rows), _dates_by_name(candidate)
    changed = tuple(name for name, dates in after.items() if name in before and before[name] != dates)
    added = tuple(name for name in after if name not in before)
    return Refreshed(EndOfLifeFacts(candidate.reset_index(drop=True)), changed, added, tuple(left_out))


def _dates_by_name(rows: pd.DataFrame) -> dict[str, tuple[date | None, ...]]:
    names = rows["product"] + " " + rows["cycle"]
    return dict(zip(names, rows[list(DATE_COLUMNS)].itertuples(index=False, name=None), strict=True))


def _releases(body: bytes, origin: str) -> dict[str, dict[str, _Release]]:
    try:
        answer = _Answer.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise _refused(origin, f"{place or 'the whole of it'}: {first['msg']}") from error
    return {product.name: {release.name: release for release in product.releases} for product in answer.result}


def _updated(
    rows: pd.DataFrame, traced: pd.DataFrame, releases: dict[str, dict[str, _Release]], *, origin: str, on: date
) -> pd.DataFrame:
    """Return all rows, those with other dates in the answer changed."""
    records: list[dict[str, Any]] = [
        {str(name): value for name, value in row.items()} for row in rows.to_dict("records")
    ]
    for record, product, cycle, note in zip(
        records, traced["product"], traced["cycle"], traced["note"].fillna(""), strict=True
    ):
        release = releases.get(product, {}).get(cycle) if isinstance(product, str) and ";" not in note else None
        dates = release.dates() if release else None
        if dates is not None and note:
            # A release without its service pack has the ends of the last one, but came out before it.
            dates = (record["release_date"], *dates[1:])
        if dates is None or dates == tuple(record[column] for column in DATE_COLUMNS):
            continue
        record.update(zip(DATE_COLUMNS, dates, strict=True))
        record.update(source=f"endoflife.date, {origin}, MIT: {product} {cycle}{note}", as_of=on)
    return _frame(records)


def _new(
    rows: pd.DataFrame, traced: pd.DataFrame, releases: dict[str, dict[str, _Release]], origin: str, on: date
) -> pd.DataFrame:
    """Return the rows of cycles that are new."""
    records: list[dict[str, Any]] = []
    for name, cycles, first in _unknown_cycles(rows, traced, releases):
        if not _spelled_alike(rows, traced, name):
            continue
        for cycle in cycles:
            dates = releases[name][cycle].dates()
            if dates is not None:
                source = f"endoflife.date, {origin}, MIT: {name} {cycle}"
                told = dict(zip(DATE_COLUMNS, dates, strict=True))
                records.append({**first, "cycle": cycle, **told, "source": source, "as_of": on})
    return _frame(records)


def _unknown_cycles(
    rows: pd.DataFrame, traced: pd.DataFrame, releases: dict[str, dict[str, _Release]]
) -> list[tuple[str, list[str], dict[str, Any]]]:
    """Return, by product in the answer, the cycles that the table has not, and what its rows have in common."""
    found = []
    for name, own in traced.groupby("product"):
        of_product = rows.loc[own.index]
        spelled = set(of_product["cycle"].str.casefold()) | set(own["cycle"])
        cycles = [cycle for cycle in releases.get(str(name), {}) if cycle not in spelled]
        if cycles:
            first = {column: of_product.iloc[0][column] for column in ("product", "title", "category")}
            found.append((str(name), cycles, first))
    return found


def _spelled_alike(rows: pd.DataFrame, traced: pd.DataFrame, name: str) -> bool:
    own = traced[traced["product"] == name]
    return bool((own["cycle"] == rows.loc[own.index, "cycle"]).all())


def _unspelled(rows: pd.DataFrame, traced: pd.DataFrame, releases: dict[str, dict[str, _Release]]) -> list[str]:
    return [
        f"{name} {', '.join(cycles)}: new, but our table spells this product's cycles otherwise; enter it by hand."
        for name, cycles, _ in _unknown_cycles(rows, traced, releases)
        if not _spelled_alike(rows, traced, name)
    ]


def _without_contradictions(rows: pd.DataFrame, candidate: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the candidate with the rows of contradictory products as they were, and a sentence for each of those."""
    candidate = candidate.reset_index(drop=True)
    refused: dict[str, str] = {}
    for product, sentence in contradictions(candidate):
        refused.setdefault(product, sentence)
    kept = candidate[~candidate["product"].isin(list(refused))]
    restored = pd.concat([kept, rows[rows["product"].isin(list(refused))]])
    return restored, [f"{product}: {sentence}; what was known of it stays." for product, sentence in refused.items()]


def _frame(records: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(records, columns=list(COLUMNS), dtype=object)
    return frame.where(frame.notna(), None)


def _refused(origin: str, why: str) -> InputError:
    return InputError(
        f"What {origin} answers is not a list of end-of-life facts: {why}.",
        remedy="The stored facts serve on, unchanged; check the address: flow reference refresh --url URL.",
    )
