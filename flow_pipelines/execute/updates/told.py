"""What a row says: of which task, which state, when, and who tells it.

Belongs here: reading one raw row by its format. Does not: which task that is (`matching.py`), and whether it is
possible (`replay.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from flow_pipelines.execute.updates.times import is_day, read_moment
from flow_pipelines.reference.task_states import task_states
from flow_pipelines.reference.update_formats import Role, UpdateFormat, fold_header, format_of, word_in
from flow_pipelines.reference.vocabularies import vocabularies
from flow_pipelines.settings_schedule import ScheduleSettings
from flow_pipelines.tables.execute.progress import BLOCKED, DONE, FAILED, IN_PROGRESS, PLANNED, ROLLED_BACK, SKIPPED

# What comes after a begin that the row tells as well.
AFTER_BEGIN = (DONE, FAILED, ROLLED_BACK, BLOCKED)
ENDS = (DONE, FAILED, ROLLED_BACK, SKIPPED)
CORRECT = "Correct it and tell it again."
WHOLE = 100.0


@dataclass(frozen=True)
class Refusal:
    """Why something told does not count: a word, a sentence without its place, and what to do."""

    code: str
    words: str
    remedy: str


@dataclass(frozen=True)
class Subject:
    """What a row is about, as far as it says: each part as it is written, empty if it is not."""

    task_id: str = ""
    task: str = ""
    server: str = ""
    workload: str = ""
    item: str = ""
    wave: str = ""
    step: str = ""

    @property
    def thing(self) -> str:
        """What is named that has tasks, as it is written; empty if nothing but a wave is."""
        return self.server or self.item or self.workload

    def __str__(self) -> str:
        thing = self.thing or (f"wave {self.wave}" if self.wave.isdecimal() else self.wave)
        return self.task or ": ".join(filter(None, (thing, self.step))) or self.task_id or "a task"


@dataclass(frozen=True)
class Told:
    """One change of a task's state, as it was told.

    Attributes:
        subject: Of which task.
        state: The state.
        happened_at: When it was reached, in UTC.
        by: Who says so; empty if the row does not tell.
        is_rehearsal: Whether it is of a dry run.
        is_of_a_job: Whether it is of a tool's job, which tools run again.
    """

    subject: Subject
    state: str
    happened_at: datetime
    by: str
    note: str
    evidence: str
    is_rehearsal: bool
    is_of_a_job: bool


@dataclass(frozen=True)
class Saying:
    """What one row is read with: where it is from, when it came, how dates are written there, and names by tools' ids.

    `servers` are the names of servers by the id that a tool gave them.
    """

    schedule: ScheduleSettings
    received_at: datetime
    month_first: bool
    servers: Mapping[str, str] = field(default_factory=dict)


def what_is_told(cells: Mapping[str, str], saying: Saying) -> list[Told] | Refusal:
    """Read a raw row.

    Returns:
        The state, and before it the begin if the row tells that as well; or why the row says nothing that counts.
    """
    found = format_of(tuple(cells))
    if found is None:
        headers = ", ".join(cells) or "none"
        return Refusal(
            "kind_unknown",
            f"its columns ({headers}) do not tell of which task it is, or how it stands.",
            "Name columns Task and State, or Server, Step and State, and tell it again.",
        )
    row = _Row(found, {fold_header(column): cell for column, cell in cells.items()})
    read = _subject_and_state(row, saying.servers)
    if isinstance(read, Refusal):
        return read
    subject, state = read
    unnamed = row.cell("server_id") if not subject.server else ""
    return _no_name(unnamed) if unnamed else _timed(row, subject, state, saying)


@dataclass(frozen=True)
class _Row:
    """A row by the columns of its format."""

    format: UpdateFormat
    cells: Mapping[str, str]

    def cell(self, role: Role) -> str:
        """Return the first filled cell of a column, empty if there is none."""
        return self.cells.get(self.header(role), "")

    def header(self, role: Role) -> str:
        """Return the folded header of that column."""
        return next((name for name in self.format.headers.get(role, ()) if self.cells.get(name)), "")


def _subject_and_state(row: _Row, servers: Mapping[str, str]) -> tuple[Subject, str] | Refusal:
    of_format, state_cell, job = row.format, row.cell("state"), row.cell("job")
    if {fold_header(state_cell), fold_header(job)} & set(map(fold_header, of_format.passes_over)):
        words = f"{job or state_cell} says nothing of a task."
        return Refusal("says_nothing", words, "Nothing to do; such rows are counted.")
    subject = _subject(row, servers)
    # What names a task or a thing is about that, whatever wave its title speaks of besides.
    if of_format.wave_step and subject.wave and not (subject.thing or subject.task_id):
        state = _word(of_format.wave_states, state_cell)
        return (replace(subject, step=of_format.wave_step), state) if state else _no_state(state_cell)
    step = subject.step or of_format.step or ""
    if job:
        known = word_in(of_format.step_by_job, job)
        if known is None:
            words = f"jobs of the kind {job!r} tell of no step."
            return Refusal("says_nothing", words, "Nothing to do; such rows are counted.")
        step = of_format.step_by_job[known]
    if both := word_in(of_format.step_and_state_by_state, state_cell):
        told = of_format.step_and_state_by_state[both]
        return replace(subject, step=told.step), told.state
    state = _state(row)
    if state == DONE and (code := row.cell("outcome")):
        state = _outcome(of_format, code)
        if state is None:
            return _no_outcome(of_format, code)
    return (replace(subject, step=step), state) if state else _no_state(state_cell, row.cell("percent"))


def _no_name(own_id: str) -> Refusal:
    words = f"no list of servers that was told says what {own_id!r} is called, or several say it differently."
    return Refusal("server_id_unknown", words, "Tell the tool's list of its servers too; it counts then.")


def _subject(row: _Row, servers: Mapping[str, str]) -> Subject:
    in_title = task_states().wave_in(row.cell("title"))
    return Subject(
        task_id=row.cell("task_id"),
        task=row.cell("task"),
        server=row.cell("server") or servers.get(row.cell("server_id"), ""),
        workload=row.cell("workload"),
        item=row.cell("item"),
        wave=row.cell("wave") or ("" if in_title is None else str(in_title)),
        step=row.cell("step"),
    )


def _word(words: Mapping[str, str], cell: str) -> str | None:
    known = word_in(words, cell)
    return words[known] if known is not None else None


def _outcome(of_format: UpdateFormat, code: str) -> str | None:
    """Return how something that is over ended; what is not known is None and no success."""
    told = _word(of_format.outcomes, code) or task_states().state(code)
    return told if told in ENDS else None


def _no_outcome(of_format: UpdateFormat, code: str) -> Refusal:
    known = ", ".join(of_format.outcomes)
    return Refusal("state_unknown", f"{code!r} is no outcome that is known.", f"Use one of {known}, and tell it again.")


def _state(row: _Row) -> str | None:
    cell, percent = row.cell("state"), row.cell("percent")
    if cell:
        return _word(row.format.states, cell) or task_states().state(cell)
    if percent:
        return _state_of_percent(percent, row.header("percent"))
    # Without a column of states its times tell how far it is, as in a project plan.
    return DONE if row.cell("ended") else IN_PROGRESS if row.cell("began") else None


def _state_of_percent(cell: str, header: str) -> str | None:
    """Return the state of a share, or None: a bare 1 of a column that does not count percents may be all of it."""
    try:
        share = float(cell.replace("%", "").replace(",", ".").strip())
    except ValueError:
        return task_states().state(cell)
    if not 0 <= share <= WHOLE or (share == 1 and "percent" not in header + fold_header(cell)):
        return None
    return DONE if share == WHOLE else IN_PROGRESS if share else PLANNED


def _no_state(cell: str, percent: str = "") -> Refusal:
    known = ", ".join(task_states().words)
    words = f"{cell!r} is no state that is known." if cell else "it says no state."
    if percent and not cell:
        words = f"{percent!r} is no share from 0 % to 100 %, or may be 1 % as well as all of it."
    return Refusal("state_unknown", words, f"Use one of {known}, or a share such as 1 % or 100 %, and tell it again.")


def _timed(row: _Row, subject: Subject, state: str, saying: Saying) -> list[Told] | Refusal:
    began, ended, at = _times_told(row)
    if row.format.wave_step and subject.step == row.format.wave_step:
        began, ended, at = "", "", began or at  # it was approved when work began, at the latest
    reached = began if state == IN_PROGRESS else ended if state in ENDS else ""
    cells = {state: reached or at, **({IN_PROGRESS: began} if state in AFTER_BEGIN else {})}
    moments = {}
    for of_state, cell in cells.items():
        read = read_moment(cell, of_state, saying.schedule, month_first=saying.month_first) if cell else None
        if cell and read is None:
            return Refusal("time_unreadable", f"{cell!r} is no date or time between 1980 and 2100.", CORRECT)
        moments[of_state] = read
    begin, end = moments.get(IN_PROGRESS), moments[state]
    if begin and end and is_day(cells[state]) and begin > end and end.date() == begin.date():
        moments[state] = begin  # begun in the evening of a day whose working hours were over
    is_rehearsal = _is_rehearsal(row)
    if is_rehearsal is None:
        return Refusal("rehearsal_unclear", f"{row.cell('rehearsal')!r} is neither yes nor no.", CORRECT)
    last = Told(
        subject=subject,
        state=state,
        happened_at=moments[state] or saying.received_at,
        by=row.cell("by"),
        note=row.cell("note"),
        evidence=row.cell("evidence"),
        is_rehearsal=is_rehearsal,
        is_of_a_job=bool(row.format.step_by_job),
    )
    if begin is None or state == IN_PROGRESS:
        return [last]
    if begin > last.happened_at:
        words = f"it was {state} on {_shown(last.happened_at)}, before it began on {_shown(begin)}."
        return Refusal("ends_before_it_begins", words, CORRECT)
    return [replace(last, state=IN_PROGRESS, happened_at=begin, note="", evidence=""), last]


def _times_told(row: _Row) -> tuple[str, str, str]:
    """Return the cells of begin, end and the moment as of which the state is told."""
    began, ended, at = row.cell("began"), row.cell("ended"), row.cell("at")
    if both := word_in(row.format.step_and_state_by_state, row.cell("state")):
        own = row.format.step_and_state_by_state[both]
        began, ended = (row.cells.get(fold_header(name), "") if name else "" for name in (own.began, own.ended))
    return began, ended, at


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _is_rehearsal(row: _Row) -> bool | None:
    cell = row.cell("rehearsal")
    if not cell or fold_header(cell) in row.format.headers["rehearsal"]:  # the column's own name for a yes
        return bool(cell)
    told = vocabularies().value("boolean", cell)
    return None if told is None else told == "true"


def server_named_in(cells: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the id that a tool gave a server and the server's name, if a raw row tells both."""
    found = format_of(tuple(cells))
    if found is None or "server_id" not in found.headers:
        return None
    row = _Row(found, {fold_header(column): cell for column, cell in cells.items()})
    own_id, name = row.cell("server_id"), row.cell("server")
    return (own_id, name) if own_id and name else None


def date_cells(cells: Mapping[str, str]) -> list[str]:
    """Return the cells of a raw row that tell times, by which is told whether a file writes the month first."""
    found = format_of(tuple(cells))
    if found is None:
        return []
    row = _Row(found, {fold_header(column): cell for column, cell in cells.items()})
    return list(filter(None, _times_told(row)))
