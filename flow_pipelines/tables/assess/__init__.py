"""The tables of the Assess flow, one module per phase.

Belongs here: the modules; importing this package declares their tables. Does not: how the rows come about
(`flow_pipelines/assess/`).
"""

from flow_pipelines.tables.assess import editor, overview, roadmap, treatment, wave_planning

__all__ = ["editor", "overview", "roadmap", "treatment", "wave_planning"]
