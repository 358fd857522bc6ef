"""What the servers that move cost: the steps from their targets to the business case, in order.

Belongs here: which step comes after which, for all who tell costs. Does not: the steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from flow_pipelines.edits import Edit
from flow_pipelines.plan.target.business_case import build_business_case
from flow_pipelines.plan.target.licences import with_sql_server
from flow_pipelines.plan.target.storage import build_storage_targets
from flow_pipelines.plan.target.targets import build_targets
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings


@dataclass(frozen=True)
class Costs:
    """The rows of `plan/targets` with their licences, of `plan/storage_targets` and of `plan/business_case`."""

    targets: pd.DataFrame
    storage: pd.DataFrame
    case: pd.DataFrame


def find_costs(
    inventory: pd.DataFrame,
    dependencies: pd.DataFrame,
    plan: pd.DataFrame,
    components: pd.DataFrame,
    *,
    scope: Scope,
    settings: EngagementSettings,
    edits: Iterable[Edit] = (),
) -> Costs:
    """Find the targets of every server that moves, their storage and licences, and what that comes to.

    Args:
        inventory: The rows of `discovery/inventory`.
        dependencies: The rows of `discovery/dependencies`.
        plan: The rows of `assess/plan_of_record`.
        components: The rows of `assess/component_treatments`.
        scope: The engagement.
        settings: Its settings.
        edits: People's edits of `plan/targets` that count; without them all is as nobody chose.

    Raises:
        ContractError: The catalogue has nothing for a region of the settings.
    """
    found = build_targets(inventory, plan, scope=scope, settings=settings, edits=edits)
    targets = with_sql_server(found, components, inventory, dependencies, settings)
    storage = build_storage_targets(inventory, targets, scope=scope, settings=settings.sizing)
    case = build_business_case(inventory, plan, targets, storage, scope=scope, settings=settings.costs)
    return Costs(targets, storage, case)
