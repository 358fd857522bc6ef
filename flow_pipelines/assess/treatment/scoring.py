"""Applying a book of rules to many rows: the scores of all options, and what is said of the choice.

Belongs here: the columns that follow from rules and facts. Does not: the arithmetic (`decision.py`) and the words
(`wording.py`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from flow_pipelines.assess.treatment.decision import decide, find_states
from flow_pipelines.assess.treatment.facts import Facts
from flow_pipelines.assess.treatment.wording import Voice, describe

HIGHEST = 100.0


def score_options(voice: Voice, facts: Facts) -> pd.DataFrame:
    """Choose an option for every row.

    Rows in which the same rules hold and the same facts are unknown are decided once: of 100,000 servers a few
    thousand differ.

    Args:
        voice: The rules and their words.
        facts: All facts that they ask.

    Returns:
        One row per row: option, runner_up (empty if all others are ruled out), confidence, score_<option> (0 to 100,
        empty if ruled out), vetoes, rules_fired, rules_unknown, would_change, most_wanted_fact, reason.
    """
    states = find_states(voice.rules, facts)
    decisions = decide(voice.rules, states)
    names = np.array([*voice.rules.options, None], dtype=object)
    scores = np.where(decisions.is_vetoed, np.nan, decisions.points.clip(0, HIGHEST).round(1))
    decided = pd.DataFrame(
        {
            "option": names[decisions.best],
            "runner_up": names[decisions.runner_up],
            "confidence": decisions.confidence,
            **{f"score_{name}": scores[:, place] for place, name in enumerate(voice.rules.options)},
        }
    ).join(describe(voice, states, decisions))
    return decided.take(states.of_row).reset_index(drop=True)
