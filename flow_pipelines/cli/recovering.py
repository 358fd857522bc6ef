"""Mending, while the services run, what killed processes left of any engagement.

Belongs here: going through the engagements. Does not: what is mended (`assets_defs/recovery.py`).
"""

from __future__ import annotations

from rich.console import Console

from assets_defs.instance import open_instance
from assets_defs.partitions import registered
from assets_defs.recovery import recover
from flow_pipelines.errors import FlowError
from resources.installation import Installation


def recover_all(installation: Installation, log: Console) -> None:
    """Mend every engagement and say what was found; trouble with one does not keep the others waiting."""
    with open_instance(installation) as instance:
        for scope in registered(instance):
            try:
                found = recover(installation.database, instance, scope)
            except FlowError as error:
                found = [f"{scope} could not be looked at: {error}"]
            for sentence in found:
                log.print(sentence, markup=False)
