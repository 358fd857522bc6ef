"""The workloads that move, and what people wish of them, as arrays in an order that ids don't decide.

Belongs here: reading the frames. Does not: groups, costs and what a wave has room for (`build.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.assess.wave_planning.problem import RESOURCES, Ints
from flow_pipelines.errors import PlanningError
from flow_pipelines.reference.wave_rules import wave_rules

# What workloads are told apart by, before what they are linked to.
KNOWN_BY = (
    "workload_name", "treatment", "environment", "criticality", "owner", "site", "server_count", "storage_gib",
    "effort_days", "risk_score", "fixed_wave", "forbidden_waves", "tied_to",
)  # fmt: skip


@dataclass(frozen=True)
class Workloads:
    """The workloads that move, as arrays in one order, whatever the order and the ids of the rows.

    Attributes:
        rows: Their rows, in that order.
        sizes: What each needs of each resource, as whole numbers, n x R.
        hard: Pairs of positions of which the first needs the second no later.
        edges: Pairs of positions, the smaller first, and `traffic` of each.
        traffic: The traffic between the two, both ways.
        tied: Pairs of positions that people tied together.
        fixed: The wave, from 0 on, that a person chose; -1 if nobody did.
        forbidden: Waves, from 0 on, that a person ruled out, by position.
    """

    rows: pd.DataFrame
    sizes: Ints
    hard: Ints
    edges: Ints
    traffic: np.ndarray[tuple[int], np.dtype[np.float64]]
    tied: Ints
    fixed: Ints
    forbidden: tuple[frozenset[int], ...]


def moving(workloads: pd.DataFrame, dependencies: pd.DataFrame) -> Workloads:
    """Return the workloads that move, and the edges between them; see `plan_waves`."""
    rows = workloads[~workloads["treatment"].isin(wave_rules().not_moving)]
    rows = _in_order(rows, dependencies)
    position = {workload: place for place, workload in enumerate(rows["workload_id"])}
    known = dependencies[dependencies["source_id"].isin(position) & dependencies["target_id"].isin(position)]
    ends = np.column_stack([known["source_id"].map(position), known["target_id"].map(position)]).astype(np.int64)
    ends = ends.reshape(-1, 2)
    ordered = pd.DataFrame({"low": ends.min(axis=1, initial=len(rows)), "high": ends.max(axis=1, initial=-1)})
    summed = ordered.assign(traffic=known["traffic"].to_numpy(dtype=float)).groupby(["low", "high"])["traffic"].sum()
    sizes = rows[["server_count", "storage_gib", "effort_days"]].fillna(0).astype(float)
    needs = [sizes["server_count"], sizes["storage_gib"], pd.Series(1.0, index=rows.index), sizes["effort_days"]]
    return Workloads(
        rows=rows,
        sizes=np.ceil(np.column_stack(needs)).astype(np.int64).reshape(-1, len(RESOURCES)),
        hard=np.unique(ends[known["is_hard"].to_numpy(dtype=bool)], axis=0),
        edges=np.array(summed.index.to_list(), dtype=np.int64).reshape(-1, 2),
        traffic=summed.to_numpy(dtype=float),
        tied=np.array(_ties(rows, position), dtype=np.int64).reshape(-1, 2),
        fixed=np.asarray(rows["fixed_wave"].fillna(0).astype(int) - 1, dtype=np.int64),
        forbidden=tuple(frozenset(int(wave) - 1 for wave in _listed(cell)) for cell in rows["forbidden_waves"]),
    )


def _in_order(rows: pd.DataFrame, dependencies: pd.DataFrame) -> pd.DataFrame:
    """Sort workloads by what they are and what they are linked to.

    So ids, which follow from the tenant, decide nothing but the order of workloads that nothing else tells apart.
    """
    links = pd.concat(
        [
            dependencies[["source_id", "target_id", "traffic"]].set_axis(["one", "other", "traffic"], axis="columns"),
            dependencies[["target_id", "source_id", "traffic"]].set_axis(["one", "other", "traffic"], axis="columns"),
        ]
    )
    names = dict(zip(rows["workload_id"], rows["workload_name"], strict=True))
    links["says"] = links["other"].map(names).fillna("").astype("str") + links["traffic"].map("{:.6f}".format).astype(
        "str"
    )
    linked = links.groupby("one")["says"].agg(lambda says: "|".join(sorted(says)))
    told = rows.assign(links=[linked.get(workload, "") for workload in rows["workload_id"]])
    own = [name for name in KNOWN_BY if name in rows]
    told[own] = told[own].astype(object).where(told[own].notna(), "").astype("str")
    order = told.sort_values([*own, "links", "workload_id"]).index
    return rows.loc[order].reset_index(drop=True)


def _ties(rows: pd.DataFrame, position: dict[str, int]) -> list[tuple[int, int]]:
    """Return whom people tied to whom.

    Raises:
        PlanningError: A tie leads to no workload that moves, or to several; every one is listed.
    """
    places: dict[str, list[int]] = {}
    for place, name in enumerate(rows["workload_name"]):
        places.setdefault(name, []).append(place)
    found, problems = [], []
    for place, other in enumerate(rows["tied_to"]):
        if not isinstance(other, str):
            continue
        meant = [position[other]] if other in position else places.get(other, [])
        if len(meant) == 1:
            found.append((place, meant[0]))
        else:
            why = "no workload that moves" if not meant else f"the name of {len(meant)} workloads"
            problems.append(f"{rows['workload_name'][place]} is tied to {other}, which is {why}")
    if problems:
        raise PlanningError(f"{'; '.join(problems)}.", remedy="Correct tied_to in assess/waves, or withdraw the edit.")
    return found


def without_wishes(workloads: Workloads, keep: Sequence[tuple[str, int]]) -> Workloads:
    """Return the workloads with no more of people's wishes than some: kind and position of each."""
    kept = set(keep)
    fixed = np.array([wave if ("fixed", place) in kept else -1 for place, wave in enumerate(workloads.fixed)])
    forbidden = tuple(
        waves if ("forbidden", place) in kept else frozenset() for place, waves in enumerate(workloads.forbidden)
    )
    is_kept = np.array([("tied", int(place)) in kept for place, _ in workloads.tied], dtype=bool)
    return replace(workloads, fixed=fixed.astype(np.int64), forbidden=forbidden, tied=workloads.tied[is_kept])


def wishes(workloads: Workloads) -> list[tuple[str, int]]:
    """Return people's wishes: fixed, forbidden or tied, each with the position of its workload."""
    return [
        *(("fixed", int(place)) for place in np.flatnonzero(workloads.fixed >= 0)),
        *(("forbidden", place) for place, waves in enumerate(workloads.forbidden) if waves),
        *(("tied", int(place)) for place, _ in workloads.tied),
    ]


def _listed(cell: object) -> list[Any]:
    return list(cell) if isinstance(cell, list | tuple) else []
