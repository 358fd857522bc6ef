"""What a takeover came to, as tables for people and JSON for programs.

Belongs here: rendering. Does not: counting (`flow_pipelines/takeover/account.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flow_pipelines.cli.output import console, print_json, print_table
from flow_pipelines.reference.replaced_platform import replaced_platform
from flow_pipelines.scope import Scope
from flow_pipelines.takeover.account import TableAccount
from flow_pipelines.takeover.tenants import SourceEngagement
from resources.imported_rows import FileRows
from resources.takeover import Taken


@dataclass
class EngagementOutcome:
    """What became of one engagement.

    Attributes:
        scope: The engagement here.
        engagement: The one there.
        files: What became of the rows of its files.
        edits: Number of approved field mappings that are edits now.
        problem: Why it did not come over whole; empty if it did.
    """

    scope: Scope
    engagement: SourceEngagement
    files: dict[str, FileRows] = field(default_factory=dict)
    edits: int = 0
    problem: str = ""

    def rows_of(self, name: str) -> FileRows:
        """Return what became of the rows of a file."""
        return self.files.get(name, FileRows(0, 0))


def print_report(taken: Taken, outcomes: list[EngagementOutcome], *, json: bool) -> None:
    """Print what came over, or would come over if there are no outcomes."""
    if json:
        print_json(_as_json(taken, outcomes))
        return
    _print_engagements(taken, outcomes)
    accounts = [one for one in taken.accounts if not one.why_not]
    print_table(
        "What came over" if outcomes else "What would come over",
        ("table there", "rows", "came over", "of others", "refused"),
        [(one.table, one.found, one.brought_rows, one.elsewhere, one.refused_rows) for one in accounts],
    )
    for account in accounts:
        _print_refusals(account)
    others = [one for one in taken.accounts if one.why_not and one.counted]
    print_table(
        "Not taken over", ("table there", "rows", "why"), [(one.table, one.counted, one.why_not) for one in others]
    )
    if not outcomes:
        console().print("Nothing was written.")
    for one in outcomes:
        console().print(f"Next: flow run {one.scope}", markup=False)


def _print_engagements(taken: Taken, outcomes: list[EngagementOutcome]) -> None:
    done = {one.scope: one for one in outcomes}
    rows: list[tuple[object, ...]] = []
    for engagement_id, scope in sorted(taken.targets.items(), key=lambda item: item[1]):
        there, files, outcome = taken.engagements[engagement_id], taken.files.get(scope, {}), done.get(scope)
        told = [outcome.rows_of(name) for name in files] if outcome else []
        rows.append(
            (
                str(scope),
                there.client_name,
                there.name,
                len(files),
                sum(file.rows for file in files.values()),
                sum(one.imported for one in told) if outcome else "",
                sum(one.rejected for one in told) if outcome else "",
                outcome.edits if outcome else len(taken.approvals.get(scope, ())),
            )
        )
    headers = ("engagement here", "client there", "engagement there", "files", "rows", "imported", "rejected", "edits")
    print_table("Engagements", headers, rows)


def _print_refusals(account: TableAccount) -> None:
    for code, rows in sorted(account.refused.items()):
        reason = replaced_platform().reasons[code]
        named = ", ".join(filter(None, account.examples[code]))
        console().print(
            f"{account.table}: {rows:,} refused: {reason.says}. What to do: {reason.remedy}. For example: {named}",
            markup=False,
            soft_wrap=True,
        )


def _as_json(taken: Taken, outcomes: list[EngagementOutcome]) -> dict[str, Any]:
    done = {one.scope: one for one in outcomes}
    return {
        "written": bool(outcomes),
        "engagements": [
            _engagement_json(taken, taken.engagements[engagement_id], scope, done.get(scope))
            for engagement_id, scope in sorted(taken.targets.items(), key=lambda item: item[1])
        ],
        "clients": [
            {"client": key, "name": there.name, "client_id": there.client_id}
            for key, there in sorted(taken.clients.items())
        ],
        "tables": [_table_json(taken, one) for one in taken.accounts if not one.why_not],
        "not_taken_over": [
            {"table": one.table, "rows": one.counted, "why": one.why_not} for one in taken.accounts if one.why_not
        ],
    }


def _engagement_json(
    taken: Taken, there: SourceEngagement, scope: Scope, outcome: EngagementOutcome | None
) -> dict[str, Any]:
    return {
        "engagement": str(scope),
        "client_name": there.client_name,
        "engagement_name": there.name,
        "engagement_id": there.engagement_id,
        "files": [
            {"file": name, "rows": file.rows}
            | (
                {"imported": outcome.rows_of(name).imported, "rejected": outcome.rows_of(name).rejected}
                if outcome
                else {}
            )
            for name, file in taken.files.get(scope, {}).items()
        ],
        "edits": outcome.edits if outcome else len(taken.approvals.get(scope, ())),
        "problem": outcome.problem or None if outcome else None,
    }


def _table_json(taken: Taken, account: TableAccount) -> dict[str, Any]:
    reasons = replaced_platform().reasons
    return {
        "table": account.table,
        "kind": account.kind,
        "found": account.found,
        "brought": account.brought_rows,
        "brought_by_engagement": dict(sorted(account.brought.items())),
        "elsewhere": account.elsewhere,
        "refused": account.refused_rows,
        "refusals": [
            {
                "code": code,
                "rows": rows,
                "reason": reasons[code].says,
                "remedy": reasons[code].remedy,
                "examples": account.examples[code],
            }
            for code, rows in sorted(account.refused.items())
        ],
        "columns_left_behind": taken.not_carried.get(account.table, []),
    }
