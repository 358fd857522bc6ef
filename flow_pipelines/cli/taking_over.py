"""`flow import --from-database`: bring in what the platform being replaced holds, step by step, each repeatable.

Belongs here: the steps of a takeover in their order. Does not: reading the source (`resources/takeover.py`), what is
printed (`takeover_report.py`).

Every step can be done again without doing anything twice: what is read gives the same files, a file with the same
content stays, an approval becomes the same edit. So a takeover that was interrupted is resumed by starting it again.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from flow_pipelines.cli.output import notices
from flow_pipelines.cli.run_flow import run_phase
from flow_pipelines.cli.takeover_report import EngagementOutcome, print_report
from flow_pipelines.cli.tenants import register_engagement
from flow_pipelines.discovery.readers.header import column_names
from flow_pipelines.edits import SetDraft
from flow_pipelines.errors import DatabaseError, FlowError, InputError, RunError
from flow_pipelines.flows import flow_named
from flow_pipelines.scope import Scope
from flow_pipelines.settings import parse_settings
from flow_pipelines.takeover.account import account_problems
from flow_pipelines.takeover.approvals import row_for
from resources.database import Database
from resources.edits import DecidedElsewhere, EditStore
from resources.imported_rows import rows_by_file
from resources.installation import Installation, landing_root, open_installation
from resources.landing import Landing
from resources.local_server_files import locked
from resources.replaced_platform import open_source
from resources.snapshots import SnapshotStore
from resources.takeover import Taken, read_platform
from resources.takeover_files import Origin, origin_of, write_origin
from resources.tenancy import add_client, all_engagements

MAPPINGS = "discovery/attribute_mappings"
ACTOR = "takeover"


def take_over(address: str, *, target: Scope | None, named: str, preview: bool, json: bool) -> None:
    """Bring in what the platform being replaced holds, and print the account of it.

    Args:
        address: URL of its database.
        target: The engagement here into which one of its engagements comes; all of them, each into its own, if None.
        named: Id or name of the one that is meant; may be empty.
        preview: Whether only to show what would come over.
        json: Whether to print JSON.

    Raises:
        DatabaseError: The source can't be read, or its rows do not add up.
        InputError: It is not told which engagement is meant, or names collide.
        RunError: Engagements did not come over whole; what did stays, and starting again goes on from there.
    """
    with open_installation() as installation, _workspace(installation.state) as folder:
        with open_source(address) as source, notices().status("Reading ...") as status:
            taken = read_platform(source, folder, target=target, named=named, progress=status.update)
        if problems := account_problems(taken.accounts):
            raise DatabaseError(
                f"Rows were lost: {'; '.join(problems)}.", remedy="This is a defect; nothing was written."
            )
        _refuse_others(installation, taken, target)
        if preview:
            print_report(taken, [], json=json)
            return
        outcomes = _bring_all(installation, taken)
        print_report(taken, outcomes, json=json)
    failed = [one for one in outcomes if one.problem]
    if failed:
        raise RunError(
            f"{len(failed)} of {len(outcomes)} engagements did not come over whole: "
            f"{'; '.join(f'{one.scope}: {one.problem}' for one in failed)}",
            remedy="Mend the cause and start again; what came over stays.",
        )


@contextmanager
def _workspace(state: Path) -> Iterator[Path]:
    """Give an empty folder that no other takeover uses; what a killed one left there goes."""
    folder = state / "takeover"
    with locked(state / "takeover.lock", fcntl.LOCK_EX):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _refuse_others(installation: Installation, taken: Taken, target: Scope | None) -> None:
    """Refuse to mix engagements: one here takes from one there, and one of other origin only if the user names it."""
    existing = set(all_engagements(installation.owner))
    problems = []
    for engagement_id, scope in taken.targets.items():
        origin = origin_of(Landing(landing_root()).folder(scope))
        if origin is not None and origin.engagement_id != engagement_id:
            problems.append(
                f"{scope} was taken over from {origin.client} / {origin.engagement} ({origin.engagement_id})"
            )
        elif origin is None and target is None and scope in existing:
            problems.append(f"{scope} is here already and was not taken over")
    if problems:
        raise InputError(
            f"Engagements of different origin would be mixed: {'; '.join(sorted(problems))}.",
            remedy="Name the engagement that is to take one: flow import CLIENT/ENGAGEMENT --from-database URL "
            "--source-engagement ID",
        )


def _bring_all(installation: Installation, taken: Taken) -> list[EngagementOutcome]:
    for client in taken.clients:
        add_client(installation.database, client)
    outcomes = []
    for engagement_id, scope in sorted(taken.targets.items(), key=lambda item: item[1]):
        outcome = EngagementOutcome(scope, taken.engagements[engagement_id])
        try:
            _bring(installation, taken, outcome)
        except FlowError as error:
            # The next engagement is another tenant's, and nothing of this one's concern.
            outcome.problem = error.problem
        outcomes.append(outcome)
    return outcomes


def _bring(installation: Installation, taken: Taken, outcome: EngagementOutcome) -> None:
    scope, there, landing = outcome.scope, outcome.engagement, Landing(landing_root())
    write_origin(landing.folder(scope), Origin(there.client_name, there.name, there.engagement_id))
    today = datetime.now(UTC).date()
    register_engagement(installation, scope, parse_settings("", origin="defaults", today=today))
    files = taken.files.get(scope, {})
    if not files:
        return
    landing.land(scope, [file.path for file in files.values()])
    discovery = flow_named("discovery")
    run_phase(installation, scope, discovery, "data_import")
    outcome.files = {name: rows for name, rows in rows_by_file(installation.database, scope).items() if name in files}
    short = [
        f"{name}: {file.rows} rows were written, but {told.imported} imported and {told.rejected} rejected"
        for name, file in files.items()
        if (told := outcome.rows_of(name)).imported + told.rejected != file.rows
    ]
    if short:
        raise RunError(f"Rows were lost: {'; '.join(short)}.", remedy="This is a defect of flow-pipelines.")
    if taken.approvals.get(scope):
        run_phase(installation, scope, discovery, "attribute_mapping")
        outcome.edits = _make_edits(installation.database, scope, taken)


def _make_edits(database: Database, scope: Scope, taken: Taken) -> int:
    """Make edits of the approvals of an engagement; returns how many there are now, earlier ones too."""
    mappings = _mappings_by_column(database, scope)
    account = taken.account_of("mappings")
    decided: dict[UUID, DecidedElsewhere] = {}
    ids_there: dict[UUID, str] = {}
    for approval in taken.approvals[scope]:
        column = _column(taken.import_files.get(approval.import_id, ""), approval.source_field)
        if column not in mappings:
            account.move(scope, "no_column", approval.mapping_id)
            continue
        edit_id = UUID(scope.id_of("approval", approval.mapping_id, approval.attribute))
        draft = SetDraft(MAPPINGS, row_for(approval.attribute, mappings[column]), "attribute", approval.attribute)
        decided[edit_id] = DecidedElsewhere(edit_id, draft, approval.actor, approval.reason)
        ids_there[edit_id] = approval.mapping_id
    reason = "field mappings approved in the replaced platform"
    made = EditStore(database).take_over(scope, list(decided.values()), actor=ACTOR, reason=reason)
    for edit_id, problem in made.problems.items():
        account.move(scope, "not_edited", f"{ids_there[edit_id]} ({problem})")
    return len(made.made) + len(made.known)


def _mappings_by_column(database: Database, scope: Scope) -> Mapping[tuple[str, str], list[Mapping[Any, Any]]]:
    """Return the rows of each file's column: one for each attribute that it feeds."""
    store = SnapshotStore(database)
    mappings = store.read(scope, store.current(scope, [MAPPINGS])[MAPPINGS])
    found: dict[tuple[str, str], list[Mapping[Any, Any]]] = {}
    for row in mappings[["source_file", "source_column", "mapping_id", "attribute", "part"]].to_dict("records"):
        found.setdefault((str(row["source_file"]), str(row["source_column"])), []).append(row)
    return found


def _column(file: str, header: str) -> tuple[str, str]:
    return file, column_names([header])[0]
