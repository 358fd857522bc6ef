"""Which column of a sheet gets which attribute: one each, so that the sheet as a whole is explained best.

Belongs here: the optimum assignment. Does not: scores of single columns (`evidence.py`).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from flow_pipelines.discovery.mapping.evidence import ScoredColumn
from flow_pipelines.reference.attributes import AttributeType, attribute_named
from flow_pipelines.reference.mapping_model import mapping_model

# Between columns that are equally good, the one with more rows wins; too little to outweigh any evidence.
PER_FILLED_ROW = 1e-3
WHOLE_MACHINE = "server"
# Far below every sum of gains.
IMPOSSIBLE = -1e6


def takes_several(attribute: str, record_type: str) -> bool:
    """Whether several columns may feed an attribute: it holds lists, or a machine's row tells its parts one by one."""
    known = attribute_named(attribute)
    return known.type is AttributeType.TEXT_LIST or (known.additive and record_type == WHOLE_MACHINE)


def assign(columns: Sequence[ScoredColumn], taken: Collection[str], record_type: str) -> list[str | None]:
    """Give each column at most one attribute and each attribute, unless it takes several, at most one column.

    Args:
        columns: The columns of one sheet that no template decides, in a fixed order.
        taken: Attributes that the template's columns have.
        record_type: What most rows of the sheet describe.

    Returns:
        Per column its attribute, or None if it has none: nothing fits, or another column has it.
    """
    if not columns:
        return []
    every = {attribute for column in columns for attribute in column.candidates}
    singles = sorted(attribute for attribute in every if not takes_several(attribute, record_type))
    free = [attribute for attribute in singles if attribute not in taken]
    lists = [_best(column, [one for one in column.candidates if takes_several(one, record_type)]) for column in columns]
    gains = np.full((len(columns), len(free) + 2 * len(columns)), IMPOSSIBLE)
    for row, (column, of_lists) in enumerate(zip(columns, lists, strict=True)):
        for place, attribute in enumerate(free):
            if attribute in column.candidates:
                gains[row, place] = _gain(column, attribute)
        # Beside the attributes each column has two places of its own: its best list, and no attribute.
        if of_lists is not None:
            gains[row, len(free) + row] = _gain(column, of_lists)
        gains[row, len(free) + len(columns) + row] = _gain_of_none(column, _best(column, singles))
    chosen: list[int] = linear_sum_assignment(gains, maximize=True)[1].tolist()
    places = [*free, *lists, *([None] * len(columns))]
    return [places[place] for place in chosen]


def _best(column: ScoredColumn, attributes: Iterable[str]) -> str | None:
    fitting = [attribute for attribute in attributes if attribute in column.candidates]
    return max(fitting, key=lambda attribute: (column.candidates[attribute].score, attribute), default=None)


def _gain(column: ScoredColumn, attribute: str) -> float:
    preference = PER_FILLED_ROW * math.log1p(column.profile.filled)
    return column.candidates[attribute].score - column.none_score + preference


def _gain_of_none(column: ScoredColumn, best: str | None) -> float:
    """Say how well a column without an attribute is explained: best if it repeats what another column holds."""
    repeating = _gain(column, best) * mapping_model().weights.duplicate if best else 0.0
    return max(repeating, 0.0)
