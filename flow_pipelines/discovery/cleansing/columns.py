"""One column at a time: the rule family of its attribute, applied once to each distinct cell.

Belongs here: which family of rules an attribute belongs to. Does not: the rules (this package's other modules).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from flow_pipelines.discovery.cleansing import addresses, dates, host_names, ports, quantities, words
from flow_pipelines.discovery.cleansing.cells import MISSING, Cleansed
from flow_pipelines.reference.attributes import Attribute, AttributeType, attribute_named
from flow_pipelines.reference.vocabularies import vocabularies
from flow_pipelines.settings import EngagementSettings

Rule = Callable[[str], Cleansed]

BY_NAME: dict[str, Rule] = {
    "host_name": host_names.host_name,
    "source_name": addresses.end_name,
    "destination_name": addresses.end_name,
    "fqdn": host_names.fqdn,
    "dns_domain": host_names.dns_domain,
    "vm_uuid": addresses.uuid,
    "bios_uuid": addresses.uuid,
    "serial_number": addresses.serial_number,
    "asset_tag": addresses.serial_number,
    "ip_addresses": addresses.ip_addresses,
    "mac_addresses": addresses.mac_addresses,
    "default_gateway": addresses.ip_address,
    "source_address": addresses.end_address,
    "destination_address": addresses.end_address,
    "application_names": words.names,
    "tags": words.tags,
    "owner": words.person,
    "owner_email": words.mail,
    **{
        vocabulary: partial(words.known_word, vocabulary=vocabulary)
        for vocabulary in (
            "environment",
            "criticality",
            "migration_strategy",
            "power_state",
            "lifecycle_status",
            "protocol",
            "architecture",
            "firmware",
        )
    },
}
PORTS = frozenset({"source_port", "destination_port"})
# In these a word such as "unknown" or "-" may be a real name or says as much as any other text.
NEVER_MISSING = frozenset({"relation_type", "description"})


def cleanse_column(
    cells: Sequence[str], attribute_name: str, unit: str | None, settings: EngagementSettings
) -> list[Cleansed]:
    """Cleanse the distinct cells of one column.

    Args:
        cells: Distinct cells; what they tell about the column does not depend on their order.
        attribute_name: The attribute the column was mapped to.
        unit: The column's unit, if its mapping tells.
        settings: What decides where the column itself does not tell.

    Returns:
        What each cell comes to, in their order.
    """
    attribute = attribute_named(attribute_name)
    cleanse = _rule_of(attribute, cells, unit, settings)
    if attribute.name in NEVER_MISSING:
        return [cleanse(cell) for cell in cells]
    known = vocabularies()
    return [MISSING if known.is_missing(cell) else cleanse(cell) for cell in cells]


def _rule_of(attribute: Attribute, cells: Sequence[str], unit: str | None, settings: EngagementSettings) -> Rule:
    if attribute.name in BY_NAME:
        return BY_NAME[attribute.name]
    if attribute.type in {AttributeType.INTEGER, AttributeType.DECIMAL}:
        comma = quantities.comma_is_decimal(cells, settings.decimal_mark)
        number = partial(quantities.quantity, attribute=attribute, unit=unit, decimal_comma=comma)
        return partial(_port, otherwise=number) if attribute.name in PORTS else number
    if attribute.type in {AttributeType.DATE, AttributeType.TIMESTAMP}:
        month_first = dates.month_is_first(cells, settings.date_order)
        return partial(dates.day if attribute.type is AttributeType.DATE else dates.timestamp, month_first=month_first)
    if attribute.type is AttributeType.BOOLEAN:
        return partial(words.boolean, attribute=attribute.name)
    return words.names if attribute.type is AttributeType.TEXT_LIST else words.text


def _port(cell: str, otherwise: Rule) -> Cleansed:
    return ports.port_with_protocol(cell) or ports.port_of_name(cell) or otherwise(cell)
