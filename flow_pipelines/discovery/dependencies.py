"""Dependencies: which asset needs which other one, from relations, connection strings and observed connections.

Belongs here: putting the edges of all origins together under one contract. Does not: how edges of one origin come
about, and what is noise (`edges/`).
"""

from __future__ import annotations

import pandas as pd

from flow_pipelines.discovery.edges.connections import connection_edges
from flow_pipelines.discovery.edges.directory import build_directory
from flow_pipelines.discovery.edges.intermediaries import tell_intermediaries
from flow_pipelines.discovery.edges.relations import relation_edges
from flow_pipelines.discovery.edges.services import flag_noise, tell_database_links, tell_shared_services
from flow_pipelines.discovery.edges.stated_links import stated_links
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform, dtype_of
from flow_pipelines.tables.discovery import dependencies

ID_KEY = ["source_id", "target_id", "kind", "origin", "port", "protocol"]


def find_dependencies(
    cleansed_records: pd.DataFrame, inventory: pd.DataFrame, *, scope: Scope, settings: EngagementSettings
) -> pd.DataFrame:
    """Find out who needs whom.

    Relations, connection strings and connections give edges of their own: what is stated and what is observed may
    differ, and both are kept. An end that is no known asset is an external node, whose id follows from its address or
    name. Every relation and connection of which both ends are told is in exactly one edge; an edge of an asset to
    itself is kept and flagged as noise.

    Args:
        cleansed_records: The rows of `discovery/cleansed_records`.
        inventory: The rows of `discovery/inventory`.
        scope: The engagement, for the ids.
        settings: Its noise ports and DNS domains.

    Returns:
        The rows of `discovery/dependencies`.
    """
    directory = build_directory(cleansed_records, inventory, domains=settings.domains)
    stated = relation_edges(cleansed_records, inventory, directory, scope=scope)
    observed = connection_edges(cleansed_records, directory, scope=scope)
    links = stated_links(cleansed_records, inventory, directory, scope=scope)
    edges = pd.concat([_typed(stated), _typed(links), _typed(observed)], ignore_index=True)
    edges = tell_shared_services(flag_noise(edges, settings=settings))
    edges = tell_intermediaries(tell_database_links(edges, inventory), inventory)
    keys = edges[ID_KEY].astype(object).where(edges[ID_KEY].notna(), "")
    edges["dependency_id"] = scope.ids_of("dependency", keys.itertuples(index=False, name=None))
    return conform(edges, dependencies)


def _typed(edges: pd.DataFrame) -> pd.DataFrame:
    """Return the table's columns that the edges have, in its types, so that edges of all origins can be joined."""
    names = [column for column in dependencies.columns if column.name in edges]
    return pd.DataFrame(
        {column.name: edges[column.name].astype(pd.api.types.pandas_dtype(dtype_of(column))) for column in names}
    )
