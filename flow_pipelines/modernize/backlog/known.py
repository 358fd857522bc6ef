"""What is known when backlogs are made.

Belongs here: the tables they rest on, under one name each. Does not: what follows from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

INVENTORY = "discovery/inventory"
DEPENDENCIES = "discovery/dependencies"
TECH_DEBT = "discovery/tech_debt"
OVERVIEW = "assess/assessment_overview"
ANSWERS = "assess/questionnaire_answers"
COMPONENTS = "assess/component_treatments"
PLAN_OF_RECORD = "assess/plan_of_record"
TARGETS = "plan/targets"
WAVES = "execute/execution_overview"
CODE_FINDINGS = "modernize/code_findings"
READS = (INVENTORY, DEPENDENCIES, TECH_DEBT, OVERVIEW, ANSWERS, COMPONENTS, PLAN_OF_RECORD, TARGETS)


@dataclass(frozen=True)
class Known:
    """The rows of the tables of these names, the day for which all of it holds, and when which wave has moved."""

    inventory: pd.DataFrame
    dependencies: pd.DataFrame
    tech_debt: pd.DataFrame
    overview: pd.DataFrame
    answers: pd.DataFrame
    components: pd.DataFrame
    plan: pd.DataFrame
    targets: pd.DataFrame
    code_findings: pd.DataFrame
    as_of: date
    moved_at: Mapping[int, pd.Timestamp] = field(default_factory=dict)


def moved_waves(overview: pd.DataFrame) -> dict[int, pd.Timestamp]:
    """Return when each wave that is over was, from the rows of `execute/execution_overview`."""
    over = overview[overview["wave_number"].notna() & overview["actual_end"].notna()]
    return dict(zip(over["wave_number"].astype(int).tolist(), over["actual_end"].tolist(), strict=True))


def known_of(frames: Mapping[str, pd.DataFrame], code_findings: pd.DataFrame, as_of: date) -> Known:
    """Return what is known from tables by their keys."""
    return Known(
        inventory=frames[INVENTORY],
        dependencies=frames[DEPENDENCIES],
        tech_debt=frames[TECH_DEBT],
        overview=frames[OVERVIEW],
        answers=frames[ANSWERS],
        components=frames[COMPONENTS],
        plan=frames[PLAN_OF_RECORD],
        targets=frames[TARGETS],
        code_findings=code_findings,
        as_of=as_of,
    )
