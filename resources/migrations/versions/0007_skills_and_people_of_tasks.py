"""skills and people of tasks.

Revision: 0007, after 0006. Made on 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    history = "plan_history"
    op.add_column(
        "plan_overview",
        sa.Column(
            "storage_gib",
            sa.Double(),
            nullable=True,
            comment="Storage of the servers whose treatment moves data: what is allocated, else used. Unit: GiB.",
        ),
        schema=history,
    )
    for name, comment in (
        ("skills", "What at least one of them must know; may be empty."),
        ("assigned_to", "Who of them does it, by name; empty if nobody is named in the settings or free."),
    ):
        # Older plans took no skills and named nobody.
        op.add_column(
            "timeline",
            sa.Column(name, sa.ARRAY(sa.Text()), nullable=False, server_default="{}", comment=comment),
            schema=history,
        )
        op.alter_column("timeline", name, server_default=None, schema=history)
