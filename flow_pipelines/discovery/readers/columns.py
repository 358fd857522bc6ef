"""Columns: which columns of a table import itself has to understand.

Belongs here: the columns that identify a row, say what it is, or end a connection. Does not: the mapping of all
columns with its confidence (`attribute_mapping`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from flow_pipelines.discovery.readers.header import column_names
from flow_pipelines.discovery.readers.table import TableHead
from flow_pipelines.reference.aliases import attribute_of_header
from flow_pipelines.reference.record_types import class_headers, class_rules, normalise_header
from flow_pipelines.reference.source_formats import Detection, detect, known_headers, positional_template

# A longer text is a sentence; looking for words in it takes as long as the whole rest of a table.
LONGEST_NAME = 120
IDENTITY = {
    "name",
    "external_id",
    "host_name",
    "fqdn",
    "vm_uuid",
    "bios_uuid",
    "serial_number",
    "asset_tag",
    "ip_addresses",
    "mac_addresses",
    "application_names",
}


@dataclass(frozen=True)
class Columns:
    """The columns of one table, as far as import understands them."""

    head: TableHead
    detection: Detection

    @cached_property
    def attributes(self) -> dict[str, str | None]:
        """Column to canonical attribute, None for one that no attribute fits."""
        return {column: self._attribute(column) for column in self.head.columns}

    def _attribute(self, column: str) -> str | None:
        template = self.detection.template
        if template and (known := template.columns.get(normalise_header(column))):
            return known.attribute
        if len(column) > LONGEST_NAME:
            return None
        match = attribute_of_header(column, record_type=self.detection.record_type)
        return match.attribute if match else None

    def having(self, *attributes: str) -> list[str]:
        """Return the columns that hold one of these attributes, in order of the table."""
        return [column for column, attribute in self.attributes.items() if attribute in attributes]

    @cached_property
    def identity(self) -> frozenset[str]:
        """The columns that can identify an asset."""
        return frozenset(self.having(*IDENTITY))

    @cached_property
    def class_column(self) -> str | None:
        """The column that may say what each row describes."""
        by_attribute = self.having("asset_class")
        if by_attribute or self.detection.template:
            return next(iter(by_attribute), None)
        by_header = {normalise_header(column): column for column in reversed(self.head.columns)}
        return next((by_header[header] for header in class_headers() if header in by_header), None)


def recognised(head: TableHead, file_name: str) -> Columns:
    """Recognise a table by its headers, or by its values if it is of a format whose columns go by position.

    Args:
        head: Its head; columns of a format that goes by position are called as that format calls them.
        file_name: Name of the file; breaks ties.
    """
    detection = detect([cell for cell in head.header if cell], head.sheet, file_name=file_name)
    template = positional_template(head.first_rows) if detection.template is None else None
    if template is None or len(head.columns) < max(template.least_cells.values()):
        return Columns(head, detection)
    names = [*template.positions[: len(head.columns)], *head.columns[len(template.positions) :]]
    return Columns(replace(head, columns=column_names(names)), detect(names, head.sheet, file_name=file_name))


@lru_cache(maxsize=65536)
def is_column_name(text: str) -> bool:
    """Whether a text is a column name of a known format or an alias of an attribute."""
    if len(text) > LONGEST_NAME:
        return False
    return normalise_header(text) in known_headers() or attribute_of_header(text) is not None


@lru_cache(maxsize=65536)
def record_type_of_class(value: str) -> str | None:
    """Return what a value of a class column means.

    Returns:
        A record type, the empty text for what a migration does not move, or None if it is not known.
    """
    normalised = normalise_header(value)
    rule = next((rule for rule in class_rules() if rule.matches.search(normalised)), None)
    return (rule.record_type or "") if rule else None
