"""Wave planning: which workload moves in which wave, by optimization.

Belongs here: the problem as numbers, solving it, saying what a plan costs and why. Does not: what the tables are
(`tables/assess/wave_planning.py`), rules as data (`reference/wave_rules.yaml`), calendar time (`roadmap/`).
"""
