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

from flow_pipelines import reference
from flow_pipelines.discovery.cleansing.cells import Cleansed, quoted, rule
from flow_pipelines.reference.attributes import Attribute, AttributeType, attribute_named
from flow_pipelines.reference.documents import read_yaml
from flow_pipelines.reference.header_words import dimension_of, header_rules

FILE = Path(reference.__file__).with_name("quantities.yaml")
# A number with its marks and the unit behind it, if any: 61,234.5 GiB, 1'024, € 12.
NUMBER = re.compile(r"[€$£¥]?\s*([-+]?)(\d[\d.,' \u00a0\u202f]*)\s*([a-zA-Z%][a-zA-Z/%]*|[€$£¥])?")
EXPONENT = re.compile(r"[-+]?\d+(?:\.\d+)?[eE][-+]?\d+")
# "61.2 GiB / 127 GiB" is used and total; "of" likewise.
USED_OF_TOTAL = re.compile(r"(.+?)\s*(?:/|\bof\b|\bvon\b)\s*(\d.*)")
SIZES = frozenset({"MiB", "GiB"})
# 1,024 or 1,024,000; Indian 10,24,000. A leading zero is never a group: 0,125 is an eighth.
GROUPED = re.compile(r"[1-9]\d{0,2}(?:([.,])\d{3})(?:\1\d{3})*|[1-9]\d?(?:,\d{2})+,\d{3}")
DECIMALS = re.compile(r"([.,])(?:\d{1,2}|\d{4,})$|^0([.,])\d+$")
SPACES = re.compile(r"[' \u00a0\u202f]")


@dataclass(frozen=True)
class Units:
    """By canonical unit the factor of each unit; by attribute or canonical unit the believable range."""

    families: dict[str, dict[str, float]]
    ranges: dict[str, tuple[float, float]]


@cache
def units() -> Units:
    """Load the units."""
    content = read_yaml(FILE.read_text(encoding="utf-8"))
    return Units(
        {
            name: {unit: float(factor) for unit, factor in listed.items()}
            for name, listed in content["families"].items()
        },
        {name: (float(low), float(high)) for name, (low, high) in content["ranges"].items()},
    )


def comma_is_decimal(cells: Iterable[str], default: str) -> bool:
    """Tell whether a column writes 1,5 for one and a half, from its cells; `default` decides where they don't."""
    votes = {",": 0, ".": 0}
    for cell in cells:
        number = NUMBER.match(cell.strip())
        digits = SPACES.sub("", number.group(2)) if number else ""
        if "," in digits and "." in digits:
            votes[_last_mark(digits)] += 1
        elif digits.count(",") + digits.count(".") == 1 and (found := DECIMALS.search(digits)):
            votes[found.group(1) or found.group(2)] += 1
    return votes[","] > votes["."] if votes[","] != votes["."] else default == ","


def quantity(cell: str, attribute: Attribute, unit: str | None, *, decimal_comma: bool) -> Cleansed:
    """Cleanse a number.

    Args:
        cell: The cell as read.
        attribute: The attribute it is for; names the canonical unit.
        unit: The unit of the column; a unit in the cell has precedence.
        decimal_comma: Whether the column writes a comma before decimals.
    """
    text = cell.strip()
    pair = USED_OF_TOTAL.fullmatch(text) if attribute.unit in SIZES else None
    parsed = _part(pair, attribute, decimal_comma=decimal_comma) if pair else _number(text, decimal_comma=decimal_comma)
    if parsed is None:
        return Cleansed(None, rule("not_a_number"), f"{quoted(cell)} is no number")
    number, written = parsed
    factor = _factor(attribute, written, unit)
    if factor is None:
        return Cleansed(None, rule("unknown_unit"), f"{quoted(cell)} has no unit that measures {attribute.unit}")
    value = number * factor
    low, high = _range(attribute)
    if not low <= value <= high:
        believable = f"{low:,.15g} and {high:,.15g} {attribute.unit or ''}".strip()
        return Cleansed(None, rule("out_of_range"), f"{quoted(cell)} is not between {believable}")
    exact, value = value, round(value) if attribute.type is AttributeType.INTEGER else value
    if _plain(text) == value:
        return Cleansed(value)
    is_measured = attribute.unit in units().families and (factor != 1 or written)
    names = [f"unit_to_{_slug(attribute.unit or '')}" if is_measured else "number_format"]
    return Cleansed(value, rule(*(["used_of_total"] if pair else []), *names, *(["rounded"] if exact != value else [])))


def used_of_total(cell: str, attribute_name: str, *, is_used: bool) -> float | None:
    """Return the one of two sizes in a cell such as `61.2 GiB / 127 GiB` that is the used part, or the total.

    Args:
        cell: The cell as read.
        attribute_name: The attribute that the size is for; names the canonical unit.
        is_used: Whether the used part is asked for.

    Returns:
        The size in the attribute's unit; None if the cell holds no two sizes, or names no unit.
    """
    attribute = attribute_named(attribute_name)
    pair = USED_OF_TOTAL.fullmatch(cell.strip())
    used, total = (_number(text, decimal_comma=False) for text in pair.groups()) if pair else (None, None)
    if used is None or total is None or not (unit := total[1] or used[1]):
        return None
    number, written = (used[0], used[1] or unit) if is_used else (total[0], unit)
    factor = _factor(attribute, written, None)
    return None if factor is None else number * factor


def _part(pair: re.Match[str], attribute: Attribute, *, decimal_comma: bool) -> tuple[float, str | None] | None:
    used, total = (_number(text, decimal_comma=decimal_comma) for text in pair.groups())
    if used is None or total is None:
        return None
    return (used[0], used[1] or total[1]) if "used" in attribute.name else total


def _number(text: str, *, decimal_comma: bool) -> tuple[float, str | None] | None:
    if EXPONENT.fullmatch(text):
        return float(text), None
    matched = NUMBER.fullmatch(text)
    if matched is None:
        return None
    sign, digits, unit = matched.groups()
    plain = _without_marks(SPACES.sub("", digits).rstrip(".,"), decimal_comma=decimal_comma)
    return None if plain is None else (float(sign + plain), unit)


def _without_marks(digits: str, *, decimal_comma: bool) -> str | None:
    """Return digits with a dot before the decimals and no other mark; None if the marks make no number (10.1.2.3)."""
    marks = digits.count(",") + digits.count(".")
    if marks == 0:
        return digits
    decimal = _last_mark(digits)
    whole, decimals = digits.rsplit(decimal, 1)
    if marks == 1:
        is_group = GROUPED.fullmatch(digits) and decimal_comma is (decimal == ".")
        return whole + decimals if is_group else f"{whole}.{decimals}"
    if GROUPED.fullmatch(digits):
        return digits.replace(decimal, "")
    group = "." if decimal == "," else ","
    if decimal in whole or not GROUPED.fullmatch(whole):
        return None
    return f"{whole.replace(group, '')}.{decimals}"


def _last_mark(digits: str) -> str:
    return "," if digits.rfind(",") > digits.rfind(".") else "."


def _factor(attribute: Attribute, written: str | None, column_unit: str | None) -> float | None:
    unit = _spelled(written) if written else column_unit
    if unit is None or unit == attribute.unit:
        return 1.0
    family = units().families.get(attribute.unit or "")
    if family is None:
        # A count says what it counts ("8 vCPU"), a price its currency; neither is measured in MHz or GB.
        return 1.0 if dimension_of(unit) is None else None
    return family.get(unit)


def _spelled(written: str | None) -> str | None:
    if written is None:
        return None
    rules = header_rules()
    folded = written.casefold()
    return rules.case_decides.get(written) or rules.units.get(folded) or rules.in_brackets.get(folded) or written


def _range(attribute: Attribute) -> tuple[float, float]:
    ranges = units().ranges
    return ranges.get(attribute.name) or ranges.get(attribute.unit or "any") or ranges["any"]


def _plain(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _slug(unit: str) -> str:
    return re.sub(r"\W+", "_", unit.casefold()).strip("_")
