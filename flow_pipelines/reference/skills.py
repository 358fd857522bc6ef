"""What people know, as data: skills by the products in which they are needed.

Belongs here: the loader of `skills.yaml`. Does not: which task takes which (`task_templates.yaml`), who has them
(`settings_schedule.py`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flow_pipelines.reference.documents import read_yaml

SKILLS = Path(__file__).with_name("skills.yaml")


class Skills(BaseModel):
    """All skills: of each, the products in which it is needed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = Field(ge=1)
    operating_system: dict[str, tuple[str, ...]]
    database: dict[str, tuple[str, ...]]

    @model_validator(mode="after")
    def _each_product_takes_one(self) -> Self:
        for of_skill in (self.operating_system, self.database):
            products = [product for listed in of_skill.values() for product in listed]
            if twice := sorted({product for product in products if products.count(product) > 1}):
                raise ValueError(f"{', '.join(twice)} are listed twice")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The skills by name."""
        return tuple(sorted({*self.operating_system, *self.database}))

    def of_products(self, knowledge: str) -> dict[str, str]:
        """Return the skill that each product takes, of operating systems or of databases."""
        listed: dict[str, tuple[str, ...]] = getattr(self, knowledge)
        return {product: skill for skill, products in listed.items() for product in products}


@cache
def skills() -> Skills:
    """Load the skills.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return Skills.model_validate(read_yaml(SKILLS.read_text(encoding="utf-8")))
