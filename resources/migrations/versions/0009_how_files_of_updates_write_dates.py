"""How files of updates write dates.

Revision: 0009, after 0008. Made on 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.add_column(
        "received_updates",
        sa.Column(
            "month_first",
            sa.Boolean(),
            nullable=True,
            comment="Whether its file writes the month first; empty if that does not matter, or the file does not show it.",
        ),
        schema="platform",
    )
