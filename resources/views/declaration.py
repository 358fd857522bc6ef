"""What the views are made of: a view's declaration, and the flows' declaration as SQL.

Belongs here: literals, ids and the lists of flows, phases and tables that the queries join. Does not: any query.

The lists are written into each view, so that a new flow is in all of them once it is declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flow_pipelines.flows import FLOWS, HANDOFF_PHASE, Flow
from flow_pipelines.tables import built_phases, output_tables

SCOPE_COLUMNS: Mapping[str, str] = {
    "client_account_id": "The client account that the row belongs to.",
    "engagement_id": "The engagement that the row belongs to.",
}


@dataclass(frozen=True)
class ControlView:
    """A view of the schema `platform`.

    Attributes:
        name: Qualified name.
        comment: What one row is.
        columns: Every column in order, with its meaning.
        query: Its query, which reads under its reader's row security.
    """

    name: str
    comment: str
    columns: Mapping[str, str]
    query: str


@dataclass(frozen=True)
class Stage:
    """One step of a flow as it is tracked: a built phase, or the hand-off that stands before the first.

    Attributes:
        flow: The flow.
        name: Name of the phase; `handoff` for the hand-off.
        title: What a person calls it.
        order: Its place in the flow; 0 for the hand-off.
        tables: Keys of the tables that it fills.
    """

    flow: Flow
    name: str
    title: str
    order: int
    tables: tuple[str, ...]

    @property
    def kind(self) -> str:
        """What it makes: the entity of its first table."""
        return str(output_tables()[self.tables[0]].info["entity"])


def built_flows() -> list[Flow]:
    """Return the flows of which at least one phase is built."""
    return [flow for flow in FLOWS if built_phases(flow)]


def stages(flow: Flow) -> list[Stage]:
    """Return the hand-off into a flow, if it has one, and its built phases, in order."""
    handoff = [Stage(flow, HANDOFF_PHASE, "Hand-off", 0, (flow.handoff,))] if flow.handoff else []
    phases = [
        Stage(flow, phase.name, phase.title, order, tuple(f"{flow.name}/{table}" for table in phase.tables))
        for order, phase in enumerate(built_phases(flow), start=1)
    ]
    return [*handoff, *phases]


def upstream(flow: Flow) -> list[Flow]:
    """Return the flows that a flow starts from, directly or not, nearest first."""
    found: list[Flow] = []
    followed = flow.follows
    while followed is not None:
        found.append(next(other for other in FLOWS if other.name == followed))
        followed = found[-1].follows
    return found


def literal(value: str | float | Sequence[str] | None) -> str:
    """Return a value of the declaration as an SQL literal; several texts as an array."""
    if value is None:
        return "NULL::text"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, int | float):
        return str(value)
    return f"ARRAY[{', '.join(map(literal, value))}]::text[]"


def listed(name: str, columns: Sequence[str], rows: Iterable[Sequence[str | float | Sequence[str] | None]]) -> str:
    """Return a list of constant rows as an item of a FROM clause."""
    lines = ",\n".join(f"({', '.join(map(literal, row))})" for row in rows)
    return f"(VALUES {lines}) AS {name} ({', '.join(columns)})"


def identifier(namespace: str, *parts: str) -> str:
    r"""Return the SQL of a deterministic id: the UUID of version 3 of a name in a namespace.

    The uuid5 of `Scope.id_of` needs SHA-1, which PostgreSQL has in an extension only; MD5 is built in. In Python it
    is `uuid.uuid3(namespace, "\x1f".join(parts))`.

    Args:
        namespace: SQL of the id that it is unique within.
        parts: SQL of the texts that the name is made of.
    """
    name = " || chr(31) || ".join(parts)
    digest = f"md5(uuid_send({namespace}) || convert_to({name}, 'UTF8'))"
    variant = f"translate(substr({digest}, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab')"
    return f"overlay(overlay({digest} placing '3' from 13) placing {variant} from 17)::uuid"


def flow_id(engagement: str, flow: str) -> str:
    """Return the SQL of a flow's id in an engagement; both arguments are SQL."""
    return identifier(engagement, "'flow'", flow)


def phase_id(engagement: str, flow: str, phase: str) -> str:
    """Return the SQL of a phase's id in an engagement; all arguments are SQL."""
    return identifier(engagement, "'phase'", flow, phase)
