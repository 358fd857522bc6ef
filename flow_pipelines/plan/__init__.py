"""The Plan flow: when, by whom, onto what and at what cost every workload moves.

Belongs here: one package per phase, pure functions of DataFrames. Does not: what the tables are (`tables/plan/`), rules
and prices (`reference/`), how Dagster runs it.
"""
