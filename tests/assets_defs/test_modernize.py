"""The phases of Modernize as Dagster calls them: what they read, what they return, what is drawn."""

from __future__ import annotations

from pathlib import Path

from assets_defs.modernize import MODERNIZE, REARCHITECT, REFACTOR
from assets_defs.phase_assets import PhaseInputs
from flow_pipelines.modernize.backlog.known import CODE_FINDINGS, READS, WAVES
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import empty
from flow_pipelines.tables.execute.progress import UPDATES
from resources.landing import Landing
from tests.flow_pipelines.assess.estates import SCOPE, application, server
from tests.flow_pipelines.modernize.estates import SETTINGS, known, landed


def inputs(root: Path) -> PhaseInputs:
    told = known([application("Shop"), application("Crm"), server("web1", ["Shop"])], {"Crm": "rearchitect"})
    frames = dict(zip(READS, list(told.__dict__.values())[: len(READS)], strict=True))
    frames |= {key: empty(output_tables()[key]) for key in (UPDATES, WAVES)}
    return PhaseInputs(
        scope=SCOPE,
        settings=SETTINGS,
        frames=frames,
        snapshots={},
        manifests={},
        edits=(),
        files=(),
        progress=print,
        analyses=Landing(root).analysis_files(SCOPE),
    )


def test_analyses_in_the_landing_folder_become_findings_and_an_item(tmp_path: Path) -> None:
    result = {"ruleId": "x", "level": "error", "message": {"text": "<script>alert(1)</script>"}}
    folder = Landing(tmp_path).folder(SCOPE) / "analysis"
    landed(folder, {"shop/results.sarif": {"runs": [{"results": [result]}]}, ".hidden.json": {}, "odd.json": "{"})
    refactor, rearchitect, _ = MODERNIZE
    phase = inputs(tmp_path)
    made = refactor.compute(phase)
    assert not any(made.problems.values())
    assert set(made.frames[CODE_FINDINGS]["source_file"]) == {"shop/results.sarif", "odd.json"}
    assert made.frames[REFACTOR]["task_name"].tolist() == ["Shop: modernize"]
    assert refactor.describe is not None
    assert set(refactor.describe(phase, made.frames)) == {CODE_FINDINGS, REFACTOR}
    later = PhaseInputs(**{**phase.__dict__, "frames": {**phase.frames, **made.frames}})
    assert rearchitect.compute(later).frames[REARCHITECT]["task_name"].tolist() == ["Crm: modernize"]


def test_every_table_that_a_phase_reads_is_declared_and_comes_before_it() -> None:
    order = list(output_tables())
    for shell in MODERNIZE:
        filled = f"modernize/{shell.phase}_backlog"
        assert all(order.index(key) < order.index(filled) for key in shell.reads)
