"""Which formats there are, and the one way in which each becomes a file.

Belongs here: the registry and the sequence: rows, checks, text. Does not: any format's columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from flow_pipelines.exports import azure_migrate, cloud_migration_factory, jira, konveyor, mgn, servicenow
from flow_pipelines.exports.checks import ExportProblem, export_problems, split_names
from flow_pipelines.exports.csv_text import csv_text, is_computed
from flow_pipelines.exports.draft import Draft, DraftRow
from flow_pipelines.reference.export_formats import export_formats
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings


@dataclass(frozen=True)
class Format:
    """One format: the tables that it is made of, those that it lists besides if they are there, and its rows."""

    rows: Callable[..., Draft]
    reads: tuple[str, ...]
    also_reads: tuple[str, ...] = ()


class FormatName(StrEnum):
    """The formats, as a command names them."""

    MGN = "mgn"
    CMF = "cmf"
    AZURE_MIGRATE = "azure-migrate"
    KONVEYOR = "konveyor"
    JIRA = "jira"
    SERVICENOW = "servicenow"


FORMATS: Mapping[FormatName, Format] = {
    FormatName.MGN: Format(mgn.mgn_rows, mgn.READS),
    FormatName.CMF: Format(cloud_migration_factory.cloud_migration_factory_rows, cloud_migration_factory.READS),
    FormatName.AZURE_MIGRATE: Format(azure_migrate.azure_migrate_rows, azure_migrate.READS),
    FormatName.KONVEYOR: Format(konveyor.konveyor_rows, konveyor.READS),
    FormatName.JIRA: Format(jira.jira_rows, jira.READS, jira.ALSO_READS),
    FormatName.SERVICENOW: Format(servicenow.servicenow_rows, servicenow.READS),
}


@dataclass(frozen=True)
class Export:
    """A file for another tool.

    Attributes:
        text: The file; not to be written if there are problems.
        row_count: Its rows below the header.
        problems: What the tool would refuse.
        notices: What the tool takes, and what a person should know of it nevertheless.
    """

    text: str
    row_count: int
    problems: Sequence[ExportProblem]
    notices: Sequence[str]


def export(
    name: FormatName,
    frames: Mapping[str, pd.DataFrame],
    *,
    scope: Scope,
    settings: EngagementSettings,
    wave: int | None = None,
) -> Export:
    """Make the file of a format.

    Args:
        name: The format.
        frames: The tables that it reads, by key.
        scope: The engagement.
        settings: Its settings.
        wave: Only what moves in this wave; all if None.

    Returns:
        The file, with everything that the tool would refuse; a file without rows is refused too.
    """
    layout = export_formats().formats[name]
    columns = layout.columns
    draft = FORMATS[name].rows(frames, settings=settings, wave=wave)
    problems = export_problems(draft, layout, scope=scope) or _nothing(draft, wave)
    rows = [_cells(row, columns) for row in draft.rows]
    return Export(
        csv_text(columns, rows),
        len(rows),
        problems,
        [*draft.notices, *split_names(draft, layout), *_computed_notice(draft.rows)],
    )


def _cells(row: DraftRow, columns: Sequence[str]) -> list[str]:
    cells, places = [], dict.fromkeys(columns, 0)
    for column in columns:
        told = row.cells.get(column, "")
        values = told if isinstance(told, tuple) else (told,)
        cells.append(values[places[column]] if places[column] < len(values) else "")
        places[column] += 1
    return cells


def _nothing(draft: Draft, wave: int | None) -> list[ExportProblem]:
    if draft.rows:
        return []
    what = "nothing" if wave is None else f"nothing of wave {wave}"
    remedy = "See which workloads move when, and whereto: assess/plan_of_record, plan/targets."
    return [ExportProblem(1, "all rows", "", f"There is {what} for this tool", remedy)]


def _computed_notice(rows: Sequence[DraftRow]) -> list[str]:
    """Tell of cells that a spreadsheet would compute: these files are written exactly, as their tool reads exactly."""
    found = sorted(
        {
            row.name
            for row in rows
            for told in row.cells.values()
            for value in (told if isinstance(told, tuple) else (told,))
            if is_computed(value)
        }
    )
    if not found:
        return []
    named = ", ".join(found[:5])
    return [
        f"A spreadsheet would compute cells of {len(found):,} rows ({named}): import the file, do not open it in one."
    ]
