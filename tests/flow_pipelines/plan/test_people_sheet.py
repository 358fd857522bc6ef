"""A sheet of people becomes settings, whatever its language and kind, or tells all that is wrong with it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from flow_pipelines.errors import InputError
from flow_pipelines.plan.people_sheet import is_people_header, people_of_rows
from flow_pipelines.row_files import read_rows
from flow_pipelines.settings_schedule import Person, Span


def read(path: Path) -> tuple[Person, ...]:
    return people_of_rows(read_rows(path, path.name, is_people_header), date_order="day first")


def test_a_german_export_with_an_absence_in_each_row_is_read(tmp_path: Path) -> None:
    file = tmp_path / "team.csv"
    file.write_bytes(
        "Mitarbeiter;Rolle;Kenntnisse;Abwesend von;Abwesend bis;Büro\n"
        "Jörg Müller;Tester;Windows, Oracle;01.07.2026;14.07.2026;Zürich\n"
        "Jörg Müller;tester;;21.12.2026;04.01.2027;\n"
        "Ann;architect;;;;Bern\n".encode("cp1252")
    )
    jorg, ann = read(file)
    assert (jorg.name, jorg.role, jorg.skills) == ("Jörg Müller", "tester", ("oracle", "windows"))
    assert jorg.absences == (
        Span(begin=date(2026, 7, 1), end=date(2026, 7, 14)),
        Span(begin=date(2026, 12, 21), end=date(2027, 1, 4)),
    )
    assert (ann.role, ann.skills, ann.absences) == ("architect", (), ())


def test_a_workbook_with_dates_is_read(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "team.xlsx", {"default_date_format": "dd/mm/yy"}) as book:
        sheet = book.add_worksheet("people")
        sheet.write_row(0, 0, ["Name", "Role", "Skills", "Absent from", "Absent until"])
        sheet.write_row(1, 0, ["Ann", "migration engineer", "linux; sql server"])
        sheet.write_datetime(1, 3, date(2026, 7, 1))
        sheet.write_datetime(1, 4, date(2026, 7, 2))
    (ann,) = read(tmp_path / "team.xlsx")
    assert ann.skills == ("linux", "sql server")
    assert ann.absences == (Span(begin=date(2026, 7, 1), end=date(2026, 7, 2)),)


def test_all_that_is_wrong_is_told_with_file_row_and_column(tmp_path: Path) -> None:
    file = tmp_path / "team.csv"
    file.write_text(
        "name,role,skills,absent from,absent until\n"
        "Ann,tester,cobol,,\n"
        ",tester,,,\n"
        "Bob,chef,,,\n"
        "Cid,tester,,soon,2026-07-02\n"
        "Dan,tester,,2026-07-02,\n"
        "Eve,tester,,2026-07-02,2026-07-01\n"
        "Fay,tester,,,\n"
        "fay,architect,,,\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError) as told:
        read(file)
    for words in (
        "team.csv, row 2: column skills: no task takes the skill 'cobol'",
        "team.csv, row 3: column name is empty",
        "team.csv, row 4: column role: no task is done by the role 'chef'",
        "team.csv, row 5: column absent from: 'soon' is no date",
        "team.csv, row 6: an absence needs both its first and its last day",
        "team.csv, row 7: column absent from: an absence ends on 2026-07-01, before it begins",
        "team.csv, row 9: fay is architect here and tester above",
    ):
        assert words in str(told.value)


def test_a_file_without_people_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "servers.csv"
    file.write_text("hostname,cpus\nweb01,4\n", encoding="utf-8")
    with pytest.raises(InputError, match="can't be used"):
        read(file)


def test_a_sheet_that_writes_months_first_is_read_so_and_a_skill_may_hold_a_slash(tmp_path: Path) -> None:
    file = tmp_path / "team.csv"
    file.write_text(
        "name,role,skills,absent from,absent until\nAnn,tester,z/os; linux,08/03/2026,08/28/2026\n", "utf-8"
    )
    (ann,) = read(file)
    assert ann.skills == ("linux", "z/os")
    assert ann.absences == (Span(begin=date(2026, 8, 3), end=date(2026, 8, 28)),)


def test_a_sheet_of_notes_is_passed_over_and_two_people_of_one_name_are_not_one(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "team.xlsx") as book:
        book.add_worksheet("notes").write_row(0, 0, ["Please ask Ann before you change anything."])
        sheet = book.add_worksheet("people")
        for number, row in enumerate((["Name", "Role"], ["Ann", "tester"], ["Ann", "tester"])):
            sheet.write_row(number, 0, row)
    with pytest.raises(InputError, match="sheet people, row 3: Ann is there already"):
        read(tmp_path / "team.xlsx")
