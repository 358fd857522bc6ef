"""Values as Terraform's JSON syntax reads them: every string is a template there.

Belongs here: keeping text that people gave from being read as a template, references, tags. Does not: resources.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from flow_pipelines.edit_values import UNWRITABLE

Block = dict[str, object]
# The longest value of a tag in AWS and Azure; of a label in Google.
LONGEST_TAG, LONGEST_LABEL = 256, 63
TEMPLATE_BEGINS = re.compile(r"([$%])(?=\{)")
NOT_IN_LABELS = re.compile(r"[^a-z0-9_-]+")


def literal(text: str) -> str:
    """Return text that Terraform reads as it stands, at most 256 characters of it: `${` and `%{` begin no template."""
    bare = " ".join(UNWRITABLE.sub("", text).split())[:LONGEST_TAG]
    return TEMPLATE_BEGINS.sub(r"\1\1", bare)


def tags(values: Mapping[str, str]) -> dict[str, object]:
    """Return tags of AWS and Azure."""
    return {key: literal(value) for key, value in values.items()}


def labels(values: Mapping[str, str]) -> dict[str, object]:
    """Return labels of Google: of lower-case letters, digits, hyphens and underscores."""
    return {key: NOT_IN_LABELS.sub("-", value.casefold())[:LONGEST_LABEL].strip("-") for key, value in values.items()}


def reference(resource_type: str, name: str, attribute: str = "id") -> str:
    """Return a reference to a resource that is declared beside; names are those of `names.py`."""
    return f"${{{resource_type}.{name}.{attribute}}}"


def of_map(variable: str, key: str) -> str:
    """Return a reference to a value of a variable that is a map."""
    return f'${{var.{variable}["{key}"]}}'


def map_variable(description: str) -> Block:
    """Declare a variable without default: a text for each name."""
    return {"type": "map(string)", "description": description}


def text_variable(description: str, *, sensitive: bool = False) -> Block:
    """Declare a variable without default: a text."""
    return {"type": "string", "description": description, **({"sensitive": True} if sensitive else {})}
