"""Quality issues, as the replaced platform kept them, are records too.

Revision: 0004, after 0003. Made on 2026-11-25.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

RECORD_TYPES = (
    "server",
    "server_disk",
    "server_partition",
    "server_network",
    "server_processor",
    "server_memory",
    "hypervisor_host",
    "cluster",
    "application",
    "database",
    "network_device",
    "relation",
    "connection",
    "quality_issue",
)


def upgrade() -> None:
    """Apply the revision."""
    # Autogeneration sees no changed check; both gained `quality_issue`.
    listed = ", ".join(f"'{one}'" for one in RECORD_TYPES)
    for table in ("imported_records", "cleansed_records"):
        name = f"{table}_record_type_is_known"
        op.drop_constraint(op.f(name), table, schema="discovery_history", type_="check")
        op.create_check_constraint(op.f(name), table, f"record_type IN ({listed})", schema="discovery_history")
