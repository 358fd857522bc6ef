"""How each family of values is cleansed: one module per family, each a function of one cell in its column's light.

Belongs here: what a cell means. Does not: which column holds what (attribute mapping), whole records
(`data_cleansing.py`).
"""
