"""The questionnaire about workloads, as data: sections, questions, answers and their risk.

Belongs here: the loader of `questionnaire.yaml` and its schema. Does not: answering it
(`assess/treatment/answers.py`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from flow_pipelines.reference.conditions import Condition, Data
from flow_pipelines.reference.documents import read_yaml

QUESTIONNAIRE = Path(__file__).with_name("questionnaire.yaml")
# Allowed for every question: nobody has said.
UNKNOWN = "unknown"
RISKS = ("red", "yellow", "green", "unknown")
ANSWER_FACT = "answer_"

Risk = Literal["red", "yellow", "green"]
Percent = Annotated[float, Field(ge=0, le=100)]


class Answer(Data):
    """One of a question's answers.

    Attributes:
        answer: The answer, as a person chooses it.
        risk: What it means for the move.
        says: Why, and what can be done about it.
        when: What of the workload gives this answer; the first of a question's answers that holds is taken.
    """

    answer: str
    risk: Risk
    says: str = ""
    when: Condition | None = None


class Question(Data):
    """A question about a workload, with its answers in the order in which they are offered."""

    question: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    asks: str
    answers: tuple[Answer, ...] = Field(min_length=2)


class Section(Data):
    """Questions about one subject."""

    section: str
    questions: tuple[Question, ...] = Field(min_length=1)


class Archetype(Data):
    """A kind of workload, told by its tags and attributes, and what is true of all of its kind."""

    archetype: str
    when: Condition
    answers: dict[str, str] = Field(min_length=1)


class Thresholds(Data):
    """Percent of the questions from which on the answers of a risk decide about the whole, asked in this order."""

    red: Percent
    unknown: Percent
    yellow: Percent


class Questionnaire(Data):
    """All of it; see the comments of `questionnaire.yaml`."""

    version: int = Field(ge=1)
    thresholds: Thresholds
    sections: tuple[Section, ...] = Field(min_length=1)
    archetypes: tuple[Archetype, ...]

    @property
    def questions(self) -> dict[str, Question]:
        """The questions by name, in order."""
        return {one.question: one for section in self.sections for one in section.questions}

    @model_validator(mode="after")
    def _holds_together(self) -> Questionnaire:
        names = [one.question for section in self.sections for one in section.questions]
        problems = [f"question {name} is asked twice" for name in {one for one in names if names.count(one) > 1}]
        for name, question in self.questions.items():
            given = [one.answer for one in question.answers]
            if len(set(given)) < len(given) or UNKNOWN in given:
                problems.append(f"{name}: each answer once, and not {UNKNOWN}, which every question has")
        for archetype in self.archetypes:
            problems += [
                f"archetype {archetype.archetype}: {answer!r} is no answer to {name}"
                for name, answer in archetype.answers.items()
                if name not in self.questions or answer not in {one.answer for one in self.questions[name].answers}
            ]
        if problems:
            raise ValueError("; ".join(problems))
        return self


@cache
def questionnaire() -> Questionnaire:
    """Load the questionnaire.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return Questionnaire.model_validate(read_yaml(QUESTIONNAIRE.read_text(encoding="utf-8")))


def answer_choices() -> dict[str, tuple[str, ...]]:
    """Return what may be answered to each question, unknown last."""
    return {
        name: (*(one.answer for one in question.answers), UNKNOWN)
        for name, question in questionnaire().questions.items()
    }
