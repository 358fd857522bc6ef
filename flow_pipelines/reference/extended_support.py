"""What support beyond the end of life is called and costs, as data.

Belongs here: the loader of `extended_support.yaml`. Does not: applying it (`discovery/debt/end_of_life.py`).
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flow_pipelines.reference.documents import read_yaml

OFFERS = Path(__file__).with_name("extended_support.yaml")


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Offer(_Data):
    """One programme of extended support; see the comments of `extended_support.yaml`."""

    product: str
    cycles: tuple[str, ...] = ()
    programme: str
    terms: str
    price_by_year: tuple[float, ...] = ()
    unit: str | None = None
    source: str
    as_of: date

    @model_validator(mode="after")
    def _price_has_a_unit(self) -> Offer:
        if bool(self.price_by_year) != (self.unit is not None):
            raise ValueError(f"{self.product}: a price and its unit belong together")
        return self

    def price_in(self, year: int) -> float | None:
        """Return the price of a year after the end of life, counting from 1; None where the source names none."""
        return self.price_by_year[year - 1] if 1 <= year <= len(self.price_by_year) else None


class ExtendedSupport(_Data):
    """All offers."""

    version: int = Field(ge=1)
    offers: tuple[Offer, ...]

    def offer_for(self, product: str, cycle: str) -> Offer | None:
        """Return the offer for a release cycle, if there is one."""
        of_product = (one for one in self.offers if one.product == product)
        return next((one for one in of_product if not one.cycles or cycle in one.cycles), None)


@cache
def extended_support() -> ExtendedSupport:
    """Load the offers."""
    return ExtendedSupport.model_validate(read_yaml(OFFERS.read_text(encoding="utf-8")))
