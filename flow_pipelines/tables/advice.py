"""A second opinion beside a row: the columns that every table carries whose rows a language model is asked about.

Belongs here: those columns. Does not: what is asked (`flow_pipelines/advice/`) and by whom (`resources/advisor.py`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Column, Table

from flow_pipelines.tables.declaration import DECIMAL, TEXT, optional, share

ADVICE_COLUMNS = ("advice", "advice_confidence", "advice_reason", "advice_model", "advice_key")


def advice_columns(about: str) -> list[Column[Any] | CheckConstraint]:
    """Return new columns of what a language model would choose; it takes no effect until a person accepts it.

    Args:
        about: The column of the same table that the advice is a value for.
    """
    advice = optional(
        "advice",
        TEXT,
        f"What a language model would choose as {about}, or none if nothing that it could choose; empty if it was "
        f"not asked or did not answer. Takes no effect until a person accepts it.",
    )
    advice.info["about"] = about
    return [
        advice,
        optional("advice_confidence", DECIMAL, "How sure the model says it is; outranks no rule."),
        optional("advice_reason", TEXT, "Why, in the model's words."),
        optional("advice_model", TEXT, "The model."),
        optional("advice_key", TEXT, "Under which the exchange is kept in platform.advice."),
        share("advice_confidence"),
    ]


def advised_column(table: Table) -> str | None:
    """Return the column of a table that its advice is a value for; None if it carries no advice."""
    about = table.columns["advice"].info.get("about") if "advice" in table.columns else None
    return str(about) if about else None
