"""The outside world: the database and its server, snapshots, what lands.

Belongs here: everything that the domain's functions must not know because it has a state, an address or a failure of
its own. Does not: decisions about rows (`flow_pipelines`) and how Dagster runs them (`assets_defs`).
"""
