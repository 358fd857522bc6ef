"""The Plan flow: who does what when, on which target, at what cost.

Belongs here: what Plan's phases compute, as pure functions. Does not: tables (`tables/plan/`) and Dagster's shells.
"""
