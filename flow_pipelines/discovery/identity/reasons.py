"""Why records are one asset, in words.

Belongs here: saying what a link rests on. Does not: deciding it (`pairs.py`, `clusters.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flow_pipelines.discovery.identity.clusters import Cluster, Link
from flow_pipelines.discovery.identity.evidence import Facts


def reason(one: Cluster, facts: Sequence[Facts]) -> str:
    """Say why the records of a cluster are one asset.

    Returns:
        Evidence first, then what people decided, such as `3 records: same bios_uuid in aws_migration_hub and rvtools;
        same name web01 and address 10.1.2.3 in rvtools and servicenow; merged by ann (seen in the rack)`, and last what
        is kept apart though something speaks for its being the same, with the contradiction.
    """
    if not one.links and not one.is_decided:
        phrases = {f"the only one about it, in {facts[one.members[0]].source_format}": None}
    else:
        phrases = dict.fromkeys(_phrase(link, facts[link.left], facts[link.right]) for link in one.links)
    count = "1 record" if len(one.members) == 1 else f"{len(one.members)} records"
    apart = dict.fromkeys(
        f"kept apart from {_called(facts[refusal.other])}: {refusal.words}" for refusal in one.refusals
    )
    return f"{count}: {'; '.join([*phrases, *one.decisions, *apart])}"


def _called(facts: Facts) -> str:
    return f"{_first(facts.name) or _first(facts.ip) or 'a record'} in {facts.source_format}"


def _phrase(link: Link, one: Facts, other: Facts) -> str:
    formats = sorted({one.source_format, other.source_format})
    where = " and ".join(formats) if len(formats) > 1 else f"two records of {formats[0]}"
    return f"{_evidence(link.method, one, other)} in {where}"


def _evidence(method: str, one: Facts, other: Facts) -> str:
    name = _common(one.name, other.name)
    if method == "external_id":
        external_id = _common((*one.external_id, *one.uuid), (*other.external_id, *other.uuid))
        return f"same external_id {external_id.rsplit('|', 1)[-1]}"
    if method == "uuid":
        return _uuid(one, other)
    if method == "serial":
        return f"same serial_number {_common(one.serial, other.serial)}"
    if method == "host_and_address":
        return f"same name {name} and {_address(one, other)}"
    if method == "close_name":
        return (
            f"close names {' and '.join(sorted({_first(one.name), _first(other.name)}))}, {_corroboration(one, other)}"
        )
    return f"same name {name}" if name else "same name but for spaces and punctuation"


def _uuid(one: Facts, other: Facts) -> str:
    for attribute in ("bios_uuid", "vm_uuid"):
        if _common(getattr(one, attribute), getattr(other, attribute)):
            return f"same {attribute}"
    return "bios_uuid of the one is vm_uuid of the other"


def _address(one: Facts, other: Facts) -> str:
    if ip := _common(one.ip, other.ip):
        return f"address {ip}"
    if mac := _common(one.mac, other.mac):
        return f"address {mac}"
    return f"place {_common(one.place, other.place)}"


def _corroboration(one: Facts, other: Facts) -> str:
    address = _common(one.ip, other.ip) or _common(one.mac, other.mac)
    return f"same address {address}" if address else "same description or owner and business unit,"


def _common(values: Iterable[str], others: Iterable[str]) -> str:
    return min(set(values).intersection(others), default="")


def _first(values: Sequence[str]) -> str:
    return values[0] if values else ""
