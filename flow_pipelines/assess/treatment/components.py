"""What to do with databases and middleware: take them as a service of the cloud or not.

Belongs here: which components there are, the evidence about each, and their rows. Does not: the rules
(`reference/component_rules.yaml`) and what the clouds offer (`reference/managed_services.yaml`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from flow_pipelines.assess.treatment.decision import CompiledRules, compile_rules
from flow_pipelines.assess.treatment.evidence import Evidence
from flow_pipelines.assess.treatment.facts import PLACE, gather_facts
from flow_pipelines.assess.treatment.scoring import score_options
from flow_pipelines.assess.treatment.wording import Voice
from flow_pipelines.reference.managed_services import Cloud, managed_services
from flow_pipelines.reference.rulebook import answer_sources, component_rules
from flow_pipelines.scope import Scope
from flow_pipelines.tables.assess.treatment import component_treatments
from flow_pipelines.tables.contract import conform, empty

CLOUDS: tuple[Cloud, ...] = ("aws", "azure", "google")
DATABASE, MIDDLEWARE = "database", "middleware"
HOSTING = ("runs_on", "hosted_on")
COMPONENT = ["asset_id", "component_type", "product"]


@dataclass(frozen=True)
class Estate:
    """What is known when the components are treated.

    Attributes:
        overview: The rows of `assess/assessment_overview`.
        inventory: The rows of `discovery/inventory`.
        dependencies: The rows of `discovery/dependencies`.
        tech_debt: The rows of `discovery/tech_debt`.
        parts: Which asset is a part of which workload: place (row of the overview), workload_id, asset_id.
        treatments: The rows of `assess/treatments`, people's corrections included.
        answers: The answers to the questionnaire, one row per workload (`place`), one column per question.
        targets: The clouds that are chosen.
    """

    overview: pd.DataFrame
    inventory: pd.DataFrame
    dependencies: pd.DataFrame
    tech_debt: pd.DataFrame
    parts: pd.DataFrame
    treatments: pd.DataFrame
    answers: pd.DataFrame
    targets: Sequence[Cloud]


def treat_components(estate: Estate, *, scope: Scope) -> pd.DataFrame:
    """Choose the treatment of every database, and of middleware that findings or connections show on a server.

    Args:
        estate: What is known.
        scope: The engagement.

    Returns:
        The rows of `assess/component_treatments`.
    """
    components = find_components(estate)
    if components.empty:
        return empty(component_treatments)
    rules, clouds = _rules(), tuple(estate.targets) or CLOUDS
    facts = gather_facts(rules.book.facts | answer_sources(), _evidence(estate, components, clouds), len(components))
    said = {name: source.says for name, source in (rules.book.facts | answer_sources()).items()}
    voice = Voice(rules, said, f"component rules {rules.book.version}")
    rows = score_options(voice, facts).rename(columns={"option": "component_treatment"})
    rows = components.join(rows.drop(columns=["rules_fired", "rules_unknown", "most_wanted_fact"]))
    rows["confidence"] = rows["confidence"].round(3)
    rows["component_id"] = scope.ids_of(
        "component", zip(rows["asset_id"], rows["component_type"], rows["product"].fillna(""), strict=True)
    )
    rows["managed_services"] = _offers(rows["product"], clouds, "clouds")
    rows["substitutes"] = _offers(rows["product"], clouds, "instead")
    rows["services_as_of"] = managed_services().as_of
    rows["source_entity_ids"] = [[asset] for asset in rows["asset_id"]]
    columns = [column.name for column in component_treatments.columns if column.name in rows]
    return conform(rows[columns], component_treatments)


def find_components(estate: Estate) -> pd.DataFrame:
    """Return the components, sorted by asset and product.

    A database is an asset of its own; of a product that a database on a server is known to be, the server shows no
    further component.

    Returns:
        asset_id, component_type, product, component_name, edition, size_gib, environment, licence, workload_ids.
    """
    assets = estate.inventory.astype({"asset_id": object}).set_index("asset_id", drop=False).rename_axis(None)
    databases = assets.loc[assets["asset_type"] == DATABASE, ["asset_id", "database_product"]].astype(object)
    databases = databases.rename(columns={"database_product": "product"}).assign(component_type=DATABASE)
    seen = pd.concat([_found_on(estate), _reached_on(estate, assets)]).drop_duplicates(["asset_id", "product"])
    seen = _without(seen, _hosted(estate, databases))
    found = pd.concat([databases[COMPONENT], seen[COMPONENT]], ignore_index=True)
    memberships = estate.parts[["asset_id", "workload_id"]].sort_values(["asset_id", "workload_id"])
    workloads = (
        memberships[memberships["asset_id"].isin(found["asset_id"])].groupby("asset_id")["workload_id"].agg(list)
    )
    found["workload_ids"] = found["asset_id"].map(workloads)
    found = found[found["workload_ids"].notna()].sort_values(["asset_id", "product"], ignore_index=True)
    of_asset = assets.loc[found["asset_id"]].reset_index(drop=True)
    names = (
        of_asset[["name", "host_name", "fqdn", "asset_id"]]
        .astype(object)
        .bfill(axis="columns")
        .iloc[:, 0]
        .astype(object)
    )
    titles = found["product"].map(_title, na_action="ignore").astype(object)
    is_database = found["component_type"] == DATABASE
    return found.assign(
        component_name=names.where(is_database & titles.isna(), names + " (" + titles.fillna("unknown") + ")"),
        edition=of_asset["database_edition"].where(is_database),
        size_gib=of_asset["database_size_gib"].where(is_database),
        environment=of_asset["environment"],
        licence=found["product"].map({name: one.licence for name, one in managed_services().products.items()}),
    )


def _found_on(estate: Estate) -> pd.DataFrame:
    debt = estate.tech_debt[(estate.tech_debt["category"] == MIDDLEWARE) & estate.tech_debt["product"].notna()]
    return debt[["asset_id", "product"]].astype(object).assign(component_type=MIDDLEWARE)


def _reached_on(estate: Estate, assets: pd.DataFrame) -> pd.DataFrame:
    """Return what connections show on servers."""
    edges = estate.dependencies
    edges = edges[~edges["is_noise"].astype(bool) & ~edges["target_is_external"].astype(bool)]
    products = managed_services().products
    seen = pd.DataFrame(
        {"asset_id": edges["target_id"], "product": edges["service"].map(managed_services().seen_by)}, dtype=object
    ).dropna()
    seen = seen[seen["asset_id"].isin(assets.loc[assets["asset_type"] == "server", "asset_id"])]
    return seen.assign(component_type=seen["product"].map(lambda product: products[product].component_type))


def _hosted(estate: Estate, databases: pd.DataFrame) -> pd.DataFrame:
    """Return the server and the product of each database of which it is known where it runs."""
    edges = estate.dependencies
    runs = edges.loc[edges["kind"].isin(HOSTING), ["source_id", "target_id"]].astype(object)
    hosted = databases.merge(runs, left_on="asset_id", right_on="source_id")
    return hosted[["target_id", "product"]].rename(columns={"target_id": "asset_id"})


def _without(rows: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    keys = ["asset_id", "product"]
    return rows[~pd.MultiIndex.from_frame(rows[keys]).isin(pd.MultiIndex.from_frame(others[keys].dropna()))]


def _title(product: str) -> str:
    known = managed_services().products.get(product)
    return known.title if known else product


def _evidence(estate: Estate, components: pd.DataFrame, clouds: Sequence[Cloud]) -> Evidence:
    placed = components.assign(**{PLACE: range(len(components))})
    memberships = (
        placed[[PLACE, "workload_ids"]].explode("workload_ids").rename(columns={"workload_ids": "workload_id"})
    )
    criticality = estate.overview.set_index("workload_id")["criticality"]
    workloads = memberships.merge(estate.treatments[["workload_id", "treatment"]], on="workload_id")
    findings = estate.tech_debt[["asset_id", "category", "status", "product"]].astype(object)
    findings = findings.assign(finding=findings["category"] + "/" + findings["status"])
    # A database's findings are about it; a server's are about many things, so that the product decides.
    own = placed[[PLACE, "asset_id", "component_type", "product"]].merge(
        findings, on="asset_id", suffixes=("", "_found")
    )
    own = own[(own["component_type"] == DATABASE) | (own["product"] == own["product_found"])]
    return {
        "component": placed,
        "workloads": workloads.assign(criticality=workloads["workload_id"].map(criticality).astype(object)),
        "answers": memberships.merge(estate.answers.drop(columns=PLACE), on="workload_id"),
        "findings": own,
        "with_service": _clouds(placed, clouds, "clouds", offered=True),
        "without_service": _clouds(placed, clouds, "clouds", offered=False),
        "with_substitute": _clouds(placed, clouds, "instead", offered=True),
    }


def _clouds(placed: pd.DataFrame, clouds: Sequence[Cloud], offer: str, *, offered: bool) -> pd.DataFrame:
    """Return the clouds that run a component's product, or do not; of an unknown product it is unknown."""
    rows: list[tuple[int, str | None]] = []
    for place, product in zip(placed[PLACE], placed["product"], strict=True):
        known = managed_services().products.get(product)
        run_by = getattr(known, offer) if known else {}
        told = [cloud for cloud in clouds if (cloud in run_by) == offered]
        rows += [(place, cloud) for cloud in told] if known else [(place, None)]
    return pd.DataFrame(rows, columns=[PLACE, "cloud"]).astype({PLACE: "int64", "cloud": object})


def _offers(products: pd.Series[Any], clouds: Sequence[Cloud], offer: str) -> list[list[str]]:
    known = managed_services().products
    offers = {name: getattr(one, offer) for name, one in known.items()}
    return [[f"{cloud}: {offers[one][cloud]}" for cloud in clouds if cloud in offers.get(one, {})] for one in products]


@cache
def _rules() -> CompiledRules:
    return compile_rules(component_rules())
