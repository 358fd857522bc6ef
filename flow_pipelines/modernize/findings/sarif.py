"""SARIF 2.1.0, the format in which most tools of static analysis report.

Belongs here: telling and reading it. Does not: which application it is about (`applications.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

from flow_pipelines.modernize.findings.documents import (
    Analysis,
    Finding,
    list_of,
    mapping_of,
    number_of,
    text_of,
    unreadable,
)

SEVERITIES = {"error": "mandatory", "warning": "optional", "note": "potential", "none": "information"}
USUAL_LEVEL = "warning"  # by the standard, if neither the result nor its rule tells one
PROBLEM = "fail"  # the usual kind of a result; all other kinds ask for nothing
GONE = "absent"  # a result of an earlier run, told again because it is there no more
# How many parts an id may go on for behind that of its rule; one, in all that was seen.
MOST_PARTS = 3
# What keeps a suppression from counting, by the standard: one of them is enough.
NOT_ACCEPTED = {"rejected", "underreview"}
Rule = Mapping[str, Any]
Item = TypeVar("Item")


@dataclass(frozen=True)
class Tool:
    """The rules of a tool: those of its driver, those of its extensions by their place, and the first of each id."""

    driver: Sequence[Rule]
    extensions: Sequence[Sequence[Rule]]
    by_id: Mapping[str, Rule]


def is_sarif(document: object) -> bool:
    """Tell whether a document is one."""
    return isinstance(document, dict) and isinstance(document.get("runs"), list)


def read_sarif(document: object) -> list[Analysis]:
    """Return what each run found, a finding per result."""
    return [_analysis(mapping_of(run)) for run in list_of(mapping_of(document).get("runs"))]


def _analysis(run: Mapping[str, Any]) -> Analysis:
    told = mapping_of(run.get("tool"))
    driver = mapping_of(told.get("driver"))
    tool = _tool(driver, list_of(told.get("extensions")))
    sources = [mapping_of(one) for one in list_of(run.get("versionControlProvenance"))]
    names = [text_of(one.get("repositoryUri")).removesuffix("/").removesuffix(".git").split("/")[-1] for one in sources]
    names.append(text_of(mapping_of(run.get("automationDetails")).get("id")).split("/", maxsplit=1)[0])
    found = [
        _finding(result, tool) if isinstance(result, dict) else unreadable("result", "it is no result")
        for result in list_of(run.get("results"))
    ]
    return Analysis("sarif", text_of(driver.get("name")) or "unnamed tool", tuple(filter(None, names)), tuple(found))


def _tool(driver: Mapping[str, Any], extensions: Sequence[object]) -> Tool:
    rules, *others = [
        [mapping_of(rule) for rule in list_of(mapping_of(component).get("rules"))]
        for component in (driver, *extensions)
    ]
    # The last of a name stays, so the driver's, which count most, are told last.
    by_id = {text_of(rule.get("id")): rule for rule in reversed([*rules, *chain.from_iterable(others)])}
    return Tool(rules, others, by_id)


def _rule(result: Mapping[str, Any], told: str, tool: Tool) -> Rule:
    """Return what is told of a result's rule: by its id if one is told, else by its place.

    A place counts for an id only in the extension that the result names, as two may have rules of one id. An id may go
    on behind that of its rule (CA1000/1).
    """
    reference = mapping_of(result.get("rule"))
    extension = _at(tool.extensions, mapping_of(reference.get("toolComponent")).get("index"))
    place = reference.get("index", result.get("ruleIndex"))
    rule = _at(tool.driver if extension is None else extension, place) or {}
    if not told or (extension is not None and text_of(rule.get("id")) == told):
        return rule
    parts = told.split("/")
    ids = ("/".join(parts[: len(parts) - less]) for less in range(min(MOST_PARTS, len(parts))))
    return next((tool.by_id[one] for one in ids if one in tool.by_id), {})


def _at(items: Sequence[Item], index: object) -> Item | None:
    place = number_of(index, len(items) - 1)
    return None if place is None else items[int(place)]


def _is_set_aside(result: Mapping[str, Any]) -> bool:
    """Tell whether a result asks for nothing: no problem, gone, or suppressed with nobody against it."""
    states = [text_of(mapping_of(one).get("status")).casefold() for one in list_of(result.get("suppressions"))]
    is_suppressed = bool(states) and not NOT_ACCEPTED & set(states)
    is_problem = (text_of(result.get("kind")) or PROBLEM) == PROBLEM
    return is_suppressed or not is_problem or text_of(result.get("baselineState")) == GONE


def _finding(result: dict[str, Any], tool: Tool) -> Finding:
    told = text_of(result.get("ruleId")) or text_of(mapping_of(result.get("rule")).get("id"))
    rule = _rule(result, told, tool)
    level = text_of(result.get("level")) or text_of(mapping_of(rule.get("defaultConfiguration")).get("level"))
    places = list_of(result.get("locations"))
    tags = list_of(mapping_of(rule.get("properties")).get("tags"))
    return Finding(
        rule=told or text_of(rule.get("id")) or "without a rule",
        severity="information"
        if _is_set_aside(result)
        else SEVERITIES.get(level or USUAL_LEVEL, SEVERITIES[USUAL_LEVEL]),
        stated_severity=level or USUAL_LEVEL,
        category=", ".join(map(text_of, tags[:5])),
        place_count=max(len(places), 1),
        location=_location(mapping_of(places[0]) if places else {}),
        message=text_of(mapping_of(result.get("message")).get("text"))
        or text_of(mapping_of(rule.get("shortDescription")).get("text")),
    )


def _location(place: Mapping[str, Any]) -> str:
    physical = mapping_of(place.get("physicalLocation"))
    file = text_of(mapping_of(physical.get("artifactLocation")).get("uri"))
    line = text_of(mapping_of(physical.get("region")).get("startLine"))
    return file + (f":{line}" if line else "")
