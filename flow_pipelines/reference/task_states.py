"""The states of tasks and waves as data: their words, what may follow what, and what steps are called.

Belongs here: the loader of `task_states.yaml`. Does not: replaying what was told (`execute/updates/`), deriving the
state of a wave (`execute/overview.py`).
"""

from __future__ import annotations

import re
from functools import cache, cached_property
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flow_pipelines.reference.documents import read_yaml
from flow_pipelines.reference.vocabularies import fold
from flow_pipelines.tables.execute.overview import WAVE_STATES
from flow_pipelines.tables.execute.progress import STATES

TASK_STATES = Path(__file__).with_name("task_states.yaml")
# No programme has 10,000 waves; a column of numbers with a gap is written with fractions.
BARE_NUMBER = re.compile(r"\s*(\d{1,4})(?:[.,]0+)?\s*")


class TaskStates(BaseModel):
    """The data; see the comments of `task_states.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = Field(ge=1)
    task_changes: dict[str, tuple[str, ...]]
    wave_changes: dict[str, tuple[str, ...]]
    words: dict[str, tuple[str, ...]]
    steps: dict[str, tuple[str, ...]]
    waves: tuple[str, ...]

    @model_validator(mode="after")
    def _states_are_known(self) -> Self:
        for known, changes in ((set(STATES), self.task_changes), (set(WAVE_STATES), self.wave_changes)):
            named = {*changes, *(state for following in changes.values() for state in following)}
            if named != known:
                raise ValueError(f"{sorted(named ^ known)} are states on one side only")
        if unknown := set(self.words) ^ set(STATES):
            raise ValueError(f"words are given for other states than there are: {sorted(unknown)}")
        return self

    @cached_property
    def state_of_word(self) -> dict[str, str]:
        """The state that each folded word stands for."""
        return _inverted(self.words)

    @cached_property
    def step_of_word(self) -> dict[str, str]:
        """The step that each folded word stands for."""
        return _inverted(self.steps)

    @cached_property
    def _wave(self) -> re.Pattern[str]:
        return re.compile(rf"\b(?:{'|'.join(map(fold, self.waves))})\s*(\d{{1,4}})\b")

    def wave_called(self, text: str) -> int | None:
        """Return the number of the wave that a text names and nothing else: "Wave 2", "2", or "2.0"; None if none."""
        if bare := BARE_NUMBER.fullmatch(text):
            return int(bare.group(1))
        found = self._wave.fullmatch(fold(text))
        return int(found.group(1)) if found else None

    def wave_in(self, sentence: str) -> int | None:
        """Return the number of the first wave that a sentence speaks of, or None."""
        found = self._wave.search(fold(sentence))
        return int(found.group(1)) if found else None

    def state(self, word: str) -> str | None:
        """Return the state that a word stands for, or None if it is not known."""
        return self.state_of_word.get(fold(word))

    def may_follow(self, state: str, following: str) -> bool:
        """Tell whether a task may go from one state to another."""
        return following in self.task_changes[state]


def _inverted(words: dict[str, tuple[str, ...]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for value, spellings in words.items():
        for spelling in spellings:
            if found.setdefault(fold(spelling), value) != value:
                raise ValueError(f"{spelling!r} stands for {found[fold(spelling)]} and {value}")
    return found


@cache
def task_states() -> TaskStates:
    """Load the data.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return TaskStates.model_validate(read_yaml(TASK_STATES.read_text(encoding="utf-8")))
