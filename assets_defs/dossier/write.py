"""Writing an engagement's dossier beside its artefacts.

Belongs here: gathering what it rests on, and where it lies. Does not: what is in it (`build.py`).
"""

from __future__ import annotations

from pathlib import Path

from assets_defs.dossier.build import build_dossier
from flow_pipelines.scope import Scope
from resources.artefacts import FOLDER, Artefacts
from resources.audit_trail import audit_trail
from resources.installation import Installation
from resources.snapshots import SnapshotStore
from resources.tenancy import engagement_settings

NAME = "dossier"


def dossier_of(installation: Installation, scope: Scope) -> str:
    """Return the page of an engagement as it is now.

    Raises:
        ScopeError: There is no such engagement.
    """
    settings = engagement_settings(installation.database, scope)
    store = SnapshotStore(installation.database)
    frames = store.read_all(scope, store.current(scope))
    return build_dossier(scope, frames, audit_trail(installation.database, scope), settings)


def write_dossier(installation: Installation, scope: Scope) -> Path:
    """Write the page of an engagement to its artefacts, and return where it lies."""
    files = {f"{NAME}.html": dossier_of(installation, scope)}
    return Artefacts(installation.state / FOLDER).replace(scope, NAME, files)[f"{NAME}.html"]
