"""The tables of the Plan flow, one module per phase.

Belongs here: the modules; importing this package declares their tables. Does not: how the rows come about
(`flow_pipelines/plan/`).
"""

from flow_pipelines.tables.plan import overview, resource, target, timeline

__all__ = ["overview", "resource", "target", "timeline"]
