"""The overview phase of the Execute flow in Dagster.

Belongs here: one short function, and what is drawn of it. Does not: what was told and what it means
(`flow_pipelines/execute/`), how pictures are drawn (`charts/`).
"""

from __future__ import annotations

from dagster import MetadataValue

from assets_defs.charts import bar_chart, stacked_bars
from assets_defs.phase_assets import Descriptions, Frames, PhaseInputs, PhaseOutputs, PhaseShell
from flow_pipelines.execute.all_tasks import TASKS_READ, all_tasks
from flow_pipelines.execute.overview import EXECUTION_OVERVIEW, build_execution_overview, overview_problems
from flow_pipelines.execute.updates.gates import received_problems, update_problems
from flow_pipelines.execute.updates.judge import REJECTED_UPDATES, TASK_UPDATES, judge_updates
from flow_pipelines.execute.wave_gates import GATES_READ, TIMELINE, WAVE_GATES, build_wave_gates, gate_problems
from flow_pipelines.modernize.backlog.known import PLAN_OF_RECORD
from flow_pipelines.modernize.findings.read import read_findings
from flow_pipelines.tables.discovery import INVENTORY
from flow_pipelines.tables.execute.overview import VERDICTS
from flow_pipelines.tables.execute.progress import STATES


def overview(phase: PhaseInputs) -> PhaseOutputs:
    """Judge all that was told of tasks, and sum up what it means for the waves."""
    frames, scope, settings = phase.frames, phase.scope, phase.settings
    # The table of findings is made by Modernize, after this; some of its items exist for what they say alone.
    findings = read_findings(phase.analyses, frames[PLAN_OF_RECORD], scope=scope)
    tasks = all_tasks(frames, findings, scope=scope, settings=settings)
    judged = judge_updates(phase.updates, tasks, frames[INVENTORY], scope=scope, settings=settings)
    gates = build_wave_gates(frames, tasks, judged.updates, scope=scope)
    rows = build_execution_overview(tasks, judged.updates, gates, scope=scope, settings=settings)
    return PhaseOutputs(
        {
            TASK_UPDATES: judged.updates,
            REJECTED_UPDATES: judged.rejected,
            WAVE_GATES: gates,
            EXECUTION_OVERVIEW: rows,
        },
        problems={
            TASK_UPDATES: update_problems(tasks, judged.updates),
            REJECTED_UPDATES: received_problems(phase.updates, judged),
            WAVE_GATES: gate_problems(frames[TIMELINE], gates),
            EXECUTION_OVERVIEW: overview_problems(tasks, rows),
        },
        metadata={
            TASK_UPDATES: {
                "received_rows": MetadataValue.int(len(phase.updates)),
                "told_again_or_nothing_new": MetadataValue.int(judged.repeated),
            }
        },
    )


def overview_charts(_phase: PhaseInputs, frames: Frames) -> Descriptions:
    """Draw how far each wave is, how its gates stand, and what was told."""
    rows = frames[EXECUTION_OVERVIEW]
    waves = rows[rows["wave_number"].notna()].sort_values("wave_number").set_index("overview_name")
    tasks = waves[[f"{state.replace(' ', '_')}_count" for state in STATES]].set_axis(list(STATES), axis="columns")
    gates = waves[[f"{verdict}_gate_count" for verdict in VERDICTS]].set_axis(list(VERDICTS), axis="columns")
    return {
        EXECUTION_OVERVIEW: {"tasks_by_wave_and_state": stacked_bars(tasks)},
        WAVE_GATES: {"gates_by_wave_and_verdict": stacked_bars(gates)},
        TASK_UPDATES: {"changes_by_state": bar_chart(frames[TASK_UPDATES]["state"])},
        REJECTED_UPDATES: {"rejections_by_reason": bar_chart(frames[REJECTED_UPDATES]["reason_code"])},
    }


READS = tuple(dict.fromkeys([*TASKS_READ, *GATES_READ, INVENTORY]))
OVERVIEW = PhaseShell("overview", READS, overview, describe=overview_charts, reads_updates=True, reads_analyses=True)
