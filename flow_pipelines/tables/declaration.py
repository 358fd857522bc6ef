"""How a table is declared: the small vocabulary that every table of every flow is written in.

Belongs here: column and table builders. Does not: any particular table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    MetaData,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from flow_pipelines.reference.attributes import Attribute, AttributeType

METADATA = MetaData()

TEXT = Text()
TEXT_LIST = ARRAY(Text())
IDENTIFIER = Uuid(as_uuid=False)
IDENTIFIER_LIST = ARRAY(Uuid(as_uuid=False))
INTEGER = BigInteger()
DECIMAL: TypeEngine[float] = Double()
BOOLEAN = Boolean()
DATE = Date()
TIMESTAMP = DateTime(timezone=True)
JSON = JSONB()

TYPE_OF_ATTRIBUTE: dict[AttributeType, TypeEngine[Any]] = {
    AttributeType.TEXT: TEXT,
    AttributeType.TEXT_LIST: TEXT_LIST,
    AttributeType.INTEGER: INTEGER,
    AttributeType.DECIMAL: DECIMAL,
    AttributeType.BOOLEAN: BOOLEAN,
    AttributeType.DATE: DATE,
    AttributeType.TIMESTAMP: TIMESTAMP,
}


def required(name: str, kind: TypeEngine[Any], comment: str, *, sources: Iterable[str] = ()) -> Column[Any]:
    """Declare a column that is never empty; see `optional`."""
    return Column(name, kind, nullable=False, comment=comment, info={"sources": tuple(sources)})


def optional(
    name: str,
    kind: TypeEngine[Any],
    comment: str,
    *,
    unit: str | None = None,
    sources: Iterable[str] = (),
) -> Column[Any]:
    """Declare a column that may be empty.

    Args:
        name: The column's name.
        kind: One of this module's types.
        comment: What it means; shown in the database and in Dagster.
        unit: Unit of its values, if they have one.
        sources: The upstream columns it is computed from, `flow/table.column`; becomes the column lineage.
    """
    comment = f"{comment} Unit: {unit}." if unit else comment
    return Column(name, kind, nullable=True, comment=comment, info={"sources": tuple(sources), "unit": unit})


def attribute_columns(attributes: Iterable[Attribute], *, sources: Iterable[str]) -> list[Column[Any]]:
    """Declare one optional column per attribute.

    Args:
        attributes: Attributes of the catalogue.
        sources: Upstream columns, in which `*` stands for the attribute's own name.
    """
    return [
        optional(
            attribute.name,
            TYPE_OF_ATTRIBUTE[attribute.type],
            attribute.description,
            unit=attribute.unit,
            sources=[source.replace("*", attribute.name) for source in sources],
        )
        for attribute in attributes
    ]


def one_of(column: str, *values: str) -> CheckConstraint:
    """Declare that a text column holds one of a closed list of values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(
        f"{column} IN ({listed})", name=f"{column}_is_known", info={"column": column, "values": values}
    )


def share(column: str) -> CheckConstraint:
    """Declare that a number lies between 0 and 1."""
    return CheckConstraint(f"{column} BETWEEN 0 AND 1", name=f"{column}_is_a_share")


@dataclass(frozen=True)
class Editing:
    """How a person may correct a column.

    Attributes:
        values: The values a person may choose; empty if anything of the column's type will do.
        sets: What else is set in the row when the column is edited: column to value.
        sets_if_emptied: What is set instead when the column is emptied; the same if not given.
        only_over: The computed values over which a correction counts, any if empty: what passes needs no waiver.
        covers: A column that says how many rows the correction is about; beyond that number it no longer counts.
        chosen_by: A column of the row on which it depends what a person may choose, if there is one.
        choices: The values that may be chosen, by what that column holds.
        made_in: The table, flow/table, of the same key and with an editable column of the same name, in which the
            correction is made: what is decided there is only shown here. Itself if not given.
    """

    values: tuple[str, ...] = ()
    sets: Mapping[str, object] = field(default_factory=dict)
    sets_if_emptied: Mapping[str, object] = field(default_factory=dict)
    only_over: tuple[str, ...] = ()
    covers: str | None = None
    chosen_by: str | None = None
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    made_in: str | None = None

    def allowed(self, row: Mapping[str, object]) -> tuple[str, ...]:
        """Return the values that a person may choose in a row; empty if anything of the column's type will do."""
        return self.choices.get(str(row[self.chosen_by]), ()) if self.chosen_by else self.values

    def companions(self, value: object) -> Mapping[str, object]:
        """Return what else is set in the row when the column is set to a value."""
        return self.sets_if_emptied or self.sets if value is None else self.sets


def editable(
    column: Column[Any],
    *,
    values: Iterable[str] = (),
    sets: Mapping[str, object] | None = None,
    sets_if_emptied: Mapping[str, object] | None = None,
    only_over: Iterable[str] = (),
    covers: str | None = None,
    chosen_by: str | None = None,
    choices: Mapping[str, tuple[str, ...]] | None = None,
    made_in: str | None = None,
) -> Column[Any]:
    """Declare that a person may correct a column; see `Editing`. The correction is kept and applied on every run."""
    column.info["editing"] = Editing(
        tuple(values),
        dict(sets or {}),
        dict(sets_if_emptied or {}),
        tuple(only_over),
        covers,
        chosen_by,
        dict(choices or {}),
        made_in,
    )
    return column


def editable_columns(table: Table) -> dict[str, Editing]:
    """Return the columns of a table that a person may correct, and how."""
    return {column.name: column.info["editing"] for column in table.columns if "editing" in column.info}


def output_table(
    flow: str,
    name: str,
    comment: str,
    *parts: Column[Any] | CheckConstraint,
    key: tuple[str, ...],
    entity: str,
    subtype: str | None = None,
    label: str | None = None,
) -> Table:
    """Declare the table of one asset.

    Args:
        flow: Name of its flow; the schema in which analysts find it.
        name: Its name.
        comment: What one row is; shown in the database and in Dagster.
        parts: Its columns and checks. Scope and snapshot are added by the storage.
        key: The columns that tell two rows of one snapshot apart.
        entity: What kind of thing one row is, such as asset, dependency or mapping.
        subtype: The column that says it more closely, if there is one.
        label: The column by which a person knows a row, if it is not its key.
    """
    info = {"key": key, "entity": entity, "subtype": subtype, "label": label or key[0]}
    return Table(name, METADATA, *parts, schema=flow, comment=comment, info=info)
