"""Files that belong to a table's current version and don't fit into it, such as pictures: under the state folder.

Belongs here: writing them, one engagement at a time. Does not: what they show.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flow_pipelines.scope import Scope

FOLDER = "artefacts"


@dataclass(frozen=True)
class Artefacts:
    """The artefacts of all engagements: `<root>/<client>/<engagement>/<flow>/<table>/<name>`."""

    root: Path

    def replace(self, scope: Scope, table_key: str, files: Mapping[str, str | bytes]) -> dict[str, Path]:
        """Write a table's files, and remove those of an earlier version that are not among them.

        Args:
            scope: The engagement.
            table_key: The table, flow/table.
            files: Text, written as UTF-8, or bytes by name of the file; a name is of the program's own making, never
                of imported text.

        Returns:
            Their paths by name.
        """
        folder = self.root / scope.client / scope.engagement / table_key
        written = {}
        for name, content in files.items():
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / name
            # A reader sees the old file or the new one, whole.
            unfinished = path.with_name(f".{name}.{os.getpid()}")
            unfinished.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
            unfinished.replace(path)
            written[name] = path
        for path in folder.glob("*"):
            if path not in written.values():
                path.unlink(missing_ok=True)
        return written
