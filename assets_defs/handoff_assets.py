"""The hand-offs between flows as assets: what is handed over is validated, packaged, and gates the next flow.

Belongs here: how a hand-off runs as a phase like any other. Does not: its rules (`flow_pipelines/handoffs.py`).
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from dagster import MarkdownMetadataValue, MetadataValue

from assets_defs import markdown
from assets_defs.phase_assets import Frames, PhaseInputs, PhaseOutputs, PhaseShell
from flow_pipelines.flows import HANDOFF_PHASE, Flow, flow_named
from flow_pipelines.handoff_package import package_rows
from flow_pipelines.handoffs import handoff_problems, validate_handoff
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import conform

SIGN = {"passed": "✅", "warned": "⚠️", "failed": "❌", "waived": "✋"}


def handoff_shell(flow: Flow) -> PhaseShell:
    """Return how the hand-off into a flow is run.

    It reads every table of the flow before, and the hand-off into that one: together they are the package, which its
    inputs manifest pins.

    Args:
        flow: A flow that follows another one.
    """
    source = flow_named(str(flow.follows))
    key = str(flow.handoff)
    tables = tuple(one for one in source.tables if one in output_tables())
    before = (source.handoff,) if source.handoff in output_tables() else ()

    def compute(phase: PhaseInputs) -> PhaseOutputs:
        frames = {table: phase.frames[table] for table in tables}
        versions = {table: phase.snapshots[table].data_version for table in tables}
        rules = validate_handoff(
            flow,
            frames,
            versions=versions,
            manifests={table: phase.manifests.get(table, {}) for table in tables},
            approvals=phase.approvals,
        )
        rules["remedy"] = rules["remedy"].str.replace("<scope>", str(phase.scope))
        package = package_rows(frames, versions)
        result = conform(pd.concat([rules, package], ignore_index=True), output_tables()[key])
        return PhaseOutputs({key: result})

    def audit(frames: Frames) -> dict[str, list[str]]:
        return {key: handoff_problems(frames[key])}

    def describe(_phase: PhaseInputs, frames: Frames) -> dict[str, dict[str, MetadataValue[Any]]]:
        return {key: {"validation": results_table(frames[key])}}

    reads = (*(one for one in before if one), *tables)
    return PhaseShell(HANDOFF_PHASE, reads, compute, audit=audit, describe=describe)


def results_table(result: pd.DataFrame) -> MarkdownMetadataValue:
    """Return the rules of a hand-off and their results as a table for people."""
    cells = [
        (SIGN[str(row.status)], row.title, f"{row.rows_checked:,}", f"{row.rows_failed:,}", row.finding)
        for row in result.itertuples(index=False)
    ]
    return MetadataValue.md(markdown.table(("", "rule", "checked", "failed", "finding"), cells))
