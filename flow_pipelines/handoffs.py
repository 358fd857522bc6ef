"""Hand-offs: holding what a flow hands over to the rules of the flow that is to start from it.

Belongs here: checking rules, the built-in ones that hold for every hand-off, and saying what keeps a flow from
starting. Does not: the rules of a particular hand-off (`reference/handoff_rules.yaml`), waiving (an edit), and how
Dagster runs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Table

from flow_pipelines.approvals import Approval
from flow_pipelines.flows import Flow, flow_named
from flow_pipelines.reference.handoff_rules import (
    Approved,
    AtLeast,
    AtMostShare,
    Filled,
    NoneOf,
    RowRule,
    Rows,
    handoff_rules,
)
from flow_pipelines.tables import built_phases, output_tables
from flow_pipelines.tables.contract import conform

# Offenders kept with a rule, and of them those named in a message: enough to start looking, short enough to read.
MOST_OFFENDERS = 20
NAMED = 5


@dataclass(frozen=True)
class _Verdict:
    """What a check found: whether the rule holds, the rows it looked at, those that break it, and that in words.

    `offenders` are pairs of key and name.
    """

    holds: bool
    rows_checked: int
    rows_failed: int
    finding: str
    offenders: Iterable[tuple[str, str]] = ()


def validate_handoff(
    flow: Flow,
    frames: Mapping[str, pd.DataFrame],
    *,
    versions: Mapping[str, str],
    manifests: Mapping[str, Mapping[str, str]],
    approvals: Mapping[str, Approval] | None = None,
) -> pd.DataFrame:
    """Hold what is handed over to every rule of the hand-off into a flow.

    Args:
        flow: The flow that is to start, and follows another one.
        frames: The tables of the flow that it follows, by key.
        versions: By key of a table, the data version that is handed over.
        manifests: By key of a table, the data versions of other tables that it was computed from, by their keys; a
            table that is not named was computed from no other table.
        approvals: By key of a table, the approval of the very version that is handed over.

    Returns:
        The rows of the flow's hand-off table, one per rule: passed, failed (severity error) or warned (severity
        warning). The offenders of a built-in rule are tables, those of any other rule rows. What is computed does
        not depend on the order of rows.
    """
    rows = [*_builtin_rows(flow, frames, versions, manifests)]
    for rule in handoff_rules().handoffs.get(_name(flow), ()):
        verdict = _check_approval(rule, frames, approvals or {}) if isinstance(rule, Approved) else _check(rule, frames)
        head = {"rule_id": rule.rule_id, "title": rule.title, "severity": rule.severity, "table_key": rule.table}
        rows.append({**head, "rule_is_builtin": False, **_result(verdict, rule.severity, rule.remedy)})
    return conform(pd.DataFrame(rows), output_tables()[str(flow.handoff)])


def approved_tables(flow: Flow) -> tuple[str, ...]:
    """Return the tables that a person has to approve before a flow may start; most flows wait for none."""
    rules = handoff_rules().handoffs.get(_name(flow), ()) if flow.handoff else ()
    return tuple(rule.table for rule in rules if isinstance(rule, Approved))


def handoff_problems(handoff: pd.DataFrame) -> list[str]:
    """Return what keeps the next flow from starting: each failed rule of severity error, with rows and remedy.

    Args:
        handoff: The rows of a hand-off table.
    """
    failed = handoff[(handoff["severity"] == "error") & (handoff["status"] == "failed")]
    return [_problem(row) for row in failed.to_dict("records")]


def _problem(row: dict[Any, Any]) -> str:
    named = [
        name if name == key else f"{name} ({key})"
        for key, name in zip(row["offenders"][:NAMED], row["offender_names"][:NAMED], strict=True)
    ]
    more = row["rows_failed"] - len(named)
    rows = f" They are {', '.join(named)}{f' and {more:,} more' if more > 0 else ''}." if named else ""
    remedy = f" {row['remedy']}" if pd.notna(row["remedy"]) else ""
    return f"Rule {row['rule_id']} failed: {row['title']} {row['finding']}{rows}{remedy}"


def _name(flow: Flow) -> str:
    return str(flow.handoff).split("/")[1]


def _result(verdict: _Verdict, severity: str, remedy: str) -> dict[str, object]:
    offenders = sorted(verdict.offenders)[:MOST_OFFENDERS]
    if offenders:
        remedy = remedy.replace("<row>", offenders[0][0])
    return {
        "status": "passed" if verdict.holds else {"error": "failed", "warning": "warned"}[severity],
        "rows_checked": verdict.rows_checked,
        "rows_failed": verdict.rows_failed,
        "offenders": [key for key, _ in offenders],
        "offender_names": [name for _, name in offenders],
        "finding": verdict.finding,
        "remedy": None if verdict.holds else remedy,
    }


def _builtin_rows(
    flow: Flow,
    frames: Mapping[str, pd.DataFrame],
    versions: Mapping[str, str],
    manifests: Mapping[str, Mapping[str, str]],
) -> Iterator[dict[str, object]]:
    source = flow_named(str(flow.follows))
    keys = [f"{source.name}/{table}" for phase in built_phases(source) for table in phase.tables]
    run_again = f"Run {source.title} again: flow run <scope> --flow {source.name}"
    checks = (
        (
            "all_tables_are_there",
            f"Every table of {source.title} is handed over.",
            _completeness(keys, frames, versions),
        ),
        (
            "something_is_handed_over",
            f"There is something for {flow.title} to start from.",
            _substance(flow, keys, frames),
        ),
        (
            "tables_fit_together",
            "All tables were computed from the same version of each other.",
            _closure(versions, manifests),
        ),
    )
    for rule_id, title, verdict in checks:
        head = {"rule_id": rule_id, "title": title, "severity": "error", "table_key": flow.handoff}
        yield {**head, "rule_is_builtin": True, **_result(verdict, "error", run_again)}


def _completeness(keys: list[str], frames: Mapping[str, pd.DataFrame], versions: Mapping[str, str]) -> _Verdict:
    missing = [key for key in keys if key not in frames or key not in versions]
    found = f"{len(keys) - len(missing)} of {len(keys)} tables are there."
    return _Verdict(not missing, len(keys), len(missing), found, [(key, key) for key in missing])


def _substance(flow: Flow, keys: list[str], frames: Mapping[str, pd.DataFrame]) -> _Verdict:
    """Tell whether there is a row in what the next flow reads."""
    read = _tables_read(flow, keys)
    rows = sum(len(frames[key]) for key in read if key in frames)
    empty = [] if rows else read
    return _Verdict(
        rows > 0,
        len(read),
        len(empty),
        f"There are {rows:,} rows in {', '.join(read)}.",
        [(key, key) for key in empty],
    )


def _tables_read(flow: Flow, keys: list[str]) -> list[str]:
    """Return the tables that the columns of a flow come from; all that are handed over if no column says so."""
    columns = [column for key in flow.tables if key in output_tables() for column in output_tables()[key].columns]
    sources = {source.rsplit(".", 1)[0] for column in columns for source in column.info.get("sources", ())}
    return [key for key in keys if key in sources] or keys


def _closure(handed_over: Mapping[str, str], manifests: Mapping[str, Mapping[str, str]]) -> _Verdict:
    """Tell whether each table was computed from the very rows that are handed over with it.

    By data version and not by snapshot: a phase that is run again alone and comes to equal rows starts nothing behind
    it, so what is behind it names the snapshot before for good.
    """
    outdated: dict[str, list[str]] = {}
    versions = dict(handed_over)
    for key in sorted(handed_over):
        for read, version in sorted(manifests.get(key, {}).items()):
            # An earlier flow's table is not handed over again; still, all must have read the same version of it.
            if versions.setdefault(read, version) != version:
                outdated.setdefault(key, []).append(read)
    found = [f"{key} was computed from another version of {' and '.join(read)}." for key, read in outdated.items()]
    return _Verdict(
        not outdated,
        len(handed_over),
        len(outdated),
        " ".join(found) or f"{len(handed_over)} tables fit together.",
        [(key, key) for key in outdated],
    )


def _check(rule: RowRule, frames: Mapping[str, pd.DataFrame]) -> _Verdict:
    needed = [rule.table, rule.of] if isinstance(rule, AtMostShare) else [rule.table]
    if missing := [key for key in needed if key not in frames]:
        return _Verdict(holds=False, rows_checked=0, rows_failed=0, finding=f"{' and '.join(missing)} is not there.")
    rows = _selected(rule, frames[rule.table])
    match rule:
        case Rows():
            found = f"There are {len(rows):,} such rows; at least {rule.at_least:,} are needed."
            return _Verdict(len(rows) >= rule.at_least, len(rows), 0, found)
        case AtMostShare():
            return _check_share_of(rule, rows, frames[rule.of])
        case Filled():
            return _check_each(rule, rows, ~_is_filled(rows[rule.column]), f"don't tell {rule.column}")
        case NoneOf():
            listed = " or ".join(map(str, rule.values))
            return _check_each(rule, rows, rows[rule.column].isin(rule.values), f"have {rule.column} {listed}")
        case AtLeast():
            enough = rows[rule.column].ge(rule.value).fillna(value=False).astype(bool)
            return _check_each(rule, rows, ~enough, f"have no {rule.column} of {rule.value:g} or more")


def _check_approval(rule: Approved, frames: Mapping[str, pd.DataFrame], approvals: Mapping[str, Approval]) -> _Verdict:
    rows, approval = frames.get(rule.table, ()), approvals.get(rule.table)
    if approval is None:
        found = "Nobody has approved this version."
        return _Verdict(holds=False, rows_checked=len(rows), rows_failed=len(rows), finding=found)
    found = f"{approval.approved_by} approved it: {approval.reason}"
    return _Verdict(holds=True, rows_checked=len(rows), rows_failed=0, finding=found)


def _selected(rule: RowRule, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that a rule looks at, with no more columns than it takes to judge and name them."""
    applies = pd.Series(data=True, index=frame.index)
    for column, values in rule.where.items():
        applies &= frame[column].isin(values)
    for column, values in rule.unless.items():
        applies &= ~frame[column].isin(values)
    info = output_tables()[rule.table].info
    judged = [getattr(rule, name) for name in ("column", "count") if hasattr(rule, name)]
    return frame.loc[applies, list(dict.fromkeys(filter(None, [*info["key"], info["label"], *judged])))]


def _is_filled(cells: pd.Series[Any]) -> pd.Series[bool]:
    """Tell which cells hold something; an empty list holds nothing."""
    return cells.map(lambda cell: len(cell) > 0 if isinstance(cell, list) else pd.notna(cell)).astype(bool)


def _check_each(rule: Filled | NoneOf | AtLeast, rows: pd.DataFrame, breaks: pd.Series[bool], says: str) -> _Verdict:
    checked, failed = len(rows), int(breaks.sum())
    if not checked:
        return _Verdict(holds=True, rows_checked=0, rows_failed=0, finding="There are no such rows.")
    allowed = f"; at most {_percent(1 - rule.share)} may" if rule.share < 1 else "; none may"
    found = f"{failed:,} of {checked:,} rows ({_percent(failed / checked)}) {says}{allowed}."
    holds = (checked - failed) / checked >= rule.share
    return _Verdict(holds, checked, failed, found, _named(rows[breaks], output_tables()[rule.table]))


def _check_share_of(rule: AtMostShare, rows: pd.DataFrame, others: pd.DataFrame) -> _Verdict:
    failed = int(rows[rule.count].sum())
    checked = failed + int(others[rule.count].sum())
    share = failed / checked if checked else 0.0
    found = f"{failed:,} of {checked:,} rows ({_percent(share)}); at most {_percent(rule.share)} may be."
    return _Verdict(share <= rule.share, checked, failed, found, _named(rows, output_tables()[rule.table]))


def _named(rows: pd.DataFrame, table: Table) -> list[tuple[str, str]]:
    """Return key and name of the first rows, by key; a row without a name goes by its key."""
    first, *others = table.info["key"]
    keys = rows[first].astype(str)
    for column in others:
        keys = keys + "/" + rows[column].astype(str)
    keys = keys.sort_values().head(MOST_OFFENDERS)
    names = rows.loc[keys.index, table.info["label"]] if table.info["label"] else keys
    return [(key, key if pd.isna(name) else str(name)) for key, name in zip(keys, names, strict=True)]


def _percent(share: float) -> str:
    percent = f"{share * 100:.1f}".removesuffix(".0")
    return "under 0.1 %" if percent == "0" and share else f"{percent} %"
