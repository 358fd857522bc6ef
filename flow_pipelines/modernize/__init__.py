"""The Modernize flow: what static analysis found in code, and the backlogs of what comes after the move.

Belongs here: a room for findings, a room for backlogs, and the gates. Does not: how Dagster runs it
(`assets_defs/modernize.py`), rules and figures (`reference/modernization.py`).
"""
