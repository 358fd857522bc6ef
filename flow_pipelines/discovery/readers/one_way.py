"""One-way records: rows that are one direction of a conversation each, turned so that all name the opening side first.

Belongs here: telling answers by their ports, in SQL, before they are folded: afterwards each would be a connection of
its own to another ephemeral port. Does not: direction of what was folded (`discovery/edges/`).
"""

from __future__ import annotations

import math

from flow_pipelines.discovery.readers.columns import Columns
from flow_pipelines.reference.network_services import network_services
from flow_pipelines.reference.record_types import normalise_header

OTHER_END = {
    "source_address": "destination_address",
    "source_name": "destination_name",
    "source_port": "destination_port",
}


def one_way_cells(columns: Columns, shift: int) -> tuple[list[str], str]:
    """Return the expression of each cell of a row, and the condition that makes the row an answer.

    The condition reads both ports against every known service, so it is to be computed once a row, as `is_answer`, to
    which the cells of the two ends refer: in each of them it took a third of the whole fold.

    Args:
        columns: The table's columns.
        shift: How many cells stand before the first column.
    """
    cells = [f"cells[{place}]" for place in range(1 + shift, len(columns.head.columns) + 1 + shift)]
    template = columns.detection.template
    ports = [columns.having(attribute) for attribute in ("source_port", "destination_port")]
    if not template or not template.is_one_way or not all(ports):
        return cells, "false"
    cell_of = dict(zip(columns.head.columns, cells, strict=True))
    turned = dict(cell_of)
    for source, destination in OTHER_END.items():
        for one, other in zip(_by_trust(columns, source), _by_trust(columns, destination), strict=False):
            turned[one] = f"CASE WHEN is_answer THEN {cell_of[other]} ELSE {cell_of[one]} END"
            turned[other] = f"CASE WHEN is_answer THEN {cell_of[one]} ELSE {cell_of[other]} END"
    return [turned[column] for column in columns.head.columns], _is_answer(*(cell_of[one[0]] for one in ports))


def _by_trust(columns: Columns, attribute: str) -> list[str]:
    template = columns.detection.template
    known = template.columns if template else {}

    def rank(column: str) -> float:
        # A header that the format does not have, known by an alias, comes after its own.
        own = known.get(normalise_header(column))
        return own.rank if own else math.inf

    return sorted(columns.having(attribute), key=rank)


def _is_answer(source_port: str, destination_port: str) -> str:
    """A known service answers an unknown port, or one in the ephemeral range; both unknown, a low port a high one.

    Some services listen in the ephemeral range (Db2 on 50001), but what connects to them has no known low port itself.
    """
    rules = network_services()
    known = ", ".join(f"'{port}'" for port in sorted(set(rules.services["port"])))
    first = rules.first_ephemeral_port
    low_to_high = (
        f"{source_port} NOT IN ({known}) AND try_cast({source_port} AS INTEGER) BETWEEN 1 AND {first - 1} "
        f"AND try_cast({destination_port} AS INTEGER) >= {first}"
    )
    from_service = (
        f"{source_port} IN ({known}) AND try_cast({source_port} AS INTEGER) < {first} "
        f"AND try_cast({destination_port} AS INTEGER) >= {first}"
    )
    is_answer = f"{destination_port} NOT IN ({known}) AND ({source_port} IN ({known}) OR ({low_to_high}))"
    return f"coalesce(({from_service}) OR ({is_answer}), false)"
