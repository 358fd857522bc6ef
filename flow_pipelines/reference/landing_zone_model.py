"""What a cloud calls the parts of a landing zone, and how large they may be, as data.

Belongs here: the loader of `landing_zone_model.yaml`. Does not: planning networks (`plan/target/landing_zone.py`) and
which addresses they may have (`settings_landing_zone.py`).
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from pydantic import Field

from flow_pipelines.reference.conditions import Data
from flow_pipelines.reference.documents import read_yaml

MODEL = Path(__file__).with_name("landing_zone_model.yaml")


class CloudNetworks(Data):
    """One cloud; see the comments of `landing_zone_model.yaml`."""

    account: str
    network: str
    subnet: str
    reserved_addresses: int = Field(ge=0, le=16)
    largest_network: int = Field(ge=8, le=24)
    source: str
    as_of: date


class LandingZoneModel(Data):
    """All of it; see the comments of `landing_zone_model.yaml`."""

    version: int = Field(ge=1)
    unknown_environment: str
    clouds: dict[str, CloudNetworks]


@cache
def landing_zone_model() -> LandingZoneModel:
    """Load the model.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return LandingZoneModel.model_validate(read_yaml(MODEL.read_text(encoding="utf-8")))
