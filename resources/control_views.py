"""The mission's control tables, and analytics over all flows, as views over what happened.

Belongs here: which views there are, in the order in which they build on each other. Does not: their queries
(`views/`), and who may see them (`access.py`).
"""

from __future__ import annotations

from resources.views.analytics import analytics_views
from resources.views.declaration import ControlView
from resources.views.entities import entity_views
from resources.views.flows import flow_views
from resources.views.handoffs import handoff_views
from resources.views.people import people_views
from resources.views.source_values import source_value_views

__all__ = ["ControlView", "control_views"]


def control_views() -> tuple[ControlView, ...]:
    """Return the views, each after those that it reads."""
    return (
        *flow_views(),
        *entity_views(),
        *handoff_views(),
        *analytics_views(),
        *source_value_views(),
        *people_views(),
    )
