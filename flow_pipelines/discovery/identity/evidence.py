"""What the records of one asset type say about their identity: the keys they share and the facts that may contradict.

Belongs here: gathering keys and facts, per asset type. Does not: comparing records (`pairs.py`, `contradictions.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import pandas as pd

from flow_pipelines.discovery.identity.keys import (
    external_id_key,
    is_evidence,
    read_serial,
    read_uuid,
    travelling_id,
)
from flow_pipelines.discovery.identity.names import base_name, compact, split_host, words_of
from flow_pipelines.reference.identity_model import identity_model

Texts = tuple[str, ...]
Columns = dict[str, list[Texts]]
KEY_KINDS = ("external_id", "uuid", "serial", "name", "bare_name", "ip", "mac", "placed_name", "context")
# How sources write an instance and its server: `ERPP1@db01`, `ERPP1 on db01`, and for SQL Server `db01\ERPP1`.
INSTANCE_AND_SERVER = re.compile(r"([^@\\]+?)(?:@|\s+on\s+)([^@\\\s]+)")
SERVER_AND_INSTANCE = re.compile(r"([^@\\\s]+)\\([^@\\]+)")


class Facts(NamedTuple):
    """What one record says of itself, in comparable form; empty where it says nothing.

    Attributes:
        source_format: Its format.
        source_file: Its file, in the version of its landing.
        listing: File and virtual center, if that lists every machine once.
        landing: Order in which its file landed; 0 if nobody knows.
        external_id: Its external id in its space, and across formats if it is long.
        uuid: UUIDs of any kind.
        bios_uuid: SMBIOS UUID.
        vm_uuid: UUID in the hypervisor.
        serial: Serial number that is no UUID.
        name: Names that count as equal.
        base: Names without remarks and suffixes, for telling close ones.
        ip: Addresses.
        mac: Hardware addresses.
        domain: DNS domain, unless it is the enterprise's own.
        environment: Environment.
        place: What the name is unique in: the server of a database, the virtual center of a cluster.
        hypervisor_host: Host that runs it.
        owner: Owner; of applications only.
        business_unit: Business unit; of applications only.
        own_id: External id by which its source calls it in every export.
        unique: UUIDs and serial numbers that no other record of its file has.
        instance: The system that its source is an export of.
    """

    source_format: str
    source_file: str
    listing: str
    landing: int
    external_id: Texts
    uuid: Texts
    bios_uuid: Texts
    vm_uuid: Texts
    serial: Texts
    name: Texts
    base: Texts
    ip: Texts
    mac: Texts
    domain: Texts
    environment: Texts
    place: Texts
    hypervisor_host: Texts
    owner: Texts
    business_unit: Texts
    own_id: Texts
    unique: Texts
    instance: Texts


SCALARS = 4


@dataclass(frozen=True)
class Evidence:
    """The evidence of the records of one asset type.

    Attributes:
        facts: Of each record, by position.
        keys: Kind of key to the keys of each record, by position. A key that more records share than the model
            allows is no evidence: it is left out here, and from the facts too.
    """

    facts: list[Facts]
    keys: Mapping[str, list[Texts]]


def gather(records: pd.DataFrame, asset_type: str, domains: Collection[str]) -> Evidence:
    """Gather the evidence of records of one asset type.

    Args:
        records: Rows of `cleansed_records` with a fresh index.
        asset_type: What they describe.
        domains: DNS domains of the enterprise: a host is the same one in each of them.
    """
    columns = _identifiers(records)
    own_domains = frozenset(domain.casefold() for domain in domains)
    if asset_type == "application":
        columns |= _application_names(records)
    elif asset_type == "database":
        columns |= _database_names(records, columns["ip"], own_domains)
    elif asset_type == "cluster":
        columns |= _cluster_names(records)
    else:
        columns |= _host_names(records, own_domains)
    # All databases of a server share its addresses: those count only together with the instance.
    kinds = [kind for kind in KEY_KINDS if kind in columns and (asset_type, kind) != ("database", "ip")]
    landings = records["landing_number"].fillna(0).astype("int64").tolist()
    keys = {kind: _without_frequent(columns[kind], landings) for kind in kinds}
    # Some tools take a machine's UUID for its external id.
    travelling = set(chain.from_iterable(columns["external_id"]))
    keys["external_id"] = _without_frequent(
        [
            _texts(*own, *(uuid for uuid in uuids if uuid in travelling))
            for own, uuids in zip(columns["external_id"], columns["uuid"], strict=True)
        ],
        landings,
    )
    columns |= {kind: keys[kind] for kind in ("uuid", "serial", "ip", "mac") if kind in keys}
    columns["name"] = columns.pop("shown_name", keys["name"])
    files = [f"{file}\n{landing}" for file, landing in zip(records["source_file"], landings, strict=True)]
    columns |= _of_one_source(records, files, columns)
    nothing: list[Texts] = [()] * len(records)
    lists = [columns.get(field, nothing) for field in Facts._fields[SCALARS:]]
    listing = _listings(records, files)
    facts = map(Facts, records["source_format"], files, listing, landings, *lists)
    return Evidence(list(facts), keys)


def _of_one_source(records: pd.DataFrame, files: Sequence[str], columns: Columns) -> Columns:
    """What tells a record again in a later export of its source."""
    spaces = identity_model().external_id_spaces
    own = [
        keys[:1] if source_format in spaces else ()
        for keys, source_format in zip(columns["external_id"], records["source_format"], strict=True)
    ]
    identifiers = [(*uuids, *serials) for uuids, serials in zip(columns["uuid"], columns["serial"], strict=True)]
    counts = Counter((file, key) for file, keys in zip(files, identifiers, strict=True) for key in set(keys))
    unique = [
        tuple(key for key in keys if counts[file, key] == 1) for file, keys in zip(files, identifiers, strict=True)
    ]
    return {"own_id": own, "unique": unique, "instance": instances_of(records)}


def instances_of(records: pd.DataFrame) -> list[Texts]:
    """Return what names the system that each record's source is an export of; nothing where sources do not say."""
    columns = identity_model().exports.instances
    found: list[Texts] = []
    attributes = {source_format: records[told["attribute"]].tolist() for source_format, told in columns.items()}
    for place, (source_format, custom) in enumerate(
        zip(records["source_format"], records["custom_attributes"], strict=True)
    ):
        told = columns.get(source_format)
        if told is None:
            found.append(())
            continue
        header = custom.get(told["header"]) if isinstance(custom, dict) else None
        attribute = attributes[source_format][place]
        found.append(_texts(*(text.casefold() for text in (header, attribute) if isinstance(text, str))))
    return found


def _identifiers(records: pd.DataFrame) -> Columns:
    bios, vm = _each(records["bios_uuid"], read_uuid), _each(records["vm_uuid"], read_uuid)
    serials = _map(records["serial_number"], read_serial, ("", ""))
    bios = [one or _texts(uuid) for one, (uuid, _) in zip(bios, serials, strict=True)]
    return {
        "bios_uuid": bios,
        "vm_uuid": vm,
        "uuid": [_texts(*one, *other) for one, other in zip(bios, vm, strict=True)],
        "serial": [_texts(serial) for _, serial in serials],
        "external_id": _without_frequent(
            _external_ids(records), records["landing_number"].fillna(0).astype("int64").tolist()
        ),
        "ip": _lists(records["ip_addresses"], "ip"),
        "mac": _lists(records["mac_addresses"], "mac"),
        "environment": _each(records["environment"], str.casefold),
        "hypervisor_host": _each(
            records["hypervisor_host"], lambda host: split_host(host, is_host=True, domains=())[0]
        ),
    }


def _external_ids(records: pd.DataFrame) -> list[Texts]:
    # A list of somebody's own may number its rows anew each time: its ids say nothing about those of another version.
    landings = records["landing_number"].fillna(0).astype("str")
    sheets = records["source_file"] + "\n" + records["sheet"].fillna("").astype("str") + "\n" + landings
    keys: list[Texts] = []
    for external_id, source_format, center, sheet in zip(
        _texts_of(records["external_id"]),
        records["source_format"],
        _texts_of(records["virtual_center"]),
        sheets,
        strict=True,
    ):
        key = external_id and external_id_key(
            external_id, source_format=source_format, virtual_center=center, sheet=sheet
        )
        keys.append(_texts(key, external_id and travelling_id(external_id)))
    return keys


def _host_names(records: pd.DataFrame, domains: frozenset[str]) -> Columns:
    """Host names of machines, from all that may hold one; the domain from what tells it first."""
    free = _map(records["name"], lambda name: split_host(name, is_host=False, domains=domains), ("", ""))
    hosts = [
        _map(records[attribute], lambda name: split_host(name, is_host=True, domains=domains), ("", ""))
        for attribute in ("fqdn", "host_name")
    ]
    bases = _map(records["name"], base_name, "")
    stated = _texts_of(records["dns_domain"])
    columns: Columns = {"name": [], "base": [], "bare_name": [], "domain": []}
    for domain, base, *pairs in zip(stated, bases, *hosts, free, strict=True):
        names = _texts(*(name for name, _ in pairs if is_evidence("name", name)))
        told = next((one for one in (domain.casefold(), *(one for _, one in pairs)) if one), "")
        columns["name"].append(names)
        columns["base"].append(_texts(*names, base) if is_evidence("name", base) else names)
        columns["bare_name"].append(columns["base"][-1])
        says_nothing = told in domains or not is_evidence("domain", told)
        columns["domain"].append(() if says_nothing else _texts(told))
    return columns


def _application_names(records: pd.DataFrame) -> Columns:
    """Names of applications: equal if letters and digits are, corroborated by description, or owner and unit."""
    shown = _each(records["name"], lambda name: " ".join(words_of(name)))
    people = _texts_of(records["owner"] + "\n" + records["business_unit"])
    contexts = zip(_texts_of(records["description"]), people, strict=True)
    return {
        "shown_name": shown,
        "base": shown,
        "name": _each(records["name"], compact),
        "context": [_texts(*(compact(one) for one in context)) for context in contexts],
        "owner": _each(records["owner"], str.casefold),
        "business_unit": _each(records["business_unit"], str.casefold),
    }


def _database_names(records: pd.DataFrame, ips: Sequence[Texts], domains: frozenset[str]) -> Columns:
    """Instances of databases: the same only on the same server, told by its name or its address.

    The instance alone is a key where all records of that name can be on one server: `MSSQLSERVER` never is.
    """
    parts = _map(records["name"], split_instance, ("", ""))
    hosts = [_texts_of(records[attribute]) for attribute in ("fqdn", "host_name")]
    instances = [compact(instance) for instance, _ in parts]
    servers = [
        split_host(server or fqdn or host, is_host=True, domains=domains)[0]
        for (_, server), fqdn, host in zip(parts, *hosts, strict=True)
    ]
    seen: dict[str, tuple[set[str], set[str]]] = {}
    for instance, server, addresses in zip(instances, servers, ips, strict=True):
        known = seen.setdefault(instance, (set(), set()))
        known[0].update(_texts(server))
        known[1].update(addresses)
    is_one = {instance: all(len(places) <= 1 for places in known) for instance, known in seen.items()}
    return {
        "name": [_texts(instance) if is_one[instance] else () for instance in instances],
        "shown_name": [_texts(instance) for instance in instances],
        "place": [_texts(server) for server in servers],
        "placed_name": [
            tuple(f"{instance}@{place}" for place in _texts(server, *addresses)) if instance else ()
            for instance, server, addresses in zip(instances, servers, ips, strict=True)
        ],
    }


def split_instance(name: str) -> tuple[str, str]:
    """Split the name of a database into instance and server; the server is empty if the name tells none."""
    name = " ".join(name.split())
    if match := SERVER_AND_INSTANCE.fullmatch(name):
        return match[2], match[1]
    if match := INSTANCE_AND_SERVER.fullmatch(name):
        return match[1], match[2]
    return name, ""


def _cluster_names(records: pd.DataFrame) -> Columns:
    """Names of clusters, which are unique only within their virtual center."""
    names, centers = (_each(records[name], str.casefold) for name in ("name", "virtual_center"))
    placed = [
        tuple(f"{name}@{center}" for name in names for center in centers)
        for names, centers in zip(names, centers, strict=True)
    ]
    return {"name": names, "place": centers, "placed_name": placed}


def _listings(records: pd.DataFrame, files: Sequence[str]) -> list[str]:
    is_listing = records["source_format"].isin(list(identity_model().listings))
    centers = _texts_of(records["virtual_center"])
    return [
        f"{file}\n{center}" if listed else "" for file, center, listed in zip(files, centers, is_listing, strict=True)
    ]


def _without_frequent(column: list[Texts], landings: Sequence[int]) -> list[Texts]:
    """Leave out keys that too many records share; a key that comes again with every export is not the more frequent."""
    counts = Counter(chain.from_iterable(column))
    most = identity_model().most_records_per_key
    suspects = {key for key, count in counts.items() if count > most}
    if not suspects:
        return column
    landed: dict[str, set[int]] = {}
    for keys, landing in zip(column, landings, strict=True):
        for key in suspects.intersection(keys):
            landed.setdefault(key, set()).add(landing)
    frequent = {key for key in suspects if counts[key] > most * len(landed[key])}
    return [tuple(key for key in keys if key not in frequent) for keys in column]


def _map(values: pd.Series[Any], read: Callable[[str], Any], missing: object) -> list[Any]:
    """Read a column of text, each distinct value once."""
    readings = {value: read(value) for value in values.dropna().unique()}
    return [readings.get(value, missing) for value in values]


def _each(values: pd.Series[Any], read: Callable[[str], str]) -> list[Texts]:
    return _map(values, lambda value: _texts(read(value)), ())


def _lists(values: pd.Series[Any], kind: str) -> list[Texts]:
    return [tuple(key for key in keys if is_evidence(kind, key)) if isinstance(keys, list) else () for keys in values]


def _texts_of(values: pd.Series[Any]) -> list[str]:
    filled: list[str] = values.fillna("").tolist()
    return filled


def _texts(*values: str) -> Texts:
    """Return the values that are not empty, each once, in order."""
    return tuple(dict.fromkeys(filter(None, values)))
