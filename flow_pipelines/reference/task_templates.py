"""The tasks that a treatment takes, as data.

Belongs here: the loader of `task_templates.yaml`. Does not: making tasks of workloads (`plan/timeline/tasks.py`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field

TEMPLATES = Path(__file__).with_name("task_templates.yaml")


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TaskTemplate(_Data):
    """One task; see the comments of `task_templates.yaml`."""

    task: str
    role: str
    hours: float = Field(gt=0)
    per_server: float = Field(ge=0, default=0.0)
    units: int = Field(ge=1, default=1)
    moves_data: bool = False


class TaskTemplates(_Data):
    """All templates, by treatment."""

    version: int = Field(ge=1)
    complexity_factors: dict[str, Annotated[float, Field(gt=0)]]
    templates: dict[str, tuple[TaskTemplate, ...]]


@cache
def task_templates() -> TaskTemplates:
    """Load the templates.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return TaskTemplates.model_validate(yaml.safe_load(TEMPLATES.read_text(encoding="utf-8")))
