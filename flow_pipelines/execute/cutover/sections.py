"""The sections of runbooks: which workloads, servers and databases are cut over in which change window.

Belongs here: windows, T-0, what is in a section and what needs what in it. Does not: steps (`steps.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from flow_pipelines.execute.tasks.connections import needed_connections
from flow_pipelines.execute.tasks.moving import DATABASE, told_apart
from flow_pipelines.execute.tasks.placement import cutover_parts
from flow_pipelines.execute.tasks.residents import residents_of
from flow_pipelines.plan.timeline.clock import ProgrammeClock, programme_clock
from flow_pipelines.plan.timeline.programme import first_day
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.some_of import some_of

DECISION = "decision"
NAMED = 3


@dataclass(frozen=True)
class Section:
    """What of a wave is cut over in one change window.

    Attributes:
        wave: Number of the wave, if it has one.
        number: Which of the wave's sections it is, from 1.
        count: How many there are.
        begin: T-0, when its first cutover begins.
        closes: When the window closes; if there is none, when the last cutover ends.
        cutovers: The cutovers of the timeline: task_id, workload_id, workload_name, part, parts, owner, planned_start,
            planned_end, in order of name.
        decision: When it is decided to go, begin and end, if the timeline says so.
        decision_ids: The decisions of the timeline.
        units: The servers and databases, in order of workload and name.
        needs: Pairs of units of which the first needs the second; no cycle.
        hosted: Pairs of a database and the server that it is on.
        connections: What goes to and from its units, as `needed_connections` says.
        partners: Workloads elsewhere that need one of its units, or run on one, in words.
        residents: By server, what runs on it and has no step of its own here, in words.
    """

    wave: int | None
    number: int
    count: int
    begin: datetime
    closes: datetime
    cutovers: pd.DataFrame
    decision: tuple[datetime, datetime] | None
    decision_ids: tuple[str, ...]
    units: pd.DataFrame
    needs: tuple[tuple[str, str], ...]
    hosted: tuple[tuple[str, str], ...]
    connections: pd.DataFrame
    partners: tuple[str, ...]
    residents: dict[str, list[str]]

    @property
    def name(self) -> str:
        """What people call it; the same if it is put off."""
        wave = "Without a wave" if self.wave is None else f"Wave {self.wave}"
        return wave if self.count == 1 else f"{wave} ({self.number} of {self.count})"


def find_sections(
    frames: Mapping[str, pd.DataFrame], units: pd.DataFrame, settings: EngagementSettings
) -> list[Section]:  # fmt: skip
    """Return the sections of all waves, in order.

    Args:
        frames: The tables of `READS`, by key.
        units: The servers and databases that move, as `moving` says.
        settings: Change windows.
    """
    timeline, plan = frames["plan/timeline"], frames["assess/plan_of_record"]
    # Two workloads may have one name; what people tell of a step is found by its name.
    plan = plan.assign(workload_name=told_apart(plan["workload_name"], plan["workload_id"]))
    cutovers = _cutovers(timeline, plan)
    if cutovers.empty:
        return []
    cutovers = _windowed(cutovers, settings)
    connections = needed_connections(
        frames["discovery/inventory"], frames["discovery/dependencies"], frames["plan/landing_zone"]
    )
    placed = units.merge(cutovers[["workload_id", "part", "section", "planned_start"]], on=["workload_id", "part"])
    section_of = placed.set_index("asset_id")["section"]
    connections = connections.assign(
        section=connections["asset_id"].map(section_of), partner_section=connections["partner_id"].map(section_of)
    )
    own = dict(tuple(connections[connections["section"].notna()].groupby("section")))
    members = dict(tuple(placed.groupby("section")))
    decisions = timeline[timeline["kind"] == DECISION]
    workloads = plan[["workload_id", "workload_name", "owner", "source_entity_ids"]].explode("source_entity_ids")
    residents = _residents(frames, placed, workloads)
    found = []
    for key, rows in cutovers.groupby("section", sort=True):
        units_here = members.get(key, placed.iloc[:0])
        reached = own.get(key, connections.iloc[:0])
        there = residents[residents["server_id"].isin(set(units_here["asset_id"]))]
        found.append(_section(rows, units_here, own=reached, decisions=decisions, workloads=workloads, residents=there))
    return found


def _cutovers(timeline: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    parts = cutover_parts(timeline)
    columns = ["task_id", "wave_number", "planned_start", "planned_end"]
    known = plan[["workload_id", "workload_name", "owner"]]
    rows = parts.merge(timeline[columns], on="task_id").merge(known, on="workload_id")
    return rows.assign(parts=rows.groupby("workload_id")["part"].transform("size"))


def _windowed(cutovers: pd.DataFrame, settings: EngagementSettings) -> pd.DataFrame:
    """Say in which section each cutover is, and when its change window closes."""
    starts = [moment.to_pydatetime() for moment in cutovers["planned_start"]]
    last = cutovers["planned_end"].max().date() + timedelta(weeks=1)
    clock: ProgrammeClock = programme_clock(settings, first_day(settings, starts), last)
    windows = [clock.window_at(moment) for moment in starts]
    begins = [window.begins if window else moment for window, moment in zip(windows, starts, strict=True)]
    closes = [window.closes if window else None for window in windows]
    rows = cutovers.assign(
        window=pd.to_datetime(begins, utc=True),
        closes=pd.to_datetime(pd.Series(closes, index=cutovers.index), utc=True),
    )
    waves = rows["wave_number"].astype("Int64").fillna(-1)
    rows = rows.assign(wave=waves).sort_values(["wave", "window", "workload_name", "workload_id", "part"])
    rows["section"] = rows.groupby(["wave", "window"], sort=True).ngroup()
    of_wave = rows.groupby("wave")["section"]
    return rows.assign(
        number=rows["section"] - of_wave.transform("min") + 1, count=of_wave.transform("nunique")
    )  # fmt: skip


def _section(
    rows: pd.DataFrame,
    units: pd.DataFrame,
    *,
    own: pd.DataFrame,
    decisions: pd.DataFrame,
    workloads: pd.DataFrame,
    residents: pd.DataFrame,
) -> Section:
    first = rows.iloc[0]
    here = decisions[decisions["workload_id"].isin(rows.loc[rows["part"] == 0, "workload_id"])]
    decision = None
    if len(here):
        decision = (here["planned_start"].min().to_pydatetime(), here["planned_end"].max().to_pydatetime())
    hosted, workloads_here, begin = _hosted(units), set(rows["workload_id"]), rows["planned_start"].min()
    # What has moved in a window before is on its old server no more; what moves here has steps of its own.
    has_gone = (residents["moved_from"] < begin) | residents["asset_id"].isin(set(units["asset_id"]))
    staying = residents[~has_gone]
    is_elsewhere = ~staying["workload_id"].isin(workloads_here)
    return Section(
        wave=None if pd.isna(first["wave_number"]) else int(first["wave_number"]),
        number=int(first["number"]),
        count=int(first["count"]),
        begin=begin.to_pydatetime(),
        closes=(rows["closes"] if rows["closes"].notna().all() else rows["planned_end"]).max().to_pydatetime(),
        cutovers=rows.reset_index(drop=True),
        decision=decision,
        decision_ids=tuple(sorted(here["task_id"])),
        units=units.reset_index(drop=True),
        needs=_needs(units["asset_id"].tolist(), own, hosted),
        hosted=hosted,
        connections=own,
        partners=_partners(own, workloads, staying, workloads_here),
        residents=_told(staying[is_elsewhere | (staying["asset_type"] == DATABASE)]),
    )


def _hosted(units: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    here = set(units["asset_id"])
    pairs = zip(units["asset_id"], units["host_ids"], strict=True)
    return tuple((one, host) for one, hosts in pairs for host in hosts if host in here and host != one)


def _needs(ids: list[str], own: pd.DataFrame, hosted: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return who needs whom among the units; what need each other, also by others, are in no order."""
    inner = own[own["section"] == own["partner_section"]]
    is_source = inner["is_source"].to_numpy(dtype=bool)
    asset, partner = inner["asset_id"].to_numpy(dtype=object), inner["partner_id"].to_numpy(dtype=object)
    sources, targets = np.where(is_source, asset, partner), np.where(is_source, partner, asset)
    pairs = sorted(set(zip(sources.tolist(), targets.tolist(), strict=True)) - set(hosted))
    place = {one: number for number, one in enumerate(ids)}
    ends = np.array([(place[one], place[other]) for one, other in [*pairs, *hosted]], dtype=int).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(ids), len(ids)))
    group = connected_components(graph, directed=True, connection="strong")[1] if len(ids) else []
    return tuple((one, other) for one, other in pairs if group[place[one]] != group[place[other]])


def _residents(frames: Mapping[str, pd.DataFrame], placed: pd.DataFrame, workloads: pd.DataFrame) -> pd.DataFrame:
    """Return what runs on servers that move, with its workloads, and when it moves if it does so by itself."""
    found = residents_of(frames, placed["asset_id"])
    own = placed[["asset_id", "wave_number", "planned_start"]].rename(columns={"planned_start": "moved_from"})
    servers = placed[["asset_id", "asset_name"]].rename(columns={"asset_id": "server_id", "asset_name": "server_name"})
    parts = workloads.rename(columns={"source_entity_ids": "asset_id"})
    found = found.merge(servers, on="server_id").merge(own, on="asset_id", how="left")
    return found.merge(parts, on="asset_id", how="left")


def _told(residents: pd.DataFrame) -> dict[str, list[str]]:
    """Return by server what runs on it, in words."""
    texts: dict[str, list[str]] = {}
    columns = ["server_id", "name", "workload_name", "moved_from", "wave_number"]
    for server, name, workload, moved_from, wave in residents[columns].itertuples(index=False, name=None):
        of = f" of {workload}" if isinstance(workload, str) else ""
        later = "" if pd.isna(wave) else f" in wave {wave}"
        own = "" if pd.isna(moved_from) else f"; its own move comes later{later}"
        text = f"{name}{of} runs on it and stops with it{own}"
        if text not in texts.setdefault(str(server), []):
            texts[str(server)].append(text)
    return texts


def _partners(own: pd.DataFrame, workloads: pd.DataFrame, residents: pd.DataFrame, here: set[str]) -> tuple[str, ...]:
    """Return the workloads elsewhere that need or run on a unit of the section, with their owner and why."""
    needed = own[~own["is_source"].astype(bool) & (own["section"] != own["partner_section"])]
    parts = workloads[~workloads["workload_id"].isin(here)]
    found = needed.merge(parts, left_on="partner_id", right_on="source_entity_ids")
    on = residents[residents["workload_id"].notna() & ~residents["workload_id"].isin(here)]
    on = on.assign(why="runs on it", check=on["name"].astype(object) + " on " + on["server_name"])
    found = pd.concat([found.assign(why="needs it"), on], ignore_index=True)
    texts: dict[tuple[str, str, str], set[str]] = {}
    columns = ["workload_name", "owner", "why", "check"]
    for name, owner, why, check in found[columns].astype(object).itertuples(index=False, name=None):
        who = owner if isinstance(owner, str) else "owner not known"
        texts.setdefault((str(name), who, str(why)), set()).add(str(check))
    return tuple(
        f"{who}: {name}, not moved now, {why} ({some_of(sorted(checks), NAMED)})"
        for (name, who, why), checks in sorted(texts.items())
    )
