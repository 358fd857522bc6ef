"""Wishes that can't all be met: the fewest of them that contradict each other, and what they contradict.

Belongs here: finding a smallest conflicting set. Does not: planning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from flow_pipelines.assess.wave_planning.build import build
from flow_pipelines.assess.wave_planning.exact import find_feasible
from flow_pipelines.assess.wave_planning.groups import needed_first
from flow_pipelines.assess.wave_planning.moving import Workloads, wishes, without_wishes
from flow_pipelines.assess.wave_planning.search import place_all
from flow_pipelines.errors import PlanningError
from flow_pipelines.reference.wave_rules import wave_rules
from flow_pipelines.settings import WaveSettings

SECONDS = 20.0
REMEDY = "Withdraw one of these edits, or give the waves more room (settings, waves)."


def refuse_for_what_stays(workloads: pd.DataFrame) -> None:
    """Refuse wishes about workloads that do not move.

    Raises:
        PlanningError: There are such wishes; each is named.
    """
    staying = workloads[workloads["treatment"].isin(wave_rules().not_moving)]
    told = []
    for column, words in (("fixed_wave", "in wave"), ("tied_to", "together with")):
        wished = staying[staying[column].notna()]
        for name, wish, treatment in zip(wished["workload_name"], wished[column], wished["treatment"], strict=True):
            told.append(f"{name} {words} {wish}, but its treatment is {treatment}")
    if told:
        raise PlanningError(
            f"These wishes can't be kept: {'; '.join(sorted(told))}.",
            remedy="Withdraw these edits, or change the treatment.",
        )


def explain(workloads: Workloads, settings: WaveSettings, wave_count: int) -> PlanningError:
    """Return why no plan keeps every wish of people, in terms of the fewest wishes that can't be kept together."""
    if not _may_work(workloads, settings, wave_count, []):
        return PlanningError(
            f"{len(workloads.rows):,} workloads with {int(workloads.sizes[:, 0].sum()):,} servers don't fit into "
            f"{wave_count} waves.",
            remedy="Allow more waves, or give them more room (settings, waves.most_waves, waves.servers and the like).",
        )
    core = wishes(workloads)
    for wish in list(core):
        rest = [other for other in core if other != wish]
        if not _may_work(workloads, settings, wave_count, rest):
            core = rest
    if not core:
        return PlanningError(
            f"No plan for {len(workloads.rows):,} workloads in {wave_count} waves was found in the time.",
            remedy="Allow more waves, or give them more room (settings, waves.most_waves, waves.servers and the like).",
        )
    told = "; ".join(_in_words(workloads, wish) for wish in core)
    return PlanningError(f"These wishes can't all be kept: {told}.{_needs(workloads, core)}", remedy=REMEDY)


def _may_work(workloads: Workloads, settings: WaveSettings, wave_count: int, kept: Sequence[tuple[str, int]]) -> bool:
    """Tell whether some wishes can be kept, or at least are not proven to be impossible."""
    problem = build(without_wishes(workloads, kept), settings, wave_count).problem
    if not problem.allowed.any(axis=1).all():
        return False
    if place_all(problem, needed_first(problem.group_count, problem.needs)):
        return True
    _, is_impossible = find_feasible(problem, seconds=SECONDS, seed=settings.seed)
    return not is_impossible


def _in_words(workloads: Workloads, wish: tuple[str, int]) -> str:
    kind, place = wish
    name = workloads.rows["workload_name"][place]
    if kind == "fixed":
        return f"{name} in wave {workloads.fixed[place] + 1}"
    if kind == "forbidden":
        return f"{name} not in wave {', '.join(str(wave + 1) for wave in sorted(workloads.forbidden[place]))}"
    return f"{name} together with {workloads.rows['tied_to'][place]}"


def _needs(workloads: Workloads, core: Sequence[tuple[str, int]]) -> str:
    """Name the needs that lead from one workload of a conflict to another: they are what most conflicts are with."""
    places = {place for _, place in core}
    needed: dict[int, list[int]] = {}
    for first, second in workloads.hard.tolist():
        needed.setdefault(first, []).append(second)
    names = workloads.rows["workload_name"]
    chains = [chain for start in sorted(places) for chain in _chains(start, needed, places)]
    said = [" needs ".join(names[place] for place in chain) for chain in chains]
    return f" For {'; '.join(said)}, no later." if said else _room(workloads, core)


def _chains(start: int, needed: dict[int, list[int]], places: set[int]) -> Iterator[list[int]]:
    """Yield the shortest ways from a workload, along what is needed, to the next ones of the conflict."""
    seen, queue = {start}, [[start]]
    while queue:
        way = queue.pop(0)
        for other in needed.get(way[-1], ()):
            if other in seen:
                continue
            seen.add(other)
            if other in places:
                yield [*way, other]
            else:
                queue.append([*way, other])


def _room(workloads: Workloads, core: Sequence[tuple[str, int]]) -> str:
    places = np.array([place for kind, place in core if kind == "fixed"], dtype=np.int64)
    waves = np.unique(workloads.fixed[places])
    if len(waves) != 1 or len(places) < 2:  # noqa: PLR2004  (a pair)
        return ""
    return f" Together they are {int(workloads.sizes[places, 0].sum()):,} servers."
