"""Which unit a column's values are in, where neither a template nor the header tells.

Belongs here: reading the unit off the cells or off the distribution of numbers. Does not: converting
(`discovery/data_cleansing.py`) and units in headers (`reference/header_words.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from flow_pipelines.discovery.mapping.value_profiles import ColumnProfile
from flow_pipelines.reference.attributes import attribute_named
from flow_pipelines.reference.header_words import dimension_of

# No machine has 100 MB or 100 TB of memory; a disk of 100 million GiB is a disk in bytes.
FEWEST_BYTES = 10**8
KIB_OF_MEMORY = 10**6  # 1 GiB in KiB; as MiB it would be a TiB
MOST_GIB_OF_MEMORY = 1_024
MOST_GIB_OF_STORAGE = 20_000  # 20 TiB; smaller disks in MiB have at least 1 GiB
MOST_GHZ, MOST_MHZ = 10, 10_000
BINARY_STEP = 256
MOSTLY = 0.8
MAJORITY = 0.5


class SourceUnit(NamedTuple):
    """A unit and why it is believed."""

    unit: str | None
    reason: str | None


def unit_of_values(attribute: str, profile: ColumnProfile) -> SourceUnit:
    """Tell the unit of a column from its values.

    Returns:
        The unit that most cells carry, else what the numbers allow; counts are in their attribute's own unit.
        No unit where the numbers allow several.
    """
    unit = attribute_named(attribute).unit
    carried = max(sorted(profile.units), key=lambda one: profile.units[one], default=None)
    if carried and profile.units[carried] > MAJORITY * profile.meaningful and dimension_of(carried):
        return SourceUnit(carried, f"most cells carry the unit {carried}")
    if unit in ONLY_UNITS or (unit and dimension_of(unit) is None and not unit.startswith("currency")):
        return SourceUnit(unit, None)
    judge = JUDGES.get(unit or "")
    return judge(profile.numbers) if judge and profile.numbers.size else SourceUnit(None, None)


def _percent(numbers: npt.NDArray[np.float64]) -> SourceUnit:
    if numbers.max() <= 1 and (numbers % 1 > 0).any():
        return SourceUnit("fraction", "no value is above 1, so they are fractions, not percent")
    return SourceUnit("percent", None)


def _frequency(numbers: npt.NDArray[np.float64]) -> SourceUnit:
    median = float(np.median(numbers))
    if median <= MOST_GHZ:
        return SourceUnit("GHz", f"the values are around {median:g}, which only GHz explains")
    if median <= MOST_MHZ:
        return SourceUnit("MHz", f"the values are around {median:g}, which only MHz explains")
    return SourceUnit(None, None)


def _memory(numbers: npt.NDArray[np.float64]) -> SourceUnit:
    median, largest = float(np.median(numbers)), float(numbers.max())
    binary = float((numbers % BINARY_STEP == 0).mean())
    if median > FEWEST_BYTES:
        return SourceUnit("bytes", f"the values are around {median:,.0f}, which only bytes explain")
    if median > KIB_OF_MEMORY and binary >= MOSTLY:
        return SourceUnit("KiB", f"the values are around {median:,.0f} and multiples of {BINARY_STEP}, as KiB are")
    if largest <= MOST_GIB_OF_MEMORY or (median <= MOST_GIB_OF_MEMORY and binary < MOSTLY):
        return SourceUnit("GiB", f"the values are around {median:g}, too few for MiB")
    if binary >= MOSTLY:
        return SourceUnit("MiB", f"{binary:.0%} of the values are multiples of {BINARY_STEP}, as MiB are")
    return SourceUnit("MiB", f"the values are around {median:,.0f}, too many for GiB")


def _storage(numbers: npt.NDArray[np.float64]) -> SourceUnit:
    median = float(np.median(numbers))
    if median > FEWEST_BYTES:
        return SourceUnit("bytes", f"the values are around {median:,.0f}, which only bytes explain")
    if median > MOST_GIB_OF_STORAGE:
        return SourceUnit("MiB", f"the values are around {median:,.0f}, too many for GiB")
    return SourceUnit("GiB", f"the values are around {median:g}, as GiB are")


# Attributes in these units are written in no other one.
ONLY_UNITS = frozenset({"bytes", "1/s"})
# By the attribute's unit. Rates have none: KB/s and MB/s can't be told apart by their size.
JUDGES: Mapping[str, Callable[[npt.NDArray[np.float64]], SourceUnit]] = {
    "percent": _percent,
    "MHz": _frequency,
    "MiB": _memory,
    "GiB": _storage,
}
