"""What the rows of a sheet describe, told by words: of a type or class column, and of headers that no template knows.

Belongs here: the rules for classes and naming columns of `source_formats.yaml`, and judging a sheet by the attributes
that its headers are aliases of. Does not: known formats (`source_formats.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from flow_pipelines.reference.aliases import attribute_of_header
from flow_pipelines.reference.attributes import Subject, attribute_named
from flow_pipelines.reference.documents import read_yaml
from flow_pipelines.reference.header_words import in_english, parse_header

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
PARTITION_WORDS = re.compile(r"\b(partition|mount ?point|drive letter|file ?system|mounted on|logical disk)\b")
MOST_TAG_COLUMNS = 4
# What is told once for each machine.
FACTS_OF_WHOLE_MACHINES = {"cpu_count", "cpu_sockets", "memory_mib", "operating_system", "os_version", "power_state"}
NOT_OF_SAMPLES = ("_peak", "_percentile_95")
MACHINE_IDENTITY = {"host_name", "fqdn", "vm_uuid", "bios_uuid", "serial_number"}
SERVER_NAMES = {"name", "host_name", "fqdn"}
NAMING = {"name", "external_id", "host_name", "fqdn", "application_names"}
# A sample tells when it was taken and what was used then; a summary of samples has peaks, an inventory has sizes.
SAMPLED = {
    "cpu_usage_percent_average",
    "memory_usage_percent_average",
    "memory_used_mib_average",
    "memory_available_mib_average",
    "disk_read_operations_per_second_average",
    "disk_write_operations_per_second_average",
    "disk_read_kib_per_second_average",
    "disk_write_kib_per_second_average",
    "network_in_kib_per_second_average",
    "network_out_kib_per_second_average",
}
# Between the words of `networkInterfaces`.
WORD_STARTS = re.compile(r"(?<=[a-z])(?=[A-Z])")
NOT_WORDS = re.compile(r"[\s_\u00a0\u200b\ufeff]+")


@dataclass(frozen=True)
class RecordTypeRule:
    """What words mean; `record_type` is None for things that a migration doesn't move."""

    record_type: str | None
    matches: re.Pattern[str]


@cache
def format_document() -> dict[str, Any]:
    """Load `source_formats.yaml`."""
    text = files(__package__).joinpath("source_formats.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = read_yaml(text)
    return document


def normalise_header(header: str) -> str:
    """Bring a header to the form in which headers are compared.

    Returns:
        Lower case, without byte-order mark, asterisks and surrounding space, runs of space and underscore as one
        space: `*Memory_(In MB)` and `memory (in mb)` are the same.
    """
    return NOT_WORDS.sub(" ", header.replace("*", " ")).strip().casefold()


@cache
def class_headers() -> tuple[str, ...]:
    """Return the normalised headers of columns that may say what each row describes, most telling first."""
    return tuple(map(normalise_header, format_document()["class_headers"]))


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
        RecordTypeRule(rule["record_type"], re.compile("|".join(rule["matches"])))
        for rule in format_document()[section]
    )


def record_type_of_headers(headers: Sequence[str]) -> str | None:
    """Tell from the headers of a sheet of no known format what its rows describe; None if they don't tell."""
    record_type = _edge_type_of(headers) or _detail_type_of(headers) or _asset_type_of(headers)
    if record_type in {"connection", "relation"} and _facts_of_a_machine(headers) > 1:
        # "Server", "Source ID" and "First Seen" stand in lists of servers too; size and system stand in those only.
        record_type = _asset_type_of(headers)
    return record_type


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
    # Type, version and size are told of anything; an engine or the name of a database is not.
    is_of_databases = "database_engine" in attributes or any(_names_databases(header) for header in headers)
    if is_of_databases and len(of_database) >= max(2, of_machine):
        return "database"
    if named == "application" and _lists_servers_of_applications(headers):
        return "server"
    # One fact about a machine may stand in a list of applications; two make it a list of machines.
    if named in {"application", "database"} and of_machine <= 1:
        return named
    if not of_machine:
        return named or ("application" if "application_names" in attributes else None)
    return named if named in {"network_device", "cluster"} else "server"


def _names_databases(header: str) -> bool:
    return "name" in _attributes([header], "database") and _named_type_of([header]) == "database"


def _detail_type_of(headers: Sequence[str]) -> str | None:
    """Tell what parts or samples of machines the rows of a sheet are about, if they are."""
    if _tells_tags(headers):
        return "server_tag"
    machine = _attributes(headers, "server")
    if machine.isdisjoint(NAMING) or machine & FACTS_OF_WHOLE_MACHINES:
        return None
    samples = _attributes(headers, "server_performance")
    if "observed_at" in samples and samples & SAMPLED and not any(one.endswith(NOT_OF_SAMPLES) for one in samples):
        return "server_performance"
    disks = _attributes(headers, "server_disk")
    if {"detail_label", "disk_size_gib"} <= disks and not machine & {"ip_addresses", "application_names"}:
        is_partition = any(PARTITION_WORDS.search(normalise_header(header)) for header in headers)
        return "server_partition" if is_partition else "server_disk"
    return None


def _tells_tags(headers: Sequence[str]) -> bool:
    told = _attributes(headers, "server_tag")
    return len(headers) <= MOST_TAG_COLUMNS and {"tag_key", "tag_value"} <= told and not told.isdisjoint(NAMING)


def _lists_servers_of_applications(headers: Sequence[str]) -> bool:
    """Tell whether each row names an application and one server: an application is in several rows, then."""
    return any("application_names" in _attributes([header], "server") for header in headers) and any(
        _attributes([header], "server") & SERVER_NAMES and _named_type_of([header]) == "server" for header in headers
    )


def _named_type_of(headers: Sequence[str]) -> str | None:
    naming = next((header for header in headers if _attributes([header], "server") & NAMING), headers[0])
    # In English, too: `Anwendung` names applications.
    normalised = " ".join((normalise_header(naming), *in_english(parse_header(naming).words)))
    return next((rule.record_type for rule in naming_rules() if rule.matches.search(normalised)), None)
