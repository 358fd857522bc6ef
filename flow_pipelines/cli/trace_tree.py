"""A trace drawn as trees: the row, what it rests on with the decisions on the way, and what was decided from it.

Belongs here: what is shown of a trace, and how much of it. Does not: finding it (`resources/tracing.py`).

Whatever files hold ends up here. It is put out as plain text, never as markup, without signs that steer a terminal.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text
from rich.tree import Tree

from flow_pipelines.advice.wording import advice_in_words
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.advice import ADVICE_COLUMNS
from resources.trace_decisions import AppliedEdit, Cell, Decisions, LostValue
from resources.tracing import RowVersion, Step

# Beyond this an estate's hub would scroll the interesting lines away.
SHOWN = 15
WIDEST_VALUE = 80
# Columns in which a phase says why it decided as it did.
REASONS = ("reason", "resolution_reason", "rule", "fact")


def trace_trees(steps: Sequence[Step], decisions: Decisions) -> Iterator[Tree]:
    """Yield one tree for each table's row with the id that was traced.

    Args:
        steps: The trace.
        decisions: What was decided about its rows.
    """
    nearer: dict[tuple[str, str | None, object], list[Step]] = defaultdict(list)
    for step in steps:
        nearer[step.direction, step.via_table_key, step.via_entity_id].append(step)
    for start in (step for step in steps if step.direction == "self"):
        tree = Tree(_title(start, decisions.rows))
        tree.add(_row_in_words(decisions.rows[start.row]))
        _add_decisions(tree, start, decisions)
        backward = nearer["back", start.table_key, start.entity_id]
        if backward:
            _add_rows(tree.add(_heading("rests on", len(backward))), backward, nearer, decisions)
        forward = nearer["forward", start.table_key, start.entity_id]
        if forward:
            _add_rows(tree.add(_heading("decided from it", len(forward))), forward, nearer, decisions)
        yield tree


def _row_in_words(row: Mapping[str, Any]) -> Text:
    left_out = {*REASONS, *ADVICE_COLUMNS}
    cells = [Text.assemble((f"{name} ", "dim"), plain(value)) for name, value in row.items() if name not in left_out]
    return Text(" · ", style="dim").join(cells)


def _add_rows(
    branch: Tree,
    rows: Sequence[Step],
    nearer: Mapping[tuple[str, str | None, object], Sequence[Step]],
    decisions: Decisions,
) -> None:
    by_table: dict[str, list[Step]] = defaultdict(list)
    for step in rows:
        by_table[step.table_key].append(step)
    for found in by_table.values():
        for step in found[:SHOWN]:
            node = branch.add(_title(step, decisions.rows))
            _add_decisions(node, step, decisions)
            _add_rows(node, nearer.get((step.direction, step.table_key, step.entity_id), ()), nearer, decisions)
        _add_rest(branch, len(found), f" in {found[0].table_key}")


def _add_decisions(node: Tree, step: Step, decisions: Decisions) -> None:
    row = decisions.rows.get(step.row, {})
    for name in REASONS:
        if name in row:
            node.add(Text(f"{name.replace('_', ' ')}: {plain(row[name], 2 * WIDEST_VALUE)}", style="italic"))
    if told := advice_in_words(row):
        node.add(Text(f"advice: {plain(told, 3 * WIDEST_VALUE)}", style="italic magenta"))
    # What a rule changed is looked for first, and what nothing was made of last.
    cells = sorted(decisions.cells.get(step.row, ()), key=lambda cell: (cell.attribute is None, cell.rule is None))
    _add_lines(node, "cells", [_cell_line(cell) for cell in cells])
    _add_lines(node, "values that lost", [_lost_line(lost) for lost in decisions.lost_values.get(step.row, ())])
    _add_lines(node, "edits", [_edit_line(edit) for edit in decisions.edits.get(step.row, ())])


def _add_lines(node: Tree, heading: str, lines: Sequence[Text]) -> None:
    if not lines:
        return
    branch = node.add(_heading(heading, len(lines)))
    for line in lines[:SHOWN]:
        branch.add(line)
    _add_rest(branch, len(lines), "")


def _add_rest(branch: Tree, count: int, where: str) -> None:
    if count > SHOWN:
        branch.add(Text(f"and {count - SHOWN:,} more{where}: --json has all", style="dim"))


def _heading(words: str, count: int) -> Text:
    return Text.assemble((words, "bold"), f" ({count:,})")


def _title(step: Step, rows: Mapping[RowVersion, Mapping[str, Any]]) -> Text:
    table = output_tables()[step.table_key]
    info, row = table.info, rows.get(step.row, {})
    # What has more than one name, such as a dependency with its two ends, is called by all of them.
    names = [column.name for column in table.columns if column.name.endswith("_name") and not column.nullable]
    others = [row[name] for name in names if name in row and name != info["label"]]
    kind = row.get(info["subtype"] or "")
    return Text.assemble(
        (f"{info['entity']} ", "cyan"),
        (" → ".join(map(plain, [step.label, *dict.fromkeys(others)])), "bold"),
        f" ({plain(kind)})" if kind is not None and plain(kind) != step.label else "",
        (f"  {step.table_key} {step.entity_id}", "dim"),
    )


def _cell_line(cell: Cell) -> Text:
    before = f"{plain(cell.source_column)} = {plain(cell.raw_value)}" if cell.source_column else "derived"
    advised = f"; advice: {plain(cell.mapping_advice, 2 * WIDEST_VALUE)}" if cell.mapping_advice else ""
    if cell.attribute is None:
        return Text(f"{before}: not mapped, kept as it is{advised}", style="dim")
    if cell.mapping_status not in {"applied", None}:
        words = f"{cell.mapping_status} as {cell.attribute} ({cell.mapping_confidence:.2f}), not applied"
        return Text(f"{before}: {words}{advised}", style="dim")
    mapping = f"  [{cell.mapping_method} {cell.mapping_confidence:.2f}]" if cell.mapping_method else ""
    return Text.assemble(
        f"{before} → {cell.attribute} = {plain(cell.value)}",
        (mapping, "dim"),
        (f"  rule {plain(cell.rule)}" if cell.rule else "", "dim"),
    )


def _lost_line(lost: LostValue) -> Text:
    return Text.assemble(
        f"{lost.attribute}: {plain(lost.losing_value)}, kept {plain(lost.kept_value)}",
        (f"  {plain(lost.rule)}", "dim"),
        (f"  record {lost.losing_record_id}", "dim"),
    )


def _edit_line(edit: AppliedEdit) -> Text:
    return Text.assemble(
        f"{edit.kind} {edit.column}: {plain(edit.old_value)} → {plain(edit.new_value)}, {edit.outcome}, "
        f"by {plain(edit.actor)} on {edit.made_at:%Y-%m-%d %H:%M}",
        (f"  {plain(edit.reason, 2 * WIDEST_VALUE)}", "italic"),
    )


def plain(value: object, widest: int = WIDEST_VALUE) -> str:
    """Return a value in one line of at most so many signs, none of which steers a terminal."""
    if value is None:
        return "empty"
    words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    printable = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())
    return printable if len(printable) <= widest else printable[: widest - 1] + "…"
