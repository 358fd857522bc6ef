"""The steps of a section: each with how long it takes, what it waits for, and what is listed with it.

Belongs here: templates applied to the workloads, servers and databases of a section. Does not: when and by whom they
are done (`lanes.py`), rows (`runbook.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from math import ceil
from typing import Any

import pandas as pd

from flow_pipelines.execute.cutover.sections import Section
from flow_pipelines.execute.tasks.connections import listed_by_asset
from flow_pipelines.execute.tasks.methods import copy_hours, database_methods
from flow_pipelines.execute.tasks.moving import DATABASE
from flow_pipelines.reference.cutover_templates import CutoverStep, Relation, cutover_templates
from flow_pipelines.reference.database_migrations import database_migrations
from flow_pipelines.settings import EngagementSettings

OWNER_LANE = "workload owner"
SECTION, WORKLOAD, BARE = "section", "workload", "bare workload"
MINUTES = 60
AS_PLANNED = "It takes as long as its cutover in plan/timeline."


@dataclass(frozen=True)
class Element:
    """What a step is about: a section, a workload, a server or a database.

    Attributes:
        kind: Which of them.
        key: Its id; of a workload with the part of its cutover.
        name: What people call it; empty for a section.
        workload_id: Its workload, if it has one.
        asset_id: Its asset, if it is one.
        owner: Of a workload, who owns it.
        cutover_ids: The cutovers of the timeline that it is a part of.
        asset_ids: Assets that it is made of.
        minutes: How long what is particular of it takes: a sync, or a workload without parts.
        reason: Why so long, in words.
        earliest: When its own cutover begins in the timeline, in minutes from T-0: none of its steps begins before.
    """

    kind: str
    key: str
    name: str = ""
    workload_id: str | None = None
    asset_id: str | None = None
    owner: str | None = None
    cutover_ids: tuple[str, ...] = ()
    asset_ids: tuple[str, ...] = ()
    minutes: int | None = None
    reason: str | None = None
    earliest: int = 0


@dataclass(frozen=True)
class Step:
    """A step of a runbook, not yet placed.

    Attributes:
        template: What it is.
        element: What it is about.
        lane: Whose lane it is on: of an owner, theirs.
        minutes: How long it takes.
        details: What is listed with it.
        after: The places, among the steps, of those that it waits for.
    """

    template: CutoverStep
    element: Element
    lane: str
    minutes: int
    details: tuple[str, ...]
    after: tuple[int, ...] = ()


@dataclass(frozen=True)
class Context:
    """What steps of a section are made from.

    Attributes:
        section: The section.
        settings: The engagement's.
        downtime: See `allowed_downtime`.
        people: How many there are of each role.
        mails: The owner's e-mail address by workload.
    """

    section: Section
    settings: EngagementSettings
    downtime: dict[str, str]
    people: Mapping[str, int]
    mails: Mapping[str, str] = field(default_factory=dict)


def elements_of(context: Context) -> list[Element]:
    """Return what steps are made for: the section, its workloads, its databases and servers."""
    section = context.section
    units = _units(context)
    begins = _begins(section)
    members: dict[str, list[str]] = {}
    for one in units:
        members.setdefault(one.cutover_ids[0], []).append(str(one.asset_id))
    workloads = [_workload(row, members, begins) for row in section.cutovers.to_dict("records")]
    spans = zip(workloads, section.cutovers["planned_start"], section.cutovers["planned_end"], strict=True)
    bare = [
        replace(one, kind=BARE, minutes=max(1, round((end - start).total_seconds() / MINUTES)), reason=AS_PLANNED)
        for one, start, end in spans
        if not one.asset_ids
    ]
    whole = Element(SECTION, f"{section.wave}/{section.number}", cutover_ids=tuple(sorted(section.cutovers["task_id"])))
    return [whole, *workloads, *bare, *units]


def _begins(section: Section) -> dict[str, int]:
    """Return when each cutover of the timeline begins, in whole minutes from T-0."""
    begins = (section.cutovers["planned_start"] - section.begin).dt.total_seconds() / MINUTES
    return {str(one): ceil(minute) for one, minute in zip(section.cutovers["task_id"], begins, strict=True)}


def _workload(row: Mapping[Any, Any], members: Mapping[str, list[str]], begins: Mapping[str, int]) -> Element:
    part = f" ({row['part'] + 1} of {row['parts']})" if row["parts"] > 1 else ""
    return Element(
        WORKLOAD,
        f"{row['workload_id']}/{row['part']}",
        f"{row['workload_name']}{part}",
        str(row["workload_id"]),
        owner=row["owner"] if isinstance(row["owner"], str) else None,
        cutover_ids=(str(row["task_id"]),),
        asset_ids=tuple(sorted(members.get(str(row["task_id"]), ()))),
        earliest=begins[str(row["task_id"])],
    )


def _units(context: Context) -> list[Element]:
    units = context.section.units
    rows = context.section.cutovers[["workload_id", "part", "task_id"]].itertuples(index=False, name=None)
    cutovers = {(workload, part): str(task) for workload, part, task in rows}
    begins, syncs = _begins(context.section), _syncs(units, context)
    return [
        Element(
            str(row["asset_type"]),
            str(row["asset_id"]),
            str(row["asset_name"]),
            str(row["workload_id"]),
            str(row["asset_id"]),
            cutover_ids=(cutovers[row["workload_id"], row["part"]],),
            asset_ids=(str(row["asset_id"]),),
            minutes=minutes,
            reason=reason,
            earliest=begins[cutovers[row["workload_id"], row["part"]]],
        )
        for row, (minutes, reason) in zip(units.to_dict("records"), syncs, strict=True)
    ]


def _syncs(units: pd.DataFrame, context: Context) -> list[tuple[int, str]]:
    """Return how long the last copy of each unit takes in minutes, and why."""
    templates, settings = cutover_templates(), context.settings
    data = units["storage_used_gib"].fillna(units["storage_allocated_gib"]).astype("Float64")
    changed = copy_hours(data * templates.change_share, settings) * MINUTES
    whole = copy_hours(units["database_size_gib"], settings) * (database_migrations().passes * MINUTES)
    is_database = units["asset_type"] == DATABASE
    methods = database_methods(units[is_database], context.downtime, settings)
    of_databases = dict(zip(methods.index.tolist(), zip(methods["reason"], methods["way"], strict=True), strict=True))
    columns = zip(units.index.tolist(), changed.tolist(), whole.tolist(), data.tolist(), strict=True)
    found = []
    for number, delta, copied, gibibytes in columns:
        if number in of_databases:
            says, way = of_databases[number]
            is_stopped = way == "stopped"
            minutes = ceil(copied) if is_stopped else database_migrations().switch_minutes
            found.append(
                (minutes, f"{says}." if is_stopped else f"{says}. At the switch only the last changes follow.")
            )
        elif pd.isna(delta):
            words = f"How much data it has is not known: {templates.unknown_sync_minutes} minutes are assumed."
            found.append((templates.unknown_sync_minutes, words))
        else:
            share = f"{templates.change_share:.0%} of its {gibibytes:,.0f} GiB have changed since the last copy"
            found.append((ceil(delta), f"{share}; they go over one stream of the line."))
    return found


def steps_of(context: Context, *phases: str) -> list[list[Step]]:
    """Return the steps of each of some phases, each after those that it waits for."""
    elements: dict[str, list[Element]] = {}
    for element in elements_of(context):
        elements.setdefault(element.kind, []).append(element)
    listed, found = _details(context), []
    for phase in phases:
        templates = [step for step in cutover_templates().steps if step.phase == phase]
        made = [
            _step(template, element, listed(template, element))
            for template in templates
            for element in elements.get(template.of, ())
        ]
        places = _Places(made, context.section)
        waits_for = {template.step: template.waits_for for template in templates}
        found.append(_in_order([(step, _waits(step, waits_for[step.template.step], places)) for step in made]))
    return found


class _Places:
    """Where the steps are of an element, by name."""

    def __init__(self, steps: list[Step], section: Section) -> None:
        self.by_element = {(step.element.key, step.template.step): number for number, step in enumerate(steps)}
        self.by_name: dict[str, list[int]] = {}
        self.of_workload: dict[str | None, list[str]] = {}
        for number, step in enumerate(steps):
            self.by_name.setdefault(step.template.step, []).append(number)
            if step.element.asset_id:
                self.of_workload.setdefault(step.element.workload_id, []).append(step.element.key)
        self.related: dict[str, dict[str, list[str]]] = {
            name: {} for name in ("dependents", "dependencies", "hosted", "host")
        }
        for one, other in section.needs:
            self.related["dependents"].setdefault(other, []).append(one)
            self.related["dependencies"].setdefault(one, []).append(other)
        for one, other in section.hosted:
            self.related["hosted"].setdefault(other, []).append(one)
            self.related["host"].setdefault(one, []).append(other)

    def of(self, keys: Iterable[str], name: str) -> list[int]:
        """Return the places of a step at elements."""
        return [self.by_element[key, name] for key in keys if (key, name) in self.by_element]


def _waits(step: Step, waits_for: list[tuple[Relation, str]], places: _Places) -> set[int]:
    found: set[int] = set()
    for relation, name in waits_for:
        found.update(_where(relation, name, step.element, places))
    return found


def _where(relation: Relation, name: str, element: Element, places: _Places) -> list[int]:
    if relation == "all":
        return places.by_name.get(name, [])
    if relation == "own":
        return places.of([element.key], name)
    if relation == "parts":
        return places.of(dict.fromkeys(places.of_workload.get(element.workload_id, [])), name)
    return places.of(places.related[relation].get(element.key, []), name)


def _step(template: CutoverStep, element: Element, details: tuple[str, ...]) -> Step:
    minutes = template.minutes + template.per_detail * len(details)
    minutes = min(minutes, max(template.at_most or minutes, template.minutes))
    if template.kind == "sync" and element.minutes is not None:
        minutes = max(minutes, element.minutes)
    elif element.kind == BARE and element.minutes is not None:
        minutes = element.minutes
    lane = template.lane
    if lane == OWNER_LANE:
        lane = f"owner: {element.owner or f'of {element.name}, not known'}"
    return Step(template, element, lane, minutes, details)


def _details(context: Context) -> Callable[[CutoverStep, Element], tuple[str, ...]]:
    """Return what says which texts are listed with a step."""
    section = context.section
    here = set(section.units["asset_id"])
    links = section.connections
    # What two units of the section need of each other is checked once, from where it is opened.
    checked = links[links["is_source"].astype(bool) | ~links["partner_id"].isin(here)]
    own = {"checks": listed_by_asset(checked, "check"), "residents": section.residents}
    criteria = cutover_templates().criteria
    fixed: dict[str, tuple[str, ...]] = {
        "owners": (*_owners(context), *section.partners),
        "workloads": tuple(map(str, section.cutovers["workload_name"])),
        "lanes": _lanes(context),
    }
    fixed |= {str(gate): texts for gate, texts in criteria.items()}

    def listed(template: CutoverStep, element: Element) -> tuple[str, ...]:
        if template.details in own:
            return tuple(own[template.details].get(str(element.asset_id), ()))
        return fixed[template.details] if template.details else ()

    return listed


def _owners(context: Context) -> tuple[str, ...]:
    """Return whom to tell of which workloads, those first of whom nobody knows who they are."""
    of_owner: dict[str, list[str]] = {}
    for workload, name, owner in context.section.cutovers[["workload_id", "workload_name", "owner"]].itertuples(
        index=False, name=None
    ):
        mail = context.mails.get(str(workload))
        who = f"{owner} <{mail}>" if isinstance(owner, str) and mail else owner if isinstance(owner, str) else mail
        of_owner.setdefault(who or "", []).append(str(name))
    unknown = of_owner.pop("", [])
    told = [f"{who}: {', '.join(names)}" for who, names in sorted(of_owner.items())]
    return (*([f"Owner not known, find out: {', '.join(unknown)}"] if unknown else []), *told)


def _lanes(context: Context) -> tuple[str, ...]:
    own = {name: lane.people for name, lane in cutover_templates().lanes.items() if not lane.machines}
    used = {step.lane for step in cutover_templates().steps}
    people = {**{role: count for role, count in context.people.items() if role in used}, **own}
    people.pop(OWNER_LANE, None)
    owners = sorted({str(one) for one in context.section.cutovers["owner"].dropna()})
    return (*(f"{name}: {count}" for name, count in sorted(people.items())), *(f"owner: {one}" for one in owners))


def _in_order(waits: list[tuple[Step, set[int]]]) -> list[Step]:
    """Return steps each after those that it waits for, otherwise in their order, with the places of those.

    Raises:
        CycleError: They wait for each other.
    """
    sorter = TopologicalSorter({number: after for number, (_, after) in enumerate(waits)})
    sorter.prepare()
    order: list[int] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    place = {number: position for position, number in enumerate(order)}
    return [replace(waits[one][0], after=tuple(sorted(place[before] for before in waits[one][1]))) for one in order]
