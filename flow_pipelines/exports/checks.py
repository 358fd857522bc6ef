"""What a tool would refuse of an export, found before it is written.

Belongs here: holding rows to the rules of `reference/export_formats.yaml`, all of them at once. Does not: the rules.
"""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from flow_pipelines.exports.draft import Draft, DraftRow
from flow_pipelines.reference.export_formats import ColumnRule, ExportFormat
from flow_pipelines.scope import Scope

FIRST_ROW = 2  # below the header
SEPARATORS = re.compile(r"[,;|]")
LONGEST_QUOTE = 60


@dataclass(frozen=True)
class ExportProblem:
    """A value that the tool refuses.

    Attributes:
        row: Its row in the file, of which the header is row 1.
        name: What the row is about.
        column: Its column.
        reason: Why the tool refuses it.
        remedy: What to do about it.
    """

    row: int
    name: str
    column: str
    reason: str
    remedy: str


def export_problems(draft: Draft, layout: ExportFormat, *, scope: Scope) -> list[ExportProblem]:
    """Return all that the tool would refuse, by row and column."""
    problems = [
        ExportProblem(row, told.name, column, reason, _remedy(rule, told.name, scope))
        for row, told in enumerate(draft.rows, start=FIRST_ROW)
        for column, rule in layout.rules.items()
        for value in _values(told, column)
        for reason in _reasons(value, rule)
    ]
    problems += _repeated(draft, layout, scope)
    if layout.most_rows and len(draft.rows) > layout.most_rows:
        reason = f"{layout.title} takes {layout.most_rows:,} rows at once; there are {len(draft.rows):,}"
        problems.append(ExportProblem(1, "all rows", "", reason, "Export wave by wave: --wave N"))
    return sorted(problems, key=lambda problem: (problem.row, problem.column))


def split_names(draft: Draft, layout: ExportFormat) -> list[str]:
    """Return a notice for each name that would be read as several."""
    found = {
        f"{column}: {value!r} holds a separator and is read as several names by what takes the column as a list."
        for column, rule in layout.rules.items()
        if rule.one_name
        for told in draft.rows
        for value in _values(told, column)
        if SEPARATORS.search(value)
    }
    return sorted(found)


def _values(told: DraftRow, column: str) -> tuple[str, ...]:
    cells = told.cells.get(column, "")
    return cells if isinstance(cells, tuple) else (cells,)


def _reasons(value: str, rule: ColumnRule) -> Iterator[str]:
    if not value:
        if rule.required:
            yield "it is empty, and the tool requires it"
        return
    if rule.values and value not in rule.values:
        yield f"{_quoted(value)} is none of {', '.join(rule.values)}"
    if rule.matches and not re.fullmatch(rule.matches, value):
        yield f"{_quoted(value)} is not of the form {rule.matches}"
    if rule.longest and len(value) > rule.longest:
        yield f"{_quoted(value)} has {len(value):,} characters; the tool takes {rule.longest:,}"


def _repeated(draft: Draft, layout: ExportFormat, scope: Scope) -> list[ExportProblem]:
    problems = []
    for column, rule in layout.rules.items():
        rows: dict[str, list[int]] = defaultdict(list)
        for row, told in enumerate(draft.rows, start=FIRST_ROW):
            is_among = all(told.cells.get(name, "") == value for name, value in rule.unique_among.items())
            if not is_among or not (rule.unique or rule.unique_among):
                continue
            for value in filter(None, _values(told, column)):
                rows[value.casefold()].append(row)
        problems += [
            ExportProblem(
                row,
                draft.rows[row - FIRST_ROW].name,
                column,
                f"row {same[0]} has the same value, and the tool takes both for one",
                _remedy(rule, draft.rows[row - FIRST_ROW].name, scope),
            )
            for same in rows.values()
            for row in same[1:]
        ]
    return problems


def _remedy(rule: ColumnRule, name: str, scope: Scope) -> str:
    # Not str.format: a name may hold braces.
    return " ".join(rule.remedy.split()).replace("{scope}", str(scope)).replace("{name}", shlex.quote(name))


def _quoted(value: str) -> str:
    return repr(value if len(value) <= LONGEST_QUOTE else f"{value[:LONGEST_QUOTE]}...")
