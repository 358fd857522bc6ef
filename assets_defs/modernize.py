"""The phases of the Modernize flow in Dagster.

Belongs here: one short function per phase, and what is drawn of each. Does not: how backlogs are made
(`flow_pipelines/modernize/`), how pictures are drawn (`charts/`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
from dagster import MarkdownMetadataValue

from assets_defs.charts import bar_chart, scatter_chart
from assets_defs.phase_assets import Descriptions, Frames, PhaseInputs, PhaseOutputs, PhaseShell
from flow_pipelines.advice.modernization import modernization_questions
from flow_pipelines.advice.questions import Asked
from flow_pipelines.execute.progress import with_progress
from flow_pipelines.modernize.backlog.build import build_backlog
from flow_pipelines.modernize.backlog.known import CODE_FINDINGS, PLAN_OF_RECORD, READS, WAVES, known_of, moved_waves
from flow_pipelines.modernize.findings.read import read_findings
from flow_pipelines.modernize.gates import backlog_problems, finding_problems
from flow_pipelines.tables.contract import conform
from flow_pipelines.tables.execute.progress import UPDATES
from flow_pipelines.tables.modernize.backlogs import BACKLOGS, TECH_DEBT

REFACTOR, REARCHITECT, REWRITE = BACKLOGS


def refactor(phase: PhaseInputs) -> PhaseOutputs:
    """Read what analyses found in code, and make the backlog of refactorings."""
    plan = phase.frames[PLAN_OF_RECORD]
    findings = read_findings(phase.analyses, plan, scope=phase.scope)
    made = _backlog(phase, REFACTOR, findings)
    names = [file.name for file in phase.analyses]
    return PhaseOutputs(
        {CODE_FINDINGS: findings, **made.frames},
        problems={CODE_FINDINGS: finding_problems(names, plan, findings), **made.problems},
    )


def rearchitect(phase: PhaseInputs) -> PhaseOutputs:
    """Make the backlog of re-architectures."""
    return _backlog(phase, REARCHITECT, phase.frames[CODE_FINDINGS])


def rewrite(phase: PhaseInputs) -> PhaseOutputs:
    """Make the backlog of rewrites."""
    return _backlog(phase, REWRITE, phase.frames[CODE_FINDINGS])


def _backlog(phase: PhaseInputs, key: str, findings: pd.DataFrame) -> PhaseOutputs:
    known = known_of(phase.frames, findings, phase.settings.as_of)
    known = replace(known, moved_at=moved_waves(phase.frames[WAVES]))
    rows = build_backlog(key, known, scope=phase.scope, edits=phase.edits)
    told = conform(with_progress(rows, phase.frames[UPDATES]), BACKLOGS[key])
    return PhaseOutputs({key: told}, problems={key: backlog_problems(key, known.plan, known.tech_debt, told)})


def ask_about_patterns(phase: PhaseInputs, frames: Frames) -> Mapping[str, Asked]:
    """Ask for the pattern of items whose scores are close."""
    return {key: modernization_questions(frames[key], phase.frames[TECH_DEBT]) for key in frames if key in BACKLOGS}


def findings_charts(_phase: PhaseInputs, frames: Frames) -> Descriptions:
    """Draw what was found by severity, and the refactor backlog."""
    findings = frames[CODE_FINDINGS]
    return {
        CODE_FINDINGS: {
            "findings_by_severity": bar_chart(findings["severity"]),
            "findings_by_application": bar_chart(findings["workload_name"].fillna("no application")),
        },
        **backlog_charts(_phase, frames),
    }


def backlog_charts(_phase: PhaseInputs, frames: Frames) -> Descriptions:
    """Draw value over effort, and the patterns."""
    return {key: _charts(frames[key]) for key in frames if key in BACKLOGS}


def _charts(rows: pd.DataFrame) -> Mapping[str, MarkdownMetadataValue]:
    points = rows.rename(columns={"task_name": "name", "effort_days": "x", "value": "y", "risk": "group"})
    return {
        "value_over_effort": scatter_chart(points, x="effort in person days", y="value in points"),
        "items_by_pattern": bar_chart(rows["pattern"]),
    }


MODERNIZE = (
    PhaseShell(
        "refactor",
        (*READS, WAVES, UPDATES),
        refactor,
        reads_analyses=True,
        describe=findings_charts,
        ask=ask_about_patterns,
    ),
    PhaseShell(
        "rearchitect",
        (*READS, WAVES, UPDATES, CODE_FINDINGS),
        rearchitect,
        describe=backlog_charts,
        ask=ask_about_patterns,
    ),
    PhaseShell(
        "rewrite", (*READS, WAVES, UPDATES, CODE_FINDINGS), rewrite, describe=backlog_charts, ask=ask_about_patterns
    ),
)
