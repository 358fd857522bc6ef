"""Who does which of some tasks that overlap, all of them looked at together.

Belongs here: the search. Does not: which tasks overlap, and who comes first if all goes well (`assignment.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ortools.sat.python import cp_model

# What a search may cost, and all of one plan, in CP-SAT's own time, which is the same everywhere.
MOST_OF_ONE, MOST_OF_ALL = 2.0, 10.0
# Pairs of task and person beyond which no search was seen to find anything better.
MOST_PAIRS = 1_500


@dataclass
class Effort:
    """What the searches of one plan may still cost."""

    left: float = MOST_OF_ALL


@dataclass(frozen=True)
class Job:
    """A task to be done by people of one role.

    Attributes:
        start: Its first period.
        end: The period after its last one.
        people: How many it takes.
        needed: The skills that it takes and that somebody has.
        available: The places, in the team, of those who are there throughout.
    """

    start: int
    end: int
    people: int
    needed: frozenset[str]
    available: frozenset[int]


Choice = Sequence[frozenset[int]]


def lacking(jobs: Sequence[Job], skills: Sequence[frozenset[str]], choice: Choice) -> int:
    """Return how many jobs lack people or a skill under a choice of people for each."""
    return sum(
        len(chosen) < job.people or not job.needed <= frozenset().union(*(skills[one] for one in chosen))
        for job, chosen in zip(jobs, choice, strict=True)
    )


def staffed(jobs: Sequence[Job], skills: Sequence[frozenset[str]], known: Choice, effort: Effort) -> Choice:
    """Choose people for jobs that overlap: as many as can be, then those who leave the fewest jobs without a skill.

    Args:
        jobs: The jobs, in an order that does not depend on that of the tasks.
        skills: What each of the team knows.
        known: A choice that is possible; it stays unless fewer jobs lack something under another one.
        effort: What is left for a search; what it costs is taken off.

    Returns:
        The places, in the team, of those who do each job; nobody does two at once.
    """
    if effort.left <= 0 or len(jobs) * len(skills) > MOST_PAIRS or not lacking(jobs, skills, known):
        return known
    model = cp_model.CpModel()
    does = [{one: model.new_bool_var("") for one in sorted(job.available)} for job in jobs]
    for moment in sorted({job.start for job in jobs}):
        going = [place for place, job in enumerate(jobs) if job.start <= moment < job.end]
        for one in range(len(skills)):
            model.add_at_most_one(does[place][one] for place in going if one in does[place])
    met, whole = [], []
    for job, own in zip(jobs, does, strict=True):
        is_whole = model.new_bool_var("")
        count = sum(own.values())
        model.add(count <= job.people)
        model.add(count >= job.people).only_enforce_if(is_whole)
        for skill in sorted(job.needed):
            is_met = model.new_bool_var("")
            model.add_bool_or(does_it for one, does_it in own.items() if skill in skills[one]).only_enforce_if(is_met)
            model.add_implication(is_whole, is_met)
            met.append(is_met)
        whole.append(is_whole)
    for place, chosen in enumerate(known):
        for one, does_it in does[place].items():
            model.add_hint(does_it, one in chosen)
    everybody = [does_it for own in does for does_it in own.values()]
    # In this order: people at all, jobs that lack nothing, skills.
    of_whole = len(met) + 1
    of_people = of_whole * (len(jobs) + 1) + len(met)
    model.maximize(of_people * sum(everybody) + of_whole * sum(whole) + sum(met))
    return _searched(model, jobs, skills, does, known, effort=effort)


def _searched(
    model: cp_model.CpModel,
    jobs: Sequence[Job],
    skills: Sequence[frozenset[str]],
    does: Sequence[dict[int, cp_model.IntVar]],
    known: Choice,
    *,
    effort: Effort,
) -> Choice:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = min(MOST_OF_ONE, effort.left)
    status = solver.solve(model)
    effort.left -= solver.response_proto.deterministic_time
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return known
    found = [frozenset(one for one, does_it in own.items() if solver.boolean_value(does_it)) for own in does]
    return found if lacking(jobs, skills, found) < lacking(jobs, skills, known) else known
