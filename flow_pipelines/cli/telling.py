"""`flow task`: tell how a task stands, import files that tell of tasks, and list how all of them stand.

Belongs here: the commands and what they print. Does not: what a row says and whether it is possible
(`execute/updates/`), how it is kept (`resources/received_updates.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flow_pipelines.cli.editing import actor
from flow_pipelines.cli.output import JsonOption, ScopeArgument, console, print_json, print_table
from flow_pipelines.errors import InputError
from flow_pipelines.flows import flow_named
from flow_pipelines.scope import Scope
from resources.installation import Installation, landing_root, open_installation
from resources.tenancy import engagement_settings

if TYPE_CHECKING:
    import pandas as pd

    from flow_pipelines.discovery.data_import import SourceFile
    from flow_pipelines.execute.updates.judge import Outcome
    from flow_pipelines.row_files import FileRow
    from flow_pipelines.settings import EngagementSettings
    from resources.known_tasks import KnownTasks

task = typer.Typer(
    help="Tasks: tell how they stand, by command or file, and see how all of them stand. What is told is kept with who "
    "told it and when; what is impossible is refused with the reason.",
    no_args_is_help=True,
)
SOURCE = "flow task"
SHOWN_REJECTIONS = 20
NOTHING = "-"


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the `flow` command."""
    app.add_typer(task, name="task")


@task.command("set")
def set_command(  # noqa: PLR0917  (arguments of a command line)
    scope: ScopeArgument,
    name: Annotated[str, typer.Argument(metavar="TASK", help="Its name or id, such as 'web01: cut over'.")],
    state: Annotated[
        str,
        typer.Argument(
            metavar="STATE",
            help="planned, in progress, blocked, done, failed, rolled back or skipped, or a usual word.",
        ),
    ],
    at: Annotated[
        str, typer.Option("--at", help="When it came to that; now if left out. Without a zone, by schedule.time_zone.")
    ] = "",
    by: Annotated[str, typer.Option("--by", help="Who says so; you, as the system knows you, if left out.")] = "",
    note: Annotated[str, typer.Option("--note", help="What else is to be said.")] = "",
    evidence: Annotated[str, typer.Option("--evidence", help="What shows it, such as a link or a ticket.")] = "",
    rehearsal: Annotated[bool, typer.Option("--rehearsal", help="It is of a dry run: no state changes.")] = False,
) -> None:
    """Tell how a task stands, for example: flow task set acme/dc-exit 'web01: cut over' done --evidence CHG0030412."""
    from flow_pipelines.edit_values import UNWRITABLE
    from flow_pipelines.row_files import FileRow
    from resources.known_tasks import known_tasks
    from resources.landing import Landing
    from resources.received_updates import ReceivedUpdateStore

    with open_installation() as installation:
        settings = engagement_settings(installation.database, scope)
        known = known_tasks(installation.database, Landing(landing_root()), scope)
        row = _task_called(known, name)
        told_by = actor(by)
        cells = {
            "task id": row["task_id"],
            "task": row["task_name"],
            "state": state,
            "at": at or datetime.now(UTC).isoformat(timespec="seconds"),
            "by": told_by,
            "note": note,
            "evidence": evidence,
            "rehearsal": "yes" if rehearsal else "",
        }
        # A command line may hold any bytes; what can't be stored shows as what it is.
        cells = {column: UNWRITABLE.sub("\ufffd", cell) for column, cell in cells.items() if cell}
        update = FileRow(SOURCE, cells)
        store = ReceivedUpdateStore(installation.database)
        outcome = _outcome(update, store.rows(scope), known, scope, settings)
        store.add(scope, [update], by=told_by or "unknown")
    for line in _answer(outcome, row["task_name"], scope, rehearsal=rehearsal):
        _say(line)


@task.command("import")
def import_command(
    scope: ScopeArgument,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="CSV or workbooks: task updates (columns Task or Server and Step, State, When, By, Note, Evidence, "
            "Rehearsal, in several languages), servers or jobs of AWS MGN, jobs of Azure Migrate, ServiceNow changes.",
        ),
    ],
    json: JsonOption = False,
) -> None:
    """Copy files that tell of tasks into the engagement's landing folder, and judge what they say.

    Exit code 5 says that nothing in them counts. Before Execute's first run the files wait for it, uncounted.
    """
    from resources.landing import UPDATES, Landing
    from resources.received_updates import ReceivedUpdateStore

    with open_installation() as installation:
        settings = engagement_settings(installation.database, scope)
        landed = Landing(landing_root()).land(scope, files, subfolder=UPDATES)
        names = [file.name for file in landed]
        if ReceivedUpdateStore(installation.database).are_judged(scope):
            _judge(installation, scope, landed, settings, json=json)
        elif json:
            unknown = {"accepted": None, "repeated": None, "rejected": None}
            print_json({"files": [{"file": name, **unknown} for name in names], "rejections": []})
        else:
            _say(f"{', '.join(names)} landed. They count once Execute runs: flow run {scope} --flow execute")


@task.command("list")
def list_command(
    scope: ScopeArgument,
    wave: Annotated[int | None, typer.Option("--wave", help="Only tasks of this wave.")] = None,
    state: Annotated[str, typer.Option("--state", help="Only tasks in this state.")] = "",
    json: JsonOption = False,
) -> None:
    """List tasks and how they stand, as the last run of Execute knew it."""
    from flow_pipelines.reference.task_states import task_states
    from resources.known_tasks import known_tasks
    from resources.landing import Landing

    wanted = task_states().state(state) if state else None
    if state and wanted is None:
        raise InputError(f"{state!r} is no state.", remedy=f"States are {', '.join(task_states().words)}.")
    with open_installation() as installation:
        engagement_settings(installation.database, scope)
        tasks = known_tasks(installation.database, Landing(landing_root()), scope).tasks
    if wave is not None:
        tasks = tasks[(tasks["wave_number"] == wave).fillna(value=False)]
    if wanted:
        tasks = tasks[tasks["state"] == wanted]
    tasks = tasks.sort_values(["wave_number", "planned_start", "task_name"])
    if json:
        print_json([_as_json(row) for row in tasks.to_dict("records")])
        return
    headers = ("task", "wave", "state", "planned", "begun", "over", "role", "told by")
    print_table(f"Tasks of {scope}", headers, [_cells(row) for row in tasks.to_dict("records")])


def _task_called(known: KnownTasks, name: str) -> dict[str, str]:
    from flow_pipelines.execute.updates.matching import TaskFinder
    from flow_pipelines.execute.updates.told import Refusal, Subject

    found = TaskFinder(known.tasks, known.inventory).find(Subject(task_id=name.strip(), task=name.strip()))
    if isinstance(found, Refusal):
        raise InputError(f"{found.words[:1].upper()}{found.words[1:]}", remedy=found.remedy)
    row = known.tasks.iloc[found]
    return {"task_id": str(row["task_id"]), "task_name": str(row["task_name"])}


def _outcome(
    update: FileRow, stored: pd.DataFrame, known: KnownTasks, scope: Scope, settings: EngagementSettings
) -> Outcome:
    """Return what the next run will make of an update beside all that is kept; raise if it will not count."""
    from flow_pipelines.execute.updates.judge import outcome_beside
    from flow_pipelines.execute.updates.received import COLUMNS, raw_rows, received
    from flow_pipelines.execute.updates.told import Refusal

    number = int(stored["update_number"].max()) + 1 if len(stored) else 1
    receipt = {"update_number": number, "received_at": datetime.now(UTC), "received_by": ""}
    (raw,) = (own | receipt for own in raw_rows(scope, [update]))
    (row,) = received([tuple(raw[name] for name in COLUMNS)]).to_dict("records")
    outcome = outcome_beside(row, stored, known.tasks, known.inventory, settings=settings)
    if isinstance(outcome.fate, Refusal):
        raise InputError(f"Nothing was told: {outcome.fate.words}", remedy=outcome.fate.remedy)
    return outcome


def _answer(outcome: Outcome, name: str, scope: Scope, *, rehearsal: bool) -> Iterator[str]:
    """Say what was told and what it does; nothing is confirmed that says nothing new."""
    from flow_pipelines.execute.updates.replay import REPEATED

    if outcome.told is None or outcome.fate == REPEATED:
        yield f"{name}: that is known already. It is kept, and says nothing new."
        return
    when = f"{outcome.told.happened_at:%Y-%m-%d %H:%M} UTC"
    said = "is said to be" if not rehearsal else "was, in a dry run,"
    yield f"{name} {said} {outcome.told.state} from {when} on."
    if outcome.undone:
        yield f"Beside it, this does not count any more: {'; '.join(outcome.undone)}."
    yield f"To make it take effect: flow run {scope} --flow execute"


def _judge(
    installation: Installation, scope: Scope, files: list[SourceFile], settings: EngagementSettings, *, json: bool
) -> None:
    from flow_pipelines.cli.run_flow import run_phase
    from flow_pipelines.execute.updates.judge import fates_of
    from resources.known_tasks import known_tasks
    from resources.landing import Landing
    from resources.received_updates import ReceivedUpdateStore

    contents = {file.name: _contents(file, scope) for file in files}
    run_phase(installation, scope, flow_named("execute"), "overview")
    known = known_tasks(installation.database, Landing(landing_root()), scope)
    kept = ReceivedUpdateStore(installation.database).rows(scope)
    fates = fates_of(kept, known.tasks, known.inventory, settings=settings)
    counts = [_count(name, told, fates) for name, told in contents.items()]
    rejected = _rejections(known.rejected, contents, scope)
    if json:
        print_json({"files": counts, "rejections": rejected})
    else:
        headers = ("file", "changes", "nothing new", "rejected")
        print_table(f"Told of tasks of {scope}", headers, [tuple(one.values()) for one in counts])
        for one in rejected[:SHOWN_REJECTIONS]:
            _say(f"{one['reason']} {one['remedy']}")
        if len(rejected) > SHOWN_REJECTIONS:
            _say(f"and {len(rejected) - SHOWN_REJECTIONS:,} more, in execute.rejected_updates")
        _say(f"Next: flow run {scope} --flow execute")
    if rejected and not any(one["accepted"] for one in counts):
        raise typer.Exit(InputError.exit_code)


def _contents(file: SourceFile, scope: Scope) -> list[str]:
    """Return by which ids the rows of a file are kept."""
    from flow_pipelines.execute.updates.received import raw_rows
    from flow_pipelines.reference.update_formats import is_update_header
    from flow_pipelines.row_files import read_rows

    raw = raw_rows(scope, list(read_rows(file.path, file.name, is_update_header)))
    return list(dict.fromkeys(str(row["content_id"]) for row in raw))


def _count(name: str, contents: list[str], fates: Mapping[str, tuple[str, ...]]) -> dict[str, object]:
    found = [fate for content in contents for fate in fates.get(content, ())]
    return {"file": name, **{fate: found.count(fate) for fate in ("accepted", "repeated", "rejected")}}


def _rejections(rejected: pd.DataFrame, contents: Mapping[str, list[str]], scope: Scope) -> list[dict[Any, Any]]:
    """Return why things do not count that these files say, told for the first time or again."""
    from flow_pipelines.execute.updates.judge import rejection_id

    ids = {rejection_id(scope, content, part) for told in contents.values() for content in told for part in (1, 2)}
    columns = ["update_name", "reason_code", "reason", "remedy"]
    found: list[dict[Any, Any]] = rejected.loc[rejected["update_id"].isin(ids), columns].to_dict("records")
    return found


def _cells(row: Mapping[Any, Any]) -> tuple[object, ...]:
    wave = NOTHING if _is_missing(row["wave_number"]) else row["wave_number"]
    moments = (_day(row[name]) for name in ("planned_start", "actual_start", "actual_end"))
    return (row["task_name"], wave, row["state"], *moments, _text(row["role"]), _text(row["told_by"]))


def _as_json(row: Mapping[Any, Any]) -> dict[str, object]:
    return {name: None if _is_missing(value) else value for name, value in row.items() if name != "source_entity_ids"}


def _is_missing(value: object) -> bool:
    import pandas as pd

    return bool(pd.isna(value))  # type: ignore[call-overload]


def _day(value: object) -> str:
    return NOTHING if _is_missing(value) else f"{value:%Y-%m-%d %H:%M}"


def _text(value: object) -> str:
    return "" if _is_missing(value) else str(value)


def _say(words: str) -> None:
    console().print(words, markup=False, soft_wrap=True)
