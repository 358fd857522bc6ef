"""What a machine's own row tells in parts: a column for each disk, or a cell such as `61.2 GiB / 127 GiB`.

Belongs here: totals and counts within one record. Does not: parts in rows of their own (`identity/details.py`).
"""

from __future__ import annotations

import numpy as np

from flow_pipelines.discovery.cleansing.draft import Draft, Objects, factorize, objects, spread
from flow_pipelines.discovery.cleansing.quantities import used_of_total
from flow_pipelines.discovery.cleansing.words import known_word

# What the sum over its disks is of a whole machine.
WHOLES = {
    "disk_size_gib": "storage_allocated_gib",
    "disk_used_gib": "storage_used_gib",
    "disk_read_kib_per_second": "disk_read_kib_per_second_average",
    "disk_write_kib_per_second": "disk_write_kib_per_second_average",
    "disk_read_operations_per_second": "disk_read_operations_per_second_average",
    "disk_write_operations_per_second": "disk_write_operations_per_second_average",
}
# Each attribute that a cell may tell together with another one, and whether that one is the used part.
TOGETHER = {
    "storage_allocated_gib": ("storage_used_gib", True),
    "storage_used_gib": ("storage_allocated_gib", False),
    "memory_mib": ("memory_used_mib_average", True),
    "memory_used_mib_average": ("memory_mib", False),
}


def derive_wholes(draft: Draft, is_whole: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
    """Fill a machine's totals from the columns about its disks; `is_whole` marks rows about whole machines."""
    for part, whole in WHOLES.items():
        if part in draft.attributes:
            draft.derive(whole, _where(is_whole, draft.attributes[part].found), "sum_of_disks")
    if "disk_size_gib" in draft.parts:
        counts = draft.parts["disk_size_gib"].astype(object)
        draft.derive("disk_count", _where(is_whole & (counts > 0), counts), "count_of_disks")


def derive_from_pairs(draft: Draft) -> None:
    """Fill what a cell tells besides the attribute that it was mapped to."""
    for attribute, (other, is_used) in TOGETHER.items():
        if attribute in draft.attributes:
            codes, cells = factorize(draft.attributes[attribute].cells)
            told = [used_of_total(cell, other, is_used=is_used) for cell in cells]
            draft.derive(other, spread(told, codes), "used_of_total")


def derive_power(draft: Draft) -> None:
    """Fill the power state from a status that is none of a life cycle (`offline`, `powered off`)."""
    if "lifecycle_status" not in draft.attributes:
        return
    column = draft.attributes["lifecycle_status"]
    codes, cells = factorize(column.cells)
    words = spread([known_word(cell, vocabulary="power_state").value for cell in cells], codes)
    unknown = np.array([value is None for value in column.found], dtype=np.bool_)
    draft.derive("power_state", _where(unknown, words), "power_from_status")


def derive_virtual(draft: Draft) -> None:
    """Fill whether it is virtual from whether it is physical."""
    if "is_physical" in draft.attributes:
        found = draft.attributes["is_physical"].found
        opposite = objects((None if value is None else not value for value in found), len(found))
        draft.derive("is_virtual", opposite, "opposite_of_physical")


def _where(mask: np.ndarray[tuple[int], np.dtype[np.bool_]], values: Objects) -> Objects:
    kept = values.copy()
    kept[~mask] = None
    return kept
