"""Which databases and middleware the clouds run as a service, as data.

Belongs here: the loader of `managed_services.yaml`. Does not: choosing between them (`component_rules.yaml`).
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from flow_pipelines.reference.conditions import Data
from flow_pipelines.reference.documents import read_yaml

SERVICES = Path(__file__).with_name("managed_services.yaml")

Cloud = Literal["aws", "azure", "google"]


class Product(Data):
    """One product, and what runs it; see the comments of `managed_services.yaml`."""

    title: str
    component_type: Literal["database", "middleware"]
    licence: Literal["open", "commercial"]
    network_services: tuple[str, ...] = ()
    clouds: dict[Cloud, str] = Field(default_factory=dict)
    instead: dict[Cloud, str] = Field(default_factory=dict)


class ManagedServices(Data):
    """All of it; see the comments of `managed_services.yaml`."""

    version: int = Field(ge=1)
    as_of: date
    sources: dict[Cloud, str]
    products: dict[str, Product]

    @property
    def seen_by(self) -> dict[str, str]:
        """The product by the name of the network service that shows it."""
        return {service: name for name, one in self.products.items() for service in one.network_services}


@cache
def managed_services() -> ManagedServices:
    """Load the services.

    Raises:
        pydantic.ValidationError: The file that is installed is damaged; every problem is listed.
    """
    return ManagedServices.model_validate(read_yaml(SERVICES.read_text(encoding="utf-8")))
