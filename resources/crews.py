"""A crew of CrewAI, asked in a process of its own: `python -m resources.crews`, a job on standard input.

Belongs here: all that knows CrewAI; nothing else imports it. Does not: starting the process (`crew_process.py`), the
request (`metered_model.py`), the words (`advice_prompt.py`).

One agent, one task, no tools, no memory, no flow of CrewAI's: Dagster is the flow already. What importing CrewAI does
to a process (handlers of signals, log handlers, `warnings.warn`, files, 170 MB) ends with this one.
"""

# Without `from __future__ import annotations`: CrewAI reads the guardrail's return annotation and wants no text.

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

import httpx
from crewai import Agent, Crew, Task
from crewai.llms.base_llm import BaseLLM
from pydantic import PrivateAttr

from resources.advice_prompt import EXPECTED, Answer, prompt, valid_answers
from resources.advisor_endpoint import Endpoint
from resources.crew_process import Job
from resources.metered_model import Budget, MeteredModel, NoReplyError

REPAIRS = 1
# Requests without a reply in a row after which an endpoint is left alone: each may take a minute.
PATIENCE = 2
Tell = Callable[..., None]


class Model(BaseLLM):
    """The metered model, as CrewAI calls it."""

    _metered: MeteredModel = PrivateAttr()
    _failure: NoReplyError | None = PrivateAttr(default=None)

    def call(self, messages: Any, *_: object, **__: object) -> str:  # noqa: ANN401  (CrewAI's)
        """Return what the model says; CrewAI's tools and callbacks are not used."""
        told = [{"role": str(message["role"]), "content": str(message["content"])} for message in messages]
        try:
            text = self._metered.reply(told)
        except NoReplyError as failure:
            self._failure = failure
            raise
        # CrewAI would look for a tool behind `Action:`, with two requests more, and cut at `Final Answer`. Inside JSON
        # these say the same.
        return text.replace("Action", "\\u0041ction").replace("Final", "\\u0046inal")


def answer(job: Job, tell: Tell) -> None:
    """Ask a job's questions, a batch at a time, until they are answered, the budget is spent or the endpoint fails.

    Args:
        job: The job.
        tell: Takes what happens, by name: `spent` (requests, input tokens, output tokens) as it is spent; and of each
            batch its number, `answers` by the question's number, and `reason`, why the others have none.
    """
    budget = Budget(job.requests, job.tokens, time.monotonic() + job.seconds)
    endpoint = Endpoint(job.model, job.url, job.key, job.request)
    failed, reason = 0, ""
    with httpx.Client() as client:
        metered = MeteredModel(endpoint, budget, client, lambda *spent: tell(spent=spent))
        for number, batch in enumerate(job.batches):
            answers: Mapping[int, Answer] = {}
            if failed < PATIENCE and not reason.startswith("budget_of_"):
                answers, reason = _ask(metered, job, batch)
                failed = 0 if reason in {"", "invalid_answer"} else failed + 1
            tell(batch=number, answers={str(at): one.model_dump() for at, one in answers.items()}, reason=reason)


def _ask(metered: MeteredModel, job: Job, batch: Sequence[Mapping[str, Any]]) -> tuple[dict[int, Answer], str]:
    """Return a batch's valid answers by the question's number, and why others have none; empty if all have one."""
    found: dict[int, Answer] = {}
    replies = 0

    def check(output: Any) -> tuple[bool, Any]:  # noqa: ANN401  (CrewAI's)
        nonlocal replies
        answers, problems = valid_answers(output.raw, batch)
        found.update(answers)
        replies += 1
        # What is valid is kept, so the last reply is taken whatever it is.
        is_enough = len(found) == len(batch) or replies > REPAIRS
        return is_enough, output.raw if is_enough else "; ".join(problems)

    model = Model(model=job.model)
    model._metered = metered  # noqa: SLF001  (no field: CrewAI writes fields down)
    agent = Agent(
        role=job.crew.role,
        goal=job.crew.goal,
        backstory=job.crew.instructions,
        llm=model,
        max_iter=1,
        max_retry_limit=0,
        respect_context_window=False,
        allow_delegation=False,
        verbose=False,
    )
    task = Task(
        description=prompt(batch),
        expected_output=EXPECTED,
        agent=agent,
        guardrail=check,
        guardrail_max_retries=REPAIRS,
    )
    crew = Crew(agents=[agent], tasks=[task], memory=False, cache=False, tracing=False, verbose=False)
    try:
        crew.kickoff()
    except NoReplyError as failure:
        return found, failure.reason
    return found, "" if len(found) == len(batch) else "invalid_answer"


def main() -> None:
    """Read a job, and write what happens as a line of JSON each; CrewAI's own words go nowhere."""
    job = Job.model_validate_json(sys.stdin.read())
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.dup2(nowhere, sys.stderr.fileno())

    def tell(**what: object) -> None:
        channel.write(json.dumps(what) + "\n")
        channel.flush()

    def tell_mistake(kind: type[BaseException], _: BaseException, where: TracebackType | None) -> None:
        # Without its message, which may hold what was imported or what an endpoint said.
        tell(mistake=f"{kind.__name__}\n{''.join(traceback.format_tb(where))}")

    sys.excepthook = tell_mistake
    answer(job, tell)


if __name__ == "__main__":
    main()
