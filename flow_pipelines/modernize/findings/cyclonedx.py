"""CycloneDX: what an application is made of, with the vulnerabilities that are known of it (JSON).

Belongs here: telling and reading it. Does not: which application it is about (`applications.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flow_pipelines.modernize.findings.documents import Analysis, Finding, list_of, mapping_of, number_of, text_of

SEVERITIES = {"critical": "mandatory", "high": "mandatory", "medium": "optional", "low": "potential"}
BY_GRAVITY = ("critical", "high", "medium", "low")
# From which score on the Common Vulnerability Scoring System (CVSS 3.1, section 5) calls a vulnerability so, of 10.
FROM_SCORE = (("critical", 9.0), ("high", 7.0), ("medium", 4.0), ("low", 0.1))
MOST_SCORE = 10.0
# What is measured by another yardstick than 0 to 10 in these steps.
OTHER_METHODS = {"owasp", "ssvc"}
# What somebody has looked at and found to be no problem here.
SETTLED = {"not_affected", "false_positive", "resolved", "resolved_with_pedigree"}
PURL_NAME = re.compile(r"pkg:[^?#]*?/?([^/@?#]+)(?:@|\?|#|$)")


def is_cyclonedx(document: object) -> bool:
    """Tell whether a document is one."""
    return isinstance(document, dict) and text_of(document.get("bomFormat")).casefold() == "cyclonedx"


def read_cyclonedx(document: object) -> list[Analysis]:
    """Return the vulnerabilities, a finding per one and component that it affects."""
    bom = mapping_of(document)
    metadata = mapping_of(bom.get("metadata"))
    subject = mapping_of(metadata.get("component"))
    purl = PURL_NAME.match(text_of(subject.get("purl")))
    names = (text_of(subject.get("name")), purl.group(1) if purl else "")
    components = {text_of(one.get("bom-ref")) or text_of(one.get("purl")): one for one in _components(bom)}
    found = [
        _finding(mapping_of(one), components.get(reference, {}) if reference else {}, reference)
        for one in list_of(bom.get("vulnerabilities"))
        for reference in _affected(mapping_of(one))
    ]
    return [Analysis("cyclonedx", _tool(metadata), tuple(filter(None, names)), tuple(found))]


def _components(bom: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    waiting = [*list_of(bom.get("components")), mapping_of(bom.get("metadata")).get("component")]
    while waiting:
        component = mapping_of(waiting.pop())
        yield component
        waiting += list_of(component.get("components"))


def _affected(vulnerability: Mapping[str, Any]) -> list[str]:
    references = [text_of(mapping_of(one).get("ref")) for one in list_of(vulnerability.get("affects"))]
    return references or [""]


def _finding(vulnerability: Mapping[str, Any], component: Mapping[str, Any], reference: str) -> Finding:
    ratings = [_severity(mapping_of(one)) for one in list_of(vulnerability.get("ratings"))]
    gravest = next((one for one in BY_GRAVITY if one in ratings), "unknown")
    state = text_of(mapping_of(vulnerability.get("analysis")).get("state"))
    name = "/".join(filter(None, (text_of(component.get("group")), text_of(component.get("name")))))
    version = text_of(component.get("version"))
    advice = text_of(vulnerability.get("recommendation"))
    return Finding(
        rule=text_of(vulnerability.get("id")) or "without a number",
        severity="information" if state in SETTLED else SEVERITIES.get(gravest, "information"),
        stated_severity=gravest + (f" ({state})" if state else ""),
        category="vulnerability",
        component=" ".join(filter(None, (name or reference, version))),
        message=" ".join(filter(None, (text_of(vulnerability.get("description")), advice))),
    )


def _severity(rating: Mapping[str, Any]) -> str:
    """Return how grave a rating calls it, in a word or by a score; the word is optional."""
    told = text_of(rating.get("severity")).casefold()
    score = number_of(rating.get("score"), MOST_SCORE)
    if told in SEVERITIES or score is None or text_of(rating.get("method")).casefold() in OTHER_METHODS:
        return told
    return next((severity for severity, least in FROM_SCORE if score >= least), told)


def _tool(metadata: Mapping[str, Any]) -> str:
    tools = metadata.get("tools")
    listed = list_of(tools) or list_of(mapping_of(tools).get("components"))
    return next((name for one in listed if (name := text_of(mapping_of(one).get("name")))), "CycloneDX")
