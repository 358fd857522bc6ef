"""The kinds of tech debt, one module each, and the scores that they add up to.

Belongs here: finding debt of one kind and what it weighs. Does not: putting the kinds together (`tech_debt.py`).
"""
