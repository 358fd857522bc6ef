"""From files of analyses to the rows of `modernize/code_findings`.

Belongs here: which format a file is, one row per finding, what can't be read. Does not: the formats themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import pandas as pd

from flow_pipelines.discovery.data_import import SourceFile
from flow_pipelines.discovery.readers.secrets import without_secrets
from flow_pipelines.edit_values import UNWRITABLE
from flow_pipelines.modernize.findings.applications import Applications, applications_of, join, names_of_file
from flow_pipelines.modernize.findings.cyclonedx import is_cyclonedx, read_cyclonedx
from flow_pipelines.modernize.findings.documents import (
    MOST_BYTES,
    Analysis,
    DocumentError,
    Finding,
    read_document,
    unreadable,
)
from flow_pipelines.modernize.findings.konveyor import is_konveyor, read_konveyor
from flow_pipelines.modernize.findings.sarif import is_sarif, read_sarif
from flow_pipelines.scope import Scope
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.modernize.findings import code_findings

FORMATS: tuple[tuple[Callable[[object], bool], Callable[[object], list[Analysis]]], ...] = (
    (is_sarif, read_sarif),
    (is_cyclonedx, read_cyclonedx),
    (is_konveyor, read_konveyor),
)
UNREADABLE = "unreadable"
NOTHING = Finding(rule="no findings", severity="information", message="The tool found nothing.")
REMEDY = "Give Konveyor's output.yaml, SARIF 2.1.0 or CycloneDX as JSON."


def read_findings(files: Sequence[SourceFile], plan: pd.DataFrame, *, scope: Scope) -> pd.DataFrame:
    """Read what tools found in code.

    Args:
        files: The files of analyses; the folder that one lies in is part of its name.
        plan: The rows of `assess/plan_of_record`, whose workloads findings are about.
        scope: The engagement.

    Returns:
        The rows of `modernize/code_findings`. A file without findings has one that says so, and so has a file, or a
        part of one, that can't be read: every file is in the result.
    """
    applications = applications_of(dict(zip(plan["workload_id"], plan["workload_name"], strict=True)))
    assets = dict(zip(plan["workload_id"], plan["source_entity_ids"], strict=True))
    rows = [
        row
        for file in sorted(files, key=lambda one: one.name)
        for analysis in _analyses(file)
        for row in _rows(file.name, analysis, applications, assets)
    ]
    if not rows:
        return empty(code_findings)
    seen: Counter[tuple[object, ...]] = Counter()
    keys = []
    for row in rows:
        key = (row["source_file"], row["tool"], row["rule"], row["component"], row["location"])
        seen[key] += 1
        keys.append((*key, seen[key]))
    return conform(pd.DataFrame(rows).assign(code_finding_id=scope.ids_of("code_finding", keys)), code_findings)


def _analyses(file: SourceFile) -> list[Analysis]:
    try:
        with file.path.open("rb") as stream:
            document = read_document(stream.read(MOST_BYTES + 1), file.name)
    except (DocumentError, OSError) as error:
        return [_unreadable(str(error))]
    for is_one, read in FORMATS:
        if is_one(document):
            return read(document) or [_unreadable("it holds no run of a tool")]
    return [_unreadable("it is of no known format")]


def _unreadable(reason: str) -> Analysis:
    return Analysis(UNREADABLE, "unknown", (), (unreadable("file", f"The file can't be read: {reason}. {REMEDY}"),))


def _rows(
    source_file: str, analysis: Analysis, applications: Applications, assets: Mapping[str, list[str]]
) -> Iterator[dict[str, object]]:
    joined = join((*analysis.names, *names_of_file(source_file)), applications)
    name = applications.names[joined.workload_id] if joined.workload_id else None
    for finding in analysis.findings or (NOTHING,):
        place = finding.location or finding.component or source_file
        yield {
            "code_finding_name": _clean(f"{finding.rule}: {place}"),
            "workload_id": joined.workload_id,
            "workload_name": name,
            "joined_by": _clean(joined.reason),
            "file_format": analysis.file_format,
            "tool": _clean(analysis.tool),
            "rule": _clean(finding.rule),
            "category": _clean(finding.category),
            "severity": finding.severity,
            "stated_severity": _clean(finding.stated_severity),
            "effort_points": finding.effort_points,
            "place_count": finding.place_count,
            "component": _clean(finding.component),
            "location": _clean(finding.location),
            "message": _clean(finding.message),
            "source_file": source_file,
            "source_entity_ids": list(assets[joined.workload_id]) if joined.workload_id else [],
        }


def _clean(text: str) -> str:
    """Return a text that can be stored, without secrets: scanners of secrets quote what they found."""
    return without_secrets(UNWRITABLE.sub("", text))
