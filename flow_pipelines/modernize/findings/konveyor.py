"""The report of Konveyor's analyzer: sets of rules with their violations (`output.yaml`, or the same as JSON).

Belongs here: telling and reading it. Does not: which application it is about (`applications.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from flow_pipelines.modernize.findings.documents import Analysis, Finding, list_of, mapping_of, text_of, unreadable

# What the analyzer calls severities is what we call them; what needs no change is an insight.
CATEGORIES = {"mandatory", "optional", "potential"}
INFORMATION = "information"
VIOLATIONS, INSIGHTS = "violations", "insights"


def is_konveyor(document: object) -> bool:
    """Tell whether a document is such a report: a list of sets of rules, of which one has violations or was run."""
    return (
        isinstance(document, list)
        and bool(document)
        and all(isinstance(one, dict) and "name" in one for one in document)
        and any({VIOLATIONS, INSIGHTS, "unmatched", "skipped", "tags", "errors"} & set(one) for one in document)
    )


def read_konveyor(document: object) -> list[Analysis]:
    """Return what the analyzer found, a finding per rule that is violated."""
    found = [finding for ruleset in list_of(document) for finding in _findings(mapping_of(ruleset))]
    return [Analysis("konveyor", "Konveyor analyzer", (), tuple(found))]


def _findings(ruleset: object) -> Iterator[Finding]:
    told = mapping_of(ruleset)
    name = text_of(told.get("name"))
    for kind in (VIOLATIONS, INSIGHTS):
        for rule, violation in mapping_of(told.get(kind)).items():
            if isinstance(violation, dict):
                yield _finding(name, text_of(rule), violation, is_insight=kind == INSIGHTS)
            else:
                yield unreadable(text_of(rule), f"the {kind} of {name} hold something else than a rule there")
    for rule, error in mapping_of(told.get("errors")).items():
        yield unreadable(text_of(rule), f"the analyzer could not apply the rule: {text_of(error)}")


def _finding(ruleset: str, rule: str, violation: dict[str, object], *, is_insight: bool) -> Finding:
    incidents = [mapping_of(one) for one in list_of(violation.get("incidents"))]
    first = incidents[0] if incidents else {}
    stated = text_of(violation.get("category")).casefold()
    effort = violation.get("effort")
    line = text_of(first.get("lineNumber"))
    return Finding(
        rule=rule,
        severity=stated if stated in CATEGORIES and not is_insight else INFORMATION,
        stated_severity=stated,
        category=ruleset,
        effort_points=float(effort) if isinstance(effort, (int, float)) and not isinstance(effort, bool) else None,
        place_count=max(len(incidents), 1),
        location=text_of(first.get("uri")) + (f":{line}" if line else ""),
        message=text_of(violation.get("description")) or text_of(first.get("message")),
    )
