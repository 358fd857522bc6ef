"""How a database is moved, as data.

Belongs here: the loader of `database_migrations.yaml`. Does not: choosing a method (`execute/tasks/methods.py`).
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from flow_pipelines.reference.conditions import Data
from flow_pipelines.reference.documents import read_yaml

MIGRATIONS = Path(__file__).with_name("database_migrations.yaml")
Way = Literal["stopped", "running"]


class Method(Data):
    """One method; see the comments of `database_migrations.yaml`. What is empty does not matter."""

    method: str
    products: tuple[str, ...] = ()
    treatments: tuple[Literal["managed_service", "self_managed", "change_product"], ...] = ()
    clouds: tuple[Literal["aws", "azure", "google"], ...] = ()
    way: Way | None = None
    says: str

    def takes(self, product: str | None, treatment: str, cloud: str | None, way: Way) -> bool:
        """Tell whether a database can be moved by it."""
        return (
            (not self.products or product in self.products)
            and (not self.treatments or treatment in self.treatments)
            and (not self.clouds or cloud in self.clouds)
            and self.way in {None, way}
        )


class DatabaseMigrations(Data):
    """All methods, and what makes the choice."""

    version: int = Field(ge=1)
    as_of: date
    passes: float = Field(gt=0)
    allowed_hours: dict[str, float]
    if_unknown: str
    switch_minutes: int = Field(ge=1)
    methods: tuple[Method, ...]

    @model_validator(mode="after")
    def _leaves_none_without(self) -> Self:
        for way in ("stopped", "running"):
            if not any(one.takes(None, "self_managed", None, way) for one in self.methods):
                raise ValueError(f"a database of which nothing is known has no method while it is {way}")
        if self.if_unknown not in self.allowed_hours:
            raise ValueError(f"{self.if_unknown!r} has no hours")
        return self

    def method_of(self, product: str | None, treatment: str, cloud: str | None, way: Way) -> Method:
        """Return the first method by which a database can be moved."""
        return next(one for one in self.methods if one.takes(product, treatment, cloud, way))


@cache
def database_migrations() -> DatabaseMigrations:
    """Load the methods.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return DatabaseMigrations.model_validate(read_yaml(MIGRATIONS.read_text(encoding="utf-8")))
