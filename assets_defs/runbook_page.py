"""The runbook of a wave as one page that is printed and lies on the table in the night of the cutover.

Belongs here: the page: what is in it, how it looks on a screen and on paper. Does not: which steps there are
(`flow_pipelines/execute/cutover/`), the picture in it (`charts/lanes.py`).

The page holds all that it shows: it asks nothing of any server and runs no script. All text from outside is escaped,
and what would turn the direction of writing around it is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from assets_defs.charts.lanes import BACK_OUT, MILESTONE, lanes_chart
from assets_defs.charts.svg import harmless
from flow_pipelines.execute.cutover.runbook import CLOSES, LAST_MOMENT

HOUR = 60
# A list of so many lines or more is printed once.
LONG = 4
# Number, time, minute, length, who, step, what, begun, done: shares of the width.
WIDTHS = (4, 7, 6, 4, 11, 19, 35, 7, 7)
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
STYLE = """
:root { color-scheme: light; --ink: #1c2430; --soft: #5b6675; --line: #d5dae2; --red: #b3261e; --green: #1b6e3c; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1240px; padding: 24px; color: var(--ink); background: #fff;
       font: 14px/1.4 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { margin: 0 0 4px; font-size: 26px; } h2 { margin: 32px 0 8px; font-size: 20px; }
h3 { margin: 24px 0 6px; font-size: 16px; }
p { margin: 4px 0; } .soft { color: var(--soft); }
nav a { margin-right: 14px; }
.facts { display: flex; flex-wrap: wrap; gap: 10px; margin: 12px 0; }
.fact { border: 1px solid var(--line); border-radius: 6px; padding: 8px 12px; min-width: 150px; }
.fact b { display: block; font-size: 20px; } .fact span { color: var(--soft); font-size: 12px; }
.good b { color: var(--green); } .bad { border-color: var(--red); background: #fdf1f0; } .bad b { color: var(--red); }
.picture { overflow-x: auto; } .picture svg { width: 100%; height: auto; min-width: 900px; }
table { border-collapse: collapse; width: 100%; font-size: 13px; table-layout: fixed; overflow-wrap: anywhere; }
th, td { border-bottom: 1px solid var(--line); padding: 4px 6px; text-align: left; vertical-align: top; }
th { font-size: 12px; color: var(--soft); position: sticky; top: 0; background: #fff; }
td.time { white-space: nowrap; font-variant-numeric: tabular-nums; } td.number { text-align: right; }
td.done { white-space: nowrap; color: var(--soft); }
tr.critical td:first-child { border-left: 4px solid var(--red); }
tr.gate td { background: #fff6dd; } tr.milestone td { background: #eef2f8; font-weight: 600; }
tr.late td { background: #fdf1f0; color: var(--red); } tr.machine td { color: var(--soft); }
tr.noreturn td { border-top: 3px solid var(--red); border-bottom: 3px solid var(--red); }
td ul { margin: 2px 0 0; padding-left: 16px; font-size: 12px; columns: 2; column-gap: 20px; }
td li { break-inside: avoid; } tr.gate ul { list-style: "☐ "; }
td .why { color: var(--soft); font-size: 12px; }
.sheet { break-before: page; }
@media print {
  @page { size: A4 landscape; margin: 10mm 10mm 14mm; }
  body { max-width: none; padding: 0; font-size: 10pt; } nav { display: none; }
  table { font-size: 8.5pt; } thead { display: table-header-group; } tr { break-inside: avoid; }
  th { position: static; } .picture svg { min-width: 0; } h2, h3 { break-after: avoid; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
"""


def runbook_page(runbook: pd.DataFrame, *, title: str, zone: str) -> str:
    """Return the runbook of a wave as a page.

    Args:
        runbook: The rows of `execute/cutover_runbook` of one wave.
        title: What stands above it, such as the engagement.
        zone: By whose clocks times are told.
    """
    clock = _Clock(ZoneInfo(zone), zone)
    sections = [rows for _, rows in runbook.groupby("section_number", sort=True)]
    name = str(sections[0]["section_name"].iloc[0]).split(" (")[0]
    head = (
        f"<h1>{text(name)}: cutover runbook</h1><p class=soft>{text(title)}. Times are those of {text(zone)}; T is the"
    )
    head += " minute from T-0. A red edge marks a step without float: the end waits for it.</p>"
    links = [
        f'<a href="#{anchor}-{place}">{text(label)}</a>'
        for place, rows in enumerate(sections, start=1)
        for anchor, label in (("s", rows["section_name"].iloc[0]), ("b", "the way back"))
    ]
    body = "".join(_section(rows, place, clock) for place, rows in enumerate(sections, start=1))
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy"'
        f' content="{POLICY}"><meta name="viewport" content="width=device-width"><title>{text(name)}: cutover runbook'
        f"</title><style>{STYLE}</style></head><body>{head}<nav>{''.join(links)}</nav>{body}</body></html>"
    )


def text(value: object) -> str:
    """Return a text from anywhere as HTML that shows it and does nothing else."""
    return escape(harmless(value), quote=True)


class _Clock:
    """Tells moments by the clocks of a zone."""

    def __init__(self, zone: ZoneInfo, name: str) -> None:
        self.zone, self.name = zone, name

    def moment(self, value: pd.Timestamp) -> str:
        return f"{value.tz_convert(self.zone):%a %d %b %Y %H:%M}"

    def time(self, value: pd.Timestamp, begin: pd.Timestamp) -> str:
        local, first = value.tz_convert(self.zone), begin.tz_convert(self.zone)
        days = (local.date() - first.date()).days
        return f"{local:%H:%M}" + (f" <span class=soft>{local:%a}</span>" if days else "")


def _section(rows: pd.DataFrame, place: int, clock: _Clock) -> str:
    rows = rows.sort_values("step_number")
    numbers = dict(zip(rows["task_id"], rows["step_number"].tolist(), strict=True))
    rows = rows.assign(after=[_numbers(numbers[one] for one in ids) for ids in rows["predecessor_ids"]])
    before, during, back = (rows[rows["phase"] == phase] for phase in ("before", "cutover", BACK_OUT))
    begin = rows["begins_at"].iloc[0]
    title = text(rows["section_name"].iloc[0])
    sheet = ' class="sheet"' if place > 1 else ""
    seen: dict[tuple[str, ...], int] = {}
    return (
        f'<h2 id="s-{place}"{sheet}>{title}: {clock.moment(begin)}</h2>{_facts(rows, clock)}'
        f'<div class="picture">{lanes_chart(rows).full}</div>'
        f"<h3>Before T-0</h3>{_table(before, begin, clock, seen)}"
        f"<h3>Cutover</h3>{_table(during, begin, clock, seen)}"
        f'<h3 id="b-{place}" class="sheet">{title}: the way back</h3>'
        "<p>Only if it is decided. Times are those of a way back that begins at the last moment; it may begin at any"
        f" time before.</p>{_table(back, begin, clock, seen)}"
    )


def _facts(rows: pd.DataFrame, clock: _Clock) -> str:
    begin, closes = rows["begins_at"].iloc[0], rows["window_closes_at"].iloc[0]
    milestones = {row["step"]: row for row in rows[rows["kind"] == MILESTONE].to_dict("records")}
    decided = rows.loc[rows["is_point_of_no_return"].astype(bool)].iloc[0]
    back = rows[rows["phase"] == BACK_OUT]
    last, end = milestones[LAST_MOMENT], milestones[CLOSES]
    length = int(back["end_minute"].max() - back["start_minute"].min())
    facts = [
        ("", f"{clock.time(begin, begin)}", "T-0"),
        ("", f"{clock.time(closes, begin)}", f"the window closes, T+{end['start_minute']}"),
        _margin(end["margin_minutes"], "from the end of all until the window closes"),
        ("", f"{clock.time(decided['planned_end'], begin)}", f"point of no return, T+{decided['end_minute']}"),
        ("", f"{clock.time(last['planned_start'], begin)}", f"last moment to back out, T+{last['start_minute']}"),
        _margin(last["margin_minutes"], "from the decision until the last moment"),
        ("", _length(length), "the way back takes"),
        ("", f"{rows['asset_id'].nunique():,}", "servers and databases to move"),
        ("", f"{rows.loc[rows['kind'] == 'acceptance', 'subject'].nunique():,}", "workloads to accept"),
    ]
    cells = "".join(
        f'<div class="fact {kind}"><b>{value}</b><span>{label}</span></div>' for kind, value, label in facts
    )
    return f'<div class="facts">{cells}</div><p>{text(end["reason"])}</p><p>{text(last["reason"])}</p>'


def _margin(minutes: int, label: str) -> tuple[str, str, str]:
    return ("bad" if minutes < 0 else "good", f"{'-' if minutes < 0 else '+'}{_length(abs(minutes))}", label)


def _length(minutes: int) -> str:
    return f"{minutes} min" if minutes < HOUR else f"{minutes // HOUR} h {minutes % HOUR:02} min"


def _table(rows: pd.DataFrame, begin: pd.Timestamp, clock: _Clock, seen: dict[tuple[str, ...], int]) -> str:
    heads = ("#", "Time", "T", "Min", "Who", "Step", "What, and what shows it", "Begun", "Done")
    head = "".join(f'<th style="width:{width}%">{name}</th>' for name, width in zip(heads, WIDTHS, strict=True))
    body = "".join(_line(row, begin, clock, seen) for row in rows.to_dict("records"))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _line(row: Mapping[Any, Any], begin: pd.Timestamp, clock: _Clock, seen: dict[tuple[str, ...], int]) -> str:
    is_milestone = row["kind"] == MILESTONE
    marks = {
        "critical": row["is_critical"] and not is_milestone,
        "gate": row["kind"] == "gate",
        "milestone": is_milestone,
        "late": is_milestone and row["margin_minutes"] < 0,
        "machine": row["is_automatic"] and not is_milestone,
        "noreturn": row["is_point_of_no_return"],
    }
    subject = f"<b><bdi>{text(row['subject'])}</bdi></b>: " if row["subject"] else ""
    step = f"{subject}{text(row['step'])}"
    if row["is_point_of_no_return"]:
        step += "<br><b>Point of no return</b>"
    waits = f" After {row['after']}." if row["after"] else ""
    waits += " Starts when somebody is free." if row["waits_for_people"] else ""
    why = f"{text(row['reason'])} <span class=why>{text(row['evidence'])}.{waits}</span>{_list(row, seen)}"
    done = "" if is_milestone else "☐"
    actual = [clock.time(row[name], begin) if pd.notna(row[name]) else done for name in ("actual_start", "actual_end")]
    return (
        f'<tr class="{" ".join(name for name, holds in marks.items() if holds)}">'
        f"<td class=number>{row['step_number']}</td>"
        f"<td class=time>{clock.time(row['planned_start'], begin)}</td><td class=time>T{row['start_minute']:+d}</td>"
        f"<td class=number>{row['duration_minutes'] or ''}</td><td><bdi>{text(row['lane'])}</bdi></td><td>{step}</td>"
        f"<td>{why}</td><td class=done>{actual[0]}</td><td class=done>{actual[1]}</td></tr>"
    )


def _numbers(steps: Iterable[int]) -> str:
    """Return the numbers of steps in a line: the last of them, if there are many."""
    told = sorted(steps)
    more = f"{len(told) - LONG} others, " if len(told) > LONG else ""
    return more + ", ".join(map(str, told[-LONG:]))


def _list(row: Mapping[Any, Any], seen: dict[tuple[str, ...], int]) -> str:
    """Return the details of a step as a list; a long one that is above already by the number of its step."""
    details = tuple(map(str, row["details"]))
    if len(details) >= LONG and details in seen:
        return f" <span class=why>The list is that of step {seen[details]}.</span>"
    seen[details] = row["step_number"]
    items = "".join(f"<li><bdi>{text(one)}</bdi></li>" for one in details)
    return f"<ul>{items}</ul>" if items else ""
