"""Partitions: one dynamic partition per engagement, named by its scope.

Belongs here: the definition and the one place that registers a key. Does not: validating names
(`flow_pipelines/scope.py`), the tables of tenants (`resources/tenancy.py`).
"""

from __future__ import annotations

from dagster import DagsterInstance, DynamicPartitionsDefinition

from flow_pipelines.scope import Scope

# One dimension: two crossed ones (tenant and engagement) wrote a 16.5 MB automation cursor each tick against
# 0.4 MB at 100 tenants with 500 engagements, and would offer pairs that do not exist.
ENGAGEMENTS = DynamicPartitionsDefinition(name="engagement")


def register(instance: DagsterInstance, scope: Scope) -> None:
    """Make an engagement's partition known to Dagster."""
    instance.add_dynamic_partitions(str(ENGAGEMENTS.name), [scope.partition_key])


def registered(instance: DagsterInstance) -> list[Scope]:
    """Return the engagements known to Dagster, by name."""
    return sorted(Scope.parse(key) for key in instance.get_dynamic_partitions(str(ENGAGEMENTS.name)))
