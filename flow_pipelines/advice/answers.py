"""What becomes of answers: columns beside the rows that they are about.

Belongs here: which questions are left once people have decided, and setting the columns of advice. Does not: questions
(the modules beside this one), and what a person makes of advice (`acceptance.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Table

from flow_pipelines.advice.questions import Advice, Question
from flow_pipelines.edits import Edit, active_edits, entity_ids
from flow_pipelines.tables.advice import advised_column
from flow_pipelines.tables.contract import conform


def decided_rows(table: Table, edits: Sequence[Edit]) -> set[str]:
    """Return the keys of the rows in which a person decided what the table's advice is about."""
    key, about = f"{table.schema}/{table.name}", advised_column(table)
    return {edit.entity_id for edit in active_edits(edits) if edit.table_key == key and edit.column == about}


def undecided(questions: Sequence[Question], decided: Collection[str]) -> list[Question]:
    """Return the questions that may be asked: about a row that no person decided, with a choice, in order of rows."""
    left = [one for one in questions if one.row_id not in decided and one.choices]
    return sorted(left, key=lambda one: one.row_id)


def with_advice(frame: pd.DataFrame, table: Table, answers: Mapping[str, Advice]) -> pd.DataFrame:
    """Set the columns of advice; nothing else of any row changes.

    Args:
        frame: Rows that conform to the table.
        table: The declared table; it carries advice.
        answers: By key of the row; those about other rows are passed over.

    Returns:
        A frame that conforms.
    """
    found = [answers.get(row_id) for row_id in entity_ids(frame, table)]
    columns: dict[str, Any] = {
        "advice": [one.choice if one else None for one in found],
        "advice_confidence": pd.array([one.confidence if one else None for one in found], dtype="Float64"),
        "advice_reason": [one.reason if one else None for one in found],
        "advice_model": [one.model if one else None for one in found],
        "advice_key": [one.key if one else None for one in found],
    }
    return conform(frame.assign(**columns), table)
