"""What a person says about costs: what servers cost now, what moving them costs, and how the cloud is paid.

Belongs here: the validated model, its defaults and their meaning. Does not: the clouds' prices (`reference/`) and the
business case itself (`plan/target/business_case.py`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Money = Annotated[float, Field(ge=0, le=1_000_000_000)]


class CostSettings(BaseModel):
    """Rates of the business case, in USD. All defaults are assumptions, to be replaced by the client's own figures."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    server_now_usd_month: Money = Field(
        default=250.0, description="What a server costs now in a month: hardware, room, power, licences and operation."
    )
    storage_now_usd_gib_month: Money = Field(default=0.10, description="What a GiB of storage costs now in a month.")
    server_after_usd_month: Money = Field(
        default=60.0, description="What it costs to operate a server in the cloud, besides what the cloud charges."
    )
    person_day_usd: Money = Field(default=900.0, description="What a person day of the migration costs.")
    parallel_months: float = Field(
        default=1.0, ge=0, le=60, description="For how many months a server is paid for at both places."
    )
    commitment: Literal["on_demand", "one_year", "three_year"] = Field(
        default="on_demand", description="How machines in the cloud are paid for."
    )
    egress_gib_server_month: float = Field(
        default=50.0, ge=0, le=1_000_000, description="GiB that a server sends out of the cloud in a month."
    )
    egress_usd_gib: Money = Field(default=0.09, description="What a GiB out of the cloud costs.")
    backup_share: float = Field(
        default=1.0, ge=0, le=100, description="GiB of backups that are kept for each GiB of storage."
    )
    backup_usd_gib_month: Money = Field(default=0.05, description="What a GiB of backups costs in a month.")
    # Azure's own SQL licence of 0.1 and 0.375 USD an hour and vCore (infracost testdata, mssql_managed_instance and
    # mssql_database, 2026-08-21), which is assumed of all clouds.
    sql_server_standard_usd_vcpu_month: Money = Field(
        default=73.0, description="What SQL Server Standard on a machine costs for each processor."
    )
    sql_server_enterprise_usd_vcpu_month: Money = Field(default=273.75, description="The same for Enterprise.")
