"""The canonical attribute catalogue: everything that a source can tell about an asset, a relation or a connection.

Belongs here: name, kind, type, unit and meaning of each attribute. Does not: what sources call it
(`attribute_aliases.yaml`) and how its cells are cleansed (`discovery/`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache


class AttributeType(StrEnum):
    """What a cleansed cell of the attribute holds."""

    TEXT = "text"
    TEXT_LIST = "text list"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"


class Subject(StrEnum):
    """What the attribute describes."""

    IDENTITY = "identity"
    SERVER = "server"
    DETAIL = "server detail"
    DATABASE = "database"
    APPLICATION = "application"
    NETWORK = "network"
    BUSINESS = "business"
    DEPENDENCY = "dependency"
    RELATION = "relation"
    CONNECTION = "connection"


@dataclass(frozen=True)
class Attribute:
    """One canonical attribute; a column of `cleansed_records`."""

    name: str
    subject: Subject
    type: AttributeType
    description: str
    unit: str | None = None
    derived: bool = False  # told by cleansing from other attributes; no source column maps to it
    additive: bool = False  # of parts of one machine; several columns of a row (Disk 1 size, Disk 2 size) are summed

    @property
    def describes_asset(self) -> bool:
        """Whether the attribute is kept on the asset, rather than folded (details) or turned into an edge."""
        return self.subject not in (Subject.DETAIL, Subject.DEPENDENCY, Subject.RELATION, Subject.CONNECTION)


TEXT, TEXT_LIST, INTEGER = AttributeType.TEXT, AttributeType.TEXT_LIST, AttributeType.INTEGER
DECIMAL, BOOLEAN, DATE, TIMESTAMP = (
    AttributeType.DECIMAL,
    AttributeType.BOOLEAN,
    AttributeType.DATE,
    AttributeType.TIMESTAMP,
)
IDENTITY, SERVER, DETAIL, DATABASE = Subject.IDENTITY, Subject.SERVER, Subject.DETAIL, Subject.DATABASE
APPLICATION, NETWORK, BUSINESS = Subject.APPLICATION, Subject.NETWORK, Subject.BUSINESS
DEPENDENCY, RELATION, CONNECTION = Subject.DEPENDENCY, Subject.RELATION, Subject.CONNECTION

ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute("name", IDENTITY, TEXT, "Name of the asset as the source's users know it."),
    Attribute("external_id", IDENTITY, TEXT, "The source's own key of the record (sys_id, ExternalId, VM ID)."),
    Attribute("asset_class", IDENTITY, TEXT, "The source's own class of the record (sys_class_name, type)."),
    Attribute("host_name", IDENTITY, TEXT, "Short host name, lower case."),
    Attribute("fqdn", IDENTITY, TEXT, "Fully qualified domain name, lower case."),
    Attribute("dns_domain", IDENTITY, TEXT, "DNS domain, lower case."),
    Attribute("vm_uuid", IDENTITY, TEXT, "UUID of the virtual machine in its hypervisor, canonical form."),
    Attribute("bios_uuid", IDENTITY, TEXT, "SMBIOS UUID that the machine reports of itself, canonical form."),
    Attribute("serial_number", IDENTITY, TEXT, "Serial number of the machine, upper case."),
    Attribute("asset_tag", IDENTITY, TEXT, "Inventory label of the machine."),
    Attribute("ip_addresses", NETWORK, TEXT_LIST, "All IPv4 and IPv6 addresses, canonical form, sorted."),
    Attribute("mac_addresses", NETWORK, TEXT_LIST, "All MAC addresses, lower case with colons, sorted."),
    Attribute("default_gateway", NETWORK, TEXT, "Address of the default gateway."),
    Attribute("network_name", NETWORK, TEXT, "Port group, VLAN or subnet that the machine is attached to."),
    Attribute("internet_facing", NETWORK, BOOLEAN, "Whether it can be reached from the internet."),
    Attribute("firewall_status", NETWORK, TEXT, "Position towards the firewall, as the source says."),
    Attribute("is_virtual", SERVER, BOOLEAN, "Whether it is a virtual machine."),
    Attribute("is_template", SERVER, BOOLEAN, "Whether it is a template, not a running machine."),
    Attribute("power_state", SERVER, TEXT, "on, off or suspended."),
    Attribute("cpu_count", SERVER, INTEGER, "Processors seen by the operating system (vCPU of a VM).", "processors"),
    Attribute("cpu_sockets", SERVER, INTEGER, "Processor sockets.", "sockets"),
    Attribute("cpu_cores_per_socket", SERVER, INTEGER, "Cores in each socket.", "cores"),
    Attribute("cpu_speed_mhz", SERVER, DECIMAL, "Clock speed of one core.", "MHz"),
    Attribute("cpu_model", SERVER, TEXT, "Model name of the processor."),
    Attribute("cpu_usage_percent_average", SERVER, DECIMAL, "Average processor use.", "percent"),
    Attribute("cpu_usage_percent_peak", SERVER, DECIMAL, "Peak processor use.", "percent"),
    Attribute(
        "cpu_usage_percent_percentile_95",
        SERVER,
        DECIMAL,
        "Processor use not exceeded 95 percent of the time.",
        "percent",
    ),
    Attribute("memory_mib", SERVER, DECIMAL, "Memory installed or configured.", "MiB"),
    Attribute("memory_used_mib_average", SERVER, DECIMAL, "Average memory in use.", "MiB"),
    Attribute("memory_used_mib_peak", SERVER, DECIMAL, "Peak memory in use.", "MiB"),
    Attribute(
        "memory_used_mib_percentile_95", SERVER, DECIMAL, "Memory in use not exceeded 95 percent of the time.", "MiB"
    ),
    Attribute("memory_usage_percent_average", SERVER, DECIMAL, "Average share of memory in use.", "percent"),
    Attribute("memory_usage_percent_peak", SERVER, DECIMAL, "Peak share of memory in use.", "percent"),
    Attribute(
        "memory_usage_percent_percentile_95",
        SERVER,
        DECIMAL,
        "Share of memory in use not exceeded 95 percent of the time.",
        "percent",
    ),
    Attribute("storage_allocated_gib", SERVER, DECIMAL, "Disk capacity allocated.", "GiB"),
    Attribute("storage_used_gib", SERVER, DECIMAL, "Disk capacity in use.", "GiB"),
    Attribute("largest_disk_gib", SERVER, DECIMAL, "Capacity of its largest disk, folded.", "GiB", derived=True),
    Attribute("disk_count", SERVER, INTEGER, "Number of disks.", "disks"),
    Attribute("network_adapter_count", SERVER, INTEGER, "Number of network adapters.", "adapters"),
    Attribute("disk_read_kib_per_second_average", SERVER, DECIMAL, "Average disk read rate.", "KiB/s"),
    Attribute("disk_read_kib_per_second_peak", SERVER, DECIMAL, "Peak disk read rate.", "KiB/s"),
    Attribute(
        "disk_read_kib_per_second_percentile_95",
        SERVER,
        DECIMAL,
        "Disk read rate not exceeded 95 percent of the time.",
        "KiB/s",
    ),
    Attribute("disk_write_kib_per_second_average", SERVER, DECIMAL, "Average disk write rate.", "KiB/s"),
    Attribute("disk_write_kib_per_second_peak", SERVER, DECIMAL, "Peak disk write rate.", "KiB/s"),
    Attribute(
        "disk_write_kib_per_second_percentile_95",
        SERVER,
        DECIMAL,
        "Disk write rate not exceeded 95 percent of the time.",
        "KiB/s",
    ),
    Attribute("disk_read_operations_per_second_average", SERVER, DECIMAL, "Average disk reads.", "1/s"),
    Attribute("disk_read_operations_per_second_peak", SERVER, DECIMAL, "Peak disk reads.", "1/s"),
    Attribute(
        "disk_read_operations_per_second_percentile_95",
        SERVER,
        DECIMAL,
        "Disk reads not exceeded 95 percent of the time.",
        "1/s",
    ),
    Attribute("disk_write_operations_per_second_average", SERVER, DECIMAL, "Average disk writes.", "1/s"),
    Attribute("disk_write_operations_per_second_peak", SERVER, DECIMAL, "Peak disk writes.", "1/s"),
    Attribute(
        "disk_write_operations_per_second_percentile_95",
        SERVER,
        DECIMAL,
        "Disk writes not exceeded 95 percent of the time.",
        "1/s",
    ),
    Attribute("network_in_kib_per_second_average", SERVER, DECIMAL, "Average network receive rate.", "KiB/s"),
    Attribute("network_in_kib_per_second_peak", SERVER, DECIMAL, "Peak network receive rate.", "KiB/s"),
    Attribute(
        "network_in_kib_per_second_percentile_95",
        SERVER,
        DECIMAL,
        "Network receive rate not exceeded 95 percent of the time.",
        "KiB/s",
    ),
    Attribute("network_out_kib_per_second_average", SERVER, DECIMAL, "Average network send rate.", "KiB/s"),
    Attribute("network_out_kib_per_second_peak", SERVER, DECIMAL, "Peak network send rate.", "KiB/s"),
    Attribute(
        "network_out_kib_per_second_percentile_95",
        SERVER,
        DECIMAL,
        "Network send rate not exceeded 95 percent of the time.",
        "KiB/s",
    ),
    Attribute("operating_system", SERVER, TEXT, "Operating system as the source writes it."),
    Attribute("os_version", SERVER, TEXT, "Version of the operating system as the source writes it."),
    Attribute("os_vendor", SERVER, TEXT, "Vendor of the operating system, derived.", derived=True),
    Attribute("os_product", SERVER, TEXT, "Product name of the operating system, derived.", derived=True),
    Attribute(
        "os_cycle",
        SERVER,
        TEXT,
        "Release cycle of the operating system (2012 R2, 7, 22.04), derived.",
        derived=True,
    ),
    Attribute("os_edition", SERVER, TEXT, "Edition of the operating system, derived.", derived=True),
    Attribute("architecture", SERVER, TEXT, "Processor architecture: x86_64, x86, arm64, power, sparc."),
    Attribute("firmware", SERVER, TEXT, "bios or uefi."),
    Attribute("hypervisor", SERVER, TEXT, "Hypervisor product that runs the machine."),
    Attribute("cluster", SERVER, TEXT, "Cluster that the machine runs in."),
    Attribute("hypervisor_host", SERVER, TEXT, "Name of the host that runs the machine."),
    Attribute("virtual_center", SERVER, TEXT, "Management server that lists the machine."),
    Attribute("manufacturer", SERVER, TEXT, "Manufacturer of the hardware."),
    Attribute("model", SERVER, TEXT, "Model of the hardware."),
    Attribute("snapshot_count", SERVER, INTEGER, "Number of hypervisor snapshots.", "snapshots"),
    Attribute("disk_size_gib", DETAIL, DECIMAL, "Capacity of one disk.", "GiB", additive=True),
    Attribute("disk_used_gib", DETAIL, DECIMAL, "Used part of one disk.", "GiB", additive=True),
    Attribute("disk_read_kib_per_second", DETAIL, DECIMAL, "Read rate of one disk.", "KiB/s", additive=True),
    Attribute("disk_write_kib_per_second", DETAIL, DECIMAL, "Write rate of one disk.", "KiB/s", additive=True),
    Attribute("disk_read_operations_per_second", DETAIL, DECIMAL, "Reads of one disk.", "1/s", additive=True),
    Attribute("disk_write_operations_per_second", DETAIL, DECIMAL, "Writes of one disk.", "1/s", additive=True),
    Attribute("partition_size_gib", DETAIL, DECIMAL, "Capacity of one partition.", "GiB"),
    Attribute("partition_used_gib", DETAIL, DECIMAL, "Used part of one partition.", "GiB"),
    Attribute("detail_label", DETAIL, TEXT, "Label of the disk, partition or adapter."),
    Attribute("is_physical", DETAIL, BOOLEAN, "Whether it is no virtual machine; the opposite of is_virtual."),
    # Of samples: what is left is least when most is used, so these stand against average, peak and 95th percentile.
    Attribute("memory_available_mib_average", DETAIL, DECIMAL, "Average memory that is free.", "MiB"),
    Attribute("memory_available_mib_lowest", DETAIL, DECIMAL, "Least memory that was ever free.", "MiB"),
    Attribute(
        "memory_available_mib_percentile_5", DETAIL, DECIMAL, "Memory that is free 95 percent of the time.", "MiB"
    ),
    Attribute("tag_key", DETAIL, TEXT, "Key of one tag of a machine."),
    Attribute("tag_value", DETAIL, TEXT, "Value of one tag of a machine."),
    Attribute("database_engine", DATABASE, TEXT, "Database product as the source writes it."),
    Attribute("database_version", DATABASE, TEXT, "Version of the database as the source writes it."),
    Attribute("database_product", DATABASE, TEXT, "Database product name, derived.", derived=True),
    Attribute("database_cycle", DATABASE, TEXT, "Release cycle of the database, derived.", derived=True),
    Attribute("database_edition", DATABASE, TEXT, "Edition of the database."),
    Attribute("database_port", DATABASE, INTEGER, "Port the database listens on."),
    Attribute("database_size_gib", DATABASE, DECIMAL, "Size of the database.", "GiB"),
    Attribute("application_names", APPLICATION, TEXT_LIST, "Applications that the asset belongs to, sorted."),
    Attribute("application_role", APPLICATION, TEXT, "Part it plays in its application (web, app, database)."),
    Attribute("description", BUSINESS, TEXT, "Free description."),
    Attribute("environment", BUSINESS, TEXT, "production, staging, test, development or disaster recovery."),
    Attribute("criticality", BUSINESS, TEXT, "critical, high, medium or low."),
    Attribute("lifecycle_status", BUSINESS, TEXT, "operational, planned, maintenance, standby or retired."),
    Attribute("owner", BUSINESS, TEXT, "Person or team that owns it."),
    Attribute("owner_email", BUSINESS, TEXT, "E-mail address of the owner, lower case."),
    Attribute("support_group", BUSINESS, TEXT, "Group that supports it."),
    Attribute("business_unit", BUSINESS, TEXT, "Business unit or department."),
    Attribute("cost_center", BUSINESS, TEXT, "Cost centre that pays for it."),
    Attribute("cost_per_year", BUSINESS, DECIMAL, "Yearly cost as the source states it.", "currency of the source"),
    Attribute("location", BUSINESS, TEXT, "Site, city or data centre."),
    Attribute("data_center", BUSINESS, TEXT, "Data centre as the hypervisor names it."),
    Attribute("compliance", BUSINESS, TEXT, "Compliance regime named by the source (PCI, GDPR, SOX)."),
    Attribute("backup_policy", BUSINESS, TEXT, "Backup or disaster-recovery policy."),
    Attribute("migration_wave", BUSINESS, TEXT, "Wave already assigned by the source."),
    Attribute(
        "migration_strategy",
        BUSINESS,
        TEXT,
        "Strategy already chosen by the source: rehost, relocate, replatform, refactor, repurchase, retire or retain.",
    ),
    Attribute("tags", BUSINESS, TEXT_LIST, "Tags, key:value, sorted."),
    Attribute("installed_date", BUSINESS, DATE, "When it was installed or created."),
    Attribute("purchase_date", BUSINESS, DATE, "When it was bought."),
    Attribute("warranty_end_date", BUSINESS, DATE, "When the warranty ends."),
    Attribute("first_discovered", BUSINESS, TIMESTAMP, "When the source first saw it."),
    Attribute("last_discovered", BUSINESS, TIMESTAMP, "When the source last saw it."),
    Attribute("depends_on", DEPENDENCY, TEXT_LIST, "Names or ids of what the asset depends on, sorted; become edges."),
    Attribute("relation_parent", RELATION, TEXT, "Name or id of the relation's parent."),
    Attribute("relation_child", RELATION, TEXT, "Name or id of the relation's child."),
    Attribute("relation_type", RELATION, TEXT, "Type of the relation, such as Depends on::Used by."),
    Attribute("source_address", CONNECTION, TEXT, "Address that opened the connection."),
    Attribute("source_name", CONNECTION, TEXT, "Host that opened the connection."),
    Attribute("source_process", CONNECTION, TEXT, "Process or application that opened the connection."),
    Attribute("destination_address", CONNECTION, TEXT, "Address that was connected to."),
    Attribute("destination_name", CONNECTION, TEXT, "Host that was connected to."),
    Attribute("destination_process", CONNECTION, TEXT, "Process or application that listened."),
    Attribute("destination_port", CONNECTION, INTEGER, "Port that was connected to."),
    Attribute("source_port", CONNECTION, INTEGER, "Port that opened the connection; ephemeral, folded on import."),
    Attribute("protocol", CONNECTION, TEXT, "Transport protocol: tcp, udp or icmp."),
    Attribute("connection_count", CONNECTION, INTEGER, "Number of connections observed.", "connections"),
    Attribute("bytes_sent", CONNECTION, INTEGER, "Bytes from source to destination.", "bytes"),
    Attribute("bytes_received", CONNECTION, INTEGER, "Bytes from destination to source.", "bytes"),
    Attribute("packet_count", CONNECTION, INTEGER, "Packets in both directions.", "packets"),
    Attribute("observed_at", CONNECTION, TIMESTAMP, "When the connection was observed; folded to a time range."),
)


@cache
def attribute_named(name: str) -> Attribute:
    """Return the attribute of this name.

    Raises:
        KeyError: The catalogue has no such attribute.
    """
    return {attribute.name: attribute for attribute in ATTRIBUTES}[name]
