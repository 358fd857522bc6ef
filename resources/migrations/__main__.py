"""`make migration`: writes the revision that takes the last schema to the declared one.

Belongs here: that one developer's command. Does not: running migrations (`resources/schema.py`).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import make_url

from resources.database import Database
from resources.local_server import OWNER, lease
from resources.schema import configuration, migrate


def write_revision(message: str) -> None:
    """Compare a freshly migrated, empty database with the declaration, and write the difference as a revision."""
    with tempfile.TemporaryDirectory(prefix="flow-migration-") as state, lease(Path(state)) as address:
        owner = Database(make_url(address.url(OWNER, driver="postgresql+psycopg")))
        with owner.transaction() as connection:
            # Without access, which is granted on the declared tables and not on those that are there so far.
            migrate(connection)
            config = configuration(connection)
            known = len(list(ScriptDirectory.from_config(config).walk_revisions()))
            command.revision(config, message, autogenerate=True, rev_id=f"{known + 1:04d}")


if __name__ == "__main__":
    write_revision(sys.argv[1])
