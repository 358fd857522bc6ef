"""How fairly the people of one client are shared among its engagements.

Belongs here: the view over all published plans of a client. Does not: an engagement's own load (`plan/resource/`),
which no other engagement has a part in.
"""

from __future__ import annotations

from resources.views.declaration import SCOPE_COLUMNS, ControlView


def people_views() -> tuple[ControlView, ...]:
    """Return the view; row security keeps it within one client, as all others."""
    return (
        ControlView(
            name="platform.shared_people",
            comment="One row per engagement, role and week of its current plan: its load beside that of all "
            "engagements of the client that plan the role in that week. Read it by an analyst's login: in the scope of "
            "one engagement there is nothing to compare with.",
            columns={
                **SCOPE_COLUMNS,
                "engagement": "Name of the engagement.",
                "role": "The role.",
                "week": "The week's Monday.",
                "hours_needed": "Person hours that its tasks take.",
                "hours_available": "Person hours that it has.",
                "utilization": "Hours needed as a share of hours available; empty if nobody is there.",
                "client_engagements": "Engagements of the client that plan the role in that week, this one included.",
                "client_utilization": "The same share over all of them.",
                "above_client": "How much busier its people are than the client's on average; below 0 if less. A fair "
                "sharing is 0 for all.",
            },
            query="""
SELECT r.client_account_id, r.engagement_id, e.name AS engagement, r.role, r.week, r.hours_needed, r.hours_available,
       r.utilization, count(*) OVER shared AS client_engagements,
       (sum(r.hours_needed) OVER shared)::double precision / nullif(sum(r.hours_available) OVER shared, 0)
           AS client_utilization,
       r.utilization - (sum(r.hours_needed) OVER shared)::double precision
           / nullif(sum(r.hours_available) OVER shared, 0) AS above_client
  FROM plan.resource_plan r
  JOIN platform.engagements e ON e.id = r.engagement_id AND e.client_account_id = r.client_account_id
WINDOW shared AS (PARTITION BY r.client_account_id, r.role, r.week)
""",
        ),
    )
