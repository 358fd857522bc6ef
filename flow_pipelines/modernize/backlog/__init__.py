"""Backlogs: what is made modern after the move, by which pattern, at what effort, for what value, in which order.

Belongs here: one module per question: which items, which pattern, which figures, which order; and putting them
together. Does not: rules and weights (`reference/modernization_rules.yaml`, `modernization_model.yaml`), progress
(`execute/progress.py`).
"""
