"""How groups of assets come about: cycles, name conventions, communities of connections.

Belongs here: the parts of `discovery/asset_groups.py`. Does not: the table itself, edges (`discovery/edges/`).
"""
