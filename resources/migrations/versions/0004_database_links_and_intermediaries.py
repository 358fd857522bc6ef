"""database links and intermediaries.

Revision: 0004, after 0003. Made on 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    history = "discovery_history"
    op.add_column(
        "dependencies",
        sa.Column(
            "is_database_link",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="Whether the target is used as a database: it is one, or the service at it is.",
        ),
        schema=history,
    )
    # What is written from now on must say it.
    op.alter_column("dependencies", "is_database_link", server_default=None, schema=history)
    op.add_column(
        "dependencies",
        sa.Column(
            "intermediary",
            sa.Text(),
            nullable=True,
            comment="load_balancer or address_translation, if an end is a node in between, which hides who really needs whom.",
        ),
        schema=history,
    )
    op.add_column(
        "dependencies",
        sa.Column("intermediary_id", sa.Uuid(as_uuid=False), nullable=True, comment="Which end that is."),
        schema=history,
    )
    op.create_index(
        op.f("dependencies_by_snapshot_id_intermediary_id"),
        "dependencies",
        ["snapshot_id", "intermediary_id"],
        schema=history,
    )
    origin = op.f("dependencies_origin_is_known")
    op.drop_constraint(origin, "dependencies", schema=history, type_="check")
    for name, condition in (
        (origin, "origin IN ('cmdb', 'connection_string', 'network')"),
        (op.f("dependencies_intermediary_is_known"), "intermediary IN ('load_balancer', 'address_translation')"),
    ):
        op.create_check_constraint(name, "dependencies", condition, schema=history)
