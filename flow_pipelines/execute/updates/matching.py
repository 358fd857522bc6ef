"""Which task a row is about: by its id, its name, or a server, workload or wave and a step.

Belongs here: looking tasks up, and why one is not found. Does not: what a row says (`told.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
from rapidfuzz import fuzz, process

from flow_pipelines.execute.updates.told import Refusal, Subject
from flow_pipelines.reference.task_states import task_states
from flow_pipelines.reference.vocabularies import fold
from flow_pipelines.some_of import some_of

Positions = dict[tuple[str, str], list[int]]
ADDRESS = re.compile(r"[\d.]+|[\da-fA-F:]+:[\da-fA-F:]*")
NAMES = ("name", "host_name", "fqdn")
PART = re.compile(r" \(\d+ of \d+\)$")
NAMED = 5
# Below this, what is near is only near by chance; of very many unknown names nobody reads what each may have meant.
LEAST_LIKENESS, MOST_LOOKED_UP = 75, 500
SEE_TASKS = "Name a task as flow task list shows it, or a server and a step of it."


@dataclass
class _Index:
    """Positions of tasks by what they are about and the step; each step under its own name and under what it means."""

    exact: Positions = field(default_factory=dict)
    meant: Positions = field(default_factory=dict)

    def add(self, thing: str, step: str, position: int) -> None:
        self.exact.setdefault((thing, fold(step)), []).append(position)
        self.meant.setdefault((thing, _meaning(step)), []).append(position)


@dataclass
class TaskFinder:
    """All tasks that exist, to be looked up by what people and tools call them.

    Attributes:
        tasks: The frame of all tasks; see `all_tasks.py`.
        inventory: The rows of `discovery/inventory`: which assets are servers, and what they are called.
        lookups_left: For how many more unknown names the likest are looked for.
    """

    tasks: pd.DataFrame
    inventory: pd.DataFrame
    lookups_left: int = MOST_LOOKED_UP

    def __post_init__(self) -> None:
        self._names = self.tasks["task_name"].tolist()
        self._folded_names = list(map(fold, self._names))
        self._by_id = {task: position for position, task in enumerate(self.tasks["task_id"])}
        self._by_name: dict[str, list[int]] = {}
        self._assets, self._workloads, self._waves, self._alone = _Index(), _Index(), _Index(), _Index()
        self._ids_of_workload: dict[str, set[str]] = {}
        self._servers = frozenset(self.inventory.loc[self.inventory["asset_type"] == "server", "asset_id"])
        for position, task in enumerate(self.tasks.to_dict("records")):
            self._add(position, task)
        self._assets_by_name = _assets_by_name(self.inventory)
        self._assets_with_domain = {
            asset
            for column in NAMES
            for asset, name in self.inventory.loc[self.inventory[column].notna(), ["asset_id", column]].to_numpy()
            if "." in name and not ADDRESS.fullmatch(name)
        }

    def _add(self, position: int, task: Mapping[Any, Any]) -> None:
        self._by_name.setdefault(fold(task["task_name"]), []).append(position)
        thing, _, step = task["task_name"].rpartition(": ")
        asset, workload, sources = task["asset_id"], task["workload_id"], task["source_entity_ids"]
        if pd.notna(asset):
            self._assets.add(asset, step, position)
        elif pd.notna(workload):
            self._workloads.add(workload, step, position)
            self._ids_of_workload.setdefault(fold(thing), set()).add(workload)
            servers = self._servers.intersection(sources)
            if len(servers) == 1:
                self._alone.add(next(iter(servers)), step, position)
        elif pd.notna(task["wave_number"]):
            self._waves.add(str(int(task["wave_number"])), step, position)

    def find(self, subject: Subject) -> int | Refusal:
        """Return the position of the task that a row is about, or why that can't be told."""
        found, named = self._by_id.get(subject.task_id.lower()), self._by_name.get(fold(subject.task))
        if found is not None and named and found not in named:
            words = f"its id is that of {self._names[found]!r}, and its name that of {self._names[named[0]]!r}."
            return Refusal("task_ambiguous", words, "Correct the id or the name, or leave one of them out.")
        if found is not None:
            return found
        if named:
            return self._only(named, subject)
        if subject.task_id and not (subject.task or subject.thing or subject.wave):
            return self._unknown(subject, f"no task has the id {subject.task_id}")
        return self._by_step(_parted(subject))

    def _by_step(self, subject: Subject) -> int | Refusal:
        if not subject.step:
            return self._unknown(subject, f"no task is called {str(subject)!r}")
        tiers, known = self._tiers(subject)
        likeliest = next(filter(None, tiers), None)
        if likeliest:
            return self._only(likeliest, subject)
        if subject.wave and not subject.thing and not known and task_states().wave_called(subject.wave) is None:
            words = f"{subject.wave!r} is no number of a wave."
            return Refusal("wave_unclear", words, "Write a number, such as 2 or Wave 2, and tell it again.")
        thing = str(subject).rpartition(": ")[0]
        words = f"no step of {thing!r} is called {subject.step!r}" if known else f"there is no {str(subject)!r}"
        return self._unknown(subject, words)

    def near(self, told: str) -> list[str]:
        """Return the names of tasks that are most like a text, the likest first."""
        cutoff = LEAST_LIKENESS
        found = process.extract(fold(told), self._folded_names, scorer=fuzz.ratio, limit=NAMED, score_cutoff=cutoff)
        return [self._names[position] for _, _, position in found]

    def _tiers(self, subject: Subject) -> tuple[list[list[int]], bool]:
        """Return the tasks that may be meant, the likeliest first; and whether anything is called so."""
        word = subject.server or subject.item
        assets = self._asset_ids(word) if word else set()
        word = subject.workload or subject.item
        workloads = self._ids_of_workload.get(fold(word), set()) if word else set()
        # A row that names a server, workload or item is about that, known or not; an item may be a wave by its name.
        wave = task_states().wave_called(subject.item if subject.thing else subject.wave)
        waves = (
            {str(wave)} if wave is not None and subject.thing == subject.item and not (assets or workloads) else set()
        )
        kinds = ((self._assets, assets), (self._workloads, workloads), (self._waves, waves), (self._alone, assets))
        step, meaning = fold(subject.step), _meaning(subject.step)
        exact = [_at(index.exact, things, step) for index, things in kinds]
        meant = [_at(index.meant, things, meaning) for index, things in kinds]
        return [*exact, *meant], bool(assets or workloads or waves)

    def _asset_ids(self, word: str) -> set[str]:
        found = self._assets_by_name.get(fold(word), set())
        if found or ADDRESS.fullmatch(word):
            return found
        # web01.other.example is not web01.corp.example: only what has no domain that is known may be in any.
        return self._assets_by_name.get(fold(_first_label(word)), set()) - self._assets_with_domain

    def _only(self, positions: Sequence[int], subject: Subject) -> int | Refusal:
        if len(set(positions)) == 1:
            return positions[0]
        named = sorted(f"{self._names[place]} ({self.tasks['task_id'].iloc[place]})" for place in set(positions))
        words = f"{str(subject)!r} may be {some_of(named, NAMED)}."
        return Refusal("task_ambiguous", words, "Name the task by its id, in a column Task id.")

    def _unknown(self, subject: Subject, words: str) -> Refusal:
        self.lookups_left -= 1
        near = self.near(str(subject)) if self.lookups_left >= 0 else []
        like = f"; the likest are {', '.join(near)}" if near else ""
        return Refusal("task_unknown", f"{words}{like}.", SEE_TASKS)


def _meaning(step: str) -> str:
    folded = fold(PART.sub("", step))
    return task_states().step_of_word.get(folded, folded)


def _at(positions: Positions, things: Iterable[str], step: str) -> list[int]:
    return [position for thing in sorted(things) for position in positions.get((thing, step), ())]


def _parted(subject: Subject) -> Subject:
    """Return a subject whose task is told as a thing and a step, or as the step of a thing that is told besides."""
    if not subject.task:
        return subject
    if subject.thing or subject.wave:
        return replace(subject, step=subject.step or subject.task, task="")
    thing, sign, step = next(
        (parts for mark in (":", " - ", "/") if (parts := subject.task.rpartition(mark))[1]), ("", "", "")
    )
    if not sign:
        return subject
    return replace(subject, item=thing.strip(), step=step.strip(), task="")


def _assets_by_name(inventory: pd.DataFrame) -> dict[str, set[str]]:
    """Return the ids of assets by each folded name that they have; a name of its own counts before a first label."""
    found: dict[str, set[str]] = {}
    shortened: dict[str, set[str]] = {}
    for column in NAMES:
        known = inventory[inventory[column].notna()]
        for asset, name in zip(known["asset_id"], known[column], strict=True):
            found.setdefault(fold(name), set()).add(asset)
            if not ADDRESS.fullmatch(name):
                shortened.setdefault(fold(_first_label(name)), set()).add(asset)
    return shortened | found


def _first_label(name: str) -> str:
    return name.partition(".")[0]
