"""Known source formats: what their sheets and columns are called and what they hold.

Belongs here: loading and looking up `source_formats.yaml`, and telling from its headers which format a sheet is.
Does not: aliases of columns in unknown formats (`aliases.py`) and reading files (`discovery/readers/`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from flow_pipelines.reference.aliases import attribute_of_header
from flow_pipelines.reference.attributes import Subject, attribute_named

THRESHOLD = 0.7
DECISIVE = 2.0
SHEET_NAME_FIT = 2.0
FILE_NAME_FIT = 0.5
SOURCE_ENDS = {"source_address", "source_name"}
DESTINATION_ENDS = {"destination_address", "destination_name"}
SEEN_ON_THE_NETWORK = {
    "source_address",
    "destination_address",
    "destination_port",
    "protocol",
    "connection_count",
    "bytes_sent",
    "bytes_received",
    "packet_count",
}
DETAILS = {"partition_size_gib": "server_partition", "disk_size_gib": "server_disk"}
MACHINE_IDENTITY = {"host_name", "fqdn", "vm_uuid", "bios_uuid", "serial_number"}
SERVER_NAMES = {"name", "host_name", "fqdn"}
NAMING = {"name", "external_id", "host_name", "fqdn", "application_names"}
# Between the words of `networkInterfaces`.
WORD_STARTS = re.compile(r"(?<=[a-z])(?=[A-Z])")
NOT_WORDS = re.compile(r"[\s_\u00a0\u200b\ufeff]+")


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
        file_names: Names that the source gives to its files; they only break ties.
        placeholders: Cells that the format writes where it has no value.
        complete_rows: Whether every row has all its cells, so that a short row is a broken one.
        left_out: Rows that are left out, and why; headers normalised, words in upper case.
        is_one_way: Whether each row is one direction of a conversation, so that half of them are answers.
    """

    source_format: str
    sheet: str | None
    record_type: str
    columns: Mapping[str, TemplateColumn]
    distinctive: frozenset[str]
    decisive: frozenset[str] = frozenset()
    file_names: tuple[str, ...] = ()
    placeholders: frozenset[str] = frozenset()
    complete_rows: bool = False
    left_out: tuple[LeftOut, ...] = ()
    is_one_way: bool = False


@dataclass(frozen=True)
class RecordTypeRule:
    """What words mean; `record_type` is None for things that a migration doesn't move."""

    record_type: str | None
    matches: re.Pattern[str]


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


def normalise_header(header: str) -> str:
    """Bring a header to the form in which headers are compared.

    Returns:
        Lower case, without byte-order mark, asterisks and surrounding space, runs of space and underscore as one
        space: `*Memory_(In MB)` and `memory (in mb)` are the same.
    """
    return NOT_WORDS.sub(" ", header.replace("*", " ")).strip().casefold()


@cache
def _document() -> dict[str, Any]:
    text = files(__package__).joinpath("source_formats.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


@cache
def source_formats() -> tuple[SheetTemplate, ...]:
    """Return the templates of all sheets that are imported, in the order of the file."""
    return tuple(template for template in _templates() if template.record_type)


@cache
def _templates() -> tuple[SheetTemplate, ...]:
    return tuple(
        _template(source_format, template)
        for source_format in _document()["formats"]
        for template in [*source_format["templates"], *source_format.get("unused_sheets", ())]
    )


def _template(source_format: dict[str, Any], template: dict[str, Any]) -> SheetTemplate:
    shared: dict[str, list[dict[str, Any]]] = _document()["shared"]
    entries = [entry for group in template.get("shared", ()) for entry in shared[group]]
    columns = _columns([{"headers": template["distinctive"]}, *entries, *template.get("columns", ())])
    own = {normalise_header(header) for header in template["distinctive"]}
    of_format = {normalise_header(header) for header in source_format.get("distinctive", ())}
    return SheetTemplate(
        source_format=source_format["source_format"],
        sheet=template.get("sheet"),
        record_type=template.get("record_type", ""),
        columns=columns,
        distinctive=frozenset(own | (of_format & set(columns))),
        decisive=frozenset(map(normalise_header, source_format["decisive"])) & set(columns),
        file_names=tuple(template.get("file_names", [template["sheet"]] if "sheet" in template else ())),
        placeholders=frozenset(source_format.get("placeholders", ())),
        complete_rows=source_format["complete_rows"],
        left_out=tuple(map(_left_out, template.get("left_out", ()))),
        is_one_way=template.get("one_way", False),
    )


def _left_out(rule: dict[str, Any]) -> LeftOut:
    where = {normalise_header(header): frozenset(map(str.upper, words)) for header, words in rule["where"].items()}
    return LeftOut(rule["reason"], where)


def _columns(entries: Iterable[dict[str, Any]]) -> dict[str, TemplateColumn]:
    return {
        normalise_header(header): TemplateColumn(entry.get("attribute"), entry.get("unit"), entry.get("rank", 1))
        for entry in entries
        for header in entry["headers"]
    }


@cache
def known_headers() -> frozenset[str]:
    """Return the normalised headers of all known sheets."""
    return frozenset(header for template in _templates() for header in template.columns)


@cache
def flow_log_fields() -> frozenset[str]:
    """Return the normalised headers of the flow logs that separate their cells by single spaces."""
    templates = (template for template in _templates() if template.source_format == "aws_vpc_flow_logs")
    return frozenset(header for template in templates for header in template.columns)


@cache
def class_headers() -> tuple[str, ...]:
    """Return the normalised headers of columns that may say what each row describes, most telling first."""
    return tuple(map(normalise_header, _document()["class_headers"]))


@cache
def class_rules() -> tuple[RecordTypeRule, ...]:
    """Return the rules that read a type or class column, in order; the first match wins."""
    return _rules("classes")


@cache
def naming_rules() -> tuple[RecordTypeRule, ...]:
    """Return the rules that read the header of the column that names the rows, in order; the first match wins."""
    return _rules("naming_words")


@cache
def list_record_type(name: str) -> str | None:
    """Return what the rows of a list are that a document calls by this name, such as `disks`; None if unknown."""
    normalised = normalise_header(WORD_STARTS.sub(" ", name).replace("-", " "))
    return next((rule.record_type for rule in _rules("list_words") if rule.matches.fullmatch(normalised)), None)


@cache
def _rules(section: str) -> tuple[RecordTypeRule, ...]:
    return tuple(
        RecordTypeRule(rule["record_type"], re.compile("|".join(rule["matches"]))) for rule in _document()[section]
    )


def template_for(source_format: str, sheet: str | None, record_type: str) -> SheetTemplate | None:
    """Return the template of a sheet whose format is known.

    Args:
        source_format: Detected format.
        sheet: Name of the worksheet; None for a text file.
        record_type: What the rows describe; decides where the worksheet's name is not the format's own.

    Returns:
        The template, or None for formats and record types without one.
    """
    candidates = [template for template in source_formats() if template.source_format == source_format]
    fitting = [template for template in candidates if template.record_type == record_type]
    named = [template for template in fitting if sheet and template.sheet == sheet]
    return next(iter(named or fitting), None)


def detect(headers: Sequence[str], sheet: str | None, *, file_name: str = "") -> Detection:
    """Tell from its headers what a sheet is.

    Each distinctive header of a format is evidence: one over the number of formats that list it, two if it is
    decisive. The worksheet's own name counts one more. With evidence e the confidence is 1 - 0.5**e, so two
    headers that no other format has give 0.75. Among the sheets of formats above the threshold, that one wins whose
    columns are found with the most weight, a column that few kinds of sheet have weighing more.

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


def _evidence(template: SheetTemplate, found: frozenset[str]) -> float:
    return sum(
        DECISIVE if header in template.decisive else 1 / _format_counts()[header]
        for header in found & template.distinctive
    )


@cache
def _format_counts() -> Counter[str]:
    return Counter(
        header for _, header in {(item.source_format, header) for item in _templates() for header in item.distinctive}
    )


@cache
def _template_counts() -> Counter[str]:
    return Counter(header for template in _templates() for header in template.columns)


def _detect_generic(headers: Sequence[str]) -> Detection:
    record_type = _edge_type_of(headers) or _asset_type_of(headers)
    if record_type == "connection" and _facts_of_a_machine(headers) > 1:
        # "Server", "Src" and "First Seen" stand in lists of servers too; size and system stand in those only.
        record_type = _asset_type_of(headers)
    known = sum(1 for header in headers if attribute_of_header(header, record_type=record_type))
    confidence = 0.5 + 0.4 * known / len(headers) if record_type else 0.0
    return Detection("generic", None, record_type, confidence)


def _attributes(headers: Sequence[str], record_type: str) -> set[str]:
    matches = (attribute_of_header(header, record_type=record_type) for header in headers)
    return {match.attribute for match in matches if match}


def _facts_of_a_machine(headers: Sequence[str]) -> int:
    attributes = map(attribute_named, _attributes(headers, "server"))
    return sum(attribute.subject is Subject.SERVER for attribute in attributes)


def _edge_type_of(headers: Sequence[str]) -> str | None:
    observed = _attributes(headers, "connection")
    has_ends = not observed.isdisjoint(SOURCE_ENDS) and not observed.isdisjoint(DESTINATION_ENDS)
    if has_ends and not observed.isdisjoint(SEEN_ON_THE_NETWORK):
        return "connection"
    if {"relation_parent", "relation_child"} <= _attributes(headers, "relation"):
        return "relation"
    return "connection" if has_ends else None


def _asset_type_of(headers: Sequence[str]) -> str | None:
    attributes = _attributes(headers, "server")
    subjects = Counter(attribute_named(attribute).subject for attribute in attributes)
    of_machine = subjects[Subject.SERVER] + subjects[Subject.NETWORK] + len(attributes & MACHINE_IDENTITY)
    of_database = {
        attribute
        for attribute in _attributes(headers, "database")
        if attribute_named(attribute).subject is Subject.DATABASE
    }
    named = _named_type_of(headers)
    if (named == "database" or "database_engine" in of_database) and len(of_database) >= max(2, of_machine):
        return "database"
    if named == "application" and _lists_servers_of_applications(headers):
        return "server"
    # One fact about a machine may stand in a list of applications; two make it a list of machines.
    if named in {"application", "database"} and of_machine <= 1:
        return named
    detail = next((kind for attribute, kind in DETAILS.items() if attribute in attributes), None)
    if detail or not of_machine:
        return detail or named or ("application" if "application_names" in attributes else None)
    return named if named in {"network_device", "cluster"} else "server"


def _lists_servers_of_applications(headers: Sequence[str]) -> bool:
    """Tell whether each row names an application and one server: an application is in several rows, then."""
    return any("application_names" in _attributes([header], "server") for header in headers) and any(
        _attributes([header], "server") & SERVER_NAMES and _named_type_of([header]) == "server" for header in headers
    )


def _named_type_of(headers: Sequence[str]) -> str | None:
    naming = next((header for header in headers if _attributes([header], "server") & NAMING), headers[0])
    normalised = normalise_header(naming)
    return next((rule.record_type for rule in naming_rules() if rule.matches.search(normalised)), None)
