"""The rules of hand-offs: what is written in the file makes sense, and what makes none is refused."""

from __future__ import annotations

import re

import pytest

from flow_pipelines.reference.handoff_rules import handoff_rules, parse_rules
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import closed_lists
from flow_pipelines.tables.declaration import editable_columns

RULE = """
version: 1
handoffs:
  {handoff}:
    - {{rule_id: known, title: Known., severity: error, table: {table}, kind: {kind}, remedy: Do it.}}
"""
FILLED = "filled, column: memory_mib"


def rules(handoff: str = "discovery_to_assess", table: str = "discovery/inventory", kind: str = FILLED) -> str:
    return RULE.format(handoff=handoff, table=table, kind=kind)


def test_the_rules_that_are_installed_load() -> None:
    assert handoff_rules().version == 3
    assert parse_rules(rules()).handoffs["discovery_to_assess"][0].rule_id == "known"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (rules(handoff="discovery_to_nowhere"), "there is no hand-off discovery_to_nowhere"),
        (rules(table="discovery/colours"), "known: discovery_to_assess hands over no table discovery/colours"),
        (rules(table="assess/assessment_overview"), "hands over no table assess/assessment_overview"),
        (rules(kind="filled, column: colour"), "known: discovery/inventory has no column colour"),
        (rules(kind=f"{FILLED}, where: {{colour: [red]}}"), "known: discovery/inventory has no column colour"),
        (rules(kind=f"{FILLED}, share: 1.5"), "less than or equal to 1"),
        (rules(kind=f"{FILLED}, colour: red"), "Extra inputs are not permitted"),
        (rules(kind="magic"), "does not match any of the expected tags"),
        (rules() + rules().split("discovery_to_assess:\n")[1], "discovery_to_assess has two rules known"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        parse_rules(text)


def test_every_value_that_a_rule_names_is_one_that_its_column_may_hold() -> None:
    for listed in handoff_rules().handoffs.values():
        for rule in listed:
            lists = closed_lists(output_tables()[rule.table])
            named = dict(rule.where) | ({rule.column: rule.values} if rule.kind == "none_of" else {})
            for column, values in named.items():
                assert set(values) <= lists.get(column, set(values)), rule.rule_id


def test_every_edit_that_a_remedy_names_is_of_a_column_that_a_person_may_edit() -> None:
    edits = 0
    for listed in handoff_rules().handoffs.values():
        for rule in listed:
            for table, column in re.findall(r"flow edit set <scope> (\S+) <row> (\w+) VALUE", rule.remedy):
                assert column in editable_columns(output_tables()[table]), rule.rule_id
                assert table == rule.table, rule.rule_id  # <row> is a key of the rule's table
                edits += 1
    assert edits
