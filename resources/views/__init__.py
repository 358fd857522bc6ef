"""The views of the schema `platform`: the mission's control tables and the analytics over all flows.

Belongs here: their queries and the meaning of their columns, one module per kind. Does not: the tables they read
(`control_tables.py`, `event_tables.py`), and who may see them (`access.py`).
"""
