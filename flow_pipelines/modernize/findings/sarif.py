"""SARIF 2.1.0, the format in which most tools of static analysis report.

Belongs here: telling and reading it. Does not: which application it is about (`applications.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flow_pipelines.modernize.findings.documents import Analysis, Finding, list_of, mapping_of, text_of, unreadable

SEVERITIES = {"error": "mandatory", "warning": "optional", "note": "potential", "none": "information"}
USUAL_LEVEL = "warning"  # by the standard, if neither the result nor its rule tells one
PROBLEM = "fail"  # the usual kind of a result; all other kinds ask for nothing


def is_sarif(document: object) -> bool:
    """Tell whether a document is one."""
    return isinstance(document, dict) and isinstance(document.get("runs"), list)


def read_sarif(document: object) -> list[Analysis]:
    """Return what each run found, a finding per result."""
    return [_analysis(mapping_of(run)) for run in list_of(mapping_of(document).get("runs"))]


def _analysis(run: Mapping[str, Any]) -> Analysis:
    driver = mapping_of(mapping_of(run.get("tool")).get("driver"))
    rules = [mapping_of(rule) for rule in list_of(driver.get("rules"))]
    sources = [mapping_of(one) for one in list_of(run.get("versionControlProvenance"))]
    names = [text_of(one.get("repositoryUri")).removesuffix("/").removesuffix(".git").split("/")[-1] for one in sources]
    names.append(text_of(mapping_of(run.get("automationDetails")).get("id")).split("/", maxsplit=1)[0])
    by_id = {text_of(rule.get("id")): rule for rule in rules}
    found = [
        _finding(result, rules, by_id) if isinstance(result, dict) else unreadable("result", "it is no result")
        for result in list_of(run.get("results"))
    ]
    return Analysis("sarif", text_of(driver.get("name")) or "unnamed tool", tuple(filter(None, names)), tuple(found))


def _finding(result: dict[str, Any], rules: list[Mapping[str, Any]], by_id: Mapping[str, Mapping[str, Any]]) -> Finding:
    index = result.get("ruleIndex")
    told = text_of(result.get("ruleId")) or text_of(mapping_of(result.get("rule")).get("id"))
    rule = by_id.get(told, {})
    if not rule and isinstance(index, int) and 0 <= index < len(rules):
        rule = rules[index]
    level = text_of(result.get("level")) or text_of(mapping_of(rule.get("defaultConfiguration")).get("level"))
    kind = text_of(result.get("kind")) or PROBLEM
    is_set_aside = kind != PROBLEM or bool(list_of(result.get("suppressions")))
    places = list_of(result.get("locations"))
    tags = list_of(mapping_of(rule.get("properties")).get("tags"))
    return Finding(
        rule=told or text_of(rule.get("id")) or "without a rule",
        severity="information" if is_set_aside else SEVERITIES.get(level or USUAL_LEVEL, SEVERITIES[USUAL_LEVEL]),
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
