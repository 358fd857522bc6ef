"""The Discovery flow: from messy exports to one inventory with its dependencies and its debt.

Belongs here: one module per phase, each a set of pure functions of DataFrames, and the readers of files. Does not:
what the tables are (`tables/discovery.py`), facts and vocabularies (`reference/`), how Dagster runs it.
"""
