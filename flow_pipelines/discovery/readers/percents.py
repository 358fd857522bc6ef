"""Percents: which cells of a workbook are shown as shares, such as 100 % for the number 1.

Belongs here: number formats of XLSX and XLSM files, which calamine does not tell. Does not: reading cells
(`workbook.py`).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, iterparse

from flow_pipelines.discovery.readers.archives import BROKEN
from flow_pipelines.discovery.readers.workbook import column_number

WORKBOOK, STYLES = "xl/workbook.xml", "xl/styles.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
# The formats 0% and 0.00%, which no file describes.
BUILT_IN = {"9", "10"}
# Text in a format that is shown as it stands: in quotes, in brackets, or after a backslash.
LITERAL = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
ADDRESS = re.compile(r"([A-Z]{1,3})(\d{1,7})")
Place = tuple[int, int]


def percent_cells(path: Path, sheet: str) -> frozenset[Place] | None:
    """Return which cells of a worksheet are shown as percents, by row and column from 1.

    Returns:
        None if the kind of the file does not tell: XLS, XLSB, ODS.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if WORKBOOK not in archive.namelist():
                return None
            styles = _percent_styles(archive)
            part = _part_of(archive, sheet) if styles else None
            return frozenset(_cells(archive, part, styles)) if part else frozenset()
    except (*BROKEN, ParseError, LookupError):
        # An encoding that expat does not know is a LookupError; what lacks in the archive is one as well.
        return None


def _elements(archive: zipfile.ZipFile, part: str) -> Iterator[Element]:
    with archive.open(part) as content:
        for _, element in iterparse(content):  # noqa: S314  (expat bounds how much entities may expand)
            yield element


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _percent_styles(archive: zipfile.ZipFile) -> frozenset[str]:
    """Return the numbers of the cell styles that show a number as a share."""
    if STYLES not in archive.namelist():
        return frozenset()
    formats, styles = set(BUILT_IN), list[str]()
    for element in _elements(archive, STYLES):
        # Conditional formats have number formats too, by the same numbers.
        if _name(element) == "numFmts":
            shares = (one for one in element if "%" in LITERAL.sub("", one.get("formatCode", "")))
            formats.update(one.get("numFmtId", "") for one in shares)
        elif _name(element) == "cellXfs":
            styles = [style.get("numFmtId", "") for style in element]
    return frozenset(str(number) for number, own in enumerate(styles) if own in formats)


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    sheets = {one.get("name"): one.get(RELATION) for one in _elements(archive, WORKBOOK) if _name(one) == "sheet"}
    relation = sheets.get(sheet)
    target = next((one.get("Target", "") for one in _elements(archive, RELATIONS) if one.get("Id") == relation), "")
    part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return part if part in archive.namelist() else None


def _cells(archive: zipfile.ZipFile, part: str, styles: frozenset[str]) -> Iterator[Place]:
    """Yield the cells that hold a number in one of some styles; of those without a value files may have millions."""
    row = column = 0
    with archive.open(part) as content:
        for event, element in iterparse(content, events=("start", "end")):  # noqa: S314  (see above)
            name = _name(element)
            if event == "start" and name == "row":
                row, column = int(element.get("r", row + 1)), 0
            elif event == "start" and name == "c":
                place = ADDRESS.fullmatch(element.get("r", ""))
                column = column_number(place[1].encode()) if place else column + 1
            elif event == "end" and name == "c":
                is_number = element.get("t", "n") == "n" and any(_name(one) == "v" for one in element)
                if is_number and element.get("s") in styles:
                    yield row, column
            elif event == "end" and name == "row":
                element.clear()
