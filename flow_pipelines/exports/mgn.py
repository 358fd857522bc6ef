"""The inventory that AWS Application Migration Service (MGN) imports: waves, applications and servers in one file.

Belongs here: what is written into its columns. Does not: their names and rules (`reference/export_formats.yaml`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from flow_pipelines.exports.draft import Draft, DraftRow, line
from flow_pipelines.exports.servers import (
    SERVERS_READ,
    going_to,
    moving_servers,
    shared_notices,
    system_family,
    treated_as,
    wave_name,
)
from flow_pipelines.reference.export_formats import export_formats
from flow_pipelines.settings import EngagementSettings

READS = SERVERS_READ
CLOUD = "aws"


def mgn_rows(frames: Mapping[str, pd.DataFrame], *, settings: EngagementSettings, wave: int | None) -> Draft:
    """Return a row per server that is copied to AWS, of all that are copied if none goes there.

    A server's lasting key, which the replication agent is installed with, is its asset id. What MGN takes as default
    is left empty: the account that imports, the launch template's network.
    """
    treatments = export_formats().formats["mgn"].treatments
    servers, others = treated_as(moving_servers(frames, wave=wave, provider=CLOUD), treatments)
    going, notices = going_to(servers, CLOUD)
    account = settings.landing_zone.aws_account or ""
    rows = [_row(server, account) for server in going.to_dict("records")]
    return Draft(rows, [*others, *notices, *shared_notices(going)])


def _row(server: Mapping[Any, Any], account: str) -> DraftRow:
    name, wave = line(server["server_name"]), wave_name(server["wave_number"])
    return DraftRow(
        name,
        {
            "mgn:account-id": account,
            "mgn:region": line(server["region"]),
            "mgn:wave:name": wave,
            "mgn:wave:tag:Wave": wave,
            "mgn:app:name": line(server["workload_name"]),
            "mgn:app:tag:App": line(server["workload_name"]),
            "mgn:app:description": line(server["treatment"]),
            "mgn:server:user-provided-id": line(server["asset_id"]),
            "mgn:server:platform": line(system_family(line(server["operating_system"]))),
            "mgn:server:tag:Name": name,
            "mgn:server:fqdn-for-action-framework": line(server["fqdn"]) or line(server["host_name"]) or name,
            "mgn:launch:instance-type": line(server["instance_type"]),
        },
    )
