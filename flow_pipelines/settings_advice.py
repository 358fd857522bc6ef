"""What a person decides about the advice of a language model: whether it is asked, and what that may cost.

Belongs here: the validated model, its defaults and their meaning. Does not: where the model is and the key to it, which
belong to the installation (`resources/advisor.py`): an engagement's settings are kept in tables, a secret is not.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class AdviceSettings(BaseModel):
    """Whether a language model is asked for a second opinion, and the most that a run of a flow may spend on it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["off", "replay", "live"] = Field(
        default="live",
        description="off: nothing is asked; replay: only answers that are kept are used, nothing leaves the machine; "
        "live: what is not kept yet is asked, if the installation names a model.",
    )
    most_requests: int = Field(
        default=50, ge=0, le=10_000, description="Requests of a run, over all its phases, repairs included."
    )
    most_tokens: int = Field(default=200_000, ge=0, le=100_000_000, description="Tokens of a run, over all its phases.")
    most_seconds: float = Field(default=600.0, ge=0, le=86_400, description="Seconds of a run, over all its phases.")
    input_price: float | None = Field(
        default=None, ge=0, description="What a million tokens sent cost, in the currency of the cost settings."
    )
    output_price: float | None = Field(
        default=None, ge=0, description="What a million tokens received cost; costs are told if both prices are set."
    )
