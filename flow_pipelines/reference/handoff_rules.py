"""What must hold of the tables that one flow hands over to the next, as data.

Belongs here: the loader of `handoff_rules.yaml` and the closed vocabulary that it is written in. Does not: checking
the rules (`flow_pipelines/handoffs.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from flow_pipelines.flows import FLOWS, HANDOFFS
from flow_pipelines.reference.documents import read_yaml
from flow_pipelines.tables import output_tables

FILE = Path(__file__).with_name("handoff_rules.yaml")

Share = Annotated[float, Field(ge=0, le=1)]
Cells = dict[str, tuple[bool | int | float | str, ...]]  # values by column


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Rule(_Data):
    """What rules of every kind say; see the comments of `handoff_rules.yaml`."""

    rule_id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=1)
    severity: Literal["error", "warning"]
    table: str
    where: Cells = Field(default_factory=dict)
    unless: Cells = Field(default_factory=dict)
    remedy: str = Field(min_length=1)


class Rows(_Rule):
    """There are at least so many rows."""

    kind: Literal["rows"]
    at_least: int = Field(ge=1)


class Filled(_Rule):
    """A column is filled in at least a share of the rows."""

    kind: Literal["filled"]
    column: str
    share: Share = 1.0


class NoneOf(_Rule):
    """A column holds none of some values in at least a share of the rows."""

    kind: Literal["none_of"]
    column: str
    values: tuple[bool | int | float | str, ...] = Field(min_length=1)
    share: Share = 1.0


class AtLeast(_Rule):
    """A column is filled and no less than a value in at least a share of the rows."""

    kind: Literal["at_least"]
    column: str
    value: float
    share: Share = 1.0


class AtMostShare(_Rule):
    """Of the rows and those of the table `of`, both counted by the column `count`, the rows are at most a share."""

    kind: Literal["at_most_share"]
    of: str
    count: str
    share: Share


class Approved(_Rule):
    """A person has approved the very version of the table that is handed over."""

    kind: Literal["approved"]


RowRule = Rows | Filled | NoneOf | AtLeast | AtMostShare
Rule = RowRule | Approved


class HandoffRules(_Data):
    """The rules of all hand-offs: by hand-off (`discovery_to_assess`), in the order in which they are shown."""

    version: int = Field(ge=1)
    handoffs: dict[str, tuple[Annotated[Rule, Field(discriminator="kind")], ...]]


@cache
def handoff_rules() -> HandoffRules:
    """Load the rules.

    Raises:
        ValueError: The file that is installed is damaged; every problem is listed.
    """
    return parse_rules(FILE.read_text(encoding="utf-8"))


def parse_rules(text: str) -> HandoffRules:
    """Read rules from YAML.

    Raises:
        ValueError: A rule is not of the vocabulary (then a pydantic.ValidationError), or names a hand-off, table or
            column that is not declared, or its id twice; every problem is listed.
    """
    rules = HandoffRules.model_validate(read_yaml(text))
    if problems := list(_problems(rules)):
        raise ValueError("; ".join(problems))
    return rules


def _problems(rules: HandoffRules) -> Iterator[str]:
    flows = {flow.handoff: flow for flow in FLOWS if flow.handoff}
    for handoff, listed in rules.handoffs.items():
        flow = flows.get(f"{HANDOFFS}/{handoff}")
        if flow is None:
            yield f"there is no hand-off {handoff}"
            continue
        ids = [rule.rule_id for rule in listed]
        yield from (f"{handoff} has two rules {one}" for one in sorted(set(ids)) if ids.count(one) > 1)
        for rule in listed:
            for table, columns in _named(rule):
                if not table.startswith(f"{flow.follows}/") or table not in output_tables():
                    yield f"{rule.rule_id}: {handoff} hands over no table {table}"
                else:
                    unknown = sorted(columns - set(output_tables()[table].columns.keys()))
                    yield from (f"{rule.rule_id}: {table} has no column {column}" for column in unknown)


def _named(rule: Rule) -> Iterator[tuple[str, set[str]]]:
    """Yield the tables that a rule names, each with the columns that it names."""
    columns = {*rule.where, *rule.unless}
    if isinstance(rule, AtMostShare):
        yield rule.of, {rule.count}
        columns.add(rule.count)
    elif not isinstance(rule, (Rows, Approved)):
        columns.add(rule.column)
    yield rule.table, columns
