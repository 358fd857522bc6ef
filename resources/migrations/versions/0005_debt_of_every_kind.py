"""Debt of every kind, its scores, the quality of the data and what to collect next.

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
        "collection_gaps",
        sa.Column("client_account_id", sa.Uuid(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("snapshot_id", sa.Uuid(), nullable=False),
        sa.Column("gap_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("asset_type", sa.Text(), nullable=True),
        sa.Column("attributes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("sources", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("assets_lacking", sa.BigInteger(), nullable=False),
        sa.Column("assets_expected", sa.BigInteger(), nullable=False),
        sa.Column("gain", sa.Double(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('attribute', 'source')", name=op.f("collection_gaps_kind_is_known")),
        sa.CheckConstraint("gain BETWEEN 0 AND 1", name=op.f("collection_gaps_gain_is_a_share")),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id", "snapshot_id"],
            [
                "platform.snapshots.client_account_id",
                "platform.snapshots.engagement_id",
                "platform.snapshots.snapshot_id",
            ],
            name=op.f("collection_gaps_of_snapshots"),
        ),
        sa.PrimaryKeyConstraint("snapshot_id", "gap_id", name=op.f("collection_gaps_key")),
        schema="discovery_history",
    )
    op.create_table(
        "data_quality",
        sa.Column("client_account_id", sa.Uuid(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("snapshot_id", sa.Uuid(), nullable=False),
        sa.Column("quality_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("asset_name", sa.Text(), nullable=True),
        sa.Column("asset_type", sa.Text(), nullable=True),
        sa.Column("asset_count", sa.BigInteger(), nullable=False),
        sa.Column("completeness", sa.Double(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("quality_score", sa.Double(), nullable=False),
        sa.Column("identity_confidence", sa.Double(), nullable=False),
        sa.Column("mapping_confidence", sa.Double(), nullable=False),
        sa.Column("agreement", sa.Double(), nullable=False),
        sa.Column("source_count", sa.BigInteger(), nullable=True),
        sa.Column("missing", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("level IN ('asset', 'asset_type', 'estate')", name=op.f("data_quality_level_is_known")),
        sa.CheckConstraint("completeness BETWEEN 0 AND 1", name=op.f("data_quality_completeness_is_a_share")),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("data_quality_confidence_is_a_share")),
        sa.CheckConstraint("quality_score BETWEEN 0 AND 1", name=op.f("data_quality_quality_score_is_a_share")),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id", "snapshot_id"],
            [
                "platform.snapshots.client_account_id",
                "platform.snapshots.engagement_id",
                "platform.snapshots.snapshot_id",
            ],
            name=op.f("data_quality_of_snapshots"),
        ),
        sa.PrimaryKeyConstraint("snapshot_id", "quality_id", name=op.f("data_quality_key")),
        schema="discovery_history",
    )
    op.create_index(
        op.f("data_quality_by_snapshot_id_asset_id"),
        "data_quality",
        ["snapshot_id", "asset_id"],
        unique=False,
        schema="discovery_history",
    )
    op.create_table(
        "debt_scores",
        sa.Column("client_account_id", sa.Uuid(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("snapshot_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("asset_name", sa.Text(), nullable=False),
        sa.Column("asset_type", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("finding_count", sa.BigInteger(), nullable=False),
        sa.Column("asset_count", sa.BigInteger(), nullable=False),
        sa.Column("operating_system_score", sa.Double(), nullable=True),
        sa.Column("hypervisor_score", sa.Double(), nullable=True),
        sa.Column("database_score", sa.Double(), nullable=True),
        sa.Column("runtime_score", sa.Double(), nullable=True),
        sa.Column("middleware_score", sa.Double(), nullable=True),
        sa.Column("target_score", sa.Double(), nullable=True),
        sa.Column("hardware_score", sa.Double(), nullable=True),
        sa.Column("utilization_score", sa.Double(), nullable=True),
        sa.Column("dependency_score", sa.Double(), nullable=True),
        sa.Column("protocol_score", sa.Double(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "severity IN ('critical', 'high', 'medium', 'low')", name=op.f("debt_scores_severity_is_known")
        ),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id", "snapshot_id"],
            [
                "platform.snapshots.client_account_id",
                "platform.snapshots.engagement_id",
                "platform.snapshots.snapshot_id",
            ],
            name=op.f("debt_scores_of_snapshots"),
        ),
        sa.PrimaryKeyConstraint("snapshot_id", "asset_id", name=op.f("debt_scores_key")),
        schema="discovery_history",
    )
    op.add_column(
        "tech_debt",
        sa.Column(
            "subject",
            sa.Text(),
            nullable=False,
            server_default="not recorded",
            comment="What the finding is about within its category: product, target, protocol and so on.",
        ),
        schema="discovery_history",
    )
    op.alter_column("tech_debt", "subject", server_default=None, schema="discovery_history")
    op.add_column(
        "tech_debt",
        sa.Column(
            "extended_support",
            sa.Text(),
            nullable=True,
            comment="The vendor's offer of extended support, its terms and where they are written.",
        ),
        schema="discovery_history",
    )
    op.add_column(
        "tech_debt",
        sa.Column(
            "extended_support_price",
            sa.Double(),
            nullable=True,
            comment="Its price in the current year, where the source names one.",
        ),
        schema="discovery_history",
    )
    op.add_column(
        "tech_debt",
        sa.Column(
            "extended_support_price_unit",
            sa.Text(),
            nullable=True,
            comment="Currency, and what the price is for: USD per device and year.",
        ),
        schema="discovery_history",
    )
    op.add_column(
        "tech_debt",
        sa.Column(
            "check_name",
            sa.Text(),
            nullable=False,
            server_default="not recorded",
            comment="Stable name of the check that found it.",
        ),
        schema="discovery_history",
    )
    op.alter_column("tech_debt", "check_name", server_default=None, schema="discovery_history")
    op.add_column(
        "tech_debt",
        sa.Column(
            "evidence",
            sa.Text(),
            nullable=True,
            comment="What of the estate shows it: attribute, custom attribute, process, port.",
        ),
        schema="discovery_history",
    )
    op.add_column(
        "tech_debt",
        sa.Column("remedy", sa.Text(), nullable=False, server_default="not recorded", comment="What to do about it."),
        schema="discovery_history",
    )
    op.alter_column("tech_debt", "remedy", server_default=None, schema="discovery_history")
    op.alter_column(
        "tech_debt",
        "product",
        existing_type=sa.TEXT(),
        nullable=True,
        comment="The product as known to the end-of-life facts, or as the source writes it; empty if it is about none.",
        schema="discovery_history",
    )
    for table in ("cleansed_records", "inventory"):
        op.add_column(table, sa.Column("largest_disk_gib", sa.Double(), nullable=True), schema="discovery_history")
    # Alembic does not see changed checks.
    op.drop_constraint(op.f("tech_debt_category_is_known"), "tech_debt", schema="discovery_history", type_="check")
    op.drop_constraint(op.f("tech_debt_status_is_known"), "tech_debt", schema="discovery_history", type_="check")
    op.create_check_constraint(
        op.f("tech_debt_category_is_known"),
        "tech_debt",
        "category IN ('operating_system', 'hypervisor', 'database', 'runtime', 'middleware', 'target', 'hardware', 'utilization', 'dependency', 'protocol')",
        schema="discovery_history",
    )
    op.create_check_constraint(
        op.f("tech_debt_status_is_known"),
        "tech_debt",
        "status IN ('past', 'extended', 'near', 'unknown', 'unsupported', 'conditional', 'aged', 'out_of_warranty', 'idle', 'oversized', 'single_point_of_failure', 'orphan', 'weak_protocol')",
        schema="discovery_history",
    )
