"""The second opinion on a phase's rows: asked for after people's corrections, set beside the rows that it is about.

Belongs here: when the advisor is asked at all, and what of it stands in the log and at the materialization. Does not:
the questions (`flow_pipelines/advice/`), asking (`resources/advisor.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from dagster import MetadataValue

from assets_defs.phase_assets import PhaseInputs, PhaseOutputs, PhasePlan
from flow_pipelines.advice.answers import decided_rows, undecided, with_advice
from flow_pipelines.tables import output_tables
from resources.advisor import Advisor, Usage


def with_second_opinion(
    advisor: Advisor,
    plan: PhasePlan,
    inputs: PhaseInputs,
    outputs: PhaseOutputs,
    *,
    run_id: str,
    warn: Callable[[str], None],
) -> PhaseOutputs:
    """Return a phase's outputs with the advice that there is beside their rows, and what it took as metadata.

    Where no model is configured, or the engagement wants none, not even the questions are made.

    Args:
        advisor: Whom to ask.
        plan: The phase.
        inputs: What it was computed from.
        outputs: Its rows, as people have corrected them.
        run_id: The Dagster run, for the books and the budget.
        warn: Takes a line for the log if questions are left without an answer.
    """
    settings = inputs.settings.advice
    if plan.shell.ask is None or advisor.endpoint is None or settings.mode == "off":
        return outputs
    frames, metadata = dict(outputs.frames), dict(outputs.metadata)
    for key, asked in plan.shell.ask(inputs, outputs.frames).items():
        table = output_tables()[key]
        questions = undecided(asked.questions, decided_rows(table, inputs.edits))
        advised = advisor.advise(
            inputs.scope,
            settings,
            asked.topic,
            questions,
            flow=plan.flow.name,
            phase=plan.shell.phase,
            run_id=run_id,
            progress=inputs.progress,
        )
        frames[key] = with_advice(frames[key], table, advised.answers)
        metadata[key] = {**metadata.get(key, {}), **usage_metadata(advised.usage)}
        if advised.usage.unanswered:
            warn(fallback_line(asked.topic, advised.usage))
    return replace(outputs, frames=frames, metadata=metadata)


def usage_metadata(usage: Usage) -> Mapping[str, MetadataValue[Any]]:
    """Return what the advice of a table took, as metadata of its materialization."""
    counts = {
        name: MetadataValue.int(getattr(usage, name))
        for name in ("asked", "cached", "answered", "unanswered", "requests", "input_tokens", "output_tokens")
    }
    told: dict[str, MetadataValue[Any]] = {f"advice_{name}": count for name, count in counts.items()}
    told["advice_seconds"] = MetadataValue.float(round(usage.seconds, 3))
    if usage.cost is not None:
        told["advice_cost"] = MetadataValue.float(usage.cost)
    if usage.reasons:
        told["advice_missing_because"] = MetadataValue.json(dict(usage.reasons))
    return told


def fallback_line(topic: str, usage: Usage) -> str:
    """Say that the rules stand alone where no advice came, and why none did."""
    why = ", ".join(f"{reason.replace('_', ' ')}: {count}" for reason, count in sorted(usage.reasons.items()))
    return f"No second opinion on {usage.unanswered:,} questions of {topic} ({why}): the rules stand alone there."
