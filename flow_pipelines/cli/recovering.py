"""Mending, at the start of the services, what killed processes left of any engagement.

Belongs here: going through the engagements. Does not: what is mended (`assets_defs/recovery.py`).
"""

from __future__ import annotations

from assets_defs.instance import open_instance
from assets_defs.partitions import registered
from assets_defs.recovery import recover
from resources.installation import Installation


def recover_all(installation: Installation) -> list[str]:
    """Mend every engagement; returns what was found, one sentence each."""
    with open_instance(installation) as instance:
        return [
            sentence for scope in registered(instance) for sentence in recover(installation.database, instance, scope)
        ]
