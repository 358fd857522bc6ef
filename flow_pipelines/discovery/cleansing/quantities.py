"""Numbers: decimal and thousands marks, units inside cells, believable ranges.

Belongs here: turning a cell into a number of its attribute's unit. Does not: guessing the unit of a whole column
(attribute mapping does, and says why).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from flow_pipelines import reference
from flow_pipelines.discovery.cleansing.cells import Cleansed, rule
from flow_pipelines.reference.attributes import Attribute, AttributeType

FILE = Path(reference.__file__).with_name("quantities.yaml")
NUMBER = re.compile(r"([-+]?)(\d[\d.,' \u00a0\u202f]*)\s*([a-zA-Z%][a-zA-Z/%]*)?")
EXPONENT = re.compile(r"[-+]?\d+(?:\.\d+)?[eE][-+]?\d+")
# "61.2 GiB / 127 GiB" is used / total; "of" likewise.
PAIR = re.compile(r"(.+?)\s*(?:/|\bof\b|\bvon\b)\s*(\d.+)")
SPACES = re.compile(r"[' \u00a0\u202f]")


@dataclass(frozen=True)
class Units:
    """The units known, by the canonical unit that they are converted to, and the believable ranges."""

    families: dict[str, dict[str, float]]
    ranges: dict[str, tuple[float, float]]


@cache
def units() -> Units:
    """Load the units."""
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    families = {
        name: {unit.casefold(): float(factor) for unit, factor in listed.items()}
        for name, listed in content["families"].items()
    }
    return Units(families, {name: (float(low), float(high)) for name, (low, high) in content["ranges"].items()})


def comma_is_decimal(cells: Iterable[str], default: str) -> bool:
    """Tell whether a column writes 1,5 for one and a half, from its cells; `default` decides where they don't."""
    comma = dot = 0
    for cell in cells:
        digits = NUMBER.match(cell.strip())
        text = digits.group(2) if digits else ""
        if "," in text and "." in text:
            comma, dot = comma + (text.rfind(",") > text.rfind(".")), dot + (text.rfind(".") > text.rfind(","))
        elif re.search(r",\d{1,2}$|,\d{4,}$", text.strip()):
            comma += 1
        elif re.search(r"\.\d{1,2}$|\.\d{4,}$", text.strip()):
            dot += 1
    return comma > dot if comma != dot else default == ","


def quantity(cell: str, attribute: Attribute, unit: str | None, *, decimal_comma: bool) -> Cleansed:
    """Cleanse a number.

    Args:
        cell: The cell as read.
        attribute: The attribute it is for; names the canonical unit.
        unit: The unit of the column; a unit in the cell has precedence.
        decimal_comma: Whether the column writes a comma before decimals.
    """
    text = cell.strip()
    pair = PAIR.fullmatch(text)
    if pair and NUMBER.match(text):
        text = pair.group(1) if "used" in attribute.name or "usage" in attribute.name else pair.group(2)
    parsed = _number(text, decimal_comma=decimal_comma)
    if parsed is None:
        return Cleansed(None, rule("not_a_number"), f"{cell!r} is no number")
    number, written = parsed
    factor, converted = _factor(attribute, written, unit)
    if factor is None:
        return Cleansed(None, rule("unknown_unit"), f"{cell!r} is in a unit unknown for it ({written or unit})")
    value = number * factor
    low, high = _range(attribute)
    if not low <= value <= high:
        return Cleansed(None, rule("out_of_range"), f"{cell!r} is not between {low:g} and {high:g}")
    if attribute.type is AttributeType.INTEGER:
        value = round(value)
    plain = _plain(cell)
    if plain is not None and plain == value:
        return Cleansed(value)
    return Cleansed(value, rule(f"unit_to_{_slug(attribute.unit)}" if converted else "number_format"))


def _number(text: str, *, decimal_comma: bool) -> tuple[float, str | None] | None:
    if EXPONENT.fullmatch(text):
        return float(text), None
    matched = NUMBER.fullmatch(text)
    if matched is None:
        return None
    sign, digits, unit = matched.groups()
    digits = SPACES.sub("", digits).rstrip(".,")
    if "," in digits and "." in digits:
        decimal = "," if digits.rfind(",") > digits.rfind(".") else "."
    elif digits.count(",") > 1 or digits.count(".") > 1:
        decimal = "none"
    elif "," in digits:
        decimal = "," if decimal_comma or not re.search(r"^\d{1,3},\d{3}$", digits) else "none"
    else:
        decimal = "none" if decimal_comma and re.search(r"^\d{1,3}\.\d{3}$", digits) else "."
    digits = "".join("." if sign == decimal else sign for sign in digits if sign.isdigit() or sign == decimal)
    try:
        return float(sign + digits), unit
    except ValueError:
        return None


def _factor(attribute: Attribute, written: str | None, unit: str | None) -> tuple[float | None, bool]:
    family = units().families.get(attribute.unit or "")
    if family is None:
        return 1.0, written is not None
    name = written or unit
    if name is None:
        return 1.0, False
    factor = family.get(name.casefold())
    return factor, factor != 1.0 or written is not None


def _range(attribute: Attribute) -> tuple[float, float]:
    ranges = units().ranges
    return ranges.get("port" if attribute.name.endswith("_port") else attribute.unit or "any", ranges["any"])


def _plain(cell: str) -> float | None:
    try:
        return float(cell.strip())
    except ValueError:
        return None


def _slug(unit: str | None) -> str:
    return re.sub(r"\W+", "_", (unit or "number").casefold()).strip("_")
