"""The Execute flow: tasks, cutovers and progress against the plan.

Belongs here: one room per phase, and what they share. Does not: how Dagster runs it (`assets_defs/`).
"""
