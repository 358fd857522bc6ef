"""What forbids that two records are one asset, whatever else they have in common.

Belongs here: the contradictions, one function each. Does not: evidence for identity (`pairs.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flow_pipelines.discovery.identity.evidence import Facts


def share(values: Iterable[str], others: Iterable[str]) -> bool:
    """Tell whether two lists have a value in common."""
    return not set(values).isdisjoint(others)


def differ(values: Iterable[str], others: Iterable[str]) -> bool:
    """Tell whether both lists hold values, and none in common."""
    return bool(values) and bool(others) and not share(values, others)


def contradict(one: Facts, other: Facts) -> bool:
    """Tell whether two records can't be one asset."""
    return bool(contradiction(one, other))


def contradiction(one: Facts, other: Facts) -> str:
    """Say why two records can't be one asset; empty if they can."""
    if _is_a_later_word_on(one, other):
        return ""
    return next((words for words, forbids in FORBIDDEN if forbids(one, other)), "")


def _is_a_later_word_on(one: Facts, other: Facts) -> bool:
    """Tell whether one source calls both by its own id, in two exports; everything else about it may have changed.

    An id under which everything is different was given to something else, by a management server set up anew.
    """
    return (
        one.source_format == other.source_format
        and one.source_file != other.source_file
        and share(one.own_id, other.own_id)
        and not (differ(one.uuid, other.uuid) and _names_differ(one, other))
    )


def _was_renamed(one: Facts, other: Facts) -> bool:
    """Tell whether a later export of one system has one machine under a UUID or serial number, and so had the earlier.

    In one export, or in two systems, that would be a machine and its clone.
    """
    return (
        one.source_format == other.source_format
        and one.landing != other.landing
        and share(one.unique, other.unique)
        and not differ(one.instance, other.instance)
    )


def _are_two_machines_of_hypervisors(one: Facts, other: Facts) -> bool:
    """Different UUIDs in the hypervisor, listed in one file or run by different hosts.

    Some tools write the SMBIOS UUID here, so a UUID of any kind in common speaks against it.
    """
    if not differ(one.vm_uuid, other.vm_uuid) or share(one.uuid, other.uuid):
        return False
    return one.source_file == other.source_file or differ(one.hypervisor_host, other.hypervisor_host)


def _are_two_lines_of_a_listing(one: Facts, other: Facts) -> bool:
    """Different names in a file that lists each machine once: a clone that kept its UUIDs, for instance."""
    return bool(one.listing) and one.listing == other.listing and _names_differ(one, other)


def _have_other_name_and_address(one: Facts, other: Facts) -> bool:
    """Neither name nor address in common; only an external id, or a serial number of another file, outweighs that.

    In one file a serial number that two machines share is a chassis' or a placeholder.
    """
    return (
        not _was_renamed(one, other)
        and (differ(one.ip, other.ip) or differ(one.mac, other.mac))
        and not share(one.ip, other.ip)
        and not share(one.mac, other.mac)
        and _names_differ(one, other)
        and not share(one.external_id, other.external_id)
        and not (share(one.serial, other.serial) and one.source_file != other.source_file)
    )


def _have_one_name_in_two_places(one: Facts, other: Facts) -> bool:
    """A name at other addresses with other adapters, or of another environment or domain; no identifier in common."""
    if not differ(one.ip, other.ip):
        return False
    if not any(
        differ(values, others)
        for values, others in (
            (one.mac, other.mac),
            (one.environment, other.environment),
            (one.domain, other.domain),
        )
    ):
        return False
    return not any(
        share(values, others)
        for values, others in (
            (one.uuid, other.uuid),
            (one.external_id, other.external_id),
            (one.serial, other.serial),
            (one.mac, other.mac),
        )
    )


def _belong_to_others(one: Facts, other: Facts) -> bool:
    """Applications of one name that other people of another business unit own."""
    return (
        differ(one.owner, other.owner)
        and differ(one.business_unit, other.business_unit)
        and not share(one.external_id, other.external_id)
    )


def _names_differ(one: Facts, other: Facts) -> bool:
    """Tell whether two records are named differently; a typo is a different name here, a remark or suffix is not."""
    return differ(one.name, other.name) and not share(one.base, other.base)


FORBIDDEN: tuple[tuple[str, Callable[[Facts, Facts], bool]], ...] = (
    ("different serial numbers", lambda one, other: differ(one.serial, other.serial)),
    ("different SMBIOS UUIDs", lambda one, other: differ(one.bios_uuid, other.bios_uuid)),
    ("different places", lambda one, other: differ(one.place, other.place)),
    ("two machines of the hypervisor", _are_two_machines_of_hypervisors),
    ("two lines of one listing under different names", _are_two_lines_of_a_listing),
    ("neither name nor address in common", _have_other_name_and_address),
    ("one name at different addresses, and nothing else in common", _have_one_name_in_two_places),
    ("different owners and business units", _belong_to_others),
)
