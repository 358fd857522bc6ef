"""Advice in words, the same wherever a person reads it.

Belongs here: one sentence for a row's advice. Does not: making it inert where it is shown (HTML, terminal, workbook:
whoever shows it).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

KEY_DIGITS = 12


def advice_in_words(row: Mapping[Any, Any]) -> str | None:
    """Say what a language model would choose for a row, and that it has no effect; None if there is no advice.

    Args:
        row: With the columns of `tables/advice.py`; those that are empty may be absent.
    """
    choice = row.get("advice")
    if choice is None or pd.isna(choice):
        return None
    sure = row.get("advice_confidence")
    told = "" if sure is None or pd.isna(sure) else f", {float(sure):.0%} sure"
    key = str(row.get("advice_key") or "")[:KEY_DIGITS]
    reason = row.get("advice_reason")
    why = "" if reason is None or pd.isna(reason) else f": {reason}"
    return f"{choice} ({row.get('advice_model')}{told}, {key}; no effect until accepted){why}"
