"""How edges between assets come about: finding their ends, reading relations, folding connections, telling noise.

Belongs here: the parts of the dependencies phase. Does not: the phase itself (`discovery/dependencies.py`), what
relation types and ports mean (`reference/`).
"""
