"""People from a sheet: who does which role, what they know, when they are away.

Belongs here: from the rows of a file to `schedule.people` of the settings. Does not: reading files (`row_files.py`),
keeping settings (`resources/tenancy.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from flow_pipelines.discovery.cleansing.dates import month_is_first, timestamp
from flow_pipelines.errors import InputError
from flow_pipelines.reference.documents import read_yaml
from flow_pipelines.reference.vocabularies import fold
from flow_pipelines.row_files import FileRow
from flow_pipelines.settings_schedule import Person

COLUMNS = Path(__file__).parents[1] / "reference" / "people_columns.yaml"
BETWEEN_SKILLS = re.compile(r"[;,|\n]")
HEADINGS = {"begin": "absent from", "end": "absent until"}
COLUMN_OF = {"absences": "absent from"}
NO_HEADER = "no_header"


@cache
def column_names() -> Mapping[str, str]:
    """Return which column each folded header is."""
    listed = read_yaml(COLUMNS.read_text(encoding="utf-8"))["columns"]
    return {fold(header): column for column, headers in listed.items() for header in headers}


def is_people_header(header: str) -> bool:
    """Tell whether a header is one of a sheet of people."""
    return fold(header) in column_names()


def people_of_rows(rows: Iterable[FileRow], *, date_order: str) -> tuple[Person, ...]:
    """Return the people of a sheet: one row each, and one more for each further absence.

    Args:
        rows: As they were read. Those of sheets that name nobody, and without any of the columns, are passed over.
        date_order: How dates are read where the sheet itself doesn't tell: `day first` or `month first`.

    Raises:
        InputError: A row can't be understood, or nobody is named; each problem is listed with file, sheet, row, column.
    """
    read = list(rows)
    filled = [(row, told) for row in read if any((told := _told(row)).values()) and not row.problem]
    days = [told[column] for _, told in filled for column in HEADINGS if told.get(column)]
    month_first = month_is_first(days, date_order)
    found: dict[str, Person] = {}
    problems = [row.problem.words.rstrip(".") for row in read if row.problem and row.problem.code != NO_HEADER]
    for row, told in filled:
        person = _person(told, month_first=month_first)
        before = found.get(told.get("name", "").casefold())
        wrong = person if isinstance(person, str) else _clash(before, person)
        if isinstance(person, str) or wrong:
            problems.append(f"{row.place}: {wrong}")
        else:
            found[person.name.casefold()] = _together(before, person)
    if not found and not problems:
        problems.append("nobody is named; it needs the columns name and role")
    if problems:
        raise InputError(f"The sheet of people can't be used: {'; '.join(problems)}.", remedy="Correct these rows.")
    return tuple(found.values())


def _told(row: FileRow) -> dict[str, str]:
    return {column_names()[fold(name)]: cell.strip() for name, cell in row.cells.items() if is_people_header(name)}


def _person(told: Mapping[str, str], *, month_first: bool) -> Person | str:
    """Return the person of a row, or what is wrong with it."""
    wrong = [f"column {column} is empty" for column in ("name", "role") if not told.get(column)]
    days = {column: _day(told[column], month_first=month_first) for column in HEADINGS if told.get(column)}
    wrong += [f"column {HEADINGS[name]}: {told[name]!r} is no date" for name, day in days.items() if day is None]
    if len(days) == 1:
        wrong.append("an absence needs both its first and its last day")
    if wrong:
        return ", ".join(wrong)
    skills = [name for part in BETWEEN_SKILLS.split(told.get("skills", "")) if (name := part.strip())]
    values = {"name": told["name"], "role": told["role"].casefold(), "skills": skills}
    try:
        return Person.model_validate({**values, "absences": [days] if days else []})
    except ValidationError as error:
        return ", ".join(
            f"column {COLUMN_OF.get(str(one['loc'][0]), one['loc'][0])}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        )


def _clash(before: Person | None, person: Person) -> str | None:
    """Say what speaks against a further row of a person."""
    if before and before.role != person.role:
        return f"{person.name} is {person.role} here and {before.role} above"
    if before and not person.absences:
        return f"{person.name} is there already; a further row of a person tells a further absence"
    return None


def _together(before: Person | None, person: Person) -> Person:
    if before is None:
        return person
    skills = tuple(sorted({*before.skills, *person.skills}))
    return person.model_copy(update={"skills": skills, "absences": (*before.absences, *person.absences)})


def _day(cell: str, *, month_first: bool) -> date | None:
    read = timestamp(cell, month_first=month_first).value
    return read.date() if isinstance(read, datetime) else None
