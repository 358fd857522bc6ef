"""The tasks that a treatment takes, as data.

Belongs here: the loader of `task_templates.yaml`. Does not: making tasks of workloads (`plan/timeline/tasks.py`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flow_pipelines.reference.documents import read_yaml

TEMPLATES = Path(__file__).with_name("task_templates.yaml")
Kind = Literal["work", "transfer", "cutover"]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TaskTemplate(_Data):
    """One task; see the comments of `task_templates.yaml`."""

    task: str
    kind: Kind = "work"
    role: str | None = None
    hours: float = Field(ge=0, default=0.0)
    per_server: float = Field(ge=0, default=0.0)
    units: int = Field(ge=1, default=1)
    needs_landing_zone: bool = False
    after_hypercare: bool = False
    knows: tuple[Literal["operating_system", "database"], ...] = ()

    @model_validator(mode="after")
    def _somebody_works(self) -> Self:
        if (self.kind == "transfer") == bool(self.role and self.hours):
            raise ValueError(f"{self.task}: work and cutovers have a role and hours, transfers have neither")
        return self


class TaskTemplates(_Data):
    """All templates, by treatment, and how many people of each role there are."""

    version: int = Field(ge=1)
    roles: dict[str, Annotated[int, Field(ge=1)]]
    templates: dict[str, tuple[TaskTemplate, ...]]

    @model_validator(mode="after")
    def _roles_are_known(self) -> Self:
        named = {step.role for steps in self.templates.values() for step in steps if step.role}
        if unknown := sorted(named - set(self.roles)):
            raise ValueError(f"roles {', '.join(unknown)} have no people")
        return self


@cache
def task_templates() -> TaskTemplates:
    """Load the templates.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return TaskTemplates.model_validate(read_yaml(TEMPLATES.read_text(encoding="utf-8")))
