"""Onto what every server moves, and what it costs there.

Belongs here: what a server needs and the least price that fits it. Does not: the catalogue (`reference/`) and what a
person decides about targets (`settings_target.py`).
"""

from flow_pipelines.plan.target.right_size import first_estimate, right_size

__all__ = ["first_estimate", "right_size"]
