"""How columns of imported sheets are matched with the canonical attributes; the phase is `attribute_mapping.py`.

Belongs here: evidence from headers and values, its combination, and the assignment of one sheet's columns.
Does not: the data it rests on (`flow_pipelines/reference/`).
"""
