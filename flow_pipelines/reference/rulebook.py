"""The shape of a book of rules that scores options: facts, options, rules, what confidence and effort rest on.

Belongs here: the schema of `treatment_rules.yaml` and `component_rules.yaml`, and their loaders. Does not: applying
rules (`assess/treatment/`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from flow_pipelines.reference.conditions import Condition, Data, FactKind, misused_facts
from flow_pipelines.reference.documents import read_yaml
from flow_pipelines.reference.questionnaire import ANSWER_FACT, questionnaire

FOLDER = Path(__file__).parent
TREATMENT_RULES = FOLDER / "treatment_rules.yaml"
COMPONENT_RULES = FOLDER / "component_rules.yaml"

Points = Annotated[float, Field(ge=-100, le=100)]


class FactSource(Data):
    """Where a fact comes from: a column of what is known of a workload or of its parts.

    Attributes:
        source: Which evidence: overview, parts, findings, answers and so on.
        column: Its column.
        kind: number or words.
        says: What a person calls it.
        where: Only evidence with these values counts: column to values.
        aggregate: How the numbers of several parts come to one.
        untold: What it means that a part leaves the column empty: that it is unknown, or that there is none.
        without: What it means that there is no evidence at all: unknown, or none.
    """

    source: str
    column: str
    kind: FactKind = "words"
    says: str
    where: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    aggregate: Literal["sum", "max", "min"] = "sum"
    untold: Literal["unknown", "none"] = "unknown"
    without: Literal["unknown", "none"] = "unknown"


class Option(Data):
    """One of the options: what it scores before any rule, and what a person calls it."""

    base: Points
    says: str


class Rule(Data):
    """What speaks for and against options.

    Attributes:
        name: Stable name.
        says: A clause that is true if it holds.
        when: The condition.
        weights: Points that it adds to options.
        vetoes: Options that it rules out.
        is_fixed: Whether nothing that a person could find out or change would alter it.
        likelihood: Probability that it holds where that is unknown, if other than for most rules.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    says: str
    when: Condition
    weights: dict[str, Points] = Field(default_factory=dict)
    vetoes: tuple[str, ...] = ()
    is_fixed: bool = False
    likelihood: float | None = Field(default=None, gt=0, lt=1)

    @model_validator(mode="after")
    def _does_something(self) -> Rule:
        if not self.weights and not self.vetoes:
            raise ValueError(f"rule {self.name} neither weighs nor vetoes anything")
        return self


class ConfidenceModel(Data):
    """What confidence rests on; see the comments of the files."""

    weight_error: float = Field(gt=0)
    likelihood: float = Field(gt=0, lt=1)
    unknown_veto: float = Field(gt=0)
    data_share: float = Field(ge=0, le=1)


class Effort(Data):
    """Person days of one option: `fixed`, `per_server`, `per_database` and `per_tib`."""

    fixed: float = Field(gt=0)
    per_server: float = Field(default=0, ge=0)
    per_database: float = Field(default=0, ge=0)
    per_tib: float = Field(default=0, ge=0)


class EffortModel(Data):
    """Person days by option.

    Attributes:
        scale: Power to which numbers of servers, databases and TiB are taken: the tenth is less work than the first.
        complexity: Factor by the complexity of the workload.
        options: Person days of each option.
    """

    scale: float = Field(gt=0, le=1)
    complexity: dict[Literal["low", "medium", "high"], Annotated[float, Field(gt=0)]]
    options: dict[str, Effort]


class Rulebook(Data):
    """All of it; see the comments of the files."""

    version: int = Field(ge=1)
    last_resort: str
    options: dict[str, Option] = Field(min_length=2)
    facts: dict[str, FactSource]
    rules: tuple[Rule, ...] = Field(min_length=1)
    confidence: ConfidenceModel
    effort: EffortModel | None = None

    @property
    def kinds(self) -> dict[str, FactKind]:
        """The kind of each fact, those of the questionnaire's answers included."""
        return {name: fact.kind for name, fact in (self.facts | answer_sources()).items()}

    @model_validator(mode="after")
    def _holds_together(self) -> Rulebook:
        problems = [f"{rule.name}: {one}" for rule in self.rules for one in misused_facts(rule.when, self.kinds)]
        names = [rule.name for rule in self.rules]
        problems += [f"{name}: declared twice" for name in {one for one in names if names.count(one) > 1}]
        for rule in self.rules:
            unknown = (set(rule.weights) | set(rule.vetoes)) - set(self.options)
            problems += [f"{rule.name}: {one} is no option" for one in sorted(unknown)]
            if self.last_resort in rule.vetoes:
                problems.append(f"{rule.name}: {self.last_resort} is the last resort and can't be ruled out")
        if self.last_resort not in self.options:
            problems.append(f"{self.last_resort} is no option")
        if self.effort and set(self.effort.options) != set(self.options):
            problems.append("effort must name every option, and no other")
        if problems:
            raise ValueError("; ".join(problems))
        return self


@cache
def answer_sources() -> dict[str, FactSource]:
    """Return the facts that the questionnaire's answers are to every book: `answer_` and the question's name."""
    return {
        f"{ANSWER_FACT}{name}": FactSource(source="answers", column=name, says=f"the answer to: {question.asks}")
        for name, question in questionnaire().questions.items()
    }


@cache
def treatment_rules() -> Rulebook:
    """Load the rules that choose the treatment of a workload.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return read_rulebook(TREATMENT_RULES.read_text(encoding="utf-8"))


@cache
def component_rules() -> Rulebook:
    """Load the rules that choose the treatment of a database or of middleware.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return read_rulebook(COMPONENT_RULES.read_text(encoding="utf-8"))


def read_rulebook(text: str) -> Rulebook:
    """Read a book of rules from YAML.

    Raises:
        pydantic.ValidationError: It breaks the schema; every problem is listed.
    """
    return Rulebook.model_validate(read_yaml(text))
