"""The domain of a cloud migration: pure functions of DataFrames, and the contracts of the tables they fill.

Belongs here: what a phase decides and why. Does not: Dagster, database drivers, the network (`cli/` aside,
which composes every room).
"""
