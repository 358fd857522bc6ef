"""The tables of the Execute flow, one module per phase.

Belongs here: the modules; importing this package declares their tables. Does not: how the rows come about
(`flow_pipelines/execute/`).
"""

from flow_pipelines.tables.execute import cutover, overview, reports, tasks, updates

__all__ = ["cutover", "overview", "reports", "tasks", "updates"]
