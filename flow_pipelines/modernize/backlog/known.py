"""What is known when backlogs are made.

Belongs here: the tables they rest on, under one name each. Does not: what follows from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
CODE_FINDINGS = "modernize/code_findings"
READS = (INVENTORY, DEPENDENCIES, TECH_DEBT, OVERVIEW, ANSWERS, COMPONENTS, PLAN_OF_RECORD, TARGETS)


@dataclass(frozen=True)
class Known:
    """The rows of the tables of these names, and the day for which all of it holds."""

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
