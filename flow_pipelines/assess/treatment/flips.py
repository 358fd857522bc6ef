"""What would have to be different for another option to be chosen.

Belongs here: finding the fewest and smallest changes. Does not: saying them in words (`wording.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flow_pipelines.assess.treatment.decision import CompiledRules, Decisions, Places, States, chosen, rank

# More than so many things that would all have to be different are no near miss.
MOST_TOGETHER = 3
# How many ways are told: the cheapest ones.
MOST_WAYS = 3


@dataclass(frozen=True)
class Flip:
    """One way to another decision.

    Attributes:
        option: The option that would be chosen.
        rules: The rules that would all have to be different: hold if they do not, or not hold if they do.
    """

    option: int
    rules: tuple[int, ...]


def find_flips(rules: CompiledRules, states: States, decisions: Decisions, state: int) -> list[Flip]:
    """Return the cheapest ways to another decision from one state, cheapest first.

    What need only be found out is cheaper than what would have to be different, the runner-up is nearer than any other
    option, and a small shift is cheaper than a large one. What nothing can alter is left out.
    """
    changeable = np.flatnonzero([not rule.is_fixed for rule in rules.book.rules])
    best, runner_up = int(decisions.best[state]), int(decisions.runner_up[state])
    each = np.arange(len(rules.book.rules)) == changeable[:, None]
    after = chosen(*rank(rules, states.holds[state] ^ each))
    found, options = changeable[after != best], after[after != best]
    if len(found):
        shift = np.abs(rules.weights[found]).sum(axis=1)
        cheapest = np.lexsort((found, shift, options != runner_up, ~states.unknown[state, found]))[:MOST_WAYS]
        return [Flip(int(options[place]), (int(found[place]),)) for place in cheapest]
    return _together(rules, states, decisions, state, changeable)


def _together(rules: CompiledRules, states: States, decisions: Decisions, state: int, changeable: Places) -> list[Flip]:
    """Return the few rules that would bring the runner-up to the top if all of them were different."""
    runner_up, holds = int(decisions.runner_up[state]), states.holds[state]
    gain = np.where(holds, decisions.tilt[state], -decisions.tilt[state])[changeable]
    largest = changeable[np.lexsort((changeable, -gain))]
    ways = [largest[:count] for count in range(2, MOST_TOGETHER + 1)]
    together = np.array([np.isin(np.arange(len(holds)), way) for way in ways])
    after = chosen(*rank(rules, holds ^ together))
    found = [way for way, option in zip(ways, after, strict=True) if option == runner_up]
    return [Flip(runner_up, tuple(int(rule) for rule in found[0]))] if found else []
