"""A closed question about one row, and the answer to it.

Belongs here: the shapes that rules and advisor exchange. Does not: which questions a phase has (the modules beside this
one), and how they are asked (`resources/advisor.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NONE_OF_THEM = "none"


@dataclass(frozen=True)
class Question:
    """A question about one row of a table.

    Attributes:
        row_id: The row's key.
        evidence: What the crew is told, as JSON can say it: facts of the rules and a few short samples of imported
            text, never rows.
        choices: The rules' own shortlist, without `none`, which may always be answered.
        origin: Where its imported text is from; questions of different origins share no request, so that what one file
            says can't steer what is answered about another's. Is not sent.
    """

    row_id: str
    evidence: Mapping[str, Any]
    choices: tuple[str, ...]
    origin: str = ""


@dataclass(frozen=True)
class Advice:
    """A valid answer.

    Attributes:
        choice: One of the question's choices, or `none`.
        confidence: 0 to 1, as the model says; it outranks no rule.
        reason: Inert text of at most 300 characters.
        model: The model that answered.
        key: Under which the exchange is kept, for whoever wants to read it.
    """

    choice: str
    confidence: float
    reason: str
    model: str
    key: str


@dataclass(frozen=True)
class Asked:
    """What is asked about the rows of one table.

    Attributes:
        topic: Which crew is asked, as in `crews.yaml`.
        questions: At most one a row; a row that a person has decided needs none.
    """

    topic: str
    questions: Sequence[Question]
