"""Functions that anybody who may read the tables may call.

Belongs here: their definitions, derived from the declared tables. Does not: who may call them (`access.py`).

None has rights of its own: each sees what its caller may see, and no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Table

from flow_pipelines.flows import FLOWS
from flow_pipelines.lineage import Link, links, place_columns, traceable
from flow_pipelines.tables import built_phases, output_tables
from resources.control_tables import PLATFORM, history_tables

VERSIONS_BEHIND = f"{PLATFORM}.versions_behind"
TRACE = f"{PLATFORM}.trace"
# A manifest can't lead further than there are tables; this only ends what could not have been written.
LONGEST_CHAIN = 100


@dataclass(frozen=True)
class SqlFunction:
    """A function of the schema `platform` that runs with its caller's rights.

    Attributes:
        signature: Qualified name with argument types, as DROP FUNCTION wants it.
        comment: What it returns.
        definition: Its CREATE FUNCTION statement.
    """

    signature: str
    comment: str
    definition: str


def functions() -> tuple[SqlFunction, ...]:
    """Return the functions, each after those that it calls."""
    return (_versions_behind(), _trace())


def _versions_behind() -> SqlFunction:
    pairs = ", ".join(f"('{one}', '{other}')" for one, other in _filled_together()) or "(NULL::text, NULL::text)"
    return SqlFunction(
        f"{VERSIONS_BEHIND}(uuid)",
        "Every snapshot that a snapshot rests on, itself included: what it was computed from, what that was computed "
        "from, and so on, and what was written beside each. Of a table that comes more than once, the version with "
        "the smallest distance is the one that the snapshot's rows speak of.",
        _function(
            f"{VERSIONS_BEHIND}(snapshot uuid)",
            "table_key text, snapshot_id uuid, rows_snapshot_id uuid, distance integer",
            f"""
WITH RECURSIVE together(table_key, other_key) AS (VALUES {pairs}),
behind(table_key, snapshot_id, distance) AS (
    SELECT s.table_key, s.snapshot_id, 0 FROM {PLATFORM}.snapshots s WHERE s.snapshot_id = versions_behind.snapshot
    UNION
    SELECT step.table_key, step.snapshot_id, b.distance + 1
    FROM behind b
    CROSS JOIN LATERAL (
        SELECT i.input_name AS table_key, i.input_snapshot_id AS snapshot_id
        FROM {PLATFORM}.snapshot_inputs i
        WHERE i.snapshot_id = b.snapshot_id AND i.input_snapshot_id IS NOT NULL
        UNION ALL
        SELECT beside.table_key, beside.snapshot_id
        FROM {PLATFORM}.snapshots mine
        JOIN together ON together.table_key = mine.table_key
        CROSS JOIN LATERAL (
            SELECT s.table_key, s.snapshot_id
            FROM {PLATFORM}.snapshots s
            WHERE s.engagement_id = mine.engagement_id AND s.table_key = together.other_key
                AND s.run_id = mine.run_id AND s.status = mine.status
            ORDER BY greatest(s.created_at - mine.created_at, mine.created_at - s.created_at)
            LIMIT 1
        ) beside
        WHERE mine.snapshot_id = b.snapshot_id
    ) step
    WHERE b.distance < {LONGEST_CHAIN}
)
SELECT s.table_key, s.snapshot_id, s.rows_snapshot_id, min(b.distance)
FROM behind b JOIN {PLATFORM}.snapshots s ON s.snapshot_id = b.snapshot_id
GROUP BY s.table_key, s.snapshot_id, s.rows_snapshot_id
""",  # noqa: S608  (declared names)
        ),
    )


def _filled_together() -> list[tuple[str, str]]:
    groups = [[f"{flow.name}/{name}" for name in phase.tables] for flow in FLOWS for phase in built_phases(flow)]
    return [(one, other) for group in groups for one in group for other in group if one != other]


def _trace() -> SqlFunction:
    return SqlFunction(
        f"{TRACE}(uuid)",
        "What a row rests on and what rests on it. self: the current rows that have the id; back: the rows they were "
        "decided from, as far as rows of files, in the versions that were read; forward: the current rows decided "
        "from them. via_table_key and via_entity_id name the row one step nearer to self.",
        _function(
            f"{TRACE}(entity uuid)",
            "direction text, depth integer, table_key text, entity_id uuid, label text, "
            "via_table_key text, via_entity_id uuid, snapshot_id uuid",
            _trace_query(),
        ),
    )


def _function(signature: str, columns: str, query: str) -> str:
    return (
        f"CREATE FUNCTION {signature} RETURNS TABLE ({columns}) "
        "LANGUAGE sql STABLE SECURITY INVOKER ROWS 50 SET search_path = pg_catalog SET jit = off "
        f"AS $query${query}$query$"
    )


def _trace_query() -> str:
    tables = output_tables()
    parts = [
        f"self AS MATERIALIZED ({' UNION ALL '.join(_self_rows(key) for key in traceable(tables))})",
        f"""now AS MATERIALIZED (
    SELECT table_key, snapshot_id, rows_snapshot_id FROM {PLATFORM}.current_snapshots
    WHERE engagement_id IN (SELECT engagement_id FROM self))""",  # noqa: S608  (declared names)
        f"""behind AS (
    SELECT snapshot_id FROM self
    UNION SELECT v.snapshot_id FROM self CROSS JOIN LATERAL {VERSIONS_BEHIND}(self.snapshot_id) v)""",  # noqa: S608
        f"""version AS MATERIALIZED (
    SELECT DISTINCT ON (behind.snapshot_id, v.table_key)
        behind.snapshot_id AS of_snapshot_id, v.table_key, v.snapshot_id, v.rows_snapshot_id
    FROM behind CROSS JOIN LATERAL {VERSIONS_BEHIND}(behind.snapshot_id) v
    ORDER BY behind.snapshot_id, v.table_key, v.distance, v.snapshot_id)""",  # noqa: S608
        *_walk("back"),
        *_walk("forward"),
    ]
    directions = " UNION ALL ".join(
        f"SELECT '{direction}', '{key}', {_name(direction, key)}.* FROM {_name(direction, key)}"  # noqa: S608
        for direction in ("back", "forward")
        for key in traceable(tables)
    )
    return f"""
WITH {", ".join(parts)},
found(direction, table_key, entity_id, label, snapshot_id, rows_snapshot_id, depth, via_table_key, via_entity_id)
    AS ({directions})
SELECT 'self', 0, self.table_key, self.entity_id, self.label, NULL::text, NULL::uuid, self.snapshot_id FROM self
UNION ALL
SELECT direction, depth, table_key, entity_id, label, via_table_key, via_entity_id, snapshot_id FROM found
WHERE depth > 0 AND NOT EXISTS (
    SELECT FROM self
    WHERE self.table_key = found.table_key AND self.entity_id = found.entity_id
        AND self.rows_snapshot_id = found.rows_snapshot_id)
"""  # noqa: S608  (declared names)


def _self_rows(key: str) -> str:
    history = history_tables()[key]
    return (
        f"SELECT '{key}' AS table_key, {_columns(key)}, c.snapshot_id, c.rows_snapshot_id, c.engagement_id "  # noqa: S608
        f"FROM {PLATFORM}.current_snapshots c JOIN {history.fullname} t ON t.snapshot_id = c.rows_snapshot_id "
        f"WHERE c.table_key = '{key}' AND t.{_key_of(key)} = trace.entity"
    )


def _walk(direction: str) -> Iterator[str]:
    """Yield one query per table: a pass along the tables' order, in which every step is taken for all rows at once."""
    keys = list(traceable(output_tables()))
    step = _step_back if direction == "back" else _step_forward
    known = links(output_tables())
    for key in reversed(keys) if direction == "back" else keys:
        start = (
            "SELECT entity_id, label, snapshot_id, rows_snapshot_id, 0 AS depth, "  # noqa: S608  (declared names)
            f"NULL::text AS via_table_key, NULL::uuid AS via_entity_id FROM self WHERE table_key = '{key}'"
        )
        steps = [step(link) for link in known if key == _arrival(direction, link)]
        yield (
            f"{_name(direction, key)} AS MATERIALIZED (SELECT DISTINCT ON (entity_id, rows_snapshot_id, "  # noqa: S608
            f"via_table_key, via_entity_id) * FROM ({' UNION ALL '.join([start, *steps])}) reached "
            "ORDER BY entity_id, rows_snapshot_id, via_table_key, via_entity_id, depth)"
        )


def _arrival(direction: str, link: Link) -> str:
    return link.source_key if direction == "back" else link.table_key


def _step_back(link: Link) -> str:
    origin, target = history_tables()[link.table_key], history_tables()[link.source_key]
    named = f"origin.{link.column}" if link.holds_list else f"ARRAY[origin.{link.column}]"
    return (
        f"SELECT {_columns(link.source_key)}, v.snapshot_id, v.rows_snapshot_id, "  # noqa: S608  (declared names)
        f"w.depth + 1, '{link.table_key}', w.entity_id "
        f"FROM ({_standing('back', link.table_key)}) w "
        f"JOIN version v ON v.of_snapshot_id = w.snapshot_id AND v.table_key = '{link.source_key}' "
        f"JOIN {origin.fullname} origin ON origin.snapshot_id = w.rows_snapshot_id "
        f"AND origin.{_key_of(link.table_key)} = w.entity_id "
        f"CROSS JOIN LATERAL unnest({named}) AS named(id) "
        f"JOIN {target.fullname} t ON t.snapshot_id = v.rows_snapshot_id AND t.{_key_of(link.source_key)} = named.id"
    )


def _step_forward(link: Link) -> str:
    target = history_tables()[link.table_key]
    rows = f"SELECT * FROM {target.fullname} r WHERE r.snapshot_id = now.rows_snapshot_id"  # noqa: S608
    if link.holds_list:
        # Lists can't be hashed, so the table is read once for all rows reached, and not at all if there are none.
        rows += f" AND r.{link.column} && reached.ids OFFSET 0"
    names = f"w.entity_id = ANY (t.{link.column})" if link.holds_list else f"t.{link.column} = w.entity_id"
    return (
        f"SELECT {_columns(link.table_key)}, now.snapshot_id, now.rows_snapshot_id, "  # noqa: S608  (declared names)
        f"w.depth + 1, '{link.source_key}', w.entity_id "
        f"FROM (SELECT array_agg(entity_id) AS ids FROM {_name('forward', link.source_key)} HAVING count(*) > 0) "
        "AS reached "
        f"JOIN now ON now.table_key = '{link.table_key}' "
        f"CROSS JOIN LATERAL ({rows}) t "
        f"JOIN ({_standing('forward', link.source_key)}) w ON {names}"
    )


def _standing(direction: str, key: str) -> str:
    """Return the query of the rows reached in a table, each once however many ways lead there."""
    return (
        f"SELECT entity_id, snapshot_id, rows_snapshot_id, min(depth) AS depth FROM {_name(direction, key)} "  # noqa: S608
        "GROUP BY entity_id, snapshot_id, rows_snapshot_id"
    )


def _columns(key: str) -> str:
    return f"t.{_key_of(key)} AS entity_id, {label_expression(output_tables()[key], 't')} AS label"


def label_expression(table: Table, alias: str) -> str:
    """Return the SQL of what a person calls a row: its label and, if it tells them, its file, sheet and row."""
    columns = dict.fromkeys((table.info["label"], *place_columns(table)))
    words = [f"'row ' || {alias}.{name}" if name == "row_number" else f"{alias}.{name}::text" for name in columns]
    return f"concat_ws(', ', {', '.join(words)})"


def _key_of(key: str) -> str:
    (column,) = output_tables()[key].info["key"]
    return str(column)


def _name(direction: str, key: str) -> str:
    return f"{direction}_{key.replace('/', '_')}"
