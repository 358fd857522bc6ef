"""`make migration`: writes the revision that takes the last schema to the declared one.

Belongs here: that one developer's command. Does not: running migrations (`resources/schema.py`).
"""

from __future__ import annotations

import os
import sys
import tempfile

from alembic import command
from alembic.script import ScriptDirectory

from resources.installation import open_installation
from resources.schema import configuration


def write_revision(message: str) -> None:
    """Compare a freshly migrated, empty database with the declaration, and write the difference as a revision."""
    with tempfile.TemporaryDirectory(prefix="flow-migration-") as state:
        os.environ["FLOW_STATE"] = state
        with open_installation() as installation, installation.owner.transaction() as connection:
            config = configuration(connection)
            known = len(list(ScriptDirectory.from_config(config).walk_revisions()))
            command.revision(config, message, autogenerate=True, rev_id=f"{known + 1:04d}")


if __name__ == "__main__":
    write_revision(sys.argv[1])
