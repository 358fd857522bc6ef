"""Questions about columns of which the rules are not sure what they hold.

Belongs here: from the rows of `attribute_mappings` and the sheets that they are about to questions. Does not: the
candidates (`discovery/attribute_mapping.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from flow_pipelines.advice.headers import told_header
from flow_pipelines.advice.masking import samples, shortened
from flow_pipelines.advice.questions import Asked, Question
from flow_pipelines.discovery.mapping.decisions import KIND_WORDS, LEAST_SHARE_NAMED
from flow_pipelines.discovery.mapping.sheets import SheetColumn, sheets_of
from flow_pipelines.discovery.mapping.value_profiles import Profiler
from flow_pipelines.reference.attributes import attribute_named
from flow_pipelines.reference.doubts import doubts

TOPIC = "mapping"
Place = tuple[str, str]
MOST_SHARES = 6


def mapping_questions(mappings: pd.DataFrame, imported_records: pd.DataFrame) -> Asked:
    """Return a question for every column that is only proposed, or that fits nothing though something comes close.

    Args:
        mappings: Conforms to `discovery/attribute_mappings`.
        imported_records: Conforms to `discovery/imported_records`.
    """
    doubtful = mappings[_is_doubtful(mappings)]
    if doubtful.empty:
        return Asked(TOPIC, ())
    columns = _columns(imported_records, {_place(row) for row in doubtful.to_dict("records")})
    questions = [_question(row, columns[_place(row)]) for row in doubtful.to_dict("records")]
    return Asked(TOPIC, questions)


def _is_doubtful(mappings: pd.DataFrame) -> pd.Series[bool]:
    least = doubts().mapping.least_probability
    comes_close = (mappings["runner_up_confidence"] >= least).fillna(value=False).astype(bool)
    is_proposed = mappings["status"] == "proposed"
    return (is_proposed | ((mappings["status"] == "unmapped") & comes_close)) & mappings["candidates"].notna()


def _place(row: Mapping[Any, Any]) -> Place:
    return str(row["source_file"]), row["sheet"] or ""


def _columns(imported_records: pd.DataFrame, places: Iterable[Place]) -> dict[Place, dict[str, SheetColumn]]:
    """Return the columns of the sheets that are asked about; the other sheets are not read."""
    wanted = set(places)
    files = imported_records["source_file"].astype(str)
    sheets = imported_records["sheet"].where(imported_records["sheet"].notna(), "").astype(str)
    chosen = [place in wanted for place in zip(files, sheets, strict=True)]
    return {
        (sheet.source_file, sheet.name or ""): {column.header: column for column in sheet.columns}
        for sheet in sheets_of(imported_records[chosen])
    }


def _question(row: Mapping[Any, Any], columns: Mapping[str, SheetColumn]) -> Question:
    told, header = doubts().mapping, str(row["source_column"])
    choices = tuple(row["candidates"])
    others = [told_header(other, is_asked_about=False) for other in sorted(columns) if other != header]
    beside = [shortened(other, told.longest_text) for other in others]
    cells = columns[header].cells if header in columns else ()
    profile = Profiler().profile(cells) if cells else None
    kinds = {KIND_WORDS[kind]: share for kind, share in profile.kinds.items()} if profile else {}
    evidence = {
        "header": shortened(told_header(header, is_asked_about=True), told.longest_text),
        "rows_describe": row["record_type"],
        "other_headers": beside[: told.most_headers],
        "kinds_of_values": _ranked(kinds),
        "values_are_words_for": _ranked(profile.vocabularies) if profile else {},
        "shapes_of_values": samples(cells, told.most_samples, told.longest_text),
        "filled_rows": int(row["filled_rows"]),
        "rules_lean_to": row["attribute"],
        "probability": float(row["confidence"]),
        "meaning_of_choices": {name: attribute_named(name).description for name in choices},
    }
    return Question(str(row["mapping_id"]), evidence, choices, origin=str(row["source_file"]))


def _ranked(shares: Mapping[str, float]) -> dict[str, float]:
    """Return the largest shares, from a tenth on."""
    ranked = sorted(shares.items(), key=lambda one: (-one[1], one[0]))
    return {name: round(share, 2) for name, share in ranked[:MOST_SHARES] if share >= LEAST_SHARE_NAMED}
