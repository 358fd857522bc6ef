"""Alembic's migrations of the schema, frozen once released; `resources/schema.py` runs them on start."""
