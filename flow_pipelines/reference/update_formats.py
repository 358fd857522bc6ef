"""Rows that tell of tasks: by which headers a tool's export is known, and what its words say, as data.

Belongs here: the loader of `update_formats.yaml`, and telling which format a table is of. Does not: the states and
steps that all formats share (`task_states.py`), reading files and judging rows (`execute/updates/`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flow_pipelines.reference.documents import read_yaml
from flow_pipelines.reference.vocabularies import fold
from flow_pipelines.tables.execute.progress import STATES

FORMATS = Path(__file__).with_name("update_formats.yaml")
Role = Literal[
    "task", "task_id", "item", "server", "server_id", "workload", "wave", "step", "title", "state", "percent",
    "outcome", "began", "ended", "at", "by", "note", "evidence", "rehearsal", "job",
]  # fmt: skip


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StepAndState(_Data):
    """What a tool's own state says: that this step stands so; and the columns of when it began and ended."""

    step: str
    state: str
    began: str | None = None
    ended: str | None = None


class UpdateFormat(_Data):
    """One kind of rows; see the comments of `update_formats.yaml`."""

    name: str
    title: str
    told_by: tuple[tuple[str, ...], ...]
    columns: dict[Role, tuple[str, ...]]
    comes_first_with: tuple[Role, ...] = ()
    step: str | None = None
    step_by_job: dict[str, str] = Field(default_factory=dict)
    step_and_state_by_state: dict[str, StepAndState] = Field(default_factory=dict)
    states: dict[str, str] = Field(default_factory=dict)
    outcomes: dict[str, str] = Field(default_factory=dict)
    wave_step: str | None = None
    wave_states: dict[str, str] = Field(default_factory=dict)
    passes_over: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _states_are_known(self) -> Self:
        named = {*self.states.values(), *self.outcomes.values(), *self.wave_states.values()}
        named |= {one.state for one in self.step_and_state_by_state.values()}
        if unknown := sorted(named - set(STATES)):
            raise ValueError(f"{self.name}: no states of a task: {', '.join(unknown)}")
        return self

    @cached_property
    def headers(self) -> Mapping[Role, tuple[str, ...]]:
        """The folded headers of each column, most telling first."""
        return {role: tuple(dict.fromkeys(map(fold_header, names))) for role, names in self.columns.items()}

    def fits(self, headers: Iterable[str]) -> bool:
        """Tell whether a table with these headers is of the format."""
        folded = set(map(fold_header, headers))
        return all(folded.intersection(map(fold_header, alternatives)) for alternatives in self.told_by)

    def comes_first(self, headers: Iterable[str]) -> bool:
        """Tell whether a table with these headers is of the format whatever else it may be."""
        own = {header for role in self.comes_first_with for header in self.headers[role]}
        return not own.isdisjoint(map(fold_header, headers)) and self.fits(headers)


@lru_cache(maxsize=10_000)
def fold_header(header: str) -> str:
    """Return a header without case, accents and punctuation; a percent sign counts, as it is all that tells some."""
    return fold(header.replace("%", " percent "))


def word_in(words: Mapping[str, object], cell: str) -> str | None:
    """Return the key of a format's words that a cell spells, in whatever case and punctuation; None if none."""
    exact = cell.strip()
    if exact in words:  # "-5" and "5" fold to the same
        return exact
    folded = fold_header(cell)
    return next((word for word in words if fold_header(word) == folded and not word.lstrip("-").isdecimal()), None)


@cache
def update_formats() -> Sequence[UpdateFormat]:
    """Load the formats, in the order in which they are tried.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    content = read_yaml(FORMATS.read_text(encoding="utf-8"))
    return tuple(UpdateFormat.model_validate(one) for one in content["formats"])


@lru_cache(maxsize=1_000)
def format_of(headers: tuple[str, ...]) -> UpdateFormat | None:
    """Return the format of a table by its headers, or None if they tell none."""
    first = (one for one in update_formats() if one.comes_first(headers))
    return next(chain(first, (one for one in update_formats() if one.fits(headers))), None)


@cache
def _known_headers() -> frozenset[str]:
    return frozenset(header for one in update_formats() for names in one.headers.values() for header in names)


def is_update_header(text: str) -> bool:
    """Tell whether a text is a column name of any of the formats."""
    return fold_header(text) in _known_headers()
