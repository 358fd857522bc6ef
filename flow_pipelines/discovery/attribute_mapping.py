"""The attribute mapping phase: which canonical attribute each column of each imported sheet holds.

Belongs here: the phase as a whole, the rows of `attribute_mappings` and their reasons. Does not: the evidence
(`mapping/`), the facts it rests on (`flow_pipelines/reference/`) and using the mappings (`data_cleansing.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from flow_pipelines.discovery.mapping.assignment import assign, takes_several
from flow_pipelines.discovery.mapping.decisions import Decision, Status, reason_of
from flow_pipelines.discovery.mapping.evidence import ScoredColumn, scored_column, templated_column
from flow_pipelines.discovery.mapping.sheets import Sheet, SheetColumn, sheets_of
from flow_pipelines.discovery.mapping.units import SourceUnit, unit_of_values
from flow_pipelines.discovery.mapping.value_profiles import Profiler
from flow_pipelines.reference.attributes import attribute_named
from flow_pipelines.reference.header_words import dimension_of, parse_header
from flow_pipelines.reference.mapping_model import mapping_model
from flow_pipelines.reference.record_types import normalise_header
from flow_pipelines.reference.source_formats import template_for
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.discovery import attribute_mappings

# A runner-up below this is noise.
LEAST_RUNNER_UP = 0.01
EXAMPLE_LENGTH = 200
# Factor on the confidence in a column for each step down in its format's order of trust.
LESS_TRUSTED = 0.99


def map_attributes(imported_records: pd.DataFrame, *, scope: Scope, settings: EngagementSettings) -> pd.DataFrame:
    """Decide for each column of each imported sheet which canonical attribute it holds.

    Columns of known formats are mapped by their template; others by alias, else by likeness of names together with
    what their values look like, so that a sheet's columns as a whole are explained best and no attribute but lists
    is fed twice. Values speak against a template or an alias, too.

    Args:
        imported_records: Conforms to `discovery/imported_records`; rows in any order.
        scope: The engagement.
        settings: Its settings; `mapping_threshold` is the confidence from which a mapping is applied.

    Returns:
        Conforms to `discovery/attribute_mappings`: one row per file, sheet and header. `unmapped` rows have method
        `none` and confidence 0. A column is at least proposed if its attribute has the proposal floor of
        `mapping_model.yaml`. Units are spelled as in `header_words.yaml`, and `fraction` for shares of 1.
    """
    profiler = Profiler()
    rows = [
        _row(sheet, decision, scope)
        for sheet in sheets_of(imported_records)
        for decision in _decisions(sheet, profiler, settings.mapping_threshold)
    ]
    return conform(pd.DataFrame(rows) if rows else empty(attribute_mappings), attribute_mappings)


def _decisions(sheet: Sheet, profiler: Profiler, threshold: float) -> list[Decision]:
    templated: list[Decision] = []
    others: list[tuple[SheetColumn, ScoredColumn]] = []
    headers = [column.header for column in sheet.columns]
    for column in sheet.columns:
        template = template_for(sheet.source_format, sheet.name, column.record_type, headers)
        known = template.columns.get(normalise_header(column.header)) if template else None
        profile = profiler.profile(column.cells)
        if known is None:
            others.append((column, scored_column(column.header, profile, column.record_type)))
        elif known.attribute is None:
            templated.append(Decision(column, profile, None))
        else:
            scored = templated_column(column.header, profile, column.record_type, known.attribute)
            # Of several columns for one attribute the more trusted one must come out as the more certain one.
            confidence = scored.probabilities(())[known.attribute] * LESS_TRUSTED ** (known.rank - 1)
            status = _status(confidence, threshold)
            templated.append(Decision(column, profile, status, scored, known.attribute, confidence, template=known))
    fed = {one.attribute: one.column.header for one in templated if one.attribute and one.status == "applied"}
    return templated + _by_evidence(others, fed, threshold)


def _by_evidence(
    columns: Sequence[tuple[SheetColumn, ScoredColumn]], fed: Mapping[str, str], threshold: float
) -> list[Decision]:
    """Decide on the columns that no template knows; `fed` maps attributes to the templates' columns for them."""
    types = Counter(column.record_type for column, _ in columns)
    record_type = min(types, key=lambda one: (-types[one], one), default="")
    feeding = {attribute: header for attribute, header in fed.items() if not takes_several(attribute, record_type)}
    chosen = assign([scored for _, scored in columns], feeding.keys(), record_type)
    feeding |= {
        attribute: column.header
        for (column, _), attribute in zip(columns, chosen, strict=True)
        if attribute and not takes_several(attribute, record_type)
    }
    return [
        _decision(column, scored, attribute, feeding, threshold)
        for (column, scored), attribute in zip(columns, chosen, strict=True)
    ]


def _decision(
    column: SheetColumn,
    scored: ScoredColumn,
    attribute: str | None,
    feeding: Mapping[str, str],
    threshold: float,
) -> Decision:
    probabilities = scored.probabilities(one for one in feeding if one != attribute)
    ranked = sorted(probabilities, key=lambda one: (-probabilities[one], one))
    confidence = _confidence(scored, attribute, probabilities) if attribute else 0.0
    status = _status(confidence, threshold) if attribute else "unmapped"
    other_column = None
    if status == "unmapped" and ranked and ranked[0] in feeding and ranked[0] != attribute:
        # It would hold what another column holds already.
        attribute, other_column, confidence = ranked[0], feeding[ranked[0]], probabilities[ranked[0]]
        status = _status(confidence, 1.0)
    runner_up = next((one for one in ranked if status == "unmapped" or one != attribute), None)
    return Decision(
        column=column,
        profile=scored.profile,
        status=status,
        scored=scored,
        attribute=attribute if status != "unmapped" else None,
        confidence=confidence if status != "unmapped" else 0.0,
        runner_up=runner_up if runner_up and probabilities[runner_up] >= LEAST_RUNNER_UP else None,
        runner_up_confidence=probabilities[runner_up] if runner_up else None,
        other_column=other_column if status != "unmapped" else None,
    )


def _confidence(scored: ScoredColumn, attribute: str, probabilities: Mapping[str, float]) -> float:
    """Return the confidence in an attribute; doubt between two that cleansing tells apart by cell does not lower it."""
    other = mapping_model().told_apart_by_cell.get(attribute, "")
    most = mapping_model().most_confidence[scored.candidates[attribute].method]
    return min(probabilities[attribute] + probabilities.get(other, 0.0), most)


def _status(confidence: float, threshold: float) -> Status:
    if confidence >= threshold:
        return "applied"
    return "proposed" if confidence >= mapping_model().proposal_floor else "unmapped"


def _row(sheet: Sheet, decision: Decision, scope: Scope) -> dict[str, Any]:
    unit, unit_reason = _unit(decision)
    return {
        "mapping_id": scope.id_of("mapping", sheet.source_file, sheet.name or "", decision.column.header),
        "source_file": sheet.source_file,
        "sheet": sheet.name,
        "source_format": sheet.source_format,
        "record_type": decision.column.record_type,
        "source_column": decision.column.header,
        "attribute": decision.attribute,
        "status": decision.status or "unmapped",
        "method": decision.candidate.method if decision.candidate else "none",
        "confidence": round(decision.confidence, 4),
        "runner_up": decision.runner_up,
        "runner_up_confidence": round(decision.runner_up_confidence, 4) if decision.runner_up_confidence else None,
        "source_unit": unit,
        "filled_rows": decision.column.filled_rows,
        "example": decision.profile.example[:EXAMPLE_LENGTH],
        "reason": reason_of(decision, sheet.source_format, unit_reason),
    }


def _unit(decision: Decision) -> SourceUnit:
    if decision.attribute is None:
        return SourceUnit(None, None)
    if decision.template is not None:
        return SourceUnit(decision.template.unit, None)
    unit = parse_header(decision.column.header).unit
    if unit and dimension_of(unit) == dimension_of(attribute_named(decision.attribute).unit):
        return SourceUnit(unit, None)
    return unit_of_values(decision.attribute, decision.profile)
