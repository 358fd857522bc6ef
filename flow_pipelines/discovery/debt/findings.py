"""What every finding says, whatever its kind, and what it weighs.

Belongs here: the columns that the kinds of debt have in common, and applying the weights. Does not: finding anything.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.reference.tech_debt_weights import tech_debt_weights

DAYS_PER_YEAR = 365.25
NAMES = ("name", "host_name", "fqdn", "asset_id")
# What the modules of this package return, one row per finding: the asset; what it is about (unique within asset and
# category), the rule that found it, what is known, and what to do. `years` counts from the date that it is about,
# `base` replaces the weight of its status. Missing columns count as empty.
COLUMNS = (
    "asset_id",
    "category",
    "subject",
    "product",
    "cycle",
    "status",
    "check_name",
    "end_of_life",
    "end_of_extended_support",
    "extended_support",
    "extended_support_price",
    "extended_support_price_unit",
    "evidence",
    "fact",
    "fact_source",
    "fact_date",
    "remedy",
    "years",
    "base",
)


def no_findings() -> pd.DataFrame:
    """Return a frame of no findings."""
    return pd.DataFrame(columns=list(COLUMNS), dtype=object)


def joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Put findings of several kinds together, all of `COLUMNS`, with a fresh index."""
    filled = [part.astype(object) for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True).reindex(columns=list(COLUMNS)) if filled else no_findings()


def labels(inventory: pd.DataFrame) -> pd.Series[str]:
    """Return what each asset is called: by its name, or by what else is known of it."""
    return inventory[list(NAMES)].astype(object).bfill(axis="columns").iloc[:, 0]


def texts(dates: pd.Series[Any]) -> pd.Series[Any]:
    """Return dates as text, missing ones as missing."""
    return dates.map(str, na_action="ignore").astype(object)


def numbers(values: pd.Series[Any]) -> pd.Series[str]:
    """Return numbers as text, with one digit behind the point at most."""
    return values.astype("float64").map(lambda value: f"{value:,.1f}".removesuffix(".0")).astype(object)


def scores(findings: pd.DataFrame) -> pd.Series[float]:
    """Weigh findings, 0 to 100.

    Args:
        findings: At least status, years and base, and the attributes of their assets that have factors.
    """
    weights = tech_debt_weights()
    status = findings["status"].map(weights.status)
    base = findings["base"].astype(float).fillna(status.map(lambda weight: weight.base).astype(float))
    per_year = status.map(lambda weight: weight.per_year).astype(float)
    most_years = status.map(lambda weight: weight.most_years).astype(float)
    years = findings["years"].astype(float).fillna(0.0)
    score = base + per_year * years.clip(lower=0).clip(upper=most_years)
    for attribute, factors in weights.factors.items():
        score *= findings[attribute].astype(object).map(factors).astype(float).fillna(1.0)
    # One digit: more would promise a precision that weights do not have.
    return score.clip(upper=100).round(1)


def severities(score: pd.Series[float]) -> np.ndarray[Any, Any]:
    """Return the band that each score lies in."""
    least = tech_debt_weights().severity
    return np.select([score >= lowest for lowest in least.values()], list(least), default="low")
