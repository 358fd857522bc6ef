"""Holding a frame to the contract of the table it is meant for.

Belongs here: casting and checking a whole frame. Does not: rules about single values that a table's gate checks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from flow_pipelines.errors import ContractError

# Part of the contract of all frames, hence set where they are held to it: text that lies the same way whatever else is
# installed. Where pyarrow is (CrewAI brings it), pandas would use it for text, which refuses what it otherwise adds up:
# the tests of the domain failed by the dozen there, and rows must not depend on it.
pd.set_option("mode.string_storage", "python")

DTYPE_OF_TYPE: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (BigInteger, "Int64"),
    (Double, "Float64"),
    (Boolean, "boolean"),
    (DateTime, "datetime64[us, UTC]"),
    (Text, "object"),
    (Uuid, "object"),
    (ARRAY, "object"),
    (Date, "object"),
    (JSONB, "object"),
)


Cells = np.ndarray[Any, Any] | ExtensionArray


@cache
def dtype_of(column: Column[Any]) -> str:
    """Return the pandas dtype in which a column of this type travels between phases."""
    return next(dtype for kind, dtype in DTYPE_OF_TYPE if isinstance(column.type, kind))


def empty(table: Table) -> pd.DataFrame:
    """Return a frame with the table's columns and no rows."""
    return _empty(table).copy()


@cache
def _empty(table: Table) -> pd.DataFrame:
    return pd.DataFrame({column.name: _missing(0, dtype_of(column)) for column in table.columns})


def conform(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Cast a frame to its table's contract.

    Args:
        frame: One row per row of the table, in any column order; optional columns may be absent.
        table: The declared table.

    Returns:
        A new frame with exactly the table's columns in their order and house dtypes, missing cells as None (in
        object columns) or NA, sorted by the table's key, with a fresh index. An empty text is a missing cell.

    Raises:
        ContractError: Columns are unknown, missing or not castable, required cells are empty, the key is not
            unique, or a closed list is broken. All breaches are listed.
    """
    there, known = set(frame.columns), set(table.columns.keys())
    breaches = [f"column {name} is not declared" for name in frame.columns if name not in known]
    # Arrays and no series: the index of each would be compared, half of the time of a small estate's wide tables.
    columns: dict[str, Cells] = {}
    for column in table.columns:
        if column.name in there:
            try:
                columns[column.name] = _cast(frame[column.name], column)
            except (TypeError, ValueError) as error:
                breaches.append(f"column {column.name} is not {dtype_of(column)}: {error}")
        elif column.nullable:
            columns[column.name] = _missing(len(frame), dtype_of(column))
        else:
            breaches.append(f"required column {column.name} is absent")
    # Of a bare array of texts pandas 3 would make `str` cells, in which None is NaN; on one index nothing is compared.
    result = pd.DataFrame({name: _kept(cells, frame.index) for name, cells in columns.items()}, index=frame.index)
    breaches += _breaches(result, table)
    if breaches:
        raise ContractError(
            f"The rows for {table.schema}/{table.name} break its contract: {'; '.join(breaches)}.",
            remedy="This is a defect of the phase that made them; please report it with the run's id.",
        )
    return result.sort_values(list(table.info["key"]), kind="stable").reset_index(drop=True)


def _kept(cells: Cells, index: pd.Index[Any]) -> Cells | pd.Series[Any]:
    return pd.Series(cells, index=index, dtype="object") if cells.dtype == "object" else cells


def _cast(values: pd.Series[Any], column: Column[Any]) -> Cells:
    dtype = dtype_of(column)
    if dtype != "object":
        wanted = _nothing(dtype).dtype
        typed: ExtensionArray = values.array if values.dtype == wanted else values.astype(wanted).array
        return typed
    present = np.asarray(pd.notna(values.array), dtype=bool)
    # Most columns of a wide table are empty in a small estate: a quarter of the time of the whole.
    if not present.any():
        return _missing(len(values), dtype)
    cells = values.to_numpy(dtype=object, copy=True)
    if isinstance(column.type, Text):
        present = present & (cells != "")
    cells[~present] = None
    return cells


def _missing(count: int, dtype: str) -> Cells:
    return np.full(count, None, dtype=object) if dtype == "object" else _nothing(dtype).repeat(count)


@cache
def _nothing(dtype: str) -> ExtensionArray:
    """Return one missing cell of a dtype."""
    missing: ExtensionArray = pd.Series([None], dtype=dtype).array
    return missing


def _breaches(frame: pd.DataFrame, table: Table) -> list[str]:
    required = [column.name for column in table.columns if not column.nullable and column.name in frame]
    breaches = [
        f"required column {name} is empty in {empty_cells} rows"
        for name, empty_cells in frame[required].isna().sum().items()
        if empty_cells
    ]
    key = list(table.info["key"])
    if set(key) <= set(frame.columns) and (repeated := int(frame.duplicated(key).sum())):
        breaches.append(f"{repeated} rows repeat the key ({', '.join(key)})")
    for column_name, allowed in closed_lists(table).items():
        found = set(frame[column_name].dropna().unique()) if column_name in frame else set()
        if unknown := sorted(found - allowed):
            breaches.append(f"column {column_name} holds {json.dumps(unknown[:5])}")
    return breaches


@cache
def closed_lists(table: Table) -> Mapping[str, frozenset[str]]:
    """Return the values that each column declared by `one_of` may hold."""
    return {
        constraint.info["column"]: frozenset(constraint.info["values"])
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint) and "values" in constraint.info
    }
