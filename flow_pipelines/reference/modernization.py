"""How workloads are made modern after their move, as data: the rules that choose a pattern, and what figures rest on.

Belongs here: the loaders of `modernization_rules.yaml` and `modernization_model.yaml`. Does not: applying them
(`modernize/backlog/`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import Field

from flow_pipelines.reference.conditions import Data
from flow_pipelines.reference.documents import read_yaml
from flow_pipelines.reference.rulebook import Rulebook, read_rulebook

RULES = Path(__file__).with_name("modernization_rules.yaml")
MODEL = Path(__file__).with_name("modernization_model.yaml")


class RiskModel(Data):
    """Points of risk; see the comments of the file."""

    criticality: Mapping[str, int]
    complexity: Mapping[str, int]
    pattern: Mapping[str, int]
    needed_by_at_least: int
    needed_by: int
    unsure_below: float
    unsure: int
    medium: int
    high: int


class ModernizationModel(Data):
    """All of it; see the comments of the file."""

    version: int = Field(ge=1)
    backlogs: Mapping[str, str]
    moved_as_it_is: tuple[str, ...]
    debt: Mapping[str, tuple[str, ...]]
    removed_by_move: Mapping[str, tuple[str, ...]]
    database_debt_removed_by: tuple[str, ...]
    least_mandatory_findings: int
    roles: Mapping[str, str]
    days_per_point: float
    days_per_mandatory_finding: float
    code_scale: float
    most_code_days: float
    code_scores: Mapping[str, float]
    most_code_debt: float
    saved_share: Mapping[str, float]
    value: Mapping[str, float]
    risk: RiskModel


@cache
def modernization_rules() -> Rulebook:
    """Load the rules that choose the pattern of an item.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return read_rulebook(RULES.read_text(encoding="utf-8"))


@cache
def modernization_model() -> ModernizationModel:
    """Load the model.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return ModernizationModel.model_validate(read_yaml(MODEL.read_text(encoding="utf-8")))
