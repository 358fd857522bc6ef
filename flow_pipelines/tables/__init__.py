"""The tables that the flows fill: one declaration each, from which all else derives.

Belongs here: columns, types, units, comments, keys, and where each column comes from. Does not: how rows are
stored and versioned (`resources/`).
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import Table

from flow_pipelines.flows import FLOWS, Flow, Phase
from flow_pipelines.tables.declaration import METADATA
from flow_pipelines.tables.handoffs import handoff_table


@cache
def output_tables() -> dict[str, Table]:
    """Return the declared tables by key (`discovery/inventory`), in the order of their flows and phases.

    A flow's hand-off stands before its tables; a flow of which nothing is declared yet has none.
    """
    from flow_pipelines.tables import (  # noqa: PLC0415  (they declare their tables)
        assess,  # noqa: F401
        discovery,  # noqa: F401
        execute,  # noqa: F401
        modernize,  # noqa: F401
        plan,  # noqa: F401
    )

    declared = {f"{table.schema}/{table.name}": table for table in METADATA.tables.values()}
    built: dict[str, Table] = {}
    for flow in FLOWS:
        tables = {key: declared[key] for key in flow.tables if key in declared}
        if tables and flow.handoff:
            built[flow.handoff] = handoff_table(flow)
        built |= tables
    return built


def built_phases(flow: Flow) -> list[Phase]:
    """Return the phases of a flow whose tables are declared; the others are planned."""
    return [phase for phase in flow.phases if all(f"{flow.name}/{name}" in output_tables() for name in phase.tables)]
