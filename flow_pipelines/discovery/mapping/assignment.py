"""Which column of a sheet gets which attribute: one each, so that the sheet as a whole is explained best.

Belongs here: the optimum assignment. Does not: scores of single columns (`evidence.py`).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from flow_pipelines.discovery.mapping.evidence import ScoredColumn
from flow_pipelines.reference.attributes import AttributeType, attribute_named

# Between columns that are equally good, the one with more rows wins; too little to outweigh any evidence.
PER_FILLED_ROW = 1e-3


def holds_lists(attribute: str) -> bool:
    """Whether several columns may feed an attribute, because it holds lists."""
    return attribute_named(attribute).type is AttributeType.TEXT_LIST


def assign(columns: Sequence[ScoredColumn], taken: Collection[str]) -> list[str | None]:
    """Give each column at most one attribute and each attribute, lists aside, at most one column.

    Args:
        columns: The columns of one sheet that no template decides, in a fixed order.
        taken: Attributes that the template's columns have.

    Returns:
        Per column its attribute, or None if every attribute is less likely than none.
    """
    singles = sorted(
        {attribute for column in columns for attribute in column.candidates if not holds_lists(attribute)} - set(taken)
    )
    lists = [_best_list(column) for column in columns]
    if not columns:
        return []
    # Beside the attributes each column has two places of its own: its best list, and nothing.
    gains = np.full((len(columns), len(singles) + 2 * len(columns)), -np.inf)
    for row, column in enumerate(columns):
        for place, attribute in enumerate(singles):
            if attribute in column.candidates:
                gains[row, place] = _gain(column, attribute)
        best = lists[row]
        if best is not None:
            gains[row, len(singles) + row] = _gain(column, best)
        gains[row, len(singles) + len(columns) + row] = 0.0
    impossible = 1e6
    chosen = linear_sum_assignment(np.where(np.isinf(gains), -impossible, gains), maximize=True)[1].tolist()
    return [
        singles[place] if place < len(singles) else lists[row] if place < len(singles) + len(columns) else None
        for row, place in enumerate(chosen)
    ]


def _best_list(column: ScoredColumn) -> str | None:
    fitting = [attribute for attribute in column.candidates if holds_lists(attribute)]
    return max(fitting, key=lambda attribute: (column.candidates[attribute].score, attribute), default=None)


def _gain(column: ScoredColumn, attribute: str) -> float:
    preference = PER_FILLED_ROW * math.log1p(column.profile.filled)
    return column.candidates[attribute].score - column.none_score + preference
