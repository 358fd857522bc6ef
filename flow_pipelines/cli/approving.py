"""`flow approve` and `flow approvals`: a named person's word that the plan of record is what is to be done.

Belongs here: the commands and what they print. Does not: what an approval is (`approvals.py`), how it is kept
(`resources/approvals.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from flow_pipelines.cli.output import JsonOption, ScopeArgument, console, print_json, print_table
from flow_pipelines.scope import Scope
from resources.installation import open_installation
from resources.tenancy import engagement_settings

if TYPE_CHECKING:
    from flow_pipelines.approvals import Approval
    from resources.database import Database

PLAN = "assess/plan_of_record"
VERSION_DIGITS = 8


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the `flow` command."""
    app.command("approve")(approve)
    app.command("approvals")(approvals)


def approve(
    scope: ScopeArgument,
    by: Annotated[str, typer.Option("--by", help="Who approves: a person's name.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the approval.")],
    json: JsonOption = False,
) -> None:
    """Approve the plan of record exactly as it is: Plan starts from this version and no other."""
    from resources.approvals import ApprovalStore

    with _database(scope) as database:
        made = ApprovalStore(database).approve(scope, PLAN, by=by, reason=reason)
    if json:
        print_json(_as_json(made))
        return
    console().print(
        f"{made.approved_by} approved version {made.data_version[:VERSION_DIGITS]} of {PLAN}; the state is pinned. "
        "The approval no longer counts once anything in the plan changes.",
        markup=False,
        soft_wrap=True,
    )


def approvals(scope: ScopeArgument, json: JsonOption = False) -> None:
    """List all approvals of the plan of record, and which of them count: those of the current version."""
    from resources.approvals import ApprovalStore
    from resources.snapshots import SnapshotStore

    with _database(scope) as database:
        listed = ApprovalStore(database).listed(scope, PLAN)
        current = SnapshotStore(database).current(scope, [PLAN]).get(PLAN)
    version = current.data_version if current else ""
    if json:
        print_json([{**_as_json(one), "counts": one.data_version == version} for one in listed])
        return
    rows = [
        (
            one.number,
            one.approved_by,
            f"{one.approved_at:%Y-%m-%d %H:%M}",
            one.data_version[:VERSION_DIGITS],
            one.data_version == version,
            one.reason,
        )
        for one in listed
    ]
    print_table(f"Approvals of {scope}", ("approval", "by", "when", "version", "counts", "reason"), rows)


@contextmanager
def _database(scope: Scope) -> Iterator[Database]:
    with open_installation() as installation:
        engagement_settings(installation.database, scope)
        yield installation.database


def _as_json(one: Approval) -> dict[str, object]:
    return {
        "number": one.number,
        "table": one.table_key,
        "data_version": one.data_version,
        "approved_by": one.approved_by,
        "reason": one.reason,
        "approved_at": one.approved_at.isoformat(),
    }
