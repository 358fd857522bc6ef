"""What a person decides about the targets of servers.

Belongs here: the validated model, its defaults and their meaning. Does not: the clouds to move to, which are
`EngagementSettings.targets`, and the sizing itself (`plan/target/`).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Discount = Annotated[float, Field(ge=0, lt=1)]
Provider = Literal["aws", "azure", "google"]


class ProviderTarget(BaseModel):
    """Where in one cloud servers go, and what a commitment saves there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Provider = Field(description="The cloud.")
    region: str = Field(min_length=1, description="Its region, as the catalogue of instance types writes it.")
    allowed_families: tuple[str, ...] = Field(default=(), description="Families to choose from; all if empty.")
    forbidden_families: tuple[str, ...] = Field(default=(), description="Families never to choose.")
    one_year_discount: Discount = Field(
        description="Share of the compute price that a commitment of one year saves; not of licences."
    )
    three_year_discount: Discount = Field(description="The same for three years.")

    @model_validator(mode="after")
    def _families_are_allowed_or_forbidden(self) -> Self:
        both = sorted(set(self.allowed_families) & set(self.forbidden_families))
        if both:
            raise ValueError(f"{self.provider}: {', '.join(both)} can't be both allowed and forbidden")
        return self


# The discounts are assumptions: round figures below what the vendors' savings plans and reservations advertise.
DEFAULT_PROVIDERS = (
    ProviderTarget(provider="aws", region="us-east-1", one_year_discount=0.27, three_year_discount=0.45),
    ProviderTarget(provider="azure", region="eastus", one_year_discount=0.27, three_year_discount=0.45),
    ProviderTarget(provider="google", region="us-central1", one_year_discount=0.27, three_year_discount=0.45),
)


class TargetSettings(BaseModel):
    """How servers are sized for the cloud."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    providers: tuple[ProviderTarget, ...] = Field(
        default=(), description="The clouds to compare, each with its region; all three in their usual one if empty."
    )
    basis: Literal["as_is", "peak", "percentile_95"] = Field(
        default="as_is",
        description="What a server needs: what it has, or its peak or 95th percentile use; what it has if not known.",
    )
    cpu_comfort_factor: float = Field(
        default=1.3, ge=1, le=10, description="By how much to exceed the CPU use; not applied to as_is."
    )
    memory_comfort_factor: float = Field(
        default=1.2, ge=1, le=10, description="By how much to exceed the memory use; not applied to as_is."
    )
    windows_licence: Literal["included", "own"] = Field(
        default="included", description="Whether the price includes Windows, or licences are brought along."
    )
    sql_server_licence: Literal["included", "own"] = Field(
        default="included", description="The same for SQL Server, on machines and as a managed service."
    )
    allow_burstable: bool = Field(default=True, description="Whether types whose CPU is shared may be chosen.")

    @model_validator(mode="after")
    def _providers_are_named_once(self) -> Self:
        names = [one.provider for one in self.providers]
        if len(set(names)) < len(names):
            raise ValueError("a provider is named twice")
        return self

    @property
    def clouds(self) -> tuple[ProviderTarget, ...]:
        """The clouds to compare."""
        return self.providers or DEFAULT_PROVIDERS
