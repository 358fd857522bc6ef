"""The cutover phase of the Execute flow in Dagster.

Belongs here: the phase, and what is written of it. Does not: which steps there are
(`flow_pipelines/execute/cutover/`), how the page looks (`runbook_page.py`).
"""

from __future__ import annotations

import pandas as pd
from dagster import MarkdownMetadataValue, MetadataValue

from assets_defs import markdown
from assets_defs.phase_assets import Descriptions, ExportedFile, Frames, PhaseInputs, PhaseOutputs, PhaseShell
from assets_defs.runbook_page import runbook_page
from flow_pipelines.execute.cutover.gates import runbook_problems, timing_problems
from flow_pipelines.execute.cutover.runbook import MILESTONE, build_runbook
from flow_pipelines.execute.cutover.timings import TIMINGS, build_timings
from flow_pipelines.execute.cutover.workbook import runbook_workbook
from flow_pipelines.execute.progress import with_progress
from flow_pipelines.execute.tasks.build import READS
from flow_pipelines.tables.contract import conform
from flow_pipelines.tables.execute.cutover import RUNBOOK, cutover_runbook
from flow_pipelines.tables.execute.progress import UPDATES


def cutover(phase: PhaseInputs) -> PhaseOutputs:
    """Make the runbook of every wave, and compare how long its steps took with how long they were to take."""
    updates = phase.frames[UPDATES]
    planned = build_runbook(phase.frames, scope=phase.scope, settings=phase.settings)
    runbook = conform(with_progress(planned, updates), cutover_runbook)
    timings = build_timings(runbook, updates, scope=phase.scope)
    return PhaseOutputs(
        {RUNBOOK: runbook, TIMINGS: timings},
        problems={
            RUNBOOK: runbook_problems(phase.frames, runbook, phase.settings),
            TIMINGS: timing_problems(runbook, updates, timings),
        },
    )


def runbook_files(phase: PhaseInputs, frames: Frames) -> Descriptions:
    """Write the runbook of each wave as a page to print and as a workbook; say which cutovers fit their window."""
    runbook, zone, title = frames[RUNBOOK], phase.settings.schedule.time_zone, str(phase.scope)
    files = {}
    for wave, rows in runbook.groupby("wave_number", dropna=False):
        name = "without a wave" if pd.isna(wave) else f"wave {wave!s}"
        file = name.replace(" ", "-")
        files[f"{name} page"] = ExportedFile(f"{file}.html", runbook_page(rows, title=title, zone=zone))
        files[f"{name} workbook"] = ExportedFile(f"{file}.xlsx", runbook_workbook(rows, title=title, zone=zone))
    fits = {"fits": _fits(runbook)} if len(runbook) else {}
    return {RUNBOOK: {**fits, **{name.replace(" ", "_"): file for name, file in files.items()}}}


def _fits(runbook: pd.DataFrame) -> MarkdownMetadataValue:
    """Return a table of what must not be missed, and how many minutes are left until then."""
    rows = runbook[runbook["kind"] == MILESTONE].sort_values(["begins_at", "section_name", "start_minute"])
    cells = [
        (
            "❌" if row["margin_minutes"] < 0 else "✅",
            row["task_name"],
            f"T+{row['start_minute']}",
            f"{row['margin_minutes']:,}",
            row["reason"],
        )
        for row in rows.to_dict("records")
    ]
    return MetadataValue.md(markdown.table(("", "milestone", "minute", "minutes left", ""), cells))


CUTOVER = PhaseShell("cutover", (*READS, UPDATES), cutover, describe=runbook_files)
