"""The audit trail of an engagement: which versions are current, and who handed over, edited, approved and rolled back.

Belongs here: reading what happened, as people are shown it. Does not: writing it down (`snapshots.py`, `edits.py`,
`approvals.py`, `rollbacks.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from sqlalchemy import text

from flow_pipelines.scope import Scope
from resources.database import Database

VERSIONS, HANDOFFS, EDITS, APPROVALS, ROLLBACKS = (
    "Current versions",
    "Hand-offs",
    "Edits",
    "Approvals",
    "Rollbacks",
)
# What is edited and approved is told with its reason: without it, nobody can judge it later.
QUERIES = {
    VERSIONS: """
        SELECT c.table_key AS "table", s.row_count AS rows, left(s.data_version, 12) AS version,
               s.published_at AS "published", s.run_id AS run
          FROM platform.current_snapshots c JOIN platform.snapshots s USING (snapshot_id)
         ORDER BY s.published_at, c.table_key
    """,
    HANDOFFS: """
        SELECT handoff_type AS "hand-off", handoff_status AS status, is_current AS "is current",
               waived_count AS waived, failure, completed_at AS completed
          FROM platform.flow_handoffs ORDER BY created_at DESC, id
    """,
    EDITS: """
        SELECT edit_number AS number, kind, table_key AS "table", column_name AS "column", old_value AS "old value",
               new_value AS "new value", actor, reason, made_at AS made
          FROM platform.edits ORDER BY edit_number DESC
    """,
    APPROVALS: """
        SELECT approval_number AS number, table_key AS "table", left(data_version, 12) AS version,
               approved_by AS "approved by", reason, created_at AS approved
          FROM platform.approvals ORDER BY approval_number DESC
    """,
    ROLLBACKS: """
        SELECT flow_type AS flow, rollback_scope AS scope, target, rollback_status AS status,
               requested_by AS "requested by", rollback_reason AS reason, executed_at AS executed
          FROM platform.flow_rollbacks ORDER BY created_at DESC, id
    """,
}


def audit_trail(database: Database, scope: Scope) -> Mapping[str, pd.DataFrame]:
    """Return what happened in an engagement, by heading; the newest first, versions in order of publishing."""
    with database.in_scope(scope) as connection:
        found = {}
        for heading, query in QUERIES.items():
            result = connection.execute(text(query))
            found[heading] = pd.DataFrame([tuple(row) for row in result], columns=list(result.keys()))
    return found
