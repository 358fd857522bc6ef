"""Ids of assets: from the strongest natural key that an asset's records tell.

Belongs here: choosing the key, and telling assets apart that share it. Does not: which records are one asset
(`clusters.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from flow_pipelines.discovery.identity.clusters import Cluster
from flow_pipelines.discovery.identity.evidence import Evidence, Facts
from flow_pipelines.reference.identity_model import identity_model
from flow_pipelines.scope import Scope

NaturalKey = tuple[str, ...]
FIELDS = {"bios_uuid": "bios_uuid", "vm_uuid": "vm_uuid", "serial_number": "serial"}
DISTINCTIVE = ("name", "domain", "environment", "ip", "vm_uuid", "external_id")


def asset_ids(
    clusters: Sequence[Cluster], evidence: Evidence, asset_type: str, *, record_ids: Sequence[str], scope: Scope
) -> list[str]:
    """Return the id of each asset.

    An id is made from the records that landed first, so that no later export changes it, whatever it adds, renames or
    moves. Of their natural keys the kinds are tried in the model's order, so that an id hangs on few records and on no
    order of rows. Of assets with the same key (a clone that kept its UUID) the one that landed first has it; those
    that landed together are told apart by name, domain, environment, address and external id, all of them alike. What
    a person split off yields the key to the asset that it was in, so that this one keeps its id.

    Args:
        clusters: The assets of one type.
        evidence: Of their records.
        asset_type: The type.
        record_ids: Of the records, by position.
        scope: The engagement.
    """
    landings = [min(evidence.facts[position].landing for position in one.members) for one in clusters]
    first = [_landed_first(one, landing, evidence.facts) for one, landing in zip(clusters, landings, strict=True)]
    keys = [
        _natural_key(own, evidence, asset_type)
        or _natural_key(one.members, evidence, asset_type)
        or _record_key(own, record_ids)
        for one, own in zip(clusters, first, strict=True)
    ]
    keys = _yielded(keys, clusters, record_ids)
    keys = _told_apart(keys, landings, [_distinction(own, evidence.facts) for own in first])
    keys = _told_apart(keys, landings, [_record_key(own, record_ids) for own in first])
    return scope.ids_of("asset", ((asset_type, *key) for key in keys))


def _yielded(keys: Sequence[NaturalKey], clusters: Sequence[Cluster], record_ids: Sequence[str]) -> list[NaturalKey]:
    counts = Counter(keys)
    return [
        (*key, *_record_key(one.members, record_ids)) if one.is_split_off and counts[key] > 1 else key
        for key, one in zip(keys, clusters, strict=True)
    ]


def _landed_first(one: Cluster, landing: int, facts: Sequence[Facts]) -> tuple[int, ...]:
    return tuple(position for position in one.members if facts[position].landing == landing)


def _told_apart(
    keys: Sequence[NaturalKey], landings: Sequence[int], distinctions: Sequence[NaturalKey]
) -> list[NaturalKey]:
    counts = Counter(keys)
    earliest: dict[NaturalKey, list[int]] = {}
    for key, landing in sorted(zip(keys, landings, strict=True), key=lambda one: one[1]):
        if counts[key] > 1:
            earliest.setdefault(key, []).append(landing)
    # Whose key it is: the one that landed before all others that share it.
    holders = {key: first[0] for key, first in earliest.items() if first[0] < first[1]}
    return [
        (*key, *distinction) if counts[key] > 1 and holders.get(key) != landing else key
        for key, landing, distinction in zip(keys, landings, distinctions, strict=True)
    ]


def _natural_key(positions: Sequence[int], evidence: Evidence, asset_type: str) -> NaturalKey:
    """Return the kind and the value of the strongest key; empty if the records tell none."""
    members = [evidence.facts[position] for position in positions]
    for kind in identity_model().natural_keys[asset_type]:
        if kind == "external_id":
            value = _external_id(members)
        elif kind == "name":
            value = _most_frequent(name for position in positions for name in evidence.keys["name"][position])
        elif kind == "name_and_place":
            value = _placed_name(members)
        else:
            value = _least(members, FIELDS[kind])
        if value:
            return kind, value
    return ()


def _least(members: Sequence[Facts], field: str) -> str:
    return min((text for facts in members for text in getattr(facts, field)), default="")


def _external_id(members: Sequence[Facts]) -> str:
    """Return the external id of the most trusted format; those of formats that promise no unique ones don't count."""
    ranks = {source_format: rank for rank, source_format in enumerate(identity_model().external_id_spaces)}
    found = [
        (ranks[facts.source_format], facts.external_id[0])
        for facts in members
        if facts.external_id and facts.source_format in ranks
    ]
    return min(found)[1] if found else ""


def _placed_name(members: Sequence[Facts]) -> str:
    """Return a name with the place it is unique in; an address stands for the place where no record names it."""
    by_place = [f"{name}@{place}" for facts in members for name in facts.name for place in facts.place]
    by_address = [f"{name}@{ip}" for facts in members for name in facts.name for ip in facts.ip]
    return min(by_place or by_address, default="")


def _most_frequent(values: Iterable[str]) -> str:
    counts = Counter(values)
    return min(counts, key=lambda value: (-counts[value], value), default="")


def _distinction(positions: Sequence[int], facts: Sequence[Facts]) -> NaturalKey:
    members = [facts[position] for position in positions]
    return tuple(_least(members, field) for field in DISTINCTIVE)


def _record_key(positions: Sequence[int], record_ids: Sequence[str]) -> NaturalKey:
    return "record", min(record_ids[position] for position in positions)
