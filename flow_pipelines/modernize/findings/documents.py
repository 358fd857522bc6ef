"""Documents of analysis tools: YAML and JSON from outside, read within limits.

Belongs here: size, depth, aliases, encoding, and the finding that all formats come to. Does not: any format.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

# Analyses of large applications come to some 30 MB; a hundred times as much is no report.
MOST_BYTES = 128 * 1024 * 1024
# A YAML document is read by the event, 3 MB a second.
MOST_YAML_BYTES = 48 * 1024 * 1024
DEEPEST = 60
LONGEST_TEXT = 1_000
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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
    """Return what a JSON or YAML file holds.

    Raises:
        DocumentError: It is too large, too deep, refers to itself, or is neither.
    """
    if len(content) > MOST_BYTES:
        raise DocumentError(f"it has {len(content):,} bytes; no more than {MOST_BYTES:,} are read")
    try:
        text = content.decode("utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(f"it is not UTF-8: {error.reason} at byte {error.start:,}") from error
    is_yaml = name.casefold().endswith((".yaml", ".yml"))
    return _read_yaml(text) if is_yaml else _read_json(text)


def _read_json(text: str) -> object:
    try:
        return json.loads(text)
    except RecursionError as error:
        raise DocumentError("it is nested too deeply") from error
    except ValueError as error:
        raise DocumentError(f"it is no JSON: {error}") from error


def _read_yaml(text: str) -> object:
    if len(text) > MOST_YAML_BYTES:
        raise DocumentError(f"it has {len(text):,} characters; of YAML no more than {MOST_YAML_BYTES:,} are read")
    try:
        _check_events(text)
        return yaml.load(text, Loader=LOADER)  # noqa: S506  (the safe loader, in C where there is one)
    except (yaml.YAMLError, ValueError) as error:
        raise DocumentError(f"it is no YAML that is read: {' '.join(str(error).split())}") from error


def _check_events(text: str) -> None:
    """Look at a document before anything is built of it: a few aliases of aliases would fill any memory."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise DocumentError("it refers to itself by an alias")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise DocumentError("it is nested too deeply")


def mapping_of(value: object) -> Mapping[str, Any]:
    """Return a value if it is a mapping, else an empty one: parts that tools leave out are told as null."""
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[Any]:
    """Return a value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def text_of(value: object) -> str:
    """Return a value as text of one line, cut; empty if it is none."""
    if isinstance(value, (dict, list)) or value is None:
        return ""
    return " ".join(str(value).split())[:LONGEST_TEXT]


def unreadable(what: str, reason: str) -> Finding:
    """Return the finding that stands for a part that can't be read."""
    return Finding(rule=what, severity="unreadable", message=reason)
