"""Saying in words why an option was chosen, and what would change that.

Belongs here: the sentences. Does not: what is decided (`decision.py`) and the words of rules (`reference/`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from flow_pipelines.assess.treatment.decision import CompiledRules, Decisions, States
from flow_pipelines.assess.treatment.flips import Flip, find_flips

# How many rules a sentence names: enough to argue with, short enough to read.
NAMED = 5


@dataclass(frozen=True)
class Voice:
    """How one book of rules is spoken of: the words for its options and facts, and what its reasons call it."""

    rules: CompiledRules
    facts: dict[str, str]
    title: str


def describe(voice: Voice, states: States, decisions: Decisions) -> pd.DataFrame:
    """Say what is decided in each state.

    Returns:
        One row per state: vetoes (`option: why`), rules_fired and rules_unknown (names), would_change (sentences),
        most_wanted_fact, reason.
    """
    wanted = [voice.facts[voice.rules.facts[fact]] if fact >= 0 else None for fact in decisions.most_wanted]
    names = np.array([rule.name for rule in voice.rules.book.rules], dtype=object)
    return pd.DataFrame(
        {
            "vetoes": [_vetoes(voice, states, decisions, state) for state in range(len(wanted))],
            "rules_fired": [list(names[holds]) for holds in states.holds],
            "rules_unknown": [list(names[unknown]) for unknown in states.unknown],
            "would_change": [
                [_flip(voice, states, flip, state) for flip in find_flips(voice.rules, states, decisions, state)]
                for state in range(len(wanted))
            ],
            "most_wanted_fact": wanted,
            "reason": [_reason(voice, states, decisions, state) for state in range(len(wanted))],
        },
        dtype="object",
    )


def _vetoes(voice: Voice, states: States, decisions: Decisions, state: int) -> list[str]:
    rules = voice.rules
    return [
        f"{rules.options[option]}: "
        + "; ".join(
            rules.book.rules[rule].says for rule in np.flatnonzero(states.holds[state] & rules.vetoes[:, option])
        )
        for option in np.flatnonzero(decisions.is_vetoed[state])
    ]


def _ruled_out(voice: Voice, states: States, state: int) -> list[str]:
    names = np.array(voice.rules.options)
    vetoing = np.flatnonzero(states.holds[state] & voice.rules.vetoes.any(axis=1))
    return [f"{', '.join(names[voice.rules.vetoes[rule]])} ({voice.rules.book.rules[rule].says})" for rule in vetoing]


def _flip(voice: Voice, states: States, flip: Flip, state: int) -> str:
    parts = []
    for rule in flip.rules:
        says = voice.rules.book.rules[rule].says
        if states.unknown[state, rule]:
            parts.append(f"it turned out that {says} (not known)")
        elif states.holds[state, rule]:
            parts.append(f"it were not so that {says}")
        else:
            parts.append(f"it were so that {says}")
    return f"{voice.rules.options[flip.option]}, if {' and '.join(parts)}"


def _reason(voice: Voice, states: States, decisions: Decisions, state: int) -> str:
    best = int(decisions.best[state])
    weights = voice.rules.weights[:, best] * states.holds[state]
    order = np.lexsort((np.arange(len(weights)), -np.abs(weights)))
    speaking = [(int(rule), float(weights[rule])) for rule in order if weights[rule]]
    sentences = [
        _scores(voice, decisions, state),
        _because(voice, "For it", [(rule, points) for rule, points in speaking if points > 0]),
        _because(voice, "Against it", [(rule, points) for rule, points in speaking if points < 0]),
        _listed("Ruled out", _ruled_out(voice, states, state)),
        _unknown(voice, states, decisions, state),
    ]
    return " ".join(filter(None, sentences))


def _scores(voice: Voice, decisions: Decisions, state: int) -> str:
    options = voice.rules.options
    scored = [
        (float(decisions.points[state, option]), option)
        for option in range(len(options))
        if not decisions.is_vetoed[state, option] and option != decisions.best[state]
    ]
    behind = [f"{options[option]} {points:.0f}" for points, option in sorted(scored, key=lambda one: (-one[0], one[1]))]
    best = int(decisions.best[state])
    others = f"; then {', '.join(behind[:3])}" if behind else "; nothing else is possible"
    points = decisions.points[state, best]
    return f"{options[best].replace('_', ' ').capitalize()} has {points:.0f} points ({voice.title}){others}."


def _because(voice: Voice, title: str, speaking: list[tuple[int, float]]) -> str:
    return _listed(title, [f"{voice.rules.book.rules[rule].says} ({points:+.0f})" for rule, points in speaking])


def _listed(title: str, parts: list[str]) -> str:
    more = f", and {len(parts) - NAMED} more" if len(parts) > NAMED else ""
    return f"{title}: {', '.join(parts[:NAMED])}{more}." if parts else ""


def _unknown(voice: Voice, states: States, decisions: Decisions, state: int) -> str:
    count, wanted = int(states.unknown[state].sum()), int(decisions.most_wanted[state])
    if not count:
        return ""
    most = f"; most would come of knowing: {voice.facts[voice.rules.facts[wanted]]}" if wanted >= 0 else ""
    return f"{count} {'rule is' if count == 1 else 'rules are'} undecided for want of facts{most}."
