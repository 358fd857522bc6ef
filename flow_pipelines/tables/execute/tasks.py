"""The tables of what is done to each server and database that moves: the rehost and replatform phases.

Belongs here: what one row of each table is, column by column. Does not: how the rows come about
(`flow_pipelines/execute/tasks/`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Column

from flow_pipelines.reference.execution_templates import TASK_KINDS
from flow_pipelines.tables.declaration import (
    IDENTIFIER,
    IDENTIFIER_LIST,
    INTEGER,
    TEXT,
    TEXT_LIST,
    TIMESTAMP,
    one_of,
    optional,
    output_table,
    required,
)
from flow_pipelines.tables.discovery import INVENTORY
from flow_pipelines.tables.execute.progress import progress_columns

PLAN_OF_RECORD = "assess/plan_of_record"
TIMELINE = "plan/timeline"
DEPENDENCIES = "discovery/dependencies"
COMPONENTS = "assess/component_treatments"
TIMES = (f"{TIMELINE}.planned_start", f"{TIMELINE}.planned_end")
CONNECTIONS = tuple(f"{DEPENDENCIES}.{name}" for name in ("source_id", "target_id", "port", "protocol"))
METHOD_RESTS_ON = (
    f"{COMPONENTS}.product",
    f"{COMPONENTS}.component_treatment",
    f"{INVENTORY}.database_size_gib",
    "plan/database_targets.provider",
    "assess/questionnaire_answers.answer",
)


def _task_columns() -> list[Column[Any] | CheckConstraint]:
    return [
        required("task_id", IDENTIFIER, "Deterministic id, from the server or database and the step."),
        required("task_name", TEXT, "The server or database, and the step.", sources=[f"{INVENTORY}.name"]),
        required("table_key", TEXT, "The table, flow/table, in which the task is planned."),
        optional("wave_number", INTEGER, "The wave.", sources=[f"{PLAN_OF_RECORD}.wave_number"]),
        required(
            "workload_id",
            IDENTIFIER,
            "The workload with which it moves: the first of its workloads to move it.",
            sources=[f"{PLAN_OF_RECORD}.workload_id"],
        ),
        required("workload_name", TEXT, "Its name.", sources=[f"{PLAN_OF_RECORD}.workload_name"]),
        required("asset_id", IDENTIFIER, "The server or database.", sources=[f"{INVENTORY}.asset_id"]),
        required("asset_name", TEXT, "Its name, told apart from others alike.", sources=[f"{INVENTORY}.name"]),
        required("asset_type", TEXT, "server or database.", sources=[f"{INVENTORY}.asset_type"]),
        required("treatment", TEXT, "The treatment of the workload.", sources=[f"{PLAN_OF_RECORD}.treatment"]),
        required("kind", TEXT, "What kind of step it is."),
        required("step", TEXT, "The step, as its template names it."),
        required("step_number", INTEGER, "Its number among those of the server or database, from 1."),
        required("predecessor_ids", IDENTIFIER_LIST, "The tasks that it waits for."),
        required(
            "timeline_task_id",
            IDENTIFIER,
            "The task of the workload that it is a part of, and within which it is done.",
            sources=[f"{TIMELINE}.task_id"],
        ),
        required("planned_start", TIMESTAMP, "When it starts.", sources=TIMES),
        required("planned_end", TIMESTAMP, "When it ends.", sources=TIMES),
        required("role", TEXT, "Who does it."),
        optional(
            "command",
            TEXT,
            "A command or link to copy; what begins with $ is for whoever runs it to fill in. Empty if there is none.",
            sources=["plan/targets.provider", f"{INVENTORY}.host_name", f"{INVENTORY}.fqdn"],
        ),
        required(
            "details",
            TEXT_LIST,
            "Of firewalls each rule, of checks each connection: source, target, port. May be empty.",
            sources=CONNECTIONS,
        ),
        required("evidence", TEXT, "What shows that it is done."),
        required("reason", TEXT, "Why it is done, and why so, in words."),
        required(
            "source_entity_ids",
            IDENTIFIER_LIST,
            "The server or database.",
            sources=[f"{INVENTORY}.asset_id"],
        ),
        *progress_columns(),
        one_of("kind", *TASK_KINDS),
        one_of("asset_type", "server", "database"),
    ]


rehost_tasks = output_table(
    "execute",
    "rehost_tasks",
    "One row per step of a server that is moved as it is (rehost, relocate): who does it when, how, and what shows it.",
    *_task_columns(),
    key=("task_id",),
    entity="rehost_task",
    subtype="kind",
    label="task_name",
)

replatform_tasks = output_table(
    "execute",
    "replatform_tasks",
    "One row per step of a server that is made anew (replatform), and of a database that does not move with its "
    "server: who does it when, how, and what shows it.",
    *_task_columns(),
    optional("method", TEXT, "How the database is moved; empty for servers.", sources=METHOD_RESTS_ON),
    key=("task_id",),
    entity="replatform_task",
    subtype="kind",
    label="task_name",
)
