"""Tech debt: what of an estate is past support, not taken by its target, old, idle, alone or in the open.

Belongs here: putting the kinds of debt together under one contract. Does not: finding debt of one kind, and what it
weighs (`debt/`).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from flow_pipelines.discovery.debt.end_of_life import end_of_life_findings
from flow_pipelines.discovery.debt.findings import joined, labels, scores, severities
from flow_pipelines.discovery.debt.graph import orphans, single_points_of_failure, weak_protocol_findings
from flow_pipelines.discovery.debt.machines import hardware_findings, utilization_findings
from flow_pipelines.discovery.debt.products_in_use import products_in_use
from flow_pipelines.discovery.debt.scores import debt_scores
from flow_pipelines.discovery.debt.targets import target_findings
from flow_pipelines.reference.end_of_life import EndOfLifeFacts, installed_facts
from flow_pipelines.reference.tech_debt_weights import tech_debt_weights
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.discovery import cleansed_records as cleansed_table
from flow_pipelines.tables.discovery import debt_scores as scores_table
from flow_pipelines.tables.discovery import dependencies as dependencies_table
from flow_pipelines.tables.discovery import tech_debt


@dataclass(frozen=True)
class TechDebt:
    """What the phase finds.

    Attributes:
        findings: The rows of `discovery/tech_debt`.
        scores: The rows of `discovery/debt_scores`.
    """

    findings: pd.DataFrame
    scores: pd.DataFrame


def find_tech_debt(
    inventory: pd.DataFrame,
    dependencies: pd.DataFrame | None = None,
    cleansed_records: pd.DataFrame | None = None,
    *,
    scope: Scope,
    settings: EngagementSettings,
    facts: EndOfLifeFacts | None = None,
) -> TechDebt:
    """Find the debt of an estate, and score its assets and applications by it.

    Every finding names the fact that it rests on, where that comes from, and what to do. What a source does not say
    makes no finding: that gap is a matter of the data's quality.

    Args:
        inventory: The rows of `discovery/inventory`.
        dependencies: The rows of `discovery/dependencies`; none if not given.
        cleansed_records: The rows of `discovery/cleansed_records`, whose custom attributes and processes name
            software; none if not given.
        scope: The engagement, for the ids.
        settings: Its as-of date, its horizon for near and its targets.
        facts: The end-of-life facts; the installed ones if not given.

    Returns:
        Findings, unique by asset, category and what they are about; and one score per asset.
    """
    inventory, facts = inventory.reset_index(drop=True), facts or installed_facts()
    edges = empty(dependencies_table) if dependencies is None else dependencies
    records = empty(cleansed_table) if cleansed_records is None else cleansed_records
    categories = dict(zip(facts.rows["product"], facts.rows["category"], strict=True))
    products = products_in_use(inventory, edges, records, known=facts.known_cycle, categories=categories)
    found = joined(
        [
            end_of_life_findings(products, facts, as_of=settings.as_of, near_days=settings.near_end_of_life_days),
            target_findings(inventory, settings.targets),
            hardware_findings(inventory, settings.as_of),
            utilization_findings(inventory),
            single_points_of_failure(inventory, edges),
            orphans(inventory, edges),
            weak_protocol_findings(edges),
        ]
    )
    findings = _weighed(found, inventory, scope=scope, settings=settings)
    scored = debt_scores(inventory, edges, findings, listed=products, has_targets=bool(settings.targets))
    return TechDebt(findings, conform(scored, scores_table))


def _weighed(
    found: pd.DataFrame, inventory: pd.DataFrame, *, scope: Scope, settings: EngagementSettings
) -> pd.DataFrame:
    assets = pd.DataFrame(
        {
            "asset_id": inventory["asset_id"],
            "asset_name": labels(inventory),
            "asset_type": inventory["asset_type"],
            **{attribute: inventory[attribute] for attribute in tech_debt_weights().factors},
        }
    ).astype({"asset_id": object})
    findings = found.merge(assets, on="asset_id")
    findings["score"] = scores(findings)
    findings["severity"] = severities(findings["score"])
    findings["as_of"] = settings.as_of
    end_of_life = pd.to_datetime(findings["end_of_life"])
    findings["days_past_end_of_life"] = (pd.Timestamp(settings.as_of) - end_of_life).dt.days
    keys = findings[["asset_id", "category", "subject"]].itertuples(index=False, name=None)
    findings["finding_id"] = scope.ids_of("finding", keys)
    return conform(findings[[column.name for column in tech_debt.columns]], tech_debt)
