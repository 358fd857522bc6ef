"""How Dagster runs the domain: assets, gates, jobs, sensors, schedules, the run coordinator.

Belongs here: thin shells around domain functions, and policy that is applied once for all of them. Does not:
decisions about migrations (`flow_pipelines/`), talking to the outside world (`resources/`).
"""
