"""The report of Konveyor's analyzer: sets of rules with their violations (`output.yaml`, or the same as JSON).

Belongs here: telling and reading it. Does not: which application it is about (`applications.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from flow_pipelines.modernize.findings.documents import (
    Analysis,
    Finding,
    list_of,
    mapping_of,
    number_of,
    text_of,
    unreadable,
)

# What the analyzer calls severities is what we call them; what needs no change is an insight.
CATEGORIES = {"mandatory", "optional", "potential"}
INFORMATION = "information"
NAMELESS = "without a name"
# The analyzer's rules state 1 to 13 points for a place.
MOST_POINTS = 1_000.0
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
        for key, violation in mapping_of(told.get(kind)).items():
            rule = text_of(key) or NAMELESS
            if isinstance(violation, dict):
                yield from _violated(name, rule, violation, is_insight=kind == INSIGHTS)
            else:
                yield unreadable(rule, f"the {kind} of {name} hold something else than a rule there")
    for key, error in mapping_of(told.get("errors")).items():
        yield unreadable(text_of(key) or NAMELESS, f"the analyzer could not apply the rule: {text_of(error)}")


def _violated(ruleset: str, rule: str, violation: dict[str, object], *, is_insight: bool) -> Iterator[Finding]:
    effort = violation.get("effort")
    points = number_of(effort, MOST_POINTS)
    yield _finding(ruleset, rule, violation, points, is_insight=is_insight)
    if points is None and effort is not None:
        wanted = f"no number of points from 0 to {MOST_POINTS:,.0f}"
        yield unreadable(rule, f"its effort {text_of(effort)[:60]!r} is {wanted}: it counts as one without")


def _finding(
    ruleset: str, rule: str, violation: dict[str, object], points: float | None, *, is_insight: bool
) -> Finding:
    incidents = [mapping_of(one) for one in list_of(violation.get("incidents"))]
    first = incidents[0] if incidents else {}
    stated = text_of(violation.get("category")).casefold()
    line = text_of(first.get("lineNumber"))
    return Finding(
        rule=rule,
        severity=stated if stated in CATEGORIES and not is_insight else INFORMATION,
        stated_severity=stated,
        category=ruleset,
        effort_points=points,
        place_count=max(len(incidents), 1),
        location=text_of(first.get("uri")) + (f":{line}" if line else ""),
        message=text_of(violation.get("description")) or text_of(first.get("message")),
    )
