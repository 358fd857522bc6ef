"""Landed files and exports over time.

Revision: 0005, after 0004. Made on 2026-11-25.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_table(
        "landed_files",
        sa.Column("client_account_id", sa.Uuid(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("landing_number", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("landed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("pin_before_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id", "pin_before_id"],
            ["platform.pins.client_account_id", "platform.pins.engagement_id", "platform.pins.pin_id"],
            name=op.f("landed_files_of_pins"),
        ),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id"],
            ["platform.engagements.client_account_id", "platform.engagements.id"],
            name=op.f("landed_files_of_engagements"),
        ),
        sa.PrimaryKeyConstraint("engagement_id", "landing_number", "file_name", name=op.f("landed_files_key")),
        schema="platform",
    )
    op.add_column(
        "cleansed_records",
        sa.Column("landing_number", sa.BigInteger(), nullable=True, comment="Order in which its file landed."),
        schema="discovery_history",
    )
    op.add_column(
        "cleansed_records",
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=True, comment="When the export was made."),
        schema="discovery_history",
    )
    op.add_column(
        "imported_records",
        sa.Column(
            "landing_number",
            sa.BigInteger(),
            nullable=True,
            comment="Order in which its file landed: of two versions of a file the newer is higher.",
        ),
        schema="discovery_history",
    )
    op.add_column(
        "imported_records",
        sa.Column(
            "exported_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When the export was made, if it says so itself.",
        ),
        schema="discovery_history",
    )
    op.add_column(
        "inventory",
        sa.Column(
            "last_seen_in",
            sa.ARRAY(sa.Text()),
            nullable=True,
            comment="The newest export of each of its sources that mentions it.",
        ),
        schema="discovery_history",
    )
    op.add_column(
        "inventory",
        sa.Column(
            "is_missing_from_latest",
            sa.Boolean(),
            nullable=True,
            comment="Whether a source that listed it has a newer full export, which does not.",
        ),
        schema="discovery_history",
    )
    op.add_column(
        "inventory",
        sa.Column(
            "missing_reason",
            sa.Text(),
            nullable=True,
            comment="From which export it is missing and when it was seen last, in words.",
        ),
        schema="discovery_history",
    )
    op.add_column(
        "rejected_records",
        sa.Column("landing_number", sa.BigInteger(), nullable=True, comment="Order in which its file landed."),
        schema="discovery_history",
    )
    op.drop_constraint("pins_kind_is_known", "pins", schema="platform")
    op.create_check_constraint(
        op.f("pins_kind_is_known"),
        "pins",
        "kind IN ('handoff', 'rollback', 'edit', 'import', 'person')",
        schema="platform",
    )
