"""What is done to each server and database that moves, as data.

Belongs here: the loader of `execution_templates.yaml`. Does not: making tasks of it (`execute/tasks/`), the tasks of
workloads (`task_templates.py`), how databases are moved (`database_migrations.py`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from flow_pipelines.reference.conditions import Data
from flow_pipelines.reference.documents import read_yaml
from flow_pipelines.reference.task_templates import task_templates

TEMPLATES = Path(__file__).with_name("execution_templates.yaml")
# A database's way of moving is its command: `database_migrations.yaml` says it.
METHOD = "method"
TASK_KINDS = (
    "backup",
    "preparation",
    "build",
    "agent",
    "firewall",
    "replication",
    "database",
    "test",
    "dns",
    "cutover",
    "validation",
    "decommission",
)


class StepTemplate(Data):
    """One step; see the comments of `execution_templates.yaml`."""

    step: str
    kind: str
    role: str
    within: tuple[str, ...] = Field(min_length=1)
    hours: float = Field(gt=0)
    at_once: bool = False
    after: tuple[str, ...] = ()
    command: str | None = None
    details: Literal["rules", "checks"] | None = None
    says: str
    evidence: str

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if self.kind not in TASK_KINDS or self.role not in task_templates().roles:
            raise ValueError(f"{self.step}: kind {self.kind!r} or role {self.role!r} is not known")
        return self


class Graph(Data):
    """The steps of one kind of server or database."""

    graph: str
    table: Literal["rehost", "replatform"]
    of: Literal["server", "database"]
    treatments: tuple[str, ...] = Field(min_length=1)
    steps: tuple[StepTemplate, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        done: set[str] = set()
        for step in self.steps:
            if step.step in done or not set(step.after) <= done:
                raise ValueError(f"{self.graph}: {step.step} is there twice, or waits for what comes later")
            done.add(step.step)
        return self

    def predecessors(self, place: int) -> tuple[str, ...]:
        """Return the steps that the step at a place waits for."""
        return self.steps[place].after or tuple(step.step for step in self.steps[max(0, place - 1) : place])


class DatabaseRules(Data):
    """Which databases have no graph of their own; see the comments of `execution_templates.yaml`."""

    staying: tuple[str, ...]
    self_managed: str
    with_server: tuple[str, ...]


class ExecutionTemplates(Data):
    """All graphs, and the commands of their steps."""

    version: int = Field(ge=1)
    databases: DatabaseRules
    graphs: tuple[Graph, ...]
    commands: dict[str, dict[str, str]]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        tasks = {task.task for template in task_templates().templates.values() for task in template}
        for graph in self.graphs:
            for step in graph.steps:
                if step.command not in {None, METHOD, *self.commands}:
                    raise ValueError(f"{step.step}: there is no command {step.command!r}")
                if step.step in tasks or not set(step.within) <= tasks:
                    raise ValueError(f"{step.step} is called like a task of the timeline, or is within none")
        return self

    def treatments_of(self, of: str, table: str | None = None) -> list[str]:
        """Return the treatments of which servers or databases have a graph, sorted; of those in a table, if named."""
        named = [graph for graph in self.graphs if graph.of == of and table in {None, graph.table}]
        return sorted({treatment for graph in named for treatment in graph.treatments})


@cache
def execution_templates() -> ExecutionTemplates:
    """Load the templates.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return ExecutionTemplates.model_validate(read_yaml(TEMPLATES.read_text(encoding="utf-8")))
