"""The tables of what people and tools tell of tasks, which the Execute flow's overview phase fills.

Belongs here: what one row of each table is, column by column. Does not: how the rows come about
(`flow_pipelines/execute/updates/`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column

from flow_pipelines.tables.declaration import (
    BOOLEAN,
    IDENTIFIER,
    IDENTIFIER_LIST,
    INTEGER,
    JSON,
    TEXT,
    TIMESTAMP,
    one_of,
    optional,
    output_table,
    required,
)
from flow_pipelines.tables.discovery import INVENTORY
from flow_pipelines.tables.execute.progress import STATES
from flow_pipelines.tables.plan.timeline import TIMELINE


def _where_from() -> list[Column[Any]]:
    return [
        required("source", TEXT, "The file's name, or `flow task`."),
        optional("sheet", TEXT, "The sheet, of a workbook."),
        optional("row_number", INTEGER, "The row in it, from 1; empty for `flow task`."),
        required("received_at", TIMESTAMP, "When the platform received it."),
        required("received_by", TEXT, "Who brought it."),
    ]


task_updates = output_table(
    "execute",
    "task_updates",
    "One row per change of a task's state that somebody told and that is possible, in order of their happening.",
    required("update_id", IDENTIFIER, "Deterministic id, from what was told: told twice, it is one."),
    required("update_name", TEXT, "The task and its new state."),
    required("task_id", IDENTIFIER, "The task.", sources=[f"{TIMELINE}.task_id"]),
    required("task_name", TEXT, "Its name.", sources=[f"{TIMELINE}.task_name"]),
    required("table_key", TEXT, "The table, flow/table, in which the task is planned."),
    required("previous_state", TEXT, "Where the task stood before."),
    required("state", TEXT, "Where it stands then."),
    required("happened_at", TIMESTAMP, "When that happened."),
    required("told_by", TEXT, "Who told it."),
    optional("note", TEXT, "What they said."),
    optional("evidence", TEXT, "What shows it, such as a link or a ticket."),
    required("is_rehearsal", BOOLEAN, "Whether it is of a dry run, which changes no task's state."),
    *_where_from(),
    required(
        "source_entity_ids",
        IDENTIFIER_LIST,
        "The assets of the task; the workloads, if it is a wave's.",
        sources=[f"{INVENTORY}.asset_id"],
    ),
    one_of("previous_state", *STATES),
    one_of("state", *STATES),
    key=("update_id",),
    entity="task_update",
    subtype="state",
    label="update_name",
)

rejected_updates = output_table(
    "execute",
    "rejected_updates",
    "One row per thing told of tasks that does not count, with the reason.",
    required("update_id", IDENTIFIER, "Deterministic id, from what was told and where."),
    required("update_name", TEXT, "Where it was told, and of what."),
    required("reason_code", TEXT, "Why it does not count, as a word."),
    required("reason", TEXT, "Why, in words, with file, sheet and row."),
    required("remedy", TEXT, "What to do about it."),
    required("cells", JSON, "What was told, as it was: column to cell."),
    *_where_from(),
    key=("update_id",),
    entity="rejected_update",
    subtype="reason_code",
    label="update_name",
)
