"""Reports: planned against actual, and what is to come by what has happened.

Belongs here: forecasts, burn-down, the report of waves and programme, the dossier. Does not: what was told of tasks
(`execute/updates/`), readiness (`execute/overview.py`).
"""
