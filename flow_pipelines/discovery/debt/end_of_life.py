"""Judging products by their dated end-of-life facts.

Belongs here: a product's status as of a date, the fact in words, extended support and its price, the release to go
to. Does not: which products an asset carries (`products_in_use.py`), the facts (`reference/end_of_life.py`).
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from flow_pipelines.discovery.debt.findings import DAYS_PER_YEAR, texts
from flow_pipelines.reference.end_of_life import EndOfLifeFacts
from flow_pipelines.reference.extended_support import extended_support

CHECK = "end_of_life"


def end_of_life_findings(products: pd.DataFrame, facts: EndOfLifeFacts, *, as_of: date, near_days: int) -> pd.DataFrame:
    """Judge the products of an estate.

    An end-of-life date is the last day of support: on that day a product is still near, the day after it is past.
    While extended support runs, its last day included, a product past its end of life is extended. From `near_days`
    days before the end of life on, a product is near. A product whose text is not recognized, whose release is not
    told, or of whose release no fact is known is unknown. There is no finding for a product in support.

    Args:
        products: The result of `products_in_use`.
        facts: The facts.
        as_of: The date for which the findings hold.
        near_days: The horizon for near.

    Returns:
        Findings, see `findings.COLUMNS`.
    """
    dated = facts.rows.drop(columns="category").rename(columns={"source": "fact_source", "as_of": "fact_date"})
    judged = products.merge(dated, how="left", on=["product", "cycle"])
    today = pd.Timestamp(as_of)
    judged["status"] = _status(judged, as_of=today, near=pd.Timedelta(days=near_days))
    findings = judged[judged["status"] != "supported"].reset_index(drop=True)
    findings["years"] = (today - pd.to_datetime(findings["end_of_life"])).dt.days / DAYS_PER_YEAR
    titles = dict(zip(dated["product"], dated["title"], strict=True))
    findings["title"] = findings["product"].map(titles).fillna(findings["product"])
    findings["fact"] = _fact(findings, as_of=today)
    findings["remedy"] = _remedies(findings, newest_supported(facts, as_of))
    findings = findings.join(_extended_support(findings))
    findings["product"] = findings["product"].fillna(findings["text"])
    listed = findings["category"].isin(["runtime", "middleware"]) & findings["cycle"].notna()
    findings["subject"] = findings["product"].mask(listed, findings["product"] + " " + findings["cycle"])
    findings["evidence"] = findings["evidence"] + ': "' + _said(findings) + '"'
    return findings.assign(check_name=CHECK)


def newest_supported(facts: EndOfLifeFacts, as_of: date) -> dict[str, str]:
    """Return the release of each product that is supported longest as of a date, in words."""
    rows = facts.rows[["product", "title", "cycle", "release_date", "end_of_life"]]
    is_out = rows["release_date"].isna() | (pd.to_datetime(rows["release_date"]) <= pd.Timestamp(as_of))
    ends = pd.to_datetime(rows["end_of_life"]).fillna(pd.Timestamp.max.floor("D"))
    rows = rows.assign(ends=ends, released=pd.to_datetime(rows["release_date"]))[is_out & (ends > pd.Timestamp(as_of))]
    rows = rows.sort_values(["product", "ends", "released", "cycle"], na_position="first")
    newest = rows.drop_duplicates("product", keep="last")
    until = " (supported until " + texts(newest["end_of_life"]) + ")"
    said = newest["title"] + " " + newest["cycle"] + until.where(newest["end_of_life"].notna(), " (no end announced)")
    return dict(zip(newest["product"], said, strict=True))


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
    extended = (extended + texts(findings["end_of_extended_support"])).where(
        findings["end_of_extended_support"].notna(), ""
    )
    reaches = (findings["status"] == "near").map({True: " reaches", False: " reached"})
    dated = release + reaches + " its end of life on " + texts(findings["end_of_life"]) + extended + "."
    said = 'The source says "' + _said(findings) + '": '
    unrecognized = said + "no product that the end-of-life facts know."
    undated = said + findings["product"] + ", but not one release whose end of life is recorded."
    return dated.where(findings["status"] != "unknown", undated.where(findings["product"].notna(), unrecognized))


def _said(findings: pd.DataFrame) -> pd.Series[str]:
    """Return name and version as the source writes them; a version that the name contains is not said twice."""
    versions = findings["version"].fillna("")
    repeats = [str(version) in str(text) for version, text in zip(versions, findings["text"], strict=True)]
    return findings["text"] + (" " + versions).mask(pd.Series(repeats, index=findings.index, dtype=bool), "")


def _remedies(findings: pd.DataFrame, newest: dict[str, str]) -> pd.Series[str]:
    target = findings["product"].map(newest)
    upgrade = ("Upgrade to " + target).fillna("Replace it: no release of it is known to be supported")
    extended = "Buy the extended support until then, or: " + upgrade + "."
    look_up = "Find out the exact release, and the vendor's dates for it; then enter it as an edit or import it."
    return (
        (upgrade + ".").mask(findings["status"] == "extended", extended).mask(findings["status"] == "unknown", look_up)
    )


def _extended_support(findings: pd.DataFrame) -> pd.DataFrame:
    """Return what extended support is offered for each finding that is past or near its end, and its price now."""
    columns = ["extended_support", "extended_support_price", "extended_support_price_unit"]
    concerned = findings["status"].isin(["extended", "near"]) & findings["end_of_extended_support"].notna()
    rows: list[tuple[str | None, float | None, str | None]] = []
    for is_concerned, product, cycle, years in zip(
        concerned, findings["product"], findings["cycle"], findings["years"], strict=True
    ):
        offer = extended_support().offer_for(product, cycle) if is_concerned else None
        if offer is None:
            rows.append((None, None, None))
            continue
        # Until the end of life the first year's price is the one to expect.
        price = offer.price_in(int(max(years, 0)) + 1)
        terms = f"{offer.programme}: {offer.terms}. Source: {offer.source}, recorded {offer.as_of}."
        rows.append((terms, price, offer.unit if price is not None else None))
    return pd.DataFrame(rows, columns=columns, index=findings.index, dtype=object)
