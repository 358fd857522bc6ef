"""How the rest of a programme is foretold, as data.

Belongs here: the loader of `forecast_model.yaml`. Does not: foretelling (`execute/reports/`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from flow_pipelines.reference.documents import read_yaml

MODEL = Path(__file__).with_name("forecast_model.yaml")


class ForecastModel(BaseModel):
    """The numbers of the model; see the comments of `forecast_model.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = Field(ge=1)
    prior_tasks: float = Field(gt=0)
    prior_spread: float = Field(gt=0)
    longest_factor: float = Field(gt=1)
    cases: int = Field(ge=1)
    fewest_cases: int = Field(ge=1)
    most_placed: int = Field(ge=1)

    def cases_for(self, tasks: int) -> int:
        """Return how many cases are drawn for a plan of so many tasks."""
        return max(self.fewest_cases, min(self.cases, self.most_placed // max(1, tasks)))


@cache
def forecast_model() -> ForecastModel:
    """Load the model.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return ForecastModel.model_validate(read_yaml(MODEL.read_text(encoding="utf-8")))
