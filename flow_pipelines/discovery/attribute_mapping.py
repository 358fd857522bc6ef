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
from flow_pipelines.discovery.mapping.evidence import ScoredColumn, attributes_for, scored_column, templated_column
from flow_pipelines.discovery.mapping.parts import FoundPart, joined_columns, part_beside, parts_of_column
from flow_pipelines.discovery.mapping.sheets import Sheet, SheetColumn, sheets_of
from flow_pipelines.discovery.mapping.units import SourceUnit, unit_of_values
from flow_pipelines.discovery.mapping.value_profiles import Profiler
from flow_pipelines.reference.attributes import attribute_named
from flow_pipelines.reference.cell_parts import cell_parts
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
# The seventh best attribute has been the right one of a column nowhere.
MOST_CANDIDATES = 6
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
        Conforms to `discovery/attribute_mappings`: one row per file, sheet, header and attribute that it feeds;
        one row for a column that feeds nothing. `unmapped` rows have method `none` and
        confidence 0. A column is at least proposed if its attribute has the proposal floor of
        `mapping_model.yaml`. Units are spelled as in `header_words.yaml`, and `fraction` for shares of 1.
    """
    profiler = Profiler()
    rows = [
        _row(sheet, decision, scope, is_first=is_first)
        for sheet in sheets_of(imported_records)
        for decision, is_first in _in_order(_decisions(sheet, profiler, settings.mapping_threshold))
    ]
    return conform(pd.DataFrame(rows) if rows else empty(attribute_mappings), attribute_mappings)


def _in_order(decisions: Sequence[Decision]) -> list[tuple[Decision, bool]]:
    """Put the decisions on one column together, and say of each whether it is its column's first."""
    by_column: dict[str, list[Decision]] = {}
    for decision in decisions:
        by_column.setdefault(decision.column.header, []).append(decision)
    return [(one, place == 0) for of_column in by_column.values() for place, one in enumerate(of_column)]


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
    return templated + _without_template(others, _fed(templated), threshold)


def _fed(decisions: Sequence[Decision]) -> dict[str, str]:
    """Return the attributes that columns are applied to, each with its column."""
    return {one.attribute: one.column.header for one in decisions if one.attribute and one.status == "applied"}


def _without_template(
    columns: Sequence[tuple[SheetColumn, ScoredColumn]], fed: Mapping[str, str], threshold: float
) -> list[Decision]:
    """Decide on the columns that no template knows; `fed` maps attributes to the templates' columns for them.

    Columns that say one thing go first: of an address column and a column of names with addresses, the address column
    feeds the attribute.
    """
    joined = _joined_columns(columns)
    apart: list[tuple[SheetColumn, ScoredColumn, list[FoundPart]]] = []
    simple: list[tuple[SheetColumn, ScoredColumn]] = []
    for column, scored in columns:
        if column.header in joined:
            continue
        parts = parts_of_column(column.header, column.cells, scored.profile, column.record_type)
        if parts:
            apart.append((column, scored, parts))
        else:
            simple.append((column, scored))
    decisions = _by_evidence(simple, fed, threshold)
    for column, scored, parts in apart:
        taken = {**fed, **_fed(decisions)}
        decisions += _of_parts(column, scored, parts, taken) or _by_evidence([(column, scored)], taken, threshold)
    together = [(column, scored) for column, scored in columns if column.header in joined]
    decisions += _joined(together, joined, {**fed, **_fed(decisions)}, threshold)
    return [*decisions, *_beside(decisions, fed)]


def _joined_columns(columns: Sequence[tuple[SheetColumn, ScoredColumn]]) -> Mapping[str, str]:
    record_types = {column.record_type for column, _ in columns}
    if len(record_types) != 1 or cell_parts().joined_attribute not in _possible(next(iter(record_types))):
        return {}
    return joined_columns([column.header for column, _ in columns], next(iter(record_types)))


def _joined(
    columns: Sequence[tuple[SheetColumn, ScoredColumn]],
    parts: Mapping[str, str],
    fed: Mapping[str, str],
    threshold: float,
) -> list[Decision]:
    """Decide on columns that hold one value together; another column that holds the whole value wins."""
    attribute = cell_parts().joined_attribute
    if attribute in fed:
        return _by_evidence(columns, fed, threshold)
    confidence = mapping_model().most_confidence["part"]
    return [
        Decision(column, scored.profile, "applied", None, attribute, confidence, part=parts[column.header])
        for column, scored in columns
    ]


def _of_parts(
    column: SheetColumn, scored: ScoredColumn, parts: Sequence[FoundPart], fed: Mapping[str, str]
) -> list[Decision]:
    """Give each part of a column's cells the first of its attributes that nothing else feeds."""
    decisions = []
    for part in parts:
        attribute = next((one for one in part.attributes if _is_free(one, column.record_type, fed)), None)
        if attribute:
            decisions.append(_of_part(column, scored, part, attribute))
    return decisions


def _beside(decisions: Sequence[Decision], fed: Mapping[str, str]) -> list[Decision]:
    """Find parts of applied columns that feed an attribute of their own beside the whole cell."""
    taken = {**fed, **_fed(decisions)}
    further: list[Decision] = []
    for decision in decisions:
        if decision.status != "applied" or decision.attribute is None:
            continue
        part = part_beside(decision.attribute, decision.column.cells)
        if part and _is_free(part.attributes[0], decision.column.record_type, taken):
            further.append(_of_part(decision.column, None, part, part.attributes[0]))
            taken[part.attributes[0]] = decision.column.header
    return further


def _of_part(column: SheetColumn, scored: ScoredColumn | None, part: FoundPart, attribute: str) -> Decision:
    confidence = mapping_model().most_confidence["part"] * part.share
    profile = scored.profile if scored else Profiler().profile(column.cells)
    return Decision(column, profile, "applied", scored, attribute, confidence, part=part.part)


def _is_free(attribute: str, record_type: str, fed: Mapping[str, str]) -> bool:
    return attribute in _possible(record_type) and (takes_several(attribute, record_type) or attribute not in fed)


def _possible(record_type: str) -> frozenset[str]:
    return frozenset(attribute.name for attribute in attributes_for(record_type))


def _by_evidence(
    columns: Sequence[tuple[SheetColumn, ScoredColumn]], fed: Mapping[str, str], threshold: float
) -> list[Decision]:
    """Decide by header and values; `fed` maps attributes to other columns that feed them."""
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
        candidates=tuple(one for one in ranked if probabilities[one] >= LEAST_RUNNER_UP)[:MOST_CANDIDATES],
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


def _row(sheet: Sheet, decision: Decision, scope: Scope, *, is_first: bool) -> dict[str, Any]:
    unit, unit_reason = _unit(decision)
    # By the attribute, not by number: a person's edit must not move to another attribute if one more is found.
    further = () if is_first else (decision.attribute or "",)
    return {
        "mapping_id": scope.id_of("mapping", sheet.source_file, sheet.name or "", decision.column.header, *further),
        "source_file": sheet.source_file,
        "sheet": sheet.name,
        "source_format": sheet.source_format,
        "record_type": decision.column.record_type,
        "source_column": decision.column.header,
        "attribute": decision.attribute,
        "part": decision.part,
        "status": decision.status or "unmapped",
        "method": decision.method,
        "confidence": round(decision.confidence, 4),
        "runner_up": decision.runner_up,
        "runner_up_confidence": round(decision.runner_up_confidence, 4) if decision.runner_up_confidence else None,
        "candidates": list(decision.candidates) or None,
        "source_unit": unit,
        "filled_rows": decision.column.filled_rows,
        "example": decision.profile.example[:EXAMPLE_LENGTH],
        "reason": reason_of(decision, sheet.source_format, unit_reason),
    }


def _unit(decision: Decision) -> SourceUnit:
    if decision.attribute is None or decision.part is not None:
        return SourceUnit(None, None)
    if decision.template is not None:
        return SourceUnit(decision.template.unit, None)
    unit = parse_header(decision.column.header).unit
    if unit and dimension_of(unit) == dimension_of(attribute_named(decision.attribute).unit):
        return SourceUnit(unit, None)
    return unit_of_values(decision.attribute, decision.profile)
