"""Carrying a rollback out from the command line: its impact, the run that moves the pointers, the check after it.

Belongs here: the order of those steps. Does not: options and printing (`rolling_back.py`), the impact
(`resources/rollback_impact.py`) and the other steps themselves.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

from assets_defs.definitions import ROLLBACK_JOB, phase_plans
from assets_defs.instance import open_instance
from assets_defs.run_coordinator import ROLLBACK_TAG
from flow_pipelines.cli.run_flow import alone, execute_job, failure_of, titles_of
from flow_pipelines.scope import Scope
from resources.installation import Installation
from resources.integrity import integrity_problems
from resources.rollback_impact import Impact
from resources.rollbacks import Request, execute, finish, register, steps_of


@dataclass(frozen=True)
class Done:
    """A rollback that was carried out."""

    rollback_id: UUID | None
    seconds: float
    check_seconds: float
    problems: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Return it as a program reads it."""
        return {
            "rollback_id": self.rollback_id,
            "seconds": round(self.seconds, 3),
            "check_seconds": round(self.check_seconds, 3),
            "integrity_problems": list(self.problems),
        }

    def as_text(self) -> str:
        """Return it in words."""
        if self.rollback_id is None:
            return ""
        held = "; ".join(self.problems) or "content, manifests and references hold"
        return f"Rolled back in {self.seconds:.1f} s, checked in {self.check_seconds:.1f} s: {held}."


def run_rollback(installation: Installation, scope: Scope, request: Request, impact: Impact) -> Done:
    """Carry a rollback out, or finish one to the same point that a killed process left.

    Raises:
        RunError: Something runs for the engagement, or its tables changed since the impact was told.
    """
    database = installation.database
    with open_instance(installation) as instance, alone(database, scope, instance):
        if not impact.moves:
            return Done(None, 0.0, 0.0, ())
        started = time.monotonic()
        rollback_id = register(database, scope, request, impact.moves)
        keys = steps_of([move.table_key for move in impact.moves])
        titles = titles_of([plan for plan in phase_plans() if set(plan.keys) & set(keys)])
        tags = {ROLLBACK_TAG: str(rollback_id)}
        result = execute_job(instance, ROLLBACK_JOB, scope, table_keys=keys, tags=tags, titles=titles)
        if not result.success:
            raise failure_of(result, f"the rollback of {scope} to {request.to}", "the same command")
        moved = time.monotonic()
        moves = execute(database, scope, rollback_id, run_id=result.run_id)
        problems = integrity_problems(database, scope, moves.values())
        finish(database, scope, rollback_id, problems)
        return Done(rollback_id, moved - started, time.monotonic() - moved, tuple(problems))
