"""Grouping values that are lists, or become one, by key.

Belongs here: what `groupby` does one group at a time and therefore slowly. Does not: anything about assets.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd


def lists_of(keys: Iterable[Any], values: Iterable[Any]) -> dict[Any, list[Any]]:
    """Return the values of each key, in order."""
    lists: dict[Any, list[Any]] = {}
    for key, value in zip(keys, values, strict=True):
        lists.setdefault(key, []).append(value)
    return lists


def unite(lists: pd.Series[Any], group_of: npt.NDArray[np.int64]) -> pd.Series[Any]:
    """Unite lists by the number of their group, sorted and without repetitions; None for groups without any list."""
    united: list[set[str] | None] = [None] * (int(group_of.max(initial=-1)) + 1)
    told = lists.notna().to_numpy()
    for group, texts in zip(group_of[told].tolist(), lists[told], strict=True):
        united[group] = (united[group] or set()).union(texts)
    return pd.Series([None if one is None else sorted(one) for one in united], dtype="object")
