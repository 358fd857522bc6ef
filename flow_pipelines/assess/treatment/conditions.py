"""Conditions, evaluated for all rows at once in three-valued logic.

Belongs here: what each operator means over known and unknown facts. Does not: the grammar (`reference/conditions.py`),
where facts come from (`facts.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from flow_pipelines.assess.treatment.facts import Booleans, Facts, NumberFact, WordsFact
from flow_pipelines.reference.conditions import (
    PATTERN_OPERATORS,
    All,
    AnyOf,
    Comparison,
    Condition,
    Not,
    Told,
)


@dataclass(frozen=True)
class Truth:
    """Whether a condition holds, for each row; where it neither holds nor fails it is unknown."""

    holds: Booleans
    fails: Booleans

    @property
    def unknown(self) -> Booleans:
        """Where nobody knows."""
        return ~self.holds & ~self.fails

    def __and__(self, other: Truth) -> Truth:
        return Truth(self.holds & other.holds, self.fails | other.fails)

    def __or__(self, other: Truth) -> Truth:
        return Truth(self.holds | other.holds, self.fails & other.fails)

    def __invert__(self) -> Truth:
        return Truth(self.fails, self.holds)


Check = Callable[[Facts], Truth]


def compile_condition(condition: Condition) -> Check:
    """Return the function that evaluates a condition, made once and used for any facts.

    Nothing unknown is taken for false: `includes` of a workload of which one server does not tell holds if another
    server shows it, and is unknown otherwise.
    """
    match condition:
        case All(all=parts):
            checks = [compile_condition(part) for part in parts]
            return lambda facts: reduce(Truth.__and__, (check(facts) for check in checks))
        case AnyOf(any=parts):
            checks = [compile_condition(part) for part in parts]
            return lambda facts: reduce(Truth.__or__, (check(facts) for check in checks))
        case Not(fails=part):
            inner = compile_condition(part)
            return lambda facts: ~inner(facts)
        case Told(told=fact):
            return lambda facts: _is_told(facts, fact)
        case Comparison():
            return _comparison(condition)


def _is_told(facts: Facts, fact: str) -> Truth:
    told = facts.by_name[fact].told
    return Truth(told, ~told)


def _comparison(one: Comparison) -> Check:
    if one.operator in NUMBERS:
        limit, compare = float(one.value[0]), NUMBERS[one.operator]
        return lambda facts: compare(_fact(facts, one, NumberFact), limit)
    is_meant = _pattern(one.value) if one.operator in PATTERN_OPERATORS else _choice(one.value)
    judge = _some if one.operator in {"includes", "matches"} else _every

    def check(facts: Facts) -> Truth:
        fact = _fact(facts, one, WordsFact)
        return judge(fact, is_meant(fact))

    return check


def _fact(facts: Facts, one: Comparison, kind: type[Any]) -> Any:  # noqa: ANN401  (the kind that is asked for)
    fact = facts.by_name[one.fact]
    if not isinstance(fact, kind):
        raise TypeError(f"{one.fact} is no {kind.__name__}; the rulebook's schema should have said so")
    return fact


def _pattern(values: tuple[Any, ...]) -> Callable[[WordsFact], Booleans]:
    found = re.compile("|".join(map(str, values)), re.IGNORECASE).search
    return lambda fact: np.fromiter((found(str(word)) is not None for word in fact.words), bool, len(fact.words))


def _choice(values: tuple[Any, ...]) -> Callable[[WordsFact], Booleans]:
    return lambda fact: np.isin(fact.words.astype(str), list(values)) if len(fact.words) else np.zeros(0, dtype=bool)


def _some(fact: WordsFact, is_meant: Booleans) -> Truth:
    holds = fact.having(is_meant)
    return Truth(holds, ~holds & fact.told)


def _every(fact: WordsFact, is_meant: Booleans) -> Truth:
    fails = fact.having(~is_meant)
    # Of none, nothing is said: a workload without databases has not got all of them from one vendor.
    is_any = fact.having(np.ones(len(fact.words), dtype=bool))
    return Truth(~fails & fact.told & is_any, fails | (fact.told & ~is_any))


NUMBERS: dict[str, Callable[[NumberFact, float], Truth]] = {
    "at_least": lambda fact, limit: Truth(fact.low >= limit, fact.high < limit),
    "above": lambda fact, limit: Truth(fact.low > limit, fact.high <= limit),
    "at_most": lambda fact, limit: Truth(fact.high <= limit, fact.low > limit),
    "below": lambda fact, limit: Truth(fact.high < limit, fact.low >= limit),
}
