"""Flows as first-class: what happened to them, pins, rollbacks, edits, the hand-off into Assess, its overview.

Revision: 0002, after 0001. Made on 2026-11-25.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    # Autogeneration sees no changed check; both gained `person`.
    for table, check, values in (
        ("attribute_mappings", "method_is_known", ("template", "alias", "likeness", "person", "none")),
        (
            "inventory",
            "resolution_method_is_known",
            ("single", "external_id", "uuid", "serial", "host_and_address", "close_name", "name", "person"),
        ),
    ):
        name = f"{table}_{check}"
        op.drop_constraint(op.f(name), table, schema="discovery_history", type_="check")
        column = check.removesuffix("_is_known")
        listed = ", ".join(f"'{value}'" for value in values)
        op.create_check_constraint(op.f(name), table, f"{column} IN ({listed})", schema="discovery_history")
    op.create_table(
        "phase_runs",
        sa.Column("client_account_id", sa.Uuid(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("phase_run_id", sa.Uuid(), nullable=False),
        sa.Column("flow_name", sa.Text(), nullable=False),
        sa.Column("phase_name", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column(
            "started_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_kind", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("(status = 'active') = (finished_at IS NULL)", name=op.f("phase_runs_ends_once")),
        sa.CheckConstraint("cause IN ('compute', 'rollback')", name=op.f("phase_runs_cause_is_known")),
        sa.CheckConstraint(
            "status IN ('active', 'completed', 'failed', 'interrupted')", name=op.f("phase_runs_status_is_known")
        ),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id"],
            ["platform.engagements.client_account_id", "platform.engagements.id"],
            name=op.f("phase_runs_of_engagements"),
        ),
        sa.PrimaryKeyConstraint("phase_run_id", name=op.f("phase_runs_key")),
        schema="platform",
    )
    op.create_index(
        op.f("phase_runs_by_engagement_id_flow_name_phase_name_started_at"),
        "phase_runs",
        ["engagement_id", "flow_name", "phase_name", "started_at"],
        unique=False,
        schema="platform",
    )
    op.create_table(
        "pins",
        sa.Column("client_account_id", sa.Uuid(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("pin_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('handoff', 'rollback', 'edit', 'person')", name=op.f("pins_kind_is_known")),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id"],
            ["platform.engagements.client_account_id", "platform.engagements.id"],
            name=op.f("pins_of_engagements"),
        ),
        sa.PrimaryKeyConstraint("client_account_id", "engagement_id", "pin_id", name=op.f("pins_key")),
        sa.UniqueConstraint("engagement_id", "name", name=op.f("pins_engagement_id_name_once")),
        schema="platform",
    )
    op.create_table(
        "assessment_overview",
        sa.Column("client_account_id", sa.Uuid(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("snapshot_id", sa.Uuid(), nullable=False),
        sa.Column("workload_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("workload_name", sa.Text(), nullable=False),
        sa.Column("workload_type", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=True),
        sa.Column("criticality", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("server_count", sa.BigInteger(), nullable=False),
        sa.Column("database_count", sa.BigInteger(), nullable=False),
        sa.Column("cpu_count", sa.BigInteger(), nullable=True),
        sa.Column("memory_mib", sa.Double(), nullable=True),
        sa.Column("storage_gib", sa.Double(), nullable=True),
        sa.Column("depends_on_count", sa.BigInteger(), nullable=False),
        sa.Column("needed_by_count", sa.BigInteger(), nullable=False),
        sa.Column("external_count", sa.BigInteger(), nullable=False),
        sa.Column("debt_finding_count", sa.BigInteger(), nullable=False),
        sa.Column("debt_score", sa.Double(), nullable=False),
        sa.Column("complexity_score", sa.Double(), nullable=False),
        sa.Column("complexity", sa.Text(), nullable=False),
        sa.Column("data_confidence", sa.Double(), nullable=False),
        sa.Column("readiness", sa.Text(), nullable=False),
        sa.Column("blockers", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source_entity_ids", sa.ARRAY(sa.Uuid(as_uuid=False)), nullable=False),
        sa.CheckConstraint(
            "complexity IN ('low', 'medium', 'high')", name=op.f("assessment_overview_complexity_is_known")
        ),
        sa.CheckConstraint(
            "readiness IN ('ready', 'conditional', 'blocked', 'unknown')",
            name=op.f("assessment_overview_readiness_is_known"),
        ),
        sa.CheckConstraint(
            "workload_type IN ('application', 'stand_alone')", name=op.f("assessment_overview_workload_type_is_known")
        ),
        sa.CheckConstraint(
            "data_confidence BETWEEN 0 AND 1", name=op.f("assessment_overview_data_confidence_is_a_share")
        ),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id", "snapshot_id"],
            [
                "platform.snapshots.client_account_id",
                "platform.snapshots.engagement_id",
                "platform.snapshots.snapshot_id",
            ],
            name=op.f("assessment_overview_of_snapshots"),
        ),
        sa.PrimaryKeyConstraint("snapshot_id", "workload_id", name=op.f("assessment_overview_key")),
        schema="assess_history",
    )
    op.create_table(
        "discovery_to_assess",
        sa.Column("client_account_id", sa.Uuid(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("snapshot_id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("table_key", sa.Text(), nullable=False),
        sa.Column("rows_checked", sa.BigInteger(), nullable=False),
        sa.Column("rows_failed", sa.BigInteger(), nullable=False),
        sa.Column("offenders", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("offender_names", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("rule_is_builtin", sa.Boolean(), nullable=False),
        sa.CheckConstraint("severity IN ('error', 'warning')", name=op.f("discovery_to_assess_severity_is_known")),
        sa.CheckConstraint(
            "status IN ('passed', 'failed', 'waived', 'warned')", name=op.f("discovery_to_assess_status_is_known")
        ),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id", "snapshot_id"],
            [
                "platform.snapshots.client_account_id",
                "platform.snapshots.engagement_id",
                "platform.snapshots.snapshot_id",
            ],
            name=op.f("discovery_to_assess_of_snapshots"),
        ),
        sa.PrimaryKeyConstraint("snapshot_id", "rule_id", name=op.f("discovery_to_assess_key")),
        schema="handoffs_history",
    )
    op.create_table(
        "edits",
        sa.Column("client_account_id", sa.Uuid(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("edit_id", sa.Uuid(), nullable=False),
        sa.Column("edit_number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("table_key", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("old_value", sa.Text(), nullable=True),
        sa.Column("new_value", sa.Text(), nullable=True),
        sa.Column("withdraws", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("pin_before_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('set', 'merge', 'split', 'withdraw')", name=op.f("edits_kind_is_known")),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id", "pin_before_id"],
            ["platform.pins.client_account_id", "platform.pins.engagement_id", "platform.pins.pin_id"],
            name=op.f("edits_of_pins"),
        ),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id", "withdraws"],
            ["platform.edits.client_account_id", "platform.edits.engagement_id", "platform.edits.edit_id"],
            name="edit_that_is_withdrawn",
        ),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id"],
            ["platform.engagements.client_account_id", "platform.engagements.id"],
            name=op.f("edits_of_engagements"),
        ),
        sa.PrimaryKeyConstraint("client_account_id", "engagement_id", "edit_id", name=op.f("edits_key")),
        schema="platform",
    )
    op.create_index(
        op.f("edits_by_engagement_id_table_key_edit_number"),
        "edits",
        ["engagement_id", "table_key", "edit_number"],
        unique=False,
        schema="platform",
    )
    op.create_table(
        "pinned_snapshots",
        sa.Column("client_account_id", sa.Uuid(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("pin_id", sa.Uuid(), nullable=False),
        sa.Column("table_key", sa.Text(), nullable=False),
        sa.Column("snapshot_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id", "pin_id"],
            ["platform.pins.client_account_id", "platform.pins.engagement_id", "platform.pins.pin_id"],
            name=op.f("pinned_snapshots_of_pins"),
        ),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id", "snapshot_id"],
            [
                "platform.snapshots.client_account_id",
                "platform.snapshots.engagement_id",
                "platform.snapshots.snapshot_id",
            ],
            name=op.f("pinned_snapshots_of_snapshots"),
        ),
        sa.PrimaryKeyConstraint("pin_id", "table_key", name=op.f("pinned_snapshots_key")),
        schema="platform",
    )
    op.create_table(
        "rollbacks",
        sa.Column("client_account_id", sa.Uuid(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("rollback_id", sa.Uuid(), nullable=False),
        sa.Column("flow_name", sa.Text(), nullable=False),
        sa.Column("phase_name", sa.Text(), nullable=True),
        sa.Column("rollback_scope", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("pin_before_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("executed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("integrity_problems", sa.ARRAY(sa.Text()), nullable=True),
        sa.CheckConstraint("rollback_scope IN ('phase', 'flow', 'cascade')", name=op.f("rollbacks_scope_is_known")),
        sa.CheckConstraint(
            "status IN ('pending', 'executed', 'completed', 'abandoned')", name=op.f("rollbacks_status_is_known")
        ),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id", "pin_before_id"],
            ["platform.pins.client_account_id", "platform.pins.engagement_id", "platform.pins.pin_id"],
            name=op.f("rollbacks_of_pins"),
        ),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id"],
            ["platform.engagements.client_account_id", "platform.engagements.id"],
            name=op.f("rollbacks_of_engagements"),
        ),
        sa.PrimaryKeyConstraint("client_account_id", "engagement_id", "rollback_id", name=op.f("rollbacks_key")),
        schema="platform",
    )
    op.create_table(
        "edit_outcomes",
        sa.Column("client_account_id", sa.Uuid(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("snapshot_id", sa.Uuid(), nullable=False),
        sa.Column("edit_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("computed_value", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('applied', 'agreed', 'ground_changed', 'not_found')",
            name=op.f("edit_outcomes_outcome_is_known"),
        ),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id", "edit_id"],
            ["platform.edits.client_account_id", "platform.edits.engagement_id", "platform.edits.edit_id"],
            name=op.f("edit_outcomes_of_edits"),
        ),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id", "snapshot_id"],
            [
                "platform.snapshots.client_account_id",
                "platform.snapshots.engagement_id",
                "platform.snapshots.snapshot_id",
            ],
            name=op.f("edit_outcomes_of_snapshots"),
        ),
        sa.PrimaryKeyConstraint("snapshot_id", "edit_id", name=op.f("edit_outcomes_key")),
        schema="platform",
    )
    op.create_table(
        "pointer_moves",
        sa.Column("client_account_id", sa.Uuid(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("move_number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("table_key", sa.Text(), nullable=False),
        sa.Column("snapshot_id", sa.Uuid(), nullable=True),
        sa.Column("moved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("rollback_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id", "rollback_id"],
            [
                "platform.rollbacks.client_account_id",
                "platform.rollbacks.engagement_id",
                "platform.rollbacks.rollback_id",
            ],
            name=op.f("pointer_moves_of_rollbacks"),
        ),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id", "snapshot_id"],
            [
                "platform.snapshots.client_account_id",
                "platform.snapshots.engagement_id",
                "platform.snapshots.snapshot_id",
            ],
            name=op.f("pointer_moves_of_snapshots"),
        ),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id"],
            ["platform.engagements.client_account_id", "platform.engagements.id"],
            name=op.f("pointer_moves_of_engagements"),
        ),
        sa.PrimaryKeyConstraint("move_number", name=op.f("pointer_moves_key")),
        schema="platform",
    )
    op.create_index(
        op.f("pointer_moves_by_engagement_id_table_key_moved_at"),
        "pointer_moves",
        ["engagement_id", "table_key", "moved_at"],
        unique=False,
        schema="platform",
    )
    op.create_table(
        "rollback_moves",
        sa.Column("client_account_id", sa.Uuid(), nullable=False),
        sa.Column("engagement_id", sa.Uuid(), nullable=False),
        sa.Column("rollback_id", sa.Uuid(), nullable=False),
        sa.Column("table_key", sa.Text(), nullable=False),
        sa.Column("from_snapshot_id", sa.Uuid(), nullable=True),
        sa.Column("to_snapshot_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id", "from_snapshot_id"],
            [
                "platform.snapshots.client_account_id",
                "platform.snapshots.engagement_id",
                "platform.snapshots.snapshot_id",
            ],
            name="move_from_snapshot",
        ),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id", "rollback_id"],
            [
                "platform.rollbacks.client_account_id",
                "platform.rollbacks.engagement_id",
                "platform.rollbacks.rollback_id",
            ],
            name=op.f("rollback_moves_of_rollbacks"),
        ),
        sa.ForeignKeyConstraint(
            ["client_account_id", "engagement_id", "to_snapshot_id"],
            [
                "platform.snapshots.client_account_id",
                "platform.snapshots.engagement_id",
                "platform.snapshots.snapshot_id",
            ],
            name="move_to_snapshot",
        ),
        sa.PrimaryKeyConstraint("rollback_id", "table_key", name=op.f("rollback_moves_key")),
        schema="platform",
    )
    op.add_column(
        "snapshots",
        sa.Column(
            "rows_dropped_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When retention dropped its rows; empty if it has them.",
        ),
        schema="platform",
    )
    op.create_index(
        op.f("cleansing_changes_by_snapshot_id_record_id"),
        "cleansing_changes",
        ["snapshot_id", "record_id"],
        unique=False,
        schema="discovery_history",
    )
    op.create_index(
        op.f("dependencies_by_snapshot_id_source_id"),
        "dependencies",
        ["snapshot_id", "source_id"],
        unique=False,
        schema="discovery_history",
    )
    op.create_index(
        op.f("dependencies_by_snapshot_id_target_id"),
        "dependencies",
        ["snapshot_id", "target_id"],
        unique=False,
        schema="discovery_history",
    )
    op.create_index(
        op.f("inventory_conflicts_by_snapshot_id_asset_id"),
        "inventory_conflicts",
        ["snapshot_id", "asset_id"],
        unique=False,
        schema="discovery_history",
    )
    op.create_index(
        op.f("inventory_conflicts_by_snapshot_id_kept_record_id"),
        "inventory_conflicts",
        ["snapshot_id", "kept_record_id"],
        unique=False,
        schema="discovery_history",
    )
    op.create_index(
        op.f("inventory_conflicts_by_snapshot_id_losing_record_id"),
        "inventory_conflicts",
        ["snapshot_id", "losing_record_id"],
        unique=False,
        schema="discovery_history",
    )
    op.create_index(
        op.f("tech_debt_by_snapshot_id_asset_id"),
        "tech_debt",
        ["snapshot_id", "asset_id"],
        unique=False,
        schema="discovery_history",
    )
