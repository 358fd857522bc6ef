"""Why a workload is where it is, what the next best would cost, and what each violated condition does.

Belongs here: turning a placement of groups into rows and words. Does not: placing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from flow_pipelines.assess.wave_planning.build import Built
from flow_pipelines.assess.wave_planning.moving import Workloads
from flow_pipelines.assess.wave_planning.problem import UNITS_PER_POINT, Ints
from flow_pipelines.assess.wave_planning.search import Placement
from flow_pipelines.reference.wave_rules import wave_rules
from flow_pipelines.settings import WaveSettings
from flow_pipelines.some_of import some_of

PLACEMENT = (
    "workload_id", "wave_number", "move_group_id", "move_group_name", "next_best_wave", "next_best_cost", "reason",
)  # fmt: skip
CONDITION = ("kind", "workload_id", "other_workload_id", "wave_number", "price", "reason")
NAMED = 3


@dataclass(frozen=True)
class Explained:
    """The rows of a plan; see `WavePlan`."""

    placements: pd.DataFrame
    conditions: pd.DataFrame
    totals: pd.DataFrame


def explained(
    workloads: pd.DataFrame,
    dependencies: pd.DataFrame,
    chosen: Workloads,
    built: Built,
    waves: Ints,
    *,
    settings: WaveSettings,
) -> Explained:
    """Return a plan's rows.

    Args:
        workloads: All workloads, as `plan_waves` got them.
        dependencies: The edges between all of them.
        chosen: The workloads that move.
        built: The problem.
        waves: The wave of each group, from 0 on.
        settings: What costs what.
    """
    of_workload = waves[built.group_of] if len(waves) else np.empty(0, dtype=np.int64)
    conditions = pd.DataFrame(
        [*_conditions(chosen, built, of_workload, settings), *_left_behind(workloads, chosen, dependencies, settings)],
        columns=list(CONDITION),
    )
    placed = _placements(chosen, built, waves, of_workload)
    staying = workloads[~workloads["workload_id"].isin(placed["workload_id"])]
    left = pd.DataFrame(
        {
            "workload_id": staying["workload_id"],
            "move_group_id": staying["workload_id"],
            "move_group_name": staying["workload_name"],
            "reason": "It does not move: " + staying["treatment"].astype("str") + ".",
        }
    )
    placements = pd.concat([placed, left], ignore_index=True).reindex(columns=list(PLACEMENT))
    return Explained(placements, conditions, _totals(chosen, of_workload, conditions))


def _placements(chosen: Workloads, built: Built, waves: Ints, of_workload: Ints) -> pd.DataFrame:
    problem, rows = built.problem, chosen.rows
    placement = Placement(problem, waves)
    best_wave = np.full(problem.group_count, -1, dtype=np.int64)
    best_cost = np.full(problem.group_count, np.nan)
    for group in range(problem.group_count):
        costs, wave = placement.costs(group), int(waves[group])
        # As if nobody had chosen: so what a person's choice costs is told, too.
        others = built.free[group] & placement.fits(group)
        others[wave] = False
        if others.any():
            best_wave[group] = int(np.where(others, costs, np.inf).argmin())
            best_cost[group] = (costs[best_wave[group]] - costs[wave]) / UNITS_PER_POINT
    first = [problem.members[group][0] for group in built.group_of]
    sizes = [len(problem.members[group]) for group in built.group_of]
    next_wave = pd.Series(best_wave[built.group_of] + 1, dtype="Int64")
    words = _Words(chosen, built, of_workload)
    return pd.DataFrame(
        {
            "workload_id": rows["workload_id"],
            "wave_number": pd.array(of_workload + 1, dtype="Int64"),
            "move_group_id": rows["workload_id"].to_numpy()[first] if first else [],
            "move_group_name": [
                rows["workload_name"][one] if size == 1 else f"{rows['workload_name'][one]} and {size - 1} more"
                for one, size in zip(first, sizes, strict=True)
            ],
            "next_best_wave": next_wave.mask(next_wave == 0),
            "next_best_cost": best_cost[built.group_of].round(2) if len(rows) else [],
            "reason": [words.of(place) for place in range(len(rows))],
        }
    )


class _Words:
    """What is said of each placement."""

    def __init__(self, chosen: Workloads, built: Built, of_workload: Ints) -> None:
        self._chosen, self._built, self._waves = chosen, built, of_workload
        self._names = chosen.rows["workload_name"].tolist()
        self._needs: dict[int, list[int]] = {}
        for first, second in chosen.hard.tolist():
            self._needs.setdefault(first, []).append(second)
        self._near: dict[int, list[tuple[float, int]]] = {}
        for (first, second), traffic in zip(chosen.edges.tolist(), chosen.traffic.tolist(), strict=True):
            self._near.setdefault(first, []).append((-traffic, second))
            self._near.setdefault(second, []).append((-traffic, first))

    def of(self, place: int) -> str:
        """Return why a workload is in its wave."""
        wave, built = int(self._waves[place]), self._built
        sentences = [f"Wave {wave + 1}."]
        if self._chosen.fixed[place] >= 0:
            sentences.append("A person chose it.")
        if len(built.problem.members[built.group_of[place]]) > 1:
            others = [self._names[one] for one in built.problem.members[built.group_of[place]] if one != place]
            sentences.append(
                f"It moves together with {some_of(others, NAMED)}: they need each other, or a person tied them."
            )
        earlier = [one for one in self._needs.get(place, ()) if self._waves[one] < wave]
        if earlier:
            named = some_of([f"{self._names[one]} ({self._waves[one] + 1})" for one in earlier], NAMED)
            sentences.append(f"After {named}, which it needs.")
        near = sorted(self._near.get(place, ()))
        beside = [self._names[one] for _, one in near if self._waves[one] == wave]
        if beside:
            sentences.append(f"Beside {some_of(beside, NAMED)}, with which it has traffic.")
        sentences.append(f"Risk {self._chosen.rows['risk_score'][place]:.0f} of 100.")
        if place in built.too_large:
            sentences.append("It is larger than any wave has room for.")
        return " ".join(sentences)


def _conditions(chosen: Workloads, built: Built, waves: Ints, settings: WaveSettings) -> Iterator[tuple[object, ...]]:
    """Yield the soft conditions that are violated, each with its price; and what had to be bent."""
    yield from _cuts(chosen, waves, settings)
    yield from _too_early(chosen, built, waves, settings)
    yield from _spread(chosen, waves, settings)
    ids, names = chosen.rows["workload_id"].tolist(), chosen.rows["workload_name"].tolist()
    for first, second in built.broken.tolist():
        says = f"{names[first]} needs {names[second]} in a cycle that is too large for any wave, so it was parted."
        yield "cycle_split", ids[first], ids[second], waves[first] + 1, None, says
    for place in built.too_large:
        says = f"{names[place]} is larger than any wave has room for, and fills wave {waves[place] + 1}."
        yield "too_large", ids[place], None, waves[place] + 1, None, says


def _cuts(chosen: Workloads, waves: Ints, settings: WaveSettings) -> Iterator[tuple[object, ...]]:
    ids, names = chosen.rows["workload_id"].tolist(), chosen.rows["workload_name"].tolist()
    for (first, second), traffic in zip(chosen.edges.tolist(), chosen.traffic.tolist(), strict=True):
        one, other = int(waves[first]) + 1, int(waves[second]) + 1
        if one != other:
            says = f"{names[first]} (wave {one}) and {names[second]} (wave {other}) have traffic."
            yield "cut", ids[first], ids[second], max(one, other), round(traffic * settings.weights.cut, 2), says


def _too_early(chosen: Workloads, built: Built, waves: Ints, settings: WaveSettings) -> Iterator[tuple[object, ...]]:
    ids, names = chosen.rows["workload_id"].tolist(), chosen.rows["workload_name"].tolist()
    is_risky = (chosen.rows["risk_score"] >= wave_rules().risky).to_numpy(dtype=bool)
    for place in np.flatnonzero(is_risky & (waves == 0) & (built.problem.wave_count > 1)).tolist():
        says = f"{names[place]} is critical or complex, and in the first wave."
        yield "risky_first", ids[place], None, 1, settings.weights.risky_not_first, says
    for before, after in built.production_pairs.tolist():
        if waves[before] > waves[after]:
            says = f"{names[after]} is production and moves before {names[before]}."
            yield (
                "production_first", ids[after], ids[before], waves[after] + 1, settings.weights.before_production, says
            )  # fmt: skip


def _spread(chosen: Workloads, waves: Ints, settings: WaveSettings) -> Iterator[tuple[object, ...]]:
    rows, weights, environments = chosen.rows, settings.weights, wave_rules().environments
    for column, weight in (("owner", weights.owner), ("site", weights.site)):
        for name, places in sorted(rows.groupby(column).indices.items(), key=lambda item: str(item[0])):
            count = len(np.unique(waves[places]))
            if count > 1 and weight:
                says = f"Workloads of the {column} {name} are in {count} waves."
                yield (
                    f"{column}_split",
                    rows["workload_id"][places[0]],
                    None,
                    None,
                    round(weight * (count - 1), 2),
                    says,
                )
    production = rows["environment"].isin(environments.production).to_numpy(dtype=bool)
    other = rows["environment"].isin(environments.before_production).to_numpy(dtype=bool)
    for wave in np.intersect1d(waves[production], waves[other]).tolist():
        yield "mixed_wave", None, None, wave + 1, weights.apart, f"Wave {wave + 1} holds production and other things."


def _left_behind(
    workloads: pd.DataFrame, chosen: Workloads, dependencies: pd.DataFrame, settings: WaveSettings
) -> Iterator[tuple[object, ...]]:
    """Yield the edges from workloads that move to workloads that stay; no plan avoids them."""
    names = dict(zip(workloads["workload_id"], workloads["workload_name"], strict=True))
    moves = set(chosen.rows["workload_id"])
    crossing = dependencies[dependencies["source_id"].isin(moves) != dependencies["target_id"].isin(moves)]
    for source, target, traffic in crossing[["source_id", "target_id", "traffic"]].itertuples(index=False, name=None):
        if source in names and target in names:
            says = f"{names[source]} needs {names[target]}, and only one of them moves."
            price = round(float(traffic) * settings.weights.cut, 2)
            yield "left_behind", source, target, None, price, says


def _totals(chosen: Workloads, waves: Ints, conditions: pd.DataFrame) -> pd.DataFrame:
    rows = chosen.rows.assign(wave_number=waves + 1)
    cut = conditions[conditions["kind"] == "cut"].groupby("wave_number")["price"].sum()
    totals = rows.groupby("wave_number").agg(
        workloads=("workload_id", "size"),
        servers=("server_count", "sum"),
        storage_gib=("storage_gib", "sum"),
        effort_days=("effort_days", "sum"),
        mean_risk=("risk_score", "mean"),
    )
    return totals.assign(cut=cut.reindex(totals.index).fillna(0.0).astype(float)).reset_index()
