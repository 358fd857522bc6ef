"""The tables that the flows fill: one declaration each, from which all else derives.

Belongs here: columns, types, units, comments, keys, and where each column comes from. Does not: how rows are
stored and versioned (`resources/`).
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import Table

from flow_pipelines.flows import FLOWS
from flow_pipelines.tables.declaration import METADATA


@cache
def output_tables() -> dict[str, Table]:
    """Return the declared tables by key (`discovery/inventory`), in the order of their flows and phases."""
    from flow_pipelines.tables import discovery  # noqa: F401, PLC0415  (declares its tables in METADATA)

    declared = {f"{table.schema}/{table.name}": table for table in METADATA.tables.values()}
    return {key: declared[key] for flow in FLOWS for key in flow.tables if key in declared}
