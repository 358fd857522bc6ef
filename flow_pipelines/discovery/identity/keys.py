"""Identifiers in the form in which records of different sources are compared.

Belongs here: reading UUIDs, serial numbers and external ids. Does not: names (`names.py`) and which records hold them
(`evidence.py`).
"""

from __future__ import annotations

import re
from functools import cache

from flow_pipelines.reference.identity_model import identity_model

NOT_HEXADECIMAL = re.compile(r"[^0-9a-f]")
NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
UUID_DIGITS = re.compile(r"[0-9a-f]{32}")
# VMware writes the SMBIOS UUID of a VM as its serial number: `VMware-42 1c 83 0f 5e 2b 9d 04-7a 61 c8 8e 15 f0 33 b2`.
SERIAL_WITH_UUID = re.compile(r"(?:vmware)?([0-9a-f]{32})")


def read_uuid(text: str) -> str:
    """Return the digits of a UUID, the same for both byte orders; empty if it is none or a default.

    Older tools read the first three groups of an SMBIOS UUID with their bytes swapped; of both readings, the lower
    one stands for the machine.
    """
    digits = text.casefold().replace("-", "").strip("{} ")
    if not UUID_DIGITS.fullmatch(digits):
        return ""
    lower = min(digits, swap_bytes(digits))
    return "" if lower in _no_uuids() else lower


def swap_bytes(digits: str) -> str:
    """Reverse the bytes of the first three groups of a UUID; 32 digits without hyphens."""
    groups = (digits[:8], digits[8:12], digits[12:16])
    return "".join(bytes.fromhex(group)[::-1].hex() for group in groups) + digits[16:]


@cache
def _no_uuids() -> frozenset[str]:
    listed = [NOT_HEXADECIMAL.sub("", one) for one in identity_model().no_evidence["uuid"]]
    return frozenset(min(one, swap_bytes(one)) for one in listed)


def read_serial(text: str) -> tuple[str, str]:
    """Read a serial number.

    Returns:
        The UUID in it, as `read_uuid`, and the serial number itself without case, spaces and punctuation. One of
        them at most is filled: a serial number that spells a UUID is the UUID; a default is neither.
    """
    digits = NOT_ALPHANUMERIC.sub("", text.casefold())
    if match := SERIAL_WITH_UUID.fullmatch(digits):
        return read_uuid(match[1]), ""
    return "", "" if digits in identity_model().no_evidence["serial"] else digits


def external_id_key(external_id: str, *, source_format: str, virtual_center: str, sheet: str) -> str:
    """Return an external id within the space in which it is unique.

    Args:
        external_id: The source's own key.
        source_format: Format of the source.
        virtual_center: Management server that listed the record; may be empty.
        sheet: File and worksheet of the record, the space of formats that promise nothing.
    """
    space = identity_model().external_id_spaces.get(source_format, "sheet")
    if space == "virtual_center":
        space = virtual_center.casefold() or sheet
    elif space == "sheet":
        space = sheet
    return f"{source_format}|{space}|{external_id.casefold()}"


def travelling_id(external_id: str) -> str:
    """Return the form in which a long external id is compared across formats; empty if it is short."""
    return read_uuid(external_id) or (
        external_id.casefold() if len(external_id) >= identity_model().long_external_id else ""
    )


def is_evidence(kind: str, key: str) -> bool:
    """Tell whether an address or a name says anything: loopback addresses, `localhost` and the like do not."""
    listed = identity_model().no_evidence.get(kind, ())
    return not key.startswith(listed) if kind == "ip" and listed else key not in listed
