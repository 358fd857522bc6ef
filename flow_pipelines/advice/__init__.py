"""A second opinion on what the rules are unsure of: which questions are asked, and what becomes of the answers.

Belongs here: pure functions from a phase's tables to closed questions, and from answers to columns of those tables.
Does not: asking (`resources/advisor.py`), the crews that are asked (`reference/crews.yaml`).
"""
