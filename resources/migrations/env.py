"""Alembic's environment: runs migrations on the connection that `resources/schema.py` opened."""

from __future__ import annotations

from collections.abc import Iterable

from alembic import context
from alembic.migration import MigrationContext
from alembic.operations import MigrationScript
from alembic.operations.ops import (
    AddColumnOp,
    AlterColumnOp,
    CreateTableCommentOp,
    CreateTableOp,
    DropTableCommentOp,
    MigrateOperation,
    ModifyTableOps,
    OpContainer,
)
from sqlalchemy import Column

from resources.control_tables import PLATFORM, all_tables


def leave_comments_out(_: MigrationContext, __: object, scripts: Iterable[MigrationScript]) -> None:
    """Keep comments out of new migrations: `resources/access.py` applies them whenever they change."""
    for script in scripts:
        if script.upgrade_ops:
            _drop_comment_operations(script.upgrade_ops)
        for operation in script.upgrade_ops.ops if script.upgrade_ops else ():
            if isinstance(operation, CreateTableOp):
                operation.comment = None
                for part in operation.columns:
                    if isinstance(part, Column):
                        part.comment = None
            if isinstance(operation, AddColumnOp):
                operation.column.comment = None


def _drop_comment_operations(container: OpContainer) -> None:
    container.ops = [operation for operation in container.ops if not _is_about_a_comment(operation)]
    for operation in container.ops:
        if isinstance(operation, ModifyTableOps):
            _drop_comment_operations(operation)
    container.ops = [one for one in container.ops if not (isinstance(one, ModifyTableOps) and one.is_empty())]


def _is_about_a_comment(operation: MigrateOperation) -> bool:
    if isinstance(operation, AlterColumnOp):
        return (
            operation.modify_comment is not False
            and operation.modify_type is None
            and operation.modify_nullable is None
        )
    return isinstance(operation, CreateTableCommentOp | DropTableCommentOp)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=all_tables(),
    version_table_schema=PLATFORM,
    include_schemas=True,
    compare_type=True,
    process_revision_directives=leave_comments_out,
)
context.run_migrations()
