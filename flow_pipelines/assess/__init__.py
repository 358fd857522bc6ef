"""The Assess flow: what to do with every workload.

Belongs here: one module per phase and what they are made of, pure functions of DataFrames. Does not: what the tables
are (`tables/assess/`), weights (`reference/`), how Dagster runs it.
"""
