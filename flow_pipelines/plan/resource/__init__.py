"""Resources: what the timeline asks of people, and what would mend it.

Belongs here: load, cost and remedies by role. Does not: when tasks are done (`plan/timeline/`).
"""
