"""The steps of a cutover, as data.

Belongs here: the loader of `cutover_templates.yaml`. Does not: making a runbook of it (`execute/cutover/`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from flow_pipelines.reference.conditions import Data
from flow_pipelines.reference.documents import read_yaml
from flow_pipelines.reference.task_templates import task_templates

TEMPLATES = Path(__file__).with_name("cutover_templates.yaml")
BEFORE, CUTOVER, BACK_OUT = PHASES = ("before", "cutover", "back-out")
STEP_KINDS = (
    "communication",
    "freeze",
    "gate",
    "stop",
    "sync",
    "launch",
    "dns",
    "start",
    "check",
    "acceptance",
    "milestone",
)
Relation = Literal["own", "all", "dependents", "dependencies", "hosted", "host", "parts"]
RELATIONS: tuple[Relation, ...] = ("own", "all", "dependents", "dependencies", "hosted", "host", "parts")


class Lane(Data):
    """Who or what does steps; see the comments of `cutover_templates.yaml`."""

    people: int | None = Field(default=None, ge=1)
    machines: bool = False
    says: str


class CutoverStep(Data):
    """One step; see the comments of `cutover_templates.yaml`."""

    step: str
    phase: Literal["before", "cutover", "back-out"]
    of: Literal["section", "workload", "server", "database", "bare workload"]
    kind: str
    lane: str
    minutes: int = Field(ge=1)
    ahead: int | None = None
    per_detail: int = Field(ge=0, default=0)
    at_most: int | None = None
    details: Literal["owners", "workloads", "lanes", "checks", "residents", "go", "commit"] | None = None
    after: tuple[str, ...] = ()
    is_point_of_no_return: bool = False
    says: str
    evidence: str

    @property
    def waits_for(self) -> list[tuple[Relation, str]]:
        """What it waits for: where, and which step."""
        split = [("own", one) if ": " not in one else one.split(": ", 1) for one in self.after]
        return [(next(name for name in RELATIONS if name == where), step) for where, step in split]

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if self.kind not in STEP_KINDS or (self.ahead is None) == (self.phase == BEFORE):
            raise ValueError(f"{self.step}: kind {self.kind!r} is not known, or only what is before T-0 is ahead of it")
        if any(where not in RELATIONS for where in (one.split(": ")[0] for one in self.after if ": " in one)):
            raise ValueError(f"{self.step} waits for what is nowhere")
        return self


class CutoverTemplates(Data):
    """All steps, lanes and criteria."""

    version: int = Field(ge=1)
    change_share: float = Field(ge=0, le=1)
    unknown_sync_minutes: int = Field(ge=1)
    decision_ahead: int = Field(ge=1)
    lanes: dict[str, Lane]
    steps: tuple[CutoverStep, ...]
    criteria: dict[Literal["go", "commit"], tuple[str, ...]]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        names = [step.step for step in self.steps]
        lanes = {*self.lanes, *task_templates().roles}
        for step in self.steps:
            if unknown := {name for _, name in step.waits_for} - set(names):
                raise ValueError(f"{step.step} waits for {', '.join(sorted(unknown))}, which is no step")
            if step.lane not in lanes:
                raise ValueError(f"{step.step}: there is no lane {step.lane!r}")
        if len(set(names)) < len(names) or sum(step.is_point_of_no_return for step in self.steps) != 1:
            raise ValueError("a step is there twice, or there is not one point of no return")
        return self


@cache
def cutover_templates() -> CutoverTemplates:
    """Load the templates.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return CutoverTemplates.model_validate(read_yaml(TEMPLATES.read_text(encoding="utf-8")))
