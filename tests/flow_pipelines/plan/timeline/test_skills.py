"""Tasks take the skills of what a workload runs on, and people who are named do what they know and have time for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ortools.sat.python import cp_model

from flow_pipelines.errors import SettingsError
from flow_pipelines.plan.timeline import assignment
from flow_pipelines.plan.timeline.assignment import assign
from flow_pipelines.plan.timeline.clock import programme_clock
from flow_pipelines.plan.timeline.staffing import Effort
from flow_pipelines.reference.end_of_life import installed_facts
from flow_pipelines.reference.skills import skills
from flow_pipelines.reference.task_templates import task_templates
from tests.flow_pipelines.plan.timeline.programmes import BEGIN, SCOPE, Frames, programme, settings_of, timeline_of

QUICK = "effort_seconds: 0.2"
WINDOWS_ONLY = "{name: Ada, role: migration engineer, skills: [windows]}"
LINUX_TOO = "{name: Bob, role: migration engineer, skills: [linux, Oracle]}"


def with_database(frames: Frames, product: str = "oracle-database") -> Frames:
    plan, roadmap, inventory, _ = frames
    components = pd.DataFrame({"workload_ids": [plan["workload_id"].head(1).tolist()], "product": [product]})
    return plan, roadmap, inventory, components


def by_name(frames: Frames, *people: str) -> dict[str, dict[Any, Any]]:
    rows = timeline_of(frames, f"schedule: {{{QUICK}, people: [{', '.join(people)}]}}").tasks
    return {row["task_name"]: row for row in rows.to_dict("records")}


def test_a_task_takes_the_skills_of_the_systems_and_databases_of_its_workload() -> None:
    rows = by_name(with_database(programme(1, 1)))
    assert rows["w1: cutover"]["skills"] == ["linux", "oracle"]
    assert rows["w2: cutover"]["skills"] == ["linux"]
    assert rows["w1: set up replication"]["skills"] == ["linux"]
    assert rows["w1: prepare"]["skills"] == []
    assert rows["w1: go or no-go"]["skills"] == []


def test_servers_of_one_workload_take_each_skill_once_and_those_of_no_known_system_none() -> None:
    plan, roadmap, inventory, components = programme(1, 1)
    servers = pd.concat(
        [inventory, *(inventory.iloc[:1].assign(asset_id=SCOPE.id_of("asset", f"x{n}")) for n in (1, 2))]
    )
    servers["os_product"] = ["rhel", "windows-server", "ubuntu", None]
    plan["source_entity_ids"] = [[*servers["asset_id"].iloc[[0, 2, 3]]], [servers["asset_id"].iloc[1]]]
    rows = by_name((plan, roadmap, servers, components))
    assert [rows[f"w{place}: cutover"]["skills"] for place in (1, 2)] == [["linux"], ["windows"]]


def test_whoever_knows_the_system_does_the_task_and_all_such_tasks_wait_for_them() -> None:
    rows = by_name(with_database(programme(1, 1, 1)), WINDOWS_ONLY, LINUX_TOO)
    cutovers = [rows[f"w{place}: set up replication"] for place in (1, 2, 3)]
    assert [row["assigned_to"] for row in cutovers] == [["Bob"]] * 3
    spans = sorted((row["planned_start"], row["planned_end"]) for row in cutovers)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert all(row["conflict"] is None for row in rows.values())
    assert "migration engineer with linux is free before" in " ".join(row["reason"] for row in cutovers)


def test_a_skill_that_nobody_has_is_told_and_holds_nothing_back() -> None:
    rows = by_name(with_database(programme(1)), WINDOWS_ONLY)
    assert rows["w1: cutover"]["assigned_to"] == ["Ada"]
    assert rows["w1: cutover"]["conflict"] == "No migration engineer knows linux, oracle."
    assert rows["w1: prepare"]["conflict"] is None


def test_where_nobody_is_named_nobody_is_assigned_and_no_skill_is_lacking() -> None:
    rows = by_name(programme(1))
    assert {(tuple(row["assigned_to"]), row["conflict"]) for row in rows.values()} == {((), None)}


def test_nobody_works_while_away() -> None:
    last = BEGIN + timedelta(days=60)
    away = f"{{name: Ada, role: architect, absences: [{{begin: {BEGIN}, end: {last}}}]}}"
    row = by_name(programme(1), away)["w1: prepare"]
    assert row["planned_start"] > datetime(last.year, last.month, last.day, tzinfo=UTC)
    assert row["assigned_to"] == ["Ada"]


def test_whoever_alone_knows_something_is_kept_for_it() -> None:
    text = "[{name: Ada, role: tester, skills: [windows]}, {name: Bob, role: tester, skills: [linux]}]"
    chosen = settings_of(f"schedule: {{people: {text}}}")
    rows = [("a", 0, 9, ["db2"]), ("b", 0, 3, ["windows"])]
    tasks = pd.DataFrame(rows, columns=["task_id", "start", "end", "skills"]).assign(role="tester", people=1)
    told = assign(tasks, chosen, programme_clock(chosen, BEGIN, BEGIN + timedelta(days=9)))
    assert told["assigned_to"].tolist() == [["Bob"], ["Ada"]]
    assert told["unmet"].tolist() == ["No tester knows db2.", None]


def test_whoever_knows_a_task_that_begins_later_is_kept_for_it() -> None:
    text = "[{name: Ada, role: tester, skills: [windows]}, {name: Bob, role: tester, skills: [linux, oracle]}]"
    chosen = settings_of(f"schedule: {{people: {text}}}")
    rows = [("a", 0, 9, []), ("b", 5, 8, ["windows"]), ("c", 9, 12, ["linux"]), ("d", 10, 14, ["windows"])]
    tasks = pd.DataFrame(rows, columns=["task_id", "start", "end", "skills"]).assign(role="tester", people=1)
    told = assign(tasks, chosen, programme_clock(chosen, BEGIN, BEGIN + timedelta(days=9)))
    assert told["assigned_to"].tolist() == [["Bob"], ["Ada"], ["Bob"], ["Ada"]]
    assert told["unmet"].isna().all()


def test_all_searches_of_a_plan_share_one_effort(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[cp_model.CpSolver] = []

    def solver() -> cp_model.CpSolver:
        searched.append(plain_solver())
        return searched[-1]

    plain_solver = cp_model.CpSolver
    monkeypatch.setattr(cp_model, "CpSolver", solver)
    text = "[{name: Ada, role: tester, skills: [windows]}, {name: Bob, role: tester, skills: [linux, oracle]}]"
    chosen = settings_of(f"schedule: {{people: {text}}}")
    group = [("a", 0, 9, []), ("b", 5, 8, ["windows"]), ("c", 9, 12, ["linux"]), ("d", 10, 14, ["windows"])]
    rows = [(f"{name}{n}", start + n * 20, end + n * 20, own) for n in range(4) for name, start, end, own in group]
    tasks = pd.DataFrame(rows, columns=["task_id", "start", "end", "skills"]).assign(role="tester", people=1)
    clock = programme_clock(chosen, BEGIN, BEGIN + timedelta(days=30))
    assert assign(tasks, chosen, clock)["unmet"].isna().all()
    assert len(searched) == 4
    monkeypatch.setattr(assignment, "Effort", lambda: Effort(1e-12))
    told = assign(tasks, chosen, clock)
    assert len(searched) == 5, "nothing is left after the first"
    assert told["unmet"].notna().sum() >= 3


TASKS = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.integers(1, 8),
        st.integers(1, 2),
        st.sets(st.sampled_from(["linux", "oracle", "windows"])),
    ),
    min_size=1,
    max_size=12,
)
TEAM = st.lists(st.sets(st.sampled_from(["linux", "oracle", "windows"])), min_size=1, max_size=4)


@settings(max_examples=60)
@given(TASKS, TEAM, st.randoms(use_true_random=False))
def test_nobody_does_two_tasks_at_once_and_what_is_lacking_is_always_told(
    drawn: list[tuple[int, int, int, set[str]]], team: list[set[str]], random: Random
) -> None:
    people = ", ".join(
        f"{{name: P{place}, role: tester, skills: [{', '.join(own)}]}}" for place, own in enumerate(team)
    )
    chosen = settings_of(f"schedule: {{people: [{people}]}}")
    known = {f"P{place}": own for place, own in enumerate(team)}
    tasks = pd.DataFrame(
        [
            (f"t{n}", start, start + length, "tester", count, sorted(s))
            for n, (start, length, count, s) in enumerate(drawn)
        ],
        columns=["task_id", "start", "end", "role", "people", "skills"],
    )
    clock = programme_clock(chosen, BEGIN, BEGIN + timedelta(days=60))
    told = tasks.join(assign(tasks, chosen, clock))
    busy: dict[str, list[tuple[int, int]]] = {}
    for row in told.to_dict("records"):
        has = set().union(*(known[name] for name in row["assigned_to"]))
        is_whole = len(row["assigned_to"]) == row["people"] and set(row["skills"]) <= has
        assert is_whole == (row["unmet"] is None)
        for name in row["assigned_to"]:
            busy.setdefault(name, []).append((row["start"], row["end"]))
    for spans in busy.values():
        ordered = sorted(spans)
        assert all(end <= start for (_, end), (start, _) in pairwise(ordered))
    shuffled = tasks.sample(frac=1, random_state=random.randint(0, 999))
    again = shuffled.join(assign(shuffled, chosen, clock)).sort_index()
    pd.testing.assert_frame_equal(told, again)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("people: [{name: Ada, role: tester, skills: [wndows]}]", "no task takes the skill 'wndows'; skills are"),
        ("people: [{name: Ada, role: testr}]", "no task is done by the role 'testr'"),
        ("people: [{name: Ada, role: tester}, {name: ada, role: tester}]", "two people called Ada, ada"),
        (
            "people: [{name: Ada, role: tester}], roles: [{role: tester, people: 2}]",
            "of the role tester, 1 are named and 2 are said",
        ),
    ],
)
def test_people_who_make_no_sense_are_named(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        settings_of(f"schedule: {{{text}}}")


def test_every_operating_system_and_database_of_the_facts_takes_a_skill() -> None:
    facts = installed_facts()
    for knowledge in ("operating_system", "database"):
        products = set(facts.rows.loc[facts.rows["category"] == knowledge, "product"])
        assert products - set(skills().of_products(knowledge)) == {"sqlite"} & products


def test_a_named_role_has_as_many_people_as_are_named() -> None:
    assert task_templates().roles["architect"] == 2
    alone = by_name(programme(1, 1), "{name: Ada, role: architect}")
    spans = sorted((alone[f"w{n}: prepare"]["planned_start"], alone[f"w{n}: prepare"]["planned_end"]) for n in (1, 2))
    assert spans[0][1] <= spans[1][0]
