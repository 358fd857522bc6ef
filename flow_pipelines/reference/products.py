"""The rules by which a product is recognized in what a source writes, as data.

Belongs here: the loader of `product_patterns.yaml` and the shape of its rules. Does not: applying them
(`discovery/products.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flow_pipelines.reference.documents import read_yaml

RULES = Path(__file__).with_name("product_patterns.yaml")
# A release is read as a whole or not at all: neither the 3.10 of a kernel 3.10.0-1160 nor the 6 of 4/5/6/7.
WHOLE = r"(?<![\w./-])(?:{})(?![\w/-]|\.[\dx])"


@dataclass(frozen=True)
class ReleaseReader:
    """One way in which a release is written."""

    pattern: re.Pattern[str]  # its group `version`, if it has one, is the precise version
    release: str  # the release in the spelling of the end-of-life facts, with {group} for what the pattern read


@dataclass(frozen=True)
class ProductRule:
    """How one product is recognized; without a product, only the vendor is known by it."""

    product: str | None
    vendor: str
    named: re.Pattern[str]
    readers: tuple[ReleaseReader, ...]
    editions: tuple[tuple[str, re.Pattern[str]], ...]
    category: str


@dataclass(frozen=True)
class SoftwareLists:
    """Where sources list software.

    Attributes:
        attributes: Attributes of the inventory that list it, where the inventory has them.
        headers: Found in the header of a custom attribute that lists it.
        separators: What parts one product from the next.
        text: Rules that bring an entry, in lower case, to the form of a product's name.
    """

    attributes: tuple[str, ...]
    headers: re.Pattern[str]
    separators: re.Pattern[str]
    text: tuple[tuple[re.Pattern[str], str], ...]


@dataclass(frozen=True)
class ProductRules:
    """All rules; see the comments of `product_patterns.yaml`."""

    version: int
    text: tuple[tuple[re.Pattern[str], str], ...]
    words: tuple[str, ...]
    ambiguous: re.Pattern[str]
    operating_systems: tuple[ProductRule, ...]
    databases: tuple[ProductRule, ...]
    software: tuple[ProductRule, ...]
    software_lists: SoftwareLists


@cache
def product_rules() -> ProductRules:
    """Load the rules."""
    data = read_yaml(RULES.read_text(encoding="utf-8"))
    return ProductRules(
        version=data["version"],
        text=tuple((re.compile(rule["find"]), rule["put"]) for rule in data["text"]),
        words=tuple(data["words"]),
        ambiguous=re.compile(data["ambiguous"]),
        operating_systems=tuple(_product_rule(rule, "operating_system") for rule in data["operating_systems"]),
        databases=tuple(_product_rule(rule, "database") for rule in data["databases"]),
        software=tuple(_product_rule(rule, rule["category"]) for rule in data["software"]),
        software_lists=SoftwareLists(
            attributes=tuple(data["software_lists"]["attributes"]),
            headers=re.compile(data["software_lists"]["headers"]),
            separators=re.compile(data["software_lists"]["separators"]),
            text=tuple((re.compile(rule["find"]), rule["put"]) for rule in data["software_lists"]["text"]),
        ),
    )


def _product_rule(rule: dict[str, Any], category: str) -> ProductRule:
    return ProductRule(
        product=rule["product"],
        vendor=rule["vendor"],
        named=re.compile("|".join(rule["named"])),
        readers=tuple(
            ReleaseReader(re.compile(WHOLE.format(reader["reads"])), reader["release"])
            for reader in rule.get("releases", ())
        ),
        editions=tuple((name, re.compile(pattern)) for name, pattern in rule.get("editions", {}).items()),
        category=category,
    )
