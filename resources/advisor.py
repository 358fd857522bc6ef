"""The advisor: gives a second opinion on closed questions, if the installation names a language model.

Belongs here: what a phase calls and what it gets: kept answers first, then those of a crew, within the budget. Does
not: which questions there are (`flow_pipelines/advice/`), how they are put (`advice_prompt.py`) and to whom
(`crew_process.py`). Imports no CrewAI.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import Any

from flow_pipelines.advice.questions import Advice, Question
from flow_pipelines.reference.crews import Crew, crews
from flow_pipelines.scope import Scope
from flow_pipelines.settings_advice import AdviceSettings
from resources import crew_process
from resources.advice_prompt import advice_key, as_sent, content_key, prompt
from resources.advisor_endpoint import Endpoint, longest_output
from resources.crew_process import Job
from resources.database import Database
from resources.kept_advice import KeptAdvice, Occasion

# Questions of one request: enough to spread the words around them, few enough that one reply holds all answers.
BATCH = 20
MILLION = 1_000_000


@dataclass(frozen=True)
class Usage:
    """What one call of the advisor came to; `asked` is the sum of `cached`, `answered` and `unanswered`.

    Attributes:
        asked: Questions.
        cached: Of them, answered by what is kept.
        answered: Of them, answered by the model now.
        unanswered: Of them, without an answer.
        requests: Requests sent, repairs and refused ones included.
        input_tokens: Tokens sent.
        output_tokens: Tokens received.
        seconds: How long the requests took.
        cost: What the tokens cost, in the currency of the settings' prices; None if they state none.
        reasons: Why questions are without an answer, as words, with their number.
    """

    asked: int = 0
    cached: int = 0
    answered: int = 0
    unanswered: int = 0
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    cost: float | None = None
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Advised:
    """The valid answers by the row that each is about, and what they took; both empty if nothing was to be asked."""

    answers: Mapping[str, Advice] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)


@dataclass
class _Asking:
    """One call: on which occasion whom is asked, what becomes of it (answers and reasons by key), what was spent."""

    kept_advice: KeptAdvice
    occasion: Occasion
    crew: Crew
    settings: AdviceSettings
    answers: dict[str, Advice] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    spent: list[int] = field(default_factory=lambda: [0, 0, 0])
    seconds: float = 0.0


@dataclass(frozen=True)
class Advisor:
    """Asks crews what the rules are unsure of, within a budget, and keeps what they answer.

    Attributes:
        database: The database as the pipeline's role.
        endpoint: The language model that the installation names; None if it names none.
    """

    database: Database
    endpoint: Endpoint | None = None

    def advise(
        self,
        scope: Scope,
        settings: AdviceSettings,
        topic: str,
        questions: Sequence[Question],
        *,
        flow: str,
        phase: str,
        run_id: str,
        progress: Callable[[str], None],
    ) -> Advised:
        """Return answers to questions, kept ones first; what can't be answered is missing from them and counted.

        No transaction is open while a model is asked. Where no model is configured, nothing happens at all; where it
        can't be asked (no URL, mode `replay`, the extra `agents` not installed), kept answers are used.

        Args:
            scope: The engagement whose rows the questions are about; kept answers are its own.
            settings: Whether to ask, and the most that the run may spend, over all its phases and topics.
            topic: The crew, in `reference/crews.yaml`.
            questions: The questions, at most one for each row.
            flow: The flow, for the books.
            phase: The phase, for the books.
            run_id: The Dagster run, for the books and the budget.
            progress: Takes a line for the log.

        Raises:
            ValueError: A question is none that can be asked (`advice_prompt.as_sent`).
        """
        if self.endpoint is None or settings.mode == "off" or not questions:
            return Advised()
        endpoint, crew = self.endpoint, crews()[topic]
        occasion = Occasion(flow, phase, topic, run_id, endpoint.model)
        sent = {question.row_id: as_sent(question) for question in questions}
        keys = {
            row_id: advice_key(endpoint.model, endpoint.request, topic, crew, one)
            for row_id, one in sent.items()
            if one
        }
        asking = _Asking(KeptAdvice(self.database, scope), occasion, crew, settings)
        kept = asking.kept_advice.find(keys.values())
        # Rows that say the same are asked about once, and in an order that no row's place changes.
        origins = {question.row_id: question.origin for question in questions}
        open_questions = {
            keys[row_id]: (origins[row_id], one)
            for row_id, one in sorted(sent.items())
            if one and keys[row_id] not in kept
        }
        try:
            if settings.mode == "live" and endpoint.url and crew_process.is_installed() and open_questions:
                self._ask(asking, list(in_batches(open_questions)))
        finally:
            usage = _usage(asking, sent, keys, kept)
            asking.kept_advice.write_down(occasion, _counts(usage))
        progress(_line(topic, endpoint.model, usage))
        known = kept | asking.answers
        return Advised({row_id: known[key] for row_id, key in keys.items() if key in known}, usage)

    def _ask(self, asking: _Asking, batches: Sequence[Mapping[str, dict[str, Any]]]) -> None:
        """Have a crew answer what is open, a batch at a time; what it answers is kept as soon as it does."""
        started = time.monotonic()
        job = self._job(asking, batches)
        if reason := _spent_already(job):
            asking.reasons.update({key: reason for batch in batches for key in batch})
            return
        try:
            for told in crew_process.work(job):
                if "spent" in told:
                    asking.spent = [before + more for before, more in zip(asking.spent, told["spent"], strict=True)]
                    continue
                batch = batches[told["batch"]]
                asking.answers |= asking.kept_advice.keep(list(_rows(asking, batch, told["answers"])))
                asking.reasons.update(dict.fromkeys(batch, told["reason"]))
        finally:
            asking.seconds = time.monotonic() - started

    def _job(self, asking: _Asking, batches: Sequence[Mapping[str, dict[str, Any]]]) -> Job:
        endpoint, most = self.endpoint, asking.settings
        if endpoint is None or endpoint.url is None:
            raise TypeError(endpoint)
        requests, tokens, seconds = asking.kept_advice.spent(asking.occasion.run_id)
        return Job(
            model=endpoint.model,
            url=endpoint.url,
            key=endpoint.key,
            request=dict(endpoint.request),
            crew=asking.crew,
            batches=[list(batch.values()) for batch in batches],
            requests=max(0, most.most_requests - requests),
            tokens=max(0, most.most_tokens - tokens),
            seconds=max(0.0, most.most_seconds - seconds),
        )


def in_batches(questions: Mapping[str, tuple[str, dict[str, Any]]]) -> Iterator[dict[str, dict[str, Any]]]:
    """Yield what each request is about, by key, one origin at a time.

    Args:
        questions: Origins and what is sent, by key; questions that say the same have the same key.
    """
    ordered = sorted(questions, key=lambda key: (questions[key][0], key))
    for _, keys in groupby(ordered, key=lambda key: questions[key][0]):
        while batch := {key: questions[key][1] for key in islice(keys, BATCH)}:
            yield batch


def _spent_already(job: Job) -> str | None:
    """Return the reason if what is left of the budget allows not one request, so that no process is started for it."""
    least = len(prompt(job.batches[0]).encode()) + (longest_output(job.request) or 0)
    is_left = {"requests": job.requests > 0, "tokens": job.tokens >= least, "seconds": job.seconds > 0}
    return next((f"budget_of_{name}" for name, some in is_left.items() if not some), None)


def _rows(
    asking: _Asking, batch: Mapping[str, dict[str, Any]], answers: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield the rows under which a batch's answers are kept."""
    occasion = asking.occasion
    request_key = content_key(list(batch))
    for number, (key, sent) in enumerate(batch.items()):
        if answer := answers.get(str(number)):
            yield {
                "advice_key": key,
                "topic": occasion.topic,
                "crew_version": asking.crew.version,
                "model": occasion.model,
                "question": sent,
                "request_key": request_key,
                "run_id": occasion.run_id,
                **answer,
            }


def _usage(
    asking: _Asking, sent: Mapping[str, dict[str, Any] | None], keys: Mapping[str, str], kept: Mapping[str, Advice]
) -> Usage:
    settings = asking.settings
    cached = sum(key in kept for key in keys.values())
    answered = sum(key in asking.answers for key in keys.values())
    reasons = Counter(
        asking.reasons.get(keys[row_id], "not_kept") if row_id in keys else "too_long"
        for row_id in sent
        if row_id not in keys or (keys[row_id] not in kept and keys[row_id] not in asking.answers)
    )
    requests, input_tokens, output_tokens = asking.spent
    cost = None
    if settings.input_price is not None and settings.output_price is not None:
        cost = (input_tokens * settings.input_price + output_tokens * settings.output_price) / MILLION
    return Usage(
        asked=len(sent),
        cached=cached,
        answered=answered,
        unanswered=reasons.total(),
        requests=requests,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        seconds=asking.seconds,
        cost=cost,
        reasons=dict(sorted(reasons.items())),
    )


def _counts(usage: Usage) -> dict[str, Any]:
    return {**vars(usage), "reasons": dict(usage.reasons)}


def _line(topic: str, model: str, usage: Usage) -> str:
    why = ", ".join(f"{reason} {number}" for reason, number in usage.reasons.items())
    return (
        f"second opinions on {topic} by {model}: {usage.asked} questions, {usage.cached} answered before, "
        f"{usage.answered} now in {usage.requests} requests, {usage.unanswered} not" + (f" ({why})" if why else "")
    )
