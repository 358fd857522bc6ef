"""Deciding between options: scores, vetoes, confidence, and what would change the decision.

Belongs here: the arithmetic over rules that hold, fail or are unknown. Does not: evaluating conditions
(`conditions.py`), saying it in words (`wording.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from flow_pipelines.assess.treatment.conditions import Check, compile_condition
from flow_pipelines.assess.treatment.facts import Booleans, Facts
from flow_pipelines.reference.conditions import facts_of
from flow_pipelines.reference.rulebook import Rulebook

Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
# The logistic curve of this slope is the normal distribution within 0.01.
NORMAL_SLOPE = 1.702


@dataclass(frozen=True)
class CompiledRules:
    """A book of rules made ready to be applied to many rows.

    Attributes:
        book: The rules.
        options: Names of the options, in order.
        facts: Names of the facts that a rule asks, in order.
        checks: What evaluates each rule.
        weights: Points by rule and option.
        vetoes: Whether a rule rules out an option.
        asks: Whether a rule asks a fact.
    """

    book: Rulebook
    options: tuple[str, ...]
    facts: tuple[str, ...]
    checks: tuple[Check, ...]
    weights: Numbers
    vetoes: Booleans
    asks: Booleans


@dataclass(frozen=True)
class States:
    """The distinct states in which rows are: all that follows is the same for all rows of a state.

    Attributes:
        of_row: The state of each row.
        holds: By state and rule.
        unknown: By state and rule.
        untold: By state and fact.
    """

    of_row: Places
    holds: Booleans
    unknown: Booleans
    untold: Booleans


@dataclass(frozen=True)
class Decisions:
    """What is decided in each state.

    Attributes:
        points: By state and option, before they are cut to 0..100.
        is_vetoed: By state and option.
        best: The option chosen.
        runner_up: The next best, -1 if all others are ruled out.
        margin: How far it is behind; infinite without one.
        confidence: Probability that the choice still wins, see `ConfidenceModel`.
        tilt: By state and rule, points that the rule gives the choice over the runner-up.
        most_wanted: The unknown fact that matters most, -1 if none does.
    """

    points: Numbers
    is_vetoed: Booleans
    best: Places
    runner_up: Places
    margin: Numbers
    confidence: Numbers
    tilt: Numbers
    most_wanted: Places


def compile_rules(book: Rulebook) -> CompiledRules:
    """Make a book of rules ready to be applied."""
    options = tuple(book.options)
    facts = tuple(dict.fromkeys(fact for rule in book.rules for fact in facts_of(rule.when)))
    return CompiledRules(
        book,
        options,
        facts,
        tuple(compile_condition(rule.when) for rule in book.rules),
        np.array([[rule.weights.get(option, 0.0) for option in options] for rule in book.rules]),
        np.array([[option in rule.vetoes for option in options] for rule in book.rules]),
        np.array([[fact in facts_of(rule.when) for fact in facts] for rule in book.rules]),
    )


def find_states(rules: CompiledRules, facts: Facts) -> States:
    """Evaluate all rules for all rows, and bring rows together that do not differ in any of them."""
    truths = [check(facts) for check in rules.checks]
    columns: Iterable[npt.NDArray[Any]] = (
        *(truth.holds for truth in truths),
        *(truth.unknown for truth in truths),
        *(~facts.by_name[fact].told for fact in rules.facts),
    )
    table = np.column_stack([column.astype("uint8") for column in columns])
    packed = np.ascontiguousarray(np.packbits(table, axis=1))
    as_one = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, of_row = np.unique(as_one, return_index=True, return_inverse=True)
    distinct = table[first].astype(bool)
    holds, unknown, untold = np.split(distinct, [len(truths), 2 * len(truths)], axis=1)
    return States(of_row.ravel(), holds, unknown, untold)


def rank(rules: CompiledRules, holds: Booleans) -> tuple[Numbers, Booleans]:
    """Return the points of every option, and whether it is ruled out, for rows in which these rules hold."""
    base = np.array([option.base for option in rules.book.options.values()])
    held = holds.astype(float)
    return base + held @ rules.weights, (held @ rules.vetoes.astype(float)) > 0


def chosen(points: Numbers, is_vetoed: Booleans) -> Places:
    """Return the option with most points of those that are not ruled out; of equal ones the first."""
    best: Places = np.argmax(np.where(is_vetoed, -np.inf, points), axis=1)
    return best


def decide(rules: CompiledRules, states: States) -> Decisions:
    """Score the options of every state and choose; of equal scores the option that the rules list first."""
    points, is_vetoed = rank(rules, states.holds)
    ranked = np.where(is_vetoed, -np.inf, points)
    order = np.argsort(-ranked, axis=1, kind="stable")
    rows = np.arange(len(points))
    best, second = order[:, 0], order[:, 1]
    margin = ranked[rows, best] - ranked[rows, second]
    runner_up = np.where(np.isfinite(margin), second, -1)
    tilt = (rules.weights[:, best] - rules.weights[:, second]).T
    # A rule that would rule one of the two out counts as so many points against it.
    veto = rules.book.confidence.unknown_veto
    likelihood = np.array([rule.likelihood or rules.book.confidence.likelihood for rule in rules.book.rules])
    swing = np.abs(tilt) + veto * (rules.vetoes[:, best].T | rules.vetoes[:, second].T)
    swing = np.where(states.unknown & (runner_up >= 0)[:, None], swing * np.sqrt(likelihood * (1 - likelihood)), 0.0)
    return Decisions(
        points, is_vetoed, best, runner_up, margin, _confidence(rules, margin, swing), tilt,
        _most_wanted(rules, states, swing),
    )  # fmt: skip


def _confidence(rules: CompiledRules, margin: Numbers, swing: Numbers) -> Numbers:
    model = rules.book.confidence
    spread = np.sqrt(model.weight_error**2 + (swing**2).sum(axis=1))
    with np.errstate(over="ignore"):
        confidence: Numbers = 1.0 / (1.0 + np.exp(-NORMAL_SLOPE * margin / spread))
    return confidence


def _most_wanted(rules: CompiledRules, states: States, swing: Numbers) -> Places:
    weight = np.where(states.untold, swing @ rules.asks.astype(float), 0.0)
    return np.where(weight.max(axis=1, initial=0.0) > 0, weight.argmax(axis=1), -1)
