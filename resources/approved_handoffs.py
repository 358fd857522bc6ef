"""Which hand-offs may begin because a person has approved what they hand over.

Belongs here: that one question. Does not: approving (`approvals.py`), the rules of hand-offs (`handoffs.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from flow_pipelines.flows import FLOWS, Flow, flow_named
from flow_pipelines.handoffs import approved_tables
from flow_pipelines.scope import Scope
from resources.approvals import APPROVALS, ApprovalStore
from resources.database import Database
from resources.edited_rows import looked_at
from resources.rollbacks import last_moved_by_a_rollback
from resources.snapshots import Snapshot, SnapshotStore


def ready(database: Database, scope: Scope) -> dict[str, str]:
    """Return the flows that wait for nothing but their start, each with a hash of what it is to start from.

    That is so if what is current is approved, and the last hand-off, passed or refused, packaged other rows or knew of
    no approval. What a rollback returned to starts nothing.
    """
    found = {}
    for flow in FLOWS:
        if tables := approved_tables(flow):
            source = flow_named(str(flow.follows))
            current = SnapshotStore(database).current(scope, source.tables)
            approvals = ApprovalStore(database).of_snapshots(scope, [current[key] for key in tables if key in current])
            if (
                approvals.keys() == set(tables)
                and _is_news(database, scope, flow, current)
                and not last_moved_by_a_rollback(database, scope, source.tables)
            ):
                parts = [*(one.number for one in approvals.values()), *(one.data_version for one in current.values())]
                found[flow.name] = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return found


def _is_news(database: Database, scope: Scope, flow: Flow, current: Mapping[str, Snapshot]) -> bool:
    with database.in_scope(scope) as connection:
        last = looked_at(connection, str(flow.handoff))
    packaged = {one.name: one.version for one in SnapshotStore(database).inputs_of(scope, last)} if last else {}
    return APPROVALS not in packaged or any(packaged.get(key) != one.data_version for key, one in current.items())
