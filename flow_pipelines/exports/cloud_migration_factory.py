"""The intake form of AWS Cloud Migration Factory (CMF): one row makes a wave, an application and a server.

Belongs here: what is written into its columns. Does not: their names and rules (`reference/export_formats.yaml`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from flow_pipelines.exports.draft import Draft, DraftRow, line
from flow_pipelines.exports.servers import (
    SERVERS_READ,
    elsewhere_notices,
    moving_servers,
    shared_notices,
    system_family,
    wave_name,
)
from flow_pipelines.reference.export_formats import export_formats
from flow_pipelines.settings import EngagementSettings

READS = SERVERS_READ
CLOUD = "aws"


def cloud_migration_factory_rows(
    frames: Mapping[str, pd.DataFrame], *, settings: EngagementSettings, wave: int | None
) -> Draft:
    """Return a row per server that goes to AWS."""
    servers = moving_servers(frames, wave=wave, provider=CLOUD)
    going = servers[servers["is_chosen"].astype(bool)]
    account = settings.landing_zone.aws_account or ""
    rows = [_row(server, account) for server in going.to_dict("records")]
    return Draft(rows, [*elsewhere_notices(servers, CLOUD), *shared_notices(going)])


def _row(server: Mapping[Any, Any], account: str) -> DraftRow:
    name, system = line(server["server_name"]), line(server["operating_system"])
    family = system_family(system)
    known = export_formats().system_families
    return DraftRow(
        name,
        {
            "wave_name": wave_name(server["wave_number"]),
            "app_name": line(server["workload_name"]),
            "aws_region": line(server["region"]),
            "aws_accountid": account,
            "server_name": name,
            "server_os_family": family.casefold() if family in known else line(family),
            "server_os_version": " ".join(filter(None, (system, line(server["os_version"])))),
            "server_fqdn": line(server["fqdn"]) or line(server["host_name"]) or name,
            "server_tier": line(server["application_role"]),
            "server_environment": line(server["environment"]),
            "r_type": export_formats().formats["cmf"].words["r_type"][server["treatment"]],
            "instanceType": line(server["instance_type"]),
        },
    )
