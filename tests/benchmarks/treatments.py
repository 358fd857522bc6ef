"""How long the treatments of a large estate take, and how far their confidence can be relied upon.

Belongs here: a large estate from copies of a sample, the steps that are timed, facts withheld at random. Does not:
printing (`report.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from flow_pipelines.assess.overview import assess_workloads
from flow_pipelines.assess.treatment.decision import compile_rules, decide, find_states
from flow_pipelines.assess.treatment.evidence import ATTRIBUTES, answer_evidence, workload_evidence
from flow_pipelines.assess.treatment.facts import Facts, gather_facts
from flow_pipelines.assess.treatment.treatments import Treatment, treat_workloads
from flow_pipelines.reference.rulebook import answer_sources, treatment_rules
from flow_pipelines.sample import write_sample
from flow_pipelines.settings import EngagementSettings
from tests.benchmarks.discovery_run import SCOPE, Frames, run_discovery

SAMPLE_SERVERS, SAMPLE_CONNECTIONS = 600, 40_000
SETTINGS = EngagementSettings(as_of=date(2026, 6, 30), targets=("aws", "azure"))
# Share of the facts that each copy of the sample lacks: copies that are all alike would be decided but once.
WITHHELD, WITHHELD_FOR_CALIBRATION = 0.1, 0.3
BINS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
FACTS = [name for name in ATTRIBUTES if name not in {"asset_id", "asset_type", "name", "tags"}]


Result = TypeVar("Result")


@dataclass(frozen=True)
class CalibrationBin:
    """Of the choices with a confidence in one range, the share that are the same when all is known."""

    confidence: float
    kept_share: float
    count: int


@dataclass(frozen=True)
class TreatmentsReport:
    """What the treatment of one estate took."""

    servers: int
    workloads: int
    states: int
    mix: dict[str, int]
    seconds: dict[str, float]
    calibration: tuple[CalibrationBin, ...]


def measure_treatments(folder: Path, *, servers: int, seed: int, progress: Callable[[str], None]) -> TreatmentsReport:
    """Measure the treatment of an estate of many copies of a sample, each of which lacks other facts."""
    progress(f"{servers:,} servers: treatments")
    write_sample(folder, servers=SAMPLE_SERVERS, connections=SAMPLE_CONNECTIONS, seed=seed)
    sample = run_discovery(folder)
    random = np.random.default_rng(seed)
    known = int((sample["inventory"]["asset_type"] == "server").sum())
    estate = _copies(sample, -(-servers // known), random)
    seconds: dict[str, float] = {}
    overview = _timed(
        seconds, "overview", lambda: assess_workloads(estate["inventory"], estate["dependencies"], estate["tech_debt"])
    )
    result = _timed(seconds, "all of treatment", lambda: treat_estate(estate, overview))
    states = _rules_alone(estate, overview, result, seconds)
    return TreatmentsReport(
        servers=int((estate["inventory"]["asset_type"] == "server").sum()),
        workloads=len(overview),
        states=states,
        mix=result.treatments["treatment"].value_counts().to_dict(),
        seconds=seconds,
        calibration=_calibration(sample, random),
    )


def _rules_alone(estate: Frames, overview: pd.DataFrame, result: Treatment, seconds: dict[str, float]) -> int:
    """Time evidence, facts and rules of the workloads by themselves; return how many states there are."""
    book = treatment_rules()
    places = {workload: place for place, workload in enumerate(overview["workload_id"])}
    evidence = _timed(
        seconds,
        "evidence",
        lambda: (
            workload_evidence(overview, estate["inventory"], estate["tech_debt"])
            | answer_evidence(result.questionnaire_answers, places)
        ),
    )
    sources = book.facts | answer_sources()
    facts: Facts = _timed(seconds, "facts", lambda: gather_facts(sources, evidence, len(overview)))
    rules = _timed(seconds, "compiling rules", lambda: compile_rules(book))
    states = _timed(seconds, "evaluating rules", lambda: find_states(rules, facts))
    _timed(seconds, "deciding", lambda: decide(rules, states))
    return len(states.holds)


def treat_estate(estate: Frames, overview: pd.DataFrame) -> Treatment:
    """Decide the treatments of an estate, without anybody's corrections."""
    frames = estate["inventory"], estate["dependencies"], estate["tech_debt"]
    return treat_workloads(overview, *frames, scope=SCOPE, settings=SETTINGS)


def _calibration(sample: Frames, random: np.random.Generator) -> tuple[CalibrationBin, ...]:
    """Hold confidence against the share of choices that stay the same once the facts that were withheld are known."""
    told = []
    truth = _decided(sample)
    for _ in range(5):
        poorer = {**sample, "inventory": withhold(sample["inventory"], WITHHELD_FOR_CALIBRATION, random)}
        guess = _decided(poorer)
        told.append(pd.DataFrame({"confidence": guess["confidence"], "kept": guess["treatment"] == truth["treatment"]}))
    rows = pd.concat(told)
    bins = pd.cut(rows["confidence"].astype(float), BINS, include_lowest=True)
    return tuple(
        CalibrationBin(float(of_bin["confidence"].mean()), float(of_bin["kept"].mean()), len(of_bin))
        for _, of_bin in rows.groupby(bins, observed=True)
    )


def _decided(frames: Frames) -> pd.DataFrame:
    overview = assess_workloads(frames["inventory"], frames["dependencies"], frames["tech_debt"])
    return treat_estate(frames, overview).treatments.set_index("workload_id")


def withhold(inventory: pd.DataFrame, share: float, random: np.random.Generator) -> pd.DataFrame:
    """Return an inventory that lacks a share of the facts that rules ask for, at random."""
    poorer = inventory.copy()
    for name in FACTS:
        poorer[name] = poorer[name].mask(random.random(len(poorer)) < share)
    return poorer


def _copies(sample: Frames, count: int, random: np.random.Generator) -> Frames:
    """Return so many copies of the estate side by side, with ids of their own."""
    copied: dict[str, list[pd.DataFrame]] = {"inventory": [], "dependencies": [], "tech_debt": []}
    for number in range(count):
        ids = {one: f"{one[:-6]}{number:06x}" for one in sample["inventory"]["asset_id"]}
        inventory = withhold(sample["inventory"], WITHHELD, random)
        inventory["asset_id"] = inventory["asset_id"].map(ids)
        inventory["application_ids"] = [[ids[one] for one in named] for named in inventory["application_ids"]]
        copied["inventory"].append(inventory)
        edges = sample["dependencies"].copy()
        for end in ("source_id", "target_id"):
            edges[end] = edges[end].map(ids).fillna(edges[end])
        copied["dependencies"].append(edges)
        copied["tech_debt"].append(sample["tech_debt"].assign(asset_id=sample["tech_debt"]["asset_id"].map(ids)))
    return {name: pd.concat(frames, ignore_index=True) for name, frames in copied.items()}


def _timed(seconds: dict[str, float], step: str, run: Callable[[], Result]) -> Result:
    began = time.perf_counter()
    result = run()
    seconds[step] = time.perf_counter() - began
    return result
