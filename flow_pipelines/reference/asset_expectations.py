"""What the later phases need to know of an asset, and which sources tell it, as data.

Belongs here: the loader of `asset_expectations.yaml`. Does not: holding assets to it (`discovery/data_quality.py`),
and what is expected of single records (`quality_expectations.yaml`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flow_pipelines.reference.documents import read_yaml

EXPECTATIONS = Path(__file__).with_name("asset_expectations.yaml")


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class AssetExpectation(_Data):
    """Something that should be known of an asset, by any one of some attributes, and the sources that tell it."""

    attributes: tuple[str, ...] = Field(alias="any", min_length=1)
    weight: float = Field(gt=0)
    word: str
    sources: tuple[str, ...] = Field(min_length=1)


class AssetExpectations(_Data):
    """All of it; see the comments of `asset_expectations.yaml`."""

    version: int = Field(ge=1)
    sources: dict[str, str]  # name to title
    expectations: dict[str, tuple[AssetExpectation, ...]]  # by asset type

    @model_validator(mode="after")
    def _sources_are_declared(self) -> AssetExpectations:
        named = {name for listed in self.expectations.values() for one in listed for name in one.sources}
        if unknown := sorted(named - set(self.sources)):
            raise ValueError(f"unknown sources {', '.join(unknown)}")
        return self


@cache
def asset_expectations() -> AssetExpectations:
    """Load it."""
    return AssetExpectations.model_validate(read_yaml(EXPECTATIONS.read_text(encoding="utf-8")))
