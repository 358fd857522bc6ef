"""Small programmes for the tests of Execute: all tables that its phases read, made by Plan itself where that is quick.

Belongs here: building frames. Does not: expectations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pandas as pd

from flow_pipelines.plan.timeline.timeline import build_timeline
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings, parse_settings

SCOPE = Scope("acme", "dc-exit")
BEGIN = date(2026, 6, 29)
QUICK = "schedule: {effort_seconds: 0.2}"
SIZES = ("storage_used_gib", "storage_allocated_gib", "database_size_gib")
Frames = dict[str, pd.DataFrame]


def id_of(name: str) -> str:
    return SCOPE.id_of("asset", name)


def settings_of(text: str = QUICK) -> EngagementSettings:
    return parse_settings(text, origin="test", today=BEGIN)


@dataclass(frozen=True)
class Workload:
    """A workload of a programme.

    Attributes:
        name: Its name.
        servers: Names of its servers.
        databases: By name of its databases, the server that it is on.
        treatment: Its treatment.
        wave: Its wave.
        effort_days: Its effort.
    """

    name: str
    servers: Sequence[str]
    databases: dict[str, str] = field(default_factory=dict)
    treatment: str = "rehost"
    wave: int | None = 1
    effort_days: float = 10.0


@dataclass(frozen=True)
class Link:
    """A connection, seen in the network if it has a port, else stated."""

    source: str
    target: str
    port: int | None = None
    is_noise: bool = False
    is_database_link: bool = False
    service: str | None = None


def programme(
    *workloads: Workload,
    links: Sequence[Link] = (),
    settings: EngagementSettings | None = None,
    component_treatment: str = "managed_service",
    product: str | None = "mssqlserver",
    provider: str | None = "aws",
    answers: dict[str, str] | None = None,
    facts: dict[str, dict[str, Any]] | None = None,
) -> Frames:
    """Return all tables that the phases of Execute read, of the workloads that are named.

    Args:
        workloads: The plan.
        links: Connections between servers and databases.
        settings: The engagement's.
        component_treatment: Of all databases.
        product: Of all databases.
        provider: The cloud to which all goes.
        answers: For how long the users of a workload may do without it, by its name.
        facts: Columns of the inventory, by name of the asset.
    """
    plan = pd.DataFrame([_planned(one) for one in workloads]).astype({"wave_number": "Int64"})
    inventory = _inventory(workloads, product, facts or {})
    frames = {
        "assess/plan_of_record": plan,
        "discovery/inventory": inventory,
        "discovery/dependencies": dependencies_of(workloads, links),
        "assess/component_treatments": _components(workloads, component_treatment, product),
        "assess/questionnaire_answers": pd.DataFrame(
            [(id_of(name), "downtime", answer) for name, answer in (answers or {}).items()],
            columns=["workload_id", "question", "answer"],
        ),
        "plan/targets": _targets(inventory, provider),
        "plan/database_targets": pd.DataFrame(columns=["component_id", "provider", "region", "is_chosen"]),
        "plan/landing_zone": pd.DataFrame(columns=["kind", "address_range", "source_entity_ids"]),
    }
    ready = {"step_type": "landing_zone_ready", "start_date": date(2026, 7, 10), "end_date": date(2026, 7, 10)}
    components = frames["assess/component_treatments"]
    roadmap = pd.DataFrame([ready])
    made = build_timeline(plan, roadmap, inventory, components, scope=SCOPE, settings=settings or settings_of())
    return frames | {"plan/timeline": made.tasks}


def _planned(one: Workload) -> dict[str, Any]:
    return {
        "workload_id": id_of(one.name),
        "workload_name": one.name,
        "treatment": one.treatment,
        "wave_number": one.wave,
        "owner": f"Owner of {one.name}",
        "start_date": BEGIN + timedelta(weeks=4 * (one.wave - 1)) if one.wave else None,
        "cutover_date": BEGIN + timedelta(weeks=4 * one.wave, days=5) if one.wave else None,
        "server_count": len(one.servers),
        "effort_days": one.effort_days,
        "source_entity_ids": [id_of(name) for name in (*one.servers, *one.databases)],
    }


def _inventory(workloads: Sequence[Workload], product: str | None, facts: dict[str, dict[str, Any]]) -> pd.DataFrame:
    servers = dict.fromkeys(name for one in workloads for name in one.servers)
    databases = dict.fromkeys(name for one in workloads for name in one.databases)
    rows = [
        {
            "asset_id": id_of(name),
            "asset_type": kind,
            "name": name,
            "host_name": name if kind == "server" else None,
            "fqdn": None,
            "ip_addresses": [f"10.1.{place // 250}.{place % 250 + 1}"] if kind == "server" else [],
            "storage_used_gib": 100.0 if kind == "server" else None,
            "storage_allocated_gib": None,
            "database_size_gib": 50.0 if kind == "database" else None,
            "database_product": product if kind == "database" else None,
            "os_product": "rhel" if kind == "server" else None,
            "owner": None,
            "owner_email": None,
            **facts.get(name, {}),
        }
        for kind, names in (("server", servers), ("database", databases))
        for place, name in enumerate(names)
    ]
    return pd.DataFrame(rows).astype(dict.fromkeys(SIZES, "Float64"))


def dependencies_of(workloads: Sequence[Workload], links: Sequence[Link]) -> pd.DataFrame:
    """Return the dependencies of a programme: which database is on which server, and the connections."""
    hosting = [(name, host) for one in workloads for name, host in one.databases.items()]
    rows = [
        {
            "source_id": id_of(one.source),
            "source_name": one.source,
            "source_is_external": False,
            "target_id": id_of(one.target),
            "target_name": one.target,
            "target_is_external": False,
            "kind": kind,
            "origin": "cmdb" if one.port is None else "network",
            "port": one.port,
            "protocol": "tcp" if one.port else None,
            "service": one.service,
            "is_database_link": one.is_database_link,
            "confidence": 0.9,
            "is_noise": one.is_noise,
        }
        for kind, one in [
            *(("runs_on", Link(name, host)) for name, host in hosting),
            *(("depends_on" if one.port is None else "connects_to", one) for one in links),
        ]
    ]
    columns = list(rows[0]) if rows else list(_EDGE)
    return pd.DataFrame(rows, columns=columns).astype({"port": "Int64"})


_EDGE = (
    "source_id", "source_name", "source_is_external", "target_id", "target_name", "target_is_external", "kind",
    "origin", "port", "protocol", "service", "is_database_link", "confidence", "is_noise",
)  # fmt: skip


def _components(workloads: Sequence[Workload], treatment: str, product: str | None) -> pd.DataFrame:
    names = dict.fromkeys(name for one in workloads for name in one.databases)
    users = {name: [id_of(one.name) for one in workloads if name in one.databases] for name in names}
    rows = [
        (SCOPE.id_of("component", name), "database", product, treatment, users[name], [id_of(name)]) for name in names
    ]
    columns = ["component_id", "component_type", "product", "component_treatment", "workload_ids", "source_entity_ids"]
    return pd.DataFrame(rows, columns=columns)


def _targets(inventory: pd.DataFrame, provider: str | None) -> pd.DataFrame:
    servers = inventory.loc[inventory["asset_type"] == "server", ["asset_id"]]
    return servers.assign(
        provider=provider or "aws", region="eu-central-1", is_windows=False, is_chosen=provider is not None
    )
