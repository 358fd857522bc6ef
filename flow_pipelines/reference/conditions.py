"""The grammar in which rules say when they hold, as data.

Belongs here: what a condition may look like in a YAML file, and which facts it asks. Does not: evaluating it
(`assess/treatment/conditions.py`), any particular rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

FactKind = Literal["number", "words"]
NUMBER_OPERATORS = ("at_least", "at_most", "above", "below")
WORDS_OPERATORS = ("includes", "all_in", "matches", "all_match")
PATTERN_OPERATORS = ("matches", "all_match")


class Data(BaseModel):
    """What all data of rules has in common: nothing is let through that is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _as_list(value: object) -> object:
    return [value] if isinstance(value, (str, int, float)) else value


class Comparison(Data):
    """A fact held against a value.

    Of a number: at_least, at_most, above, below. Of words, of which a workload may have several: includes (one of the
    values is among them), all_in (they are among the values), matches (one of them matches a pattern), all_match (all
    do). A pattern is a regular expression, searched without regard to case.
    """

    fact: str
    operator: Literal["at_least", "at_most", "above", "below", "includes", "all_in", "matches", "all_match"]
    value: Annotated[tuple[str, ...] | tuple[float, ...], BeforeValidator(_as_list)] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> Comparison:
        is_number = isinstance(self.value[0], float)
        if is_number != (self.operator in NUMBER_OPERATORS) or (is_number and len(self.value) > 1):
            raise ValueError(f"{self.fact} {self.operator}: needs {'one number' if not is_number else 'words'}")
        if self.operator in PATTERN_OPERATORS:
            for pattern in self.value:
                re.compile(str(pattern))
        return self


class Told(Data):
    """Holds if a fact is known; the one condition that is never unknown itself."""

    told: str


class All(Data):
    """Holds if all hold."""

    all: tuple[Condition, ...] = Field(min_length=1)


class AnyOf(Data):
    """Holds if one holds."""

    any: tuple[Condition, ...] = Field(min_length=1)


class Not(Data):
    """Holds if the other one fails; unknown if that is."""

    fails: Condition


Condition = Comparison | Told | All | AnyOf | Not

for model in (All, AnyOf, Not):
    model.model_rebuild()


def comparisons_of(condition: Condition) -> Iterator[Comparison]:
    """Return all comparisons within a condition."""
    match condition:
        case Comparison():
            yield condition
        case All(all=parts) | AnyOf(any=parts):
            for part in parts:
                yield from comparisons_of(part)
        case Not(fails=part):
            yield from comparisons_of(part)
        case Told():
            return


def facts_of(condition: Condition) -> list[str]:
    """Return the facts that a condition asks, each once, in order."""
    return list(dict.fromkeys(_facts(condition)))


def misused_facts(condition: Condition, kinds: dict[str, FactKind]) -> list[str]:
    """Return what a condition asks of facts that are not declared, or not of their kind, in words.

    Args:
        condition: The condition.
        kinds: The kind of each declared fact.
    """
    problems = [f"fact {fact} is not declared" for fact in facts_of(condition) if fact not in kinds]
    return problems + [
        f"fact {one.fact} has no operator {one.operator}: it is of the kind {kinds[one.fact]}"
        for one in comparisons_of(condition)
        if one.fact in kinds and (kinds[one.fact] == "number") != (one.operator in NUMBER_OPERATORS)
    ]


def _facts(condition: Any) -> Iterator[str]:  # noqa: ANN401  (a union that mypy can't follow through recursion)
    match condition:
        case Comparison(fact=fact) | Told(told=fact):
            yield fact
        case All(all=parts) | AnyOf(any=parts):
            for part in parts:
                yield from _facts(part)
        case Not(fails=part):
            yield from _facts(part)
