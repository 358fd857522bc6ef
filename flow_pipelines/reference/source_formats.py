"""Known source formats: what their sheets and columns are called and what they hold.

Belongs here: loading and looking up `source_formats.yaml`, and telling from its headers which format a sheet is.
Does not: aliases of columns in unknown formats (`aliases.py`) and reading files (`discovery/readers/`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from flow_pipelines.reference.aliases import attribute_of_header
from flow_pipelines.reference.record_types import SAMPLED, format_document, normalise_header, record_type_of_headers

THRESHOLD = 0.7
DECISIVE = 2.0
SHEET_NAME_FIT = 2.0
FILE_NAME_FIT = 0.5
# A sheet of a known format whose rows are mostly of another kind than any of the format's sheets describes.
LEAST_SHARE_KNOWN = 0.5
# The attribute of a sample's column to the statistics made of it, each as it is added to the header.
STATISTICS = {"_average": "average", "_peak": "peak", "_percentile_95": "95th percentile"}
STATISTICS_OF_AVAILABLE = {"_average": "average", "_lowest": "lowest", "_percentile_5": "5th percentile"}
NUMBERED = re.compile(r"(.*)\{(\d+)-(\d+)\}(.*)")


@dataclass(frozen=True)
class TemplateColumn:
    """One column of a known sheet.

    Attributes:
        attribute: The canonical attribute it holds; None for a known column that no attribute fits.
        unit: Unit of its values as the source writes them.
        rank: Order of trust where several columns of one sheet hold the same attribute; 1 is trusted first.
    """

    attribute: str | None
    unit: str | None = None
    rank: int = 1


@dataclass(frozen=True)
class LeftOut:
    """A kind of rows that tell nothing of what the sheet is for: each header named holds one of its words."""

    reason: str
    where: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class SheetTemplate:
    """One kind of sheet of a known format.

    Attributes:
        source_format: Name of the format, such as `rvtools`.
        sheet: Name of the worksheet in the format's workbooks, if it has workbooks.
        record_type: What its rows describe; empty for a sheet that nothing here rests on.
        columns: Normalised header to column.
        distinctive: Normalised headers that are evidence for the format.
        decisive: Those among them that by themselves prove it.
        together: Headers that prove it if all of them are there; empty if there are no such.
        file_names: Names that the source gives to its files; they only break ties.
        placeholders: Cells that the format writes where it has no value.
        complete_rows: Whether every row has all its cells, so that a short row is a broken one.
        left_out: Rows that are left out, and why; headers normalised, words in upper case.
        is_one_way: Whether each row is one direction of a conversation, so that half of them are answers.
        describes_virtual_machines: Whether everything that it lists is a virtual machine.
        classes: What a value of its class column says that the row describes; for all others the class rules count.
        least_cells: By what a row describes, the number of cells below which it is broken.
        positions: Its headers in order, where the format goes by position and not by the header's words.
        values_at: By position from 1, what all cells of a column match; proof of a format that goes by position.
    """

    source_format: str
    sheet: str | None
    record_type: str
    columns: Mapping[str, TemplateColumn]
    distinctive: frozenset[str]
    decisive: frozenset[str] = frozenset()
    together: frozenset[str] = frozenset()
    file_names: tuple[str, ...] = ()
    placeholders: frozenset[str] = frozenset()
    complete_rows: bool = False
    left_out: tuple[LeftOut, ...] = ()
    is_one_way: bool = False
    describes_virtual_machines: bool = False
    classes: Mapping[str, str] = field(default_factory=dict)
    least_cells: Mapping[str, int] = field(default_factory=dict)
    positions: tuple[str, ...] = ()
    values_at: Mapping[int, re.Pattern[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Detection:
    """What a sheet was recognised as.

    Attributes:
        source_format: A known format, or `generic`.
        template: The known sheet; None if generic.
        record_type: What its rows describe; None if its headers don't tell or nothing here rests on it.
        confidence: Probability that this is right.
    """

    source_format: str
    template: SheetTemplate | None
    record_type: str | None
    confidence: float

    @property
    def is_unused(self) -> bool:
        """Whether it is a known sheet that nothing here rests on."""
        return self.template is not None and not self.template.record_type


@cache
def source_formats() -> tuple[SheetTemplate, ...]:
    """Return the templates of all sheets that are imported, in the order of the file."""
    return tuple(template for template in _templates() if template.record_type)


@cache
def _templates() -> tuple[SheetTemplate, ...]:
    return tuple(
        _template(source_format, template)
        for source_format in format_document()["formats"]
        for template in [*source_format["templates"], *source_format.get("unused_sheets", ())]
    )


def _template(source_format: dict[str, Any], template: dict[str, Any]) -> SheetTemplate:
    shared: dict[str, list[dict[str, Any]]] = format_document()["shared"]
    entries = [entry for group in template.get("shared", ()) for entry in shared[group]]
    columns = _columns([{"headers": template["distinctive"]}, *entries, *template.get("columns", ())])
    own = {normalise_header(header) for header in _numbered(template["distinctive"])}
    of_format = {normalise_header(header) for header in source_format.get("distinctive", ())}
    return SheetTemplate(
        source_format=source_format["source_format"],
        sheet=template.get("sheet"),
        record_type=template.get("record_type", ""),
        columns=_with_statistics(columns) if template.get("record_type") == "server_performance" else columns,
        distinctive=frozenset(own | (of_format & set(columns))),
        decisive=frozenset(map(normalise_header, source_format["decisive"])) & set(columns),
        together=frozenset(map(normalise_header, template.get("together", ()))),
        file_names=tuple(template.get("file_names", [template["sheet"]] if "sheet" in template else ())),
        placeholders=frozenset(source_format.get("placeholders", ())),
        complete_rows=template.get("complete_rows", source_format["complete_rows"]),
        left_out=tuple(map(_left_out, template.get("left_out", ()))),
        is_one_way=template.get("one_way", False),
        describes_virtual_machines=template.get("describes_virtual_machines", False),
        classes={str(value): record_type for value, record_type in template.get("classes", {}).items()},
        least_cells=template.get("least_cells", {}),
        positions=tuple(_numbered(template.get("positions", ()))),
        values_at={
            position: re.compile(pattern, re.IGNORECASE) for position, pattern in template.get("values_at", {}).items()
        },
    )


def _left_out(rule: dict[str, Any]) -> LeftOut:
    where = {normalise_header(header): frozenset(map(str.upper, words)) for header, words in rule["where"].items()}
    return LeftOut(rule["reason"], where)


def _columns(entries: Iterable[dict[str, Any]]) -> dict[str, TemplateColumn]:
    return {
        normalise_header(header): TemplateColumn(entry.get("attribute"), entry.get("unit"), entry.get("rank", 1))
        for entry in entries
        for header in _numbered(entry["headers"])
    }


def _numbered(headers: Iterable[str]) -> Iterator[str]:
    """Write out headers that stand for several: `Disk {1-20} size`, and in turns `Tag Category |Tag {1-20}`."""
    for header in headers:
        found = NUMBERED.fullmatch(header)
        if found is None:
            yield header
            continue
        before, first, last, after = found.groups()
        for number in range(int(first), int(last) + 1):
            yield from (f"{name}{number}{after}" for name in before.split("|"))


def _with_statistics(columns: Mapping[str, TemplateColumn]) -> dict[str, TemplateColumn]:
    """Add the columns that samples are folded to: `CPU % (peak)` beside `CPU %`."""
    return {
        **columns,
        **{
            normalise_header(f"{header} ({word})"): replace(column, attribute=attribute)
            for header, column in columns.items()
            for attribute, word in statistics_of(column.attribute).items()
        },
    }


def statistics_of(attribute: str | None) -> dict[str, str]:
    """Return what samples of an attribute are folded to: attribute to the word that is added to the header.

    Args:
        attribute: The attribute that a sample's column is mapped to; nothing is folded if it measures nothing.
    """
    if attribute not in SAMPLED:
        return {}
    endings = STATISTICS_OF_AVAILABLE if "available" in attribute else STATISTICS
    return {f"{attribute.removesuffix('_average')}{ending}": word for ending, word in endings.items()}


@cache
def known_headers() -> frozenset[str]:
    """Return the normalised headers of all known sheets."""
    return frozenset(header for template in _templates() for header in template.columns)


@cache
def flow_log_fields() -> frozenset[str]:
    """Return the normalised headers of the flow logs that separate their cells by single spaces."""
    templates = (template for template in _templates() if template.source_format == "aws_vpc_flow_logs")
    return frozenset(header for template in templates for header in template.columns)


def template_for(
    source_format: str, sheet: str | None, record_type: str, headers: Iterable[str] = ()
) -> SheetTemplate | None:
    """Return the template of a sheet whose format is known.

    Args:
        source_format: Detected format.
        sheet: Name of the worksheet; None for a text file.
        record_type: What the rows describe; decides where the worksheet's name is not the format's own.
        headers: The sheet's headers; decide between several kinds of sheets with such rows.

    Returns:
        The template, or None for formats and record types without one.
    """
    candidates = [template for template in source_formats() if template.source_format == source_format]
    fitting = [one for one in candidates if record_type in (one.record_type, *one.classes.values())]
    named = [template for template in fitting if sheet and template.sheet == sheet]
    known = frozenset(map(normalise_header, headers))
    # A list of servers may hold hosts and devices too, by its class column: its columns are a server list's.
    listing = [one for one in candidates if LEAST_SHARE_KNOWN * len(known) <= len(known & set(one.columns))]
    fallback = listing if known else []
    return max(named or fitting or fallback, key=lambda one: len(known & set(one.columns)), default=None)


def detect(headers: Sequence[str], sheet: str | None, *, file_name: str = "") -> Detection:
    """Tell from its headers what a sheet is.

    Each distinctive header of a format is evidence: one over the number of formats that list it, two if it is
    decisive; headers that only together prove it count two. The worksheet's own name counts one more. With evidence
    e the confidence is 1 - 0.5**e, so two headers that no other format has give 0.75. Among the sheets of formats
    above the threshold, that one wins whose columns are found with the most weight, a column that few kinds of sheet
    have weighing more.

    Args:
        headers: The headers in order.
        sheet: Name of the worksheet; None for a text file.
        file_name: Name of the file; breaks ties, proves nothing.

    Returns:
        The known sheet, or `generic` with the record type that the canonical attributes of its headers tell.
    """
    found = frozenset(map(normalise_header, headers)) - {""}
    best: tuple[float, SheetTemplate, float] | None = None
    for template in _templates():
        evidence = _evidence(template, found)
        is_named = sheet is not None and sheet.casefold() == (template.sheet or "").casefold()
        if not evidence or (confidence := 1 - 0.5 ** (evidence + is_named)) < THRESHOLD:
            continue
        fit = sum(1 / _template_counts()[header] for header in found & set(template.columns))
        fit += SHEET_NAME_FIT * is_named + FILE_NAME_FIT * any(
            name.casefold() in file_name.casefold() for name in template.file_names
        )
        if best is None or fit > best[0]:
            best = (fit, template, confidence)
    if best is None:
        return _detect_generic(headers)
    _, template, confidence = best
    return Detection(template.source_format, template, template.record_type or None, confidence)


def positional_template(rows: Sequence[Sequence[str]]) -> SheetTemplate | None:
    """Return the format that goes by position and whose columns hold what these rows hold; None if there is none.

    Args:
        rows: The first rows of a table that its headers do not tell, each with its cells.
    """
    return next(
        (
            template
            for template in source_formats()
            if template.values_at
            and all(_holds(rows, position, pattern) for position, pattern in template.values_at.items())
        ),
        None,
    )


def _holds(rows: Sequence[Sequence[str]], position: int, pattern: re.Pattern[str]) -> bool:
    """Tell whether all cells of a column match a pattern, and any is filled."""
    cells = [row[position - 1] if len(row) >= position else "" for row in rows]
    return any(cells) and all(map(pattern.fullmatch, cells))


def _evidence(template: SheetTemplate, found: frozenset[str]) -> float:
    single = sum(
        DECISIVE if header in template.decisive else 1 / _format_counts()[header]
        for header in found & template.distinctive
    )
    return single + (DECISIVE if template.together and template.together <= found else 0)


@cache
def _format_counts() -> Counter[str]:
    return Counter(
        header for _, header in {(item.source_format, header) for item in _templates() for header in item.distinctive}
    )


@cache
def _template_counts() -> Counter[str]:
    return Counter(header for template in _templates() for header in template.columns)


def _detect_generic(headers: Sequence[str]) -> Detection:
    record_type = record_type_of_headers(headers)
    known = sum(1 for header in headers if attribute_of_header(header, record_type=record_type))
    confidence = 0.5 + 0.4 * known / len(headers) if record_type else 0.0
    return Detection("generic", None, record_type, confidence)
