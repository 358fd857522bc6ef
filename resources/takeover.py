"""Reading the platform being replaced, table by table, into files that Discovery can import.

Belongs here: going through its tables once, writing each row that comes over into a file of its engagement, and the
account of all rows. Does not: what a row means (`flow_pipelines/takeover/`), landing the files and making edits of
approvals (`flow_pipelines/cli/taking_over.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from flow_pipelines.reference.replaced_platform import replaced_platform
from flow_pipelines.scope import Scope
from flow_pipelines.takeover.account import RefusedError, TableAccount
from flow_pipelines.takeover.approvals import Approval, approval_of, latest_approvals, person_of
from flow_pipelines.takeover.attribution import Attribution
from flow_pipelines.takeover.cells import import_file_name, json_cell, raw_record
from flow_pipelines.takeover.tenants import (
    SourceClient,
    SourceEngagement,
    chosen_engagements,
    client_of,
    engagement_of,
)
from resources.replaced_platform import FoundTable, SourceDatabase
from resources.takeover_files import RecordFile, TableFile

# Kinds of rows that others refer to: their engagements are kept, about 150 bytes a row.
REFERRED_TO = ("sessions", "flows", "discovery_flows", "imports", "assets")
# Kinds that only tell the engagements of others.
ONLY_TELL = {
    "users": "only what those who approved mappings are called",
    "sessions": "only which engagements other rows belong to",
    "flows": "only which engagements other rows belong to",
    "discovery_flows": "only which engagements other rows belong to",
    "imports": "",
}
Row = dict[str, str]


@dataclass
class StagedFile:
    """A file of an engagement, ready to be landed, and the number of its rows."""

    path: Path
    rows: int = 0


@dataclass
class Taken:
    """What was read of the source.

    Attributes:
        engagements: Its engagements, by id.
        targets: The engagement here for each of those that are taken over.
        clients: The clients that are taken over, by name here.
        files: The files of each engagement here, by name.
        approvals: The field mappings of each engagement here that people approved.
        accounts: What became of the rows of each table.
        import_files: Import of the source to the name of its file.
        not_carried: Columns that came along nowhere, by table.
    """

    engagements: Mapping[str, SourceEngagement]
    targets: Mapping[str, Scope]
    clients: Mapping[str, SourceClient]
    files: dict[Scope, dict[str, StagedFile]] = field(default_factory=dict)
    approvals: dict[Scope, list[Approval]] = field(default_factory=dict)
    accounts: list[TableAccount] = field(default_factory=list)
    import_files: dict[str, str] = field(default_factory=dict)
    not_carried: dict[str, list[str]] = field(default_factory=dict)

    def account_of(self, kind: str) -> TableAccount:
        """Return the account of a kind of rows."""
        return next(one for one in self.accounts if one.kind == kind)


def read_platform(
    source: SourceDatabase,
    folder: Path,
    *,
    target: Scope | None,
    named: str,
    progress: Callable[[str], None] = lambda _: None,
) -> Taken:
    """Read all that is taken over, and write its rows into files below a folder, one folder per engagement.

    Rows stream: memory does not grow with raw records. The same rows give the same files, byte by byte.

    Args:
        source: The source.
        folder: An empty folder.
        target: The engagement here that one of the source's is to come into; all of them if not given.
        named: Which one, by id or name; may be empty.
        progress: Told what is being read.

    Raises:
        InputError: It is not told which engagement is meant, or names collide.
        DatabaseError: The source can't be read.
    """
    return _Reading(source, folder, progress).everything(target, named)


class _Reading:
    """One pass over the source."""

    def __init__(self, source: SourceDatabase, folder: Path, progress: Callable[[str], None]) -> None:
        self._source = source
        self._folder = folder
        self._progress = progress
        self._attribution = Attribution({})
        self._taken = Taken({}, {}, {})

    def everything(self, target: Scope | None, named: str) -> Taken:
        self._tenants(target, named)
        people = {row["id"]: person_of(row) for row in self._source.rows("users", order=()) if "id" in row}
        for kind in ("sessions", "flows", "discovery_flows"):
            self._only_remember(kind)
        self._imports()
        self._raw_records()
        self._mappings(people)
        for kind in ("assets", "dependencies", "issues"):
            self._table(kind)
        self._others()
        return self._taken

    def _tenants(self, target: Scope | None, named: str) -> None:
        clients, client_account = {}, self._account("clients")
        for row in self._counted("clients", client_account):
            try:
                clients[row["id"]] = client_of(row)
            except RefusedError as refused:
                client_account.refuse(refused.code, row["id"])
        engagements, account = {}, self._account("engagements")
        for row in self._counted("engagements", account):
            try:
                engagements[row["id"]] = engagement_of(row, clients)
            except RefusedError as refused:
                account.refuse(refused.code, row["id"])
        targets = chosen_engagements(clients.values(), list(engagements.values()), target, named)
        for engagement_id in engagements:
            if engagement_id in targets:
                account.bring(targets[engagement_id])
            else:
                account.elsewhere += 1
        wanted = {engagements[one].client_id for one in targets}
        chosen = {one.client_id: one for one in clients.values() if target is None or one.client_id in wanted}
        for client in clients.values():
            if client.client_id in chosen:
                client_account.bring(client.key if target is None else target.client)
            else:
                client_account.elsewhere += 1
        self._attribution = Attribution({one.engagement_id: one.client_id for one in engagements.values()})
        self._taken.engagements, self._taken.targets = engagements, targets
        self._taken.clients = {(one.key if target is None else target.client): one for one in chosen.values()}

    def _only_remember(self, kind: str) -> None:
        table = self._source.tables.get(kind)
        for row in self._source.rows(kind, order=()):
            try:
                engagement = self._attribution.engagement_of(row, table.known, columns=table.columns) if table else ""
            except RefusedError:
                continue
            self._attribution.remember(kind, row.get("id", ""), engagement)

    def _imports(self) -> None:
        account = self._account("imports")
        for row, scope in self._attributed("imports", account, order=("id",)):
            account.bring(scope)
            self._taken.import_files[row["id"]] = import_file_name(
                row.get("file_name") or row.get("name", ""), row["id"]
            )

    def _raw_records(self) -> None:
        account = self._account("raw_records")
        rows = self._attributed("raw_records", account, order=("import", "row_number", "id"))
        for import_id, of_import in groupby(rows, key=lambda one: one[0].get("import", "")):
            # What the source says of a lost import is gone, its records are not.
            name = self._taken.import_files.setdefault(import_id, import_file_name("", import_id or "unknown"))
            with ExitStack() as open_files:
                files: dict[Scope, RecordFile] = {}
                for row, scope in of_import:
                    try:
                        record = raw_record(row.get("raw_data", ""))
                    except RefusedError as refused:
                        account.refuse(refused.code, row.get("id", ""))
                        continue
                    staged = self._staged(scope, name)
                    if scope not in files:
                        files[scope] = open_files.enter_context(RecordFile(staged.path))
                    files[scope].add(record, row.get("id", ""))
                    staged.rows += 1
                    account.bring(scope)

    def _mappings(self, people: Mapping[str, str]) -> None:
        account = self._account("mappings")
        approvals: dict[Scope, list[Approval]] = {}
        for row, scope in self._attributed("mappings", account, order=("id",)):
            try:
                approval = approval_of(row, people)
            except RefusedError as refused:
                account.refuse(refused.code, row["id"])
            else:
                approvals.setdefault(scope, []).append(approval)
                account.bring(scope)
        for scope, listed in approvals.items():
            counting, superseded = latest_approvals(listed)
            self._taken.approvals[scope] = counting
            for approval in superseded:
                account.move(scope, "superseded", approval.mapping_id)

    def _table(self, kind: str) -> None:
        table = self._source.tables.get(kind)
        account = self._account(kind)
        if table is None:
            return
        columns = _carried(table)
        headers = [table.known.id_header, *columns.values()]
        if kind == "dependencies":
            headers.append(replaced_platform().relation_header)
        with ExitStack() as open_files:
            files: dict[Scope, TableFile] = {}
            for row, scope in self._attributed(kind, account, order=("id",), everything=True):
                staged = self._staged(scope, table.known.file)
                if scope not in files:
                    files[scope] = open_files.enter_context(TableFile(staged.path, headers))
                cells = [row.get("id", ""), *(_cell(row, name, table) for name in columns)]
                if kind == "dependencies":
                    cells.append(replaced_platform().relation_of(row.get("kind", "")))
                files[scope].add(cells)
                staged.rows += 1
                account.bring(scope)

    def _others(self) -> None:
        known = replaced_platform()
        for kind, why in ONLY_TELL.items():
            if why and (table := self._source.tables.get(kind)):
                self._taken.accounts.append(TableAccount("", table.name, self._source.count(table.name), why_not=why))
        for name in self._source.others:
            account = TableAccount("", name, self._source.count(name), why_not=known.why_not(name))
            self._taken.accounts.append(account)

    def _account(self, kind: str) -> TableAccount:
        table = self._source.tables.get(kind)
        name = table.name if table else replaced_platform().tables[kind].names[0]
        account = TableAccount(kind, name, self._source.count(name) if table else 0)
        self._taken.accounts.append(account)
        if table:
            self._progress(f"{name}: {account.counted:,} rows")
            self._taken.not_carried[name] = _not_carried(table)
        return account

    def _counted(
        self, kind: str, account: TableAccount, *, order: tuple[str, ...] = ("id",), everything: bool = False
    ) -> Iterator[Row]:
        for row in self._source.rows(kind, order=order, everything=everything):
            account.found += 1
            yield row

    def _attributed(
        self, kind: str, account: TableAccount, *, order: tuple[str, ...], everything: bool = False
    ) -> Iterator[tuple[Row, Scope]]:
        """Yield the rows that are taken over, each with its engagement here; count all others."""
        table = self._source.tables.get(kind)
        if table is None:
            return
        for row in self._counted(kind, account, order=order, everything=everything):
            row_id = row.get("id", "")
            try:
                engagement = self._attribution.engagement_of(row, table.known, columns=table.understood)
            except RefusedError as refused:
                account.refuse(refused.code, row_id)
                continue
            if kind in REFERRED_TO:
                self._attribution.remember(kind, row_id, engagement)
            if engagement in self._taken.targets:
                yield row, self._taken.targets[engagement]
            else:
                account.elsewhere += 1

    def _staged(self, scope: Scope, name: str) -> StagedFile:
        path = self._folder / scope.client / scope.engagement / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return self._taken.files.setdefault(scope, {}).setdefault(name, StagedFile(path))


def _carried(table: FoundTable) -> dict[str, str]:
    """Return the columns that come along: name there to header."""
    known = replaced_platform()
    renamed = {
        table.understood[logical]: header for logical, header in known.headers.items() if logical in table.understood
    }
    left_out = known.left_out | {table.understood.get("id", ""), known.relation_header}
    return {name: renamed.get(name, name) for name in table.columns if name in renamed or name not in left_out}


def _not_carried(table: FoundTable) -> list[str]:
    if table.known.file:
        carried = set(_carried(table)) | {table.understood.get("id", "")}
    else:
        carried = set(table.understood.values())
    return [name for name in table.columns if name not in carried]


def _cell(row: Row, name: str, table: FoundTable) -> str:
    cell = row.get(f".{name}", "")
    return json_cell(cell) if name in table.json_columns else cell
