"""Tech debt: holding each asset's products against dated end-of-life facts.

Belongs here: which products of an asset are judged, their status as of a date, and what the finding weighs. Does
not: recognizing products (`discovery/products.py`), the facts (`reference/end_of_life.py`) and the weights
(`reference/tech_debt_weights.yaml`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.reference.end_of_life import end_of_life_facts
from flow_pipelines.reference.tech_debt_weights import tech_debt_weights
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform
from flow_pipelines.tables.discovery import tech_debt

DAYS_PER_YEAR = 365.25
NAMES = ("name", "host_name", "fqdn", "asset_id")


@dataclass(frozen=True)
class Category:
    """One kind of product that assets carry, and the columns of the inventory that tell it."""

    name: str
    asset_types: tuple[str, ...]
    product: str
    cycle: str
    text: str
    version: str


CATEGORIES = (
    Category(
        "operating_system",
        ("server", "hypervisor_host"),
        "os_product",
        "os_cycle",
        "operating_system",
        "os_version",
    ),
    Category(
        "database",
        ("database", "server"),
        "database_product",
        "database_cycle",
        "database_engine",
        "database_version",
    ),
)


def find_tech_debt(inventory: pd.DataFrame, *, scope: Scope, settings: EngagementSettings) -> pd.DataFrame:
    """Find the products of an estate that are past or near their end of life, or about which nothing is known.

    An end-of-life date is the last day of support: on that day a product is still near, the day after it is past.
    While extended support runs, its last day included, a product past its end of life is extended. From
    `settings.near_end_of_life_days` days before the end of life on, a product is near. A product whose text is not
    recognized, whose release is not told, or of whose release no fact is known is unknown. There is no finding for
    a product in support, and none where the source says nothing about the product: that is a gap in the record,
    which the record's quality issues tell.

    Args:
        inventory: The rows of `discovery/inventory`.
        scope: The engagement, for the ids.
        settings: Its as-of date and its horizon for near.

    Returns:
        The rows of `discovery/tech_debt`: at most one per asset and category.
    """
    stated = pd.concat([_stated_products(inventory, category) for category in CATEGORIES], ignore_index=True)
    facts = end_of_life_facts().rename(columns={"source": "fact_source", "as_of": "fact_date"})
    judged = stated.merge(facts, how="left", on=["category", "product", "cycle"])
    as_of = pd.Timestamp(settings.as_of)
    judged["status"] = _status(judged, as_of=as_of, near=pd.Timedelta(days=settings.near_end_of_life_days))
    findings = judged[judged["status"] != "supported"].reset_index(drop=True)
    findings["as_of"] = settings.as_of
    findings["days_past_end_of_life"] = (as_of - pd.to_datetime(findings["end_of_life"])).dt.days
    findings["fact"] = _fact(findings, as_of=as_of)
    findings["product"] = findings["product"].fillna(findings["text"])
    findings["score"] = _score(findings)
    findings["severity"] = _severity(findings["score"])
    keys = findings[["asset_id", "category", "product"]].itertuples(index=False, name=None)
    findings["finding_id"] = scope.ids_of("finding", keys)
    return conform(findings[[column.name for column in tech_debt.columns]], tech_debt)


def _stated_products(inventory: pd.DataFrame, category: Category) -> pd.DataFrame:
    """One row per asset that says anything about its product of this category."""
    of_type = inventory["asset_type"].isin(category.asset_types)
    is_stated = inventory[category.product].notna() | inventory[category.text].notna()
    assets = inventory[of_type & is_stated]
    return pd.DataFrame(
        {
            "asset_id": assets["asset_id"],
            "asset_name": assets[list(NAMES)].bfill(axis="columns").iloc[:, 0],
            "asset_type": assets["asset_type"],
            "category": category.name,
            "product": assets[category.product],
            "cycle": assets[category.cycle],
            "text": assets[category.text].fillna(assets[category.product]),
            "version": assets[category.version],
            **{attribute: assets[attribute] for attribute in tech_debt_weights().factors},
        }
    )


def _status(judged: pd.DataFrame, *, as_of: pd.Timestamp, near: pd.Timedelta) -> np.ndarray[Any, Any]:
    end_of_life = pd.to_datetime(judged["end_of_life"])
    is_past = end_of_life < as_of
    return np.select(
        [
            judged["fact_source"].isna(),
            is_past & (pd.to_datetime(judged["end_of_extended_support"]) >= as_of),
            is_past,
            end_of_life - near <= as_of,
        ],
        ["unknown", "extended", "past", "near"],
        default="supported",
    )


def _fact(findings: pd.DataFrame, *, as_of: pd.Timestamp) -> pd.Series[str]:
    release = findings["title"] + " " + findings["cycle"]
    ends_after = pd.to_datetime(findings["end_of_extended_support"]) >= as_of
    extended = "; extended support " + ends_after.map({True: "ends", False: "ended"}) + " on "
    extended = (extended + _text(findings["end_of_extended_support"])).where(
        findings["end_of_extended_support"].notna(), ""
    )
    reaches = (findings["status"] == "near").map({True: " reaches", False: " reached"})
    dated = release + reaches + " its end of life on " + _text(findings["end_of_life"]) + extended + "."
    said = 'The source says "' + findings["text"] + (" " + findings["version"]).fillna("") + '": '
    unrecognized = said + "no product that the end-of-life facts know."
    undated = said + findings["product"] + ", but not one release whose end of life is recorded."
    return dated.where(findings["status"] != "unknown", undated.where(findings["product"].notna(), unrecognized))


def _text(dates: pd.Series[Any]) -> pd.Series[str]:
    return dates.map(str, na_action="ignore").astype(object)


def _score(findings: pd.DataFrame) -> pd.Series[float]:
    weights = tech_debt_weights()
    status = findings["status"].map(weights.status)
    years = findings["days_past_end_of_life"].fillna(0) / DAYS_PER_YEAR
    base = status.map(lambda weight: weight.base).astype(float)
    per_year = status.map(lambda weight: weight.per_year).astype(float)
    most_years = status.map(lambda weight: weight.most_years).astype(float)
    score = base + per_year * years.clip(lower=0).clip(upper=most_years)
    for attribute, factors in weights.factors.items():
        score *= findings[attribute].astype(object).map(factors).astype(float).fillna(1.0)
    # One digit: more would promise a precision that weights do not have.
    return score.clip(upper=100).round(1)


def _severity(scores: pd.Series[float]) -> np.ndarray[Any, Any]:
    least = tech_debt_weights().severity
    return np.select([scores >= score for score in least.values()], list(least), default="")
