"""The tables of the Modernize flow, one module per kind.

Belongs here: the modules; importing this package declares their tables. Does not: how the rows come about
(`flow_pipelines/modernize/`).
"""

from flow_pipelines.tables.modernize import backlogs, findings

__all__ = ["backlogs", "findings"]
