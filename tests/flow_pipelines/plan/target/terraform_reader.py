"""Reading Terraform's JSON as Terraform would: what is declared, and whether what is referred to is there.

Belongs here: an independent reading, as the tool itself is not at hand. Does not: what should be in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
VARIABLE = re.compile(r'var\.([a-z_]+)(?:\["([a-z0-9-]+)"\])?')
RESOURCE = re.compile(r"(data\.)?([a-z_]+)\.([a-z0-9-]+)\.[a-z_]+(?:\[\d\])?")
INSTANCES = (
    "aws_instance",
    "azurerm_linux_virtual_machine",
    "azurerm_windows_virtual_machine",
    "google_compute_instance",
)
# Arguments that Terraform reads as they stand.
NO_TEMPLATES = {"description", "//"}


def module(files: Mapping[str, str]) -> dict[str, Any]:
    """Return the files of a module as one document, in which nothing is declared twice."""
    merged: dict[str, Any] = {}
    for text in files.values():
        for kind, blocks in json.loads(text).items():
            if kind == "//":
                continue
            there = merged.setdefault(kind, {})
            assert not set(there) & set(blocks), f"{kind} is declared twice"
            there.update(blocks)
    return merged


def templates(value: object) -> Iterator[str]:
    """Yield what is evaluated in the strings of a value: between `${` and `}`, unless doubled."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from templates(key)
            if key not in NO_TEMPLATES:
                yield from templates(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from templates(inner)
    elif isinstance(value, str):
        assert not re.search(r"(?<!%)%\{", value), f"a directive: {value}"
        yield from re.findall(r"(?<!\$)\$\{(.*?)\}", value)


def problems(document: Mapping[str, Any]) -> list[str]:
    """List names that are none, and references to what is not declared."""
    found = []
    resources, data = document["resource"], document.get("data", {})
    for blocks in (*resources.values(), *data.values(), document["variable"]):
        found += [f"{name!r} is no identifier" for name in blocks if not IDENTIFIER.fullmatch(name)]
    for words in templates(document):
        variable, resource = VARIABLE.fullmatch(words), RESOURCE.fullmatch(words)
        if variable and variable[1] in document["variable"]:
            continue
        if resource and resource[3] in (data if resource[1] else resources).get(resource[2], {}):
            continue
        found.append(f"{words!r} refers to nothing")
    aliases = {f"{name}.{one['alias']}" for name, several in document["provider"].items() for one in several}
    for blocks in (*resources.values(), *data.values()):
        found += [f"no provider {one['provider']}" for one in blocks.values() if one["provider"] not in aliases]
    return found


def instances(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the machines of all clouds."""
    return [one for kind in INSTANCES for one in document["resource"].get(kind, {}).values()]


def read_literal(text: str) -> str:
    """Return what Terraform makes of a string without references."""
    return text.replace("$${", "${").replace("%%{", "%{")
