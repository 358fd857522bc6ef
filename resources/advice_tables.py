"""The tables of second opinions: what language models answered, and what asking them took.

Belongs here: their declaration. Does not: reading and writing them (`kept_advice.py`), who may (`access.py`). Rows are
added and never changed; retention lets go of answers that no kept row names.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    Identity,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from resources.control_tables import METADATA, PLATFORM, created, of_engagement, scope_columns

# The scope is part of the key: what one engagement paid for and told a model is of no use to another.
advice = Table(
    "advice",
    METADATA,
    *scope_columns(),
    Column("advice_key", Text(), nullable=False, comment="Hash of model, request parameters, crew and question."),
    Column("topic", Text(), nullable=False, comment="The crew that was asked."),
    Column("crew_version", BigInteger(), nullable=False, comment="Version of its words."),
    Column("model", Text(), nullable=False, comment="The language model, as its endpoint calls it."),
    Column("question", JSONB(), nullable=False, comment="What was sent of the row: evidence and choices."),
    Column("request_key", Text(), nullable=False, comment="Hash of the whole request; equal if asked together."),
    Column("choice", Text(), nullable=False, comment="One of the choices, or none."),
    Column("confidence", Double(), nullable=False, comment="How sure the model says it is, 0 to 1."),
    Column("reason", Text(), nullable=False, comment="Why, in the model's words."),
    Column("run_id", Text(), nullable=False, comment="The Dagster run that asked."),
    created(),
    PrimaryKeyConstraint("client_account_id", "engagement_id", "advice_key"),
    of_engagement(),
    CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence_is_a_share"),
    schema=PLATFORM,
    comment="Valid answers of language models, by what was asked: the first one is kept, and used by every later run.",
)

advice_usage = Table(
    "advice_usage",
    METADATA,
    *scope_columns(),
    Column("usage_number", BigInteger(), Identity(always=True), nullable=False, comment="Order of the rows."),
    Column("crewai_flow_id", Uuid(), nullable=False, comment="Deterministic id, from engagement and flow."),
    Column("run_id", Text(), nullable=False, comment="The Dagster run in which it was asked."),
    Column("flow_name", Text(), nullable=False, comment="The flow."),
    Column("phase_name", Text(), nullable=False, comment="The phase."),
    Column("topic", Text(), nullable=False, comment="The crew that was asked."),
    Column("model", Text(), nullable=False, comment="The language model, as its endpoint calls it."),
    Column("asked", BigInteger(), nullable=False, comment="Questions."),
    Column("cached", BigInteger(), nullable=False, comment="Of them, answered by what was kept."),
    Column("answered", BigInteger(), nullable=False, comment="Of them, answered by the model."),
    Column("unanswered", BigInteger(), nullable=False, comment="Of them, without an answer."),
    Column("reasons", JSONB(), nullable=False, comment="Why questions are without an answer, with their number."),
    Column("requests", BigInteger(), nullable=False, comment="Requests sent, repairs and refused ones included."),
    Column("input_tokens", BigInteger(), nullable=False, comment="Tokens sent. Unit: tokens."),
    Column("output_tokens", BigInteger(), nullable=False, comment="Tokens received. Unit: tokens."),
    Column("seconds", Double(), nullable=False, comment="How long the requests took. Unit: seconds."),
    Column("cost", Double(), comment="What the tokens cost; empty if the settings state no prices."),
    created(),
    PrimaryKeyConstraint("usage_number"),
    of_engagement(),
    CheckConstraint("asked = cached + answered + unanswered", name="counts_every_question_once"),
    CheckConstraint(
        "least(cached, answered, unanswered, requests, input_tokens, output_tokens, seconds, cost) >= 0",
        name="is_no_less_than_nothing",
    ),
    Index(None, "engagement_id", "flow_name"),
    schema=PLATFORM,
    comment="What asking language models took, per run, phase and topic; empty where none is configured.",
)
