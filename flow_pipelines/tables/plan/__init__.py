"""The tables of the Plan flow, one module per phase.

Belongs here: the modules; importing this package declares their tables. Does not: how the rows come about
(`flow_pipelines/plan/`).
"""

from flow_pipelines.tables.plan import databases, landing_zone, overview, resource, target, timeline

__all__ = ["databases", "landing_zone", "overview", "resource", "target", "timeline"]
