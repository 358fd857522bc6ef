"""The dossier: one page per engagement with all that its five flows have found, decided, planned and done.

Belongs here: which parts it has (`parts.py`), how a page is written (`page.py`), putting both together (`build.py`).
Does not: what any part tells, which is in the tables, and when it is written (`dossier_job.py`, `flow dossier`).
"""

from assets_defs.dossier.build import build_dossier

__all__ = ["build_dossier"]
