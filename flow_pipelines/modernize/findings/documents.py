"""Documents of analysis tools: YAML and JSON from outside, read within limits and as texts.

Belongs here: size, encoding, numbers, and the finding that all formats come to. Does not: any format, how YAML becomes
mappings and lists (`yaml_documents.py`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flow_pipelines.edit_values import UNWRITABLE
from flow_pipelines.modernize.findings.yaml_documents import YamlError, read_yaml

# Analyses of large applications come to some 30 MB; a hundred times as much is no report.
MOST_BYTES = 128 * 1024 * 1024
# JSON has no events that could be counted, so what separates values is; the largest reports come to some 3 million.
MOST_JSON_VALUES = 10_000_000
LONGEST_TEXT = 1_000
NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{0,30})?(?:[eE][+-]?[0-9]{1,3})?")


class DocumentError(ValueError):
    """A file that can't be read as what it seems to be; says why."""


@dataclass(frozen=True)
class Finding:
    """One finding, as its tool tells it.

    Attributes:
        rule: The rule, or the vulnerability.
        severity: mandatory, optional, potential, information, or unreadable for a part that can't be read.
        stated_severity: What the tool calls that.
        category: Its group of rules.
        effort_points: Effort of one place, in points.
        place_count: Places where it holds.
        component: The library it is about.
        location: File and line of the first place.
        message: What the tool says.
    """

    rule: str
    severity: str
    stated_severity: str = ""
    category: str = ""
    effort_points: float | None = None
    place_count: int = 1
    component: str = ""
    location: str = ""
    message: str = ""


@dataclass(frozen=True)
class Analysis:
    """What one run of a tool found.

    Attributes:
        file_format: konveyor, sarif or cyclonedx.
        tool: The tool.
        names: What may be the application's name, the surest first.
        findings: What it found; may be empty.
    """

    file_format: str
    tool: str
    names: tuple[str, ...]
    findings: tuple[Finding, ...]


def read_document(content: bytes, name: str) -> object:
    """Return what a JSON or YAML file holds: mappings, lists, texts (numbers are texts too), truths of JSON, None.

    Raises:
        DocumentError: It is too large, too deep, has too many values, refers to itself, or is neither.
    """
    if len(content) > MOST_BYTES:
        raise DocumentError(f"it has {len(content):,} bytes; no more than {MOST_BYTES:,} are read")
    try:
        text = content.decode("utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(f"it is not UTF-8: {error.reason} at byte {error.start:,}") from error
    if not name.casefold().endswith((".yaml", ".yml")):
        return _read_json(text)
    try:
        return read_yaml(text)
    except YamlError as error:
        raise DocumentError(str(error)) from error


def _read_json(text: str) -> object:
    count = sum(map(text.count, ",[{"))
    if count > MOST_JSON_VALUES:
        raise DocumentError(f"it has some {count:,} values; no more than {MOST_JSON_VALUES:,} are read")
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except RecursionError as error:
        raise DocumentError("it is nested too deeply") from error
    except ValueError as error:
        raise DocumentError(f"it is no JSON: {error}") from error


def mapping_of(value: object) -> Mapping[str, Any]:
    """Return a value if it is a mapping, else an empty one: parts that tools leave out are told as null."""
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[Any]:
    """Return a value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def text_of(value: object) -> str:
    """Return a value as text of one line that can be stored, cut; empty if it is none."""
    if isinstance(value, (dict, list)) or value is None:
        return ""
    return " ".join(UNWRITABLE.sub(" ", str(value)).split())[:LONGEST_TEXT]


def number_of(value: object, most: float) -> float | None:
    """Return a number from 0 to `most` that is told as text; None if it is none."""
    text = value.strip() if isinstance(value, str) else ""
    number = float(text) if NUMBER.fullmatch(text) else math.nan
    return number if 0 <= number <= most else None


def unreadable(what: str, reason: str) -> Finding:
    """Return the finding that stands for a part that can't be read."""
    return Finding(rule=what, severity="unreadable", message=reason)
