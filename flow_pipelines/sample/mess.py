"""What goes wrong in the exports of a sample estate, and the record of each thing that did.

Belongs here: spoiling rows and cells of an export, at the rates of `mess.yaml`, and logging every change.
Does not: the clean rows (`rvtools.py`, `servicenow.py`, `migration_hub.py`) and their files (`writing.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from flow_pipelines.reference.documents import read_yaml
from flow_pipelines.sample.randomness import pick

Cell = str | int | float | None
# From so many rows on, everything happens at least once: rates below 1 % are seen in small estates too.
ALWAYS_FROM_ROWS = 100
PLACEHOLDERS = ("N/A", "-", "unknown", "#REF!", "n/a", "TBD")
BAD_DATES = ("31/02/2021", "0000-00-00", "2023-13-45", "soon", "00/00/0000")
BAD_NUMBERS = ("-1", "four", "1e9999", "0x10", "??")


class Blemish(NamedTuple):
    """One thing that was spoiled: which row, which column (empty if the row as a whole), how, and what it was."""

    position: int
    column: str
    kind: str
    was: Cell
    written: Cell


@dataclass
class Rows:
    """Rows of an export on their way to its file, with the truth about each.

    Attributes:
        columns: Cells by column; all columns are equally long.
        entity_types: What each row describes.
        true_ids: What each row is really about.
        blemishes: What was spoiled so far.
        reshaped: Cells of the rows that no longer fit their columns, by position.
        blank_before: Positions of rows with an empty line before them.
    """

    columns: dict[str, list[Cell]]
    entity_types: list[str]
    true_ids: list[str]
    blemishes: list[Blemish] = field(default_factory=list)
    reshaped: dict[int, list[Cell]] = field(default_factory=dict)
    blank_before: set[int] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.true_ids)


@cache
def rates(source: str) -> dict[str, float]:
    """Return how often each kind of mess happens in one source."""
    document = read_yaml(files(__package__).joinpath("mess.yaml").read_text(encoding="utf-8"))
    return {kind: float(entry["rate"]) for kind, entry in document[source].items()}


@dataclass(frozen=True)
class Spoiler:
    """Spoils the rows of one source, with one source of randomness."""

    source: str
    rng: np.random.Generator

    def positions(self, kind: str, candidates: Sequence[int]) -> list[int]:
        """Choose the rows to which something happens: the kind's rate of the candidates, in order."""
        rate = rates(self.source)[kind]
        count = int(len(candidates) * rate + self.rng.random())
        if len(candidates) >= ALWAYS_FROM_ROWS:
            count = max(count, 1)
        places = np.sort(self.rng.permutation(len(candidates))[:count]).tolist()
        return [candidates[place] for place in places]

    def repeated(self, count: int) -> list[int]:
        """Return the places 0 to `count` - 1 in random order, some of them twice."""
        places = list(range(count))
        places += self.positions("duplicate_row", places)
        return [places[place] for place in self.rng.permutation(len(places)).tolist()]

    def log_repeats(self, rows: Rows) -> None:
        """Log every row that is about the same thing as a row before it."""
        seen: set[str] = set()
        for position, true_id in enumerate(rows.true_ids):
            if true_id in seen:
                rows.blemishes.append(Blemish(position, "", "duplicate_row", None, None))
            seen.add(true_id)

    def change(
        self,
        rows: Rows,
        kind: str,
        column: str,
        spoil: Callable[[str], Cell],
        *,
        among: Callable[[int], bool] = lambda _: True,
    ) -> None:
        """Spoil some of the filled cells of a column; a cell that `spoil` leaves as it is does not count."""
        cells = rows.columns[column]
        candidates = [place for place, cell in enumerate(cells) if cell not in ("", None) and among(place)]
        for position in self.positions(kind, candidates):
            was = cells[position]
            written = spoil(str(was))
            if written != was:
                cells[position] = written
                rows.blemishes.append(Blemish(position, column, kind, was, written))

    def replace(self, rows: Rows, kind: str, column: str, choices: Sequence[str]) -> None:
        """Put one of the choices in place of some of the filled cells of a column."""
        self.change(rows, kind, column, lambda _: self.one_of(choices))

    def one_of(self, choices: Sequence[str]) -> str:
        """Draw one of the choices."""
        return pick(self.rng, choices, 1)[0]

    def typo(self, text: str) -> str:
        """Drop or double one letter: a name never becomes another machine's, because lengths are fixed."""
        letters = [place for place, letter in enumerate(text) if letter.isalpha() and place < len(text) - 2]
        if not letters:
            return text
        place = letters[int(self.rng.integers(len(letters)))]
        return text[:place] + text[place] * int(self.rng.choice([0, 2])) + text[place + 1 :]

    def bad_address(self, text: str) -> str:
        """Break one address of a cell."""
        parts = text.split(".")
        return ".".join([*parts[:3], self.one_of(["999", "", "1O", "256"])])

    def reshape(self, rows: Rows) -> None:
        """Cut some rows off, let some have a cell too many, put an empty line before some."""
        width = len(rows.columns)
        everywhere = list(range(len(rows)))
        for position in self.positions("too_few_cells", everywhere):
            rows.reshaped[position] = [cells[position] for cells in rows.columns.values()][: width // 2]
            rows.blemishes.append(Blemish(position, "", "too_few_cells", width, width // 2))
        for position in self.positions("too_many_cells", everywhere):
            if position not in rows.reshaped:
                cells = [column[position] for column in rows.columns.values()]
                rows.reshaped[position] = [*cells[:-4], "see note", *cells[-4:]]
                rows.blemishes.append(Blemish(position, "", "too_many_cells", width, width + 1))
        for position in self.positions("blank_row", everywhere[len(rows) // 3 :]):
            rows.blank_before.add(position)
            rows.blemishes.append(Blemish(position, "", "blank_row", None, None))
