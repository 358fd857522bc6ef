"""How much a second opinion of stated accuracy improves what rules decide alone, and how many requests it takes.

Belongs here: an answering stub, what becomes of its answers if all are accepted, and the requests. Does not: the
measures of quality (`quality.py`), asking a model (`resources/advisor.py`).

The stub knows the truth and is wrong at random as often as stated; of a question whose right answer is not among the
choices the right answer is none. The truth of the samples says nothing of treatments: there the choice that rules make
when all facts are known is held against the one that they make when a part is withheld. It says nothing at all of why a
wave is what it is, nor of modernization patterns.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from flow_pipelines.advice.identity import DIFFERENT, SAME, identity_questions
from flow_pipelines.advice.mapping import mapping_questions
from flow_pipelines.advice.questions import NONE_OF_THEM, Asked, Question
from flow_pipelines.advice.treatment import treatment_questions
from flow_pipelines.assess.overview import assess_workloads
from flow_pipelines.discovery.attribute_mapping import map_attributes
from flow_pipelines.discovery.data_import import SourceFile, import_files
from flow_pipelines.discovery.inventory import resolve_inventory
from flow_pipelines.sample import write_sample
from resources.advice_prompt import as_sent
from resources.advisor import in_batches
from tests.benchmarks.discovery_run import SCOPE, SETTINGS, Frames, run_discovery
from tests.benchmarks.held_out import write_held_out_sheets
from tests.benchmarks.quality import COLUMN, HANDICAPS, ROW, identity_of_servers, score_mappings
from tests.benchmarks.renamed_columns import write_renamed_exports
from tests.benchmarks.treatments import FACTS, WITHHELD_FOR_CALIBRATION, treat_estate, withhold
from tests.benchmarks.truth import Truth, read_truth
from tests.flow_pipelines.editing import merge

CONNECTIONS_PER_SERVER = 20
ACCURACIES = (0.70, 0.85, 0.95)
RULES_ALONE = "rules alone"


@dataclass(frozen=True)
class AdviceScore:
    """How right decisions are with the advice of one accuracy, all of it accepted; shares of 1.

    Attributes:
        measure: What is decided.
        advisor: rules alone, or the accuracy of the stub.
        precision: Share of the decisions that is right.
        recall: Share of what is right that was decided so.
        questions: How many were asked.
        answerable: Of them, those whose right answer was among the choices.
        requests: What they take, as the advisor makes them.
        servers: Of the estate; 0 if it does not matter.
    """

    measure: str
    advisor: str
    precision: float
    recall: float
    questions: int
    answerable: int
    requests: int
    servers: int = 0


Answers = Mapping[str, str]


def measure_advice(folder: Path, *, servers: int, seed: int, progress: Callable[[str], None]) -> list[AdviceScore]:
    """Measure mapping, identity and treatment on a sample estate and on headers that nothing was tuned to."""
    progress(f"{servers:,} servers: second opinions")
    sample = folder / "sample"
    report = write_sample(sample, servers=servers, connections=CONNECTIONS_PER_SERVER * servers, seed=seed)
    return measure_advice_on(run_discovery(sample), read_truth(report.truth), folder, seed=seed)


def measure_advice_on(frames: Frames, truth: Truth, folder: Path, *, seed: int) -> list[AdviceScore]:
    """Measure on the tables of a run; headers are written into the folder."""
    records = frames["imported_records"]
    servers = int((frames["inventory"]["asset_type"] == "server").sum())
    held_out, renamed = folder / "held_out", folder / "renamed"
    for one in (held_out, renamed):
        one.mkdir()
    scores = _mappings("mapping, columns of known formats", records, truth.mappings, seed)
    told = write_held_out_sheets(held_out)
    scores += _mappings("mapping, headers held out", _imported(held_out), told, seed)
    told = write_renamed_exports(records, truth.mappings, renamed)
    scores += _mappings("mapping, made-up headers", _imported(renamed), told, seed)
    for handicap, columns in (("", ()), *((f" without {name}", columns) for name, columns in HANDICAPS.items())):
        cleansed = frames["cleansed_records"].assign(**dict.fromkeys(columns))
        scores += _identity(f"identity of servers{handicap} (pairs)", cleansed, truth, seed, servers)
    return scores + _treatments(frames, seed, servers)


def answer(asked: Asked, right: Mapping[str, str], accuracy: float, seed: int) -> Answers:
    """Return the stub's answers by row: right as often as stated, else any other, by the hash of the row.

    Args:
        asked: The questions.
        right: The right answers; those of questions that are absent are none.
        accuracy: 0 to 1.
        seed: Of the errors.
    """
    return {one.row_id: _answer(one, right.get(one.row_id, NONE_OF_THEM), accuracy, seed) for one in asked.questions}


def _answer(question: Question, right: str, accuracy: float, seed: int) -> str:
    digest = hashlib.sha256(f"{seed} {question.row_id}".encode()).digest()
    others = [choice for choice in (*question.choices, NONE_OF_THEM) if choice != right]
    is_right = int.from_bytes(digest[:6], "big") / 2**48 < accuracy
    return right if is_right else others[int.from_bytes(digest[6:8], "big") % len(others)]


def _each(
    measure: str,
    asked: Asked,
    right: Mapping[str, str],
    scored: Callable[[Answers], tuple[float, float]],
    *,
    seed: int,
    servers: int = 0,
) -> list[AdviceScore]:
    """Return the scores without advice and with that of each accuracy; `scored` gives precision and recall."""
    count, requests = len(asked.questions), _requests(asked)
    answerable = sum(one.row_id in right for one in asked.questions)
    told: Sequence[tuple[str, Answers]] = [
        (RULES_ALONE, {}),
        *((f"{accuracy:.0%} right", answer(asked, right, accuracy, seed)) for accuracy in ACCURACIES),
    ]
    return [
        AdviceScore(measure, name, *scored(answers), count, answerable, requests, servers) for name, answers in told
    ]


def _requests(asked: Asked) -> int:
    sent = [(one.origin, as_sent(one)) for one in asked.questions]
    return len(list(in_batches({json.dumps(one, sort_keys=True): (origin, one) for origin, one in sent if one})))


def _imported(folder: Path) -> pd.DataFrame:
    files = [SourceFile(path.name, path) for path in sorted(folder.iterdir())]
    return import_files(files, scope=SCOPE, settings=SETTINGS).imported_records


def _mappings(measure: str, records: pd.DataFrame, truth: pd.DataFrame, seed: int) -> list[AdviceScore]:
    mappings = map_attributes(records, scope=SCOPE, settings=SETTINGS)
    asked = mapping_questions(mappings, records)
    held = mappings.assign(sheet=mappings["sheet"].fillna(""))[["mapping_id", *COLUMN]].merge(truth, on=COLUMN)
    accepted = {
        row["mapping_id"]: {row["attribute"], *str(row["also_right"] or "").split("|")}
        for row in held.to_dict("records")
    }
    known = Asked(asked.topic, [one for one in asked.questions if one.row_id in accepted])
    right = {
        one.row_id: choice
        for one in known.questions
        if (choice := next((name for name in one.choices if name in accepted[one.row_id]), None))
    }

    def scored(answers: Answers) -> tuple[float, float]:
        chosen = mappings["mapping_id"].map(answers)
        is_told, is_none = chosen.notna(), chosen == NONE_OF_THEM
        frame = mappings.assign(
            attribute=mappings["attribute"].mask(is_told, chosen).mask(is_none, None),
            status=mappings["status"].mask(is_told, "applied").mask(is_none, "unmapped"),
        )
        every = frame.merge(truth[["source_file", "source_column"]].drop_duplicates(), how="right")
        score, _ = score_mappings(every, truth, measure)
        return score.precision, score.recall

    return _each(measure, known, right, scored, seed=seed)


def _identity(measure: str, records: pd.DataFrame, truth: Truth, seed: int, servers: int) -> list[AdviceScore]:
    alone = resolve_inventory(records, scope=SCOPE, settings=SETTINGS)
    candidates = alone.identity_candidates
    candidates = candidates[candidates["asset_type"] == "server"]
    keys = records[["record_id", *ROW]].assign(sheet=records["sheet"].fillna(""))
    keys["row_number"] = keys["row_number"].astype(int)
    about = keys.merge(truth.records, on=ROW).set_index("record_id")["true_id"]
    pairs = {row["candidate_id"]: (row["record_id"], row["other_record_id"]) for row in candidates.to_dict("records")}
    right = {
        candidate: SAME if about[one] == about[other] else DIFFERENT
        for candidate, (one, other) in pairs.items()
        if one in about.index and other in about.index
    }

    def scored(answers: Answers) -> tuple[float, float]:
        merges = [merge(*pairs[candidate]) for candidate, told in sorted(answers.items()) if told == SAME]
        result = resolve_inventory(records, scope=SCOPE, settings=SETTINGS, edits=merges) if merges else alone
        score = identity_of_servers(records, result.inventory, truth, measure)
        return score.precision, score.recall

    return _each(measure, identity_questions(candidates, alone.inventory), right, scored, seed=seed, servers=servers)


def _treatments(frames: Frames, seed: int, servers: int) -> list[AdviceScore]:
    poorer = {
        **frames,
        "inventory": withhold(frames["inventory"], WITHHELD_FOR_CALIBRATION, np.random.default_rng(seed)),
    }
    full = treat_estate(frames, _overview(frames)).treatments.set_index("workload_id")["treatment"]
    overview = _overview(poorer)
    treated = treat_estate(poorer, overview).treatments
    guess = treated.set_index("workload_id")["treatment"]
    asked = treatment_questions(treated, overview)
    right = {one.row_id: full[one.row_id] for one in asked.questions if full[one.row_id] in one.choices}

    def scored(answers: Answers) -> tuple[float, float]:
        told = {row_id: choice for row_id, choice in answers.items() if choice != NONE_OF_THEM}
        share = float((pd.Series(told, dtype=object).reindex(guess.index).fillna(guess) == full).mean())
        return share, share

    measure = f"treatment with {WITHHELD_FOR_CALIBRATION:.0%} of {len(FACTS)} facts withheld"
    return _each(measure, asked, right, scored, seed=seed, servers=servers)


def _overview(frames: Frames) -> pd.DataFrame:
    return assess_workloads(frames["inventory"], frames["dependencies"], frames["tech_debt"])
