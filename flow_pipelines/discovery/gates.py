"""What must hold before a table of Discovery is published: nothing lost, nothing invented, nothing dangling.

Belongs here: for each table, a function that lists what does not hold, in words. Does not: column contracts
(`flow_pipelines/tables/contract.py`), which every frame has passed already.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from flow_pipelines.discovery.data_import import ImportResult, check_row_sum
from flow_pipelines.discovery.identity.templates import are_templates
from flow_pipelines.some_of import some_of

# How many offenders a message names: enough to start looking, short enough to read.
NAMED = 5
# Half of the last digit that shares are rounded to.
ROUNDING = 0.00005
# Record types whose rows become edges, and those that are kept and become nothing; the others describe an asset or a
# part of one.
EDGE_RECORD_TYPES = frozenset({"relation", "connection"})
KEPT_RECORD_TYPES = frozenset({"quality_issue"})
DETAIL_RECORD_TYPES = frozenset(
    {
        "server_disk",
        "server_partition",
        "server_network",
        "server_processor",
        "server_memory",
        "server_performance",
        "server_tag",
    }
)


def import_problems(result: ImportResult) -> list[str]:
    """List files and sheets whose rows are not all in exactly one of the two results, or an import of nothing."""
    problems = check_row_sum(result)
    if not result.sheets:
        problems.append("no files have landed yet; bring some in with: flow import CLIENT/ENGAGEMENT FILE")
    elif result.imported_records.empty:
        files = len({sheet.source_file for sheet in result.sheets})
        reasons = sorted({reason.rstrip(".") for reason in result.rejected_records["reason"]})[:NAMED]
        problems.append(f"no row of {files} files could be imported: {'; '.join(reasons)}")
    return problems


def mapping_problems(imported_records: pd.DataFrame, attribute_mappings: pd.DataFrame) -> list[str]:
    """List sheets with imported records of which no column was mapped to an attribute."""
    sheets = imported_records[["source_file", "sheet"]].drop_duplicates()
    applied = attribute_mappings.loc[attribute_mappings["status"] == "applied", ["source_file", "sheet"]]
    known = set(applied.itertuples(index=False, name=None))
    unmapped = [_sheet_name(*sheet) for sheet in sheets.itertuples(index=False, name=None) if sheet not in known]
    return _problems("no column of {} could be mapped to an attribute", unmapped)


def cleansing_problems(imported_records: pd.DataFrame, cleansed_records: pd.DataFrame) -> list[str]:
    """List imported records that were lost, and cleansed records that no imported one accounts for."""
    imported, cleansed = set(imported_records["record_id"]), set(cleansed_records["record_id"])
    problems = _problems("imported records {} were lost", imported - cleansed)
    problems += _problems("cleansed records {} were never imported", cleansed - imported)
    rows_before, rows_after = int(imported_records["row_count"].sum()), int(cleansed_records["row_count"].sum())
    if rows_before != rows_after:
        problems.append(f"{rows_before} source rows were imported but {rows_after} are accounted for")
    return problems


def change_problems(cleansed_records: pd.DataFrame, cleansing_changes: pd.DataFrame) -> list[str]:
    """List changes of records that do not exist."""
    unknown = set(cleansing_changes["record_id"]) - set(cleansed_records["record_id"])
    return _problems("changes name unknown records {}", unknown)


def inventory_problems(cleansed_records: pd.DataFrame, inventory: pd.DataFrame) -> list[str]:
    """List asset records that are in no asset or in several, and application ids that name no application."""
    is_template = are_templates(cleansed_records)
    describes_asset = ~cleansed_records["record_type"].isin(EDGE_RECORD_TYPES | DETAIL_RECORD_TYPES | KEPT_RECORD_TYPES)
    expected = set(cleansed_records.loc[describes_asset & ~is_template, "record_id"])
    resolved = inventory[["asset_id", "asset_type", "source_entity_ids"]].explode("source_entity_ids")
    # An application that only servers name rests on the servers' records, which are the servers' own too.
    own = resolved[resolved["asset_type"] != "application"]
    problems = _problems("records {} are in no asset", expected - set(resolved["source_entity_ids"]))
    shared = own.loc[own["source_entity_ids"].duplicated(), "source_entity_ids"]
    problems += _problems("records {} are in several assets", set(shared))
    unknown = set(resolved["source_entity_ids"].dropna()) - set(cleansed_records["record_id"])
    problems += _problems("assets rest on unknown records {}", unknown)
    applications = set(inventory.loc[inventory["asset_type"] == "application", "asset_id"])
    named = set(inventory["application_ids"].explode().dropna())
    return problems + _problems("assets belong to unknown applications {}", named - applications)


def conflict_problems(inventory: pd.DataFrame, inventory_conflicts: pd.DataFrame) -> list[str]:
    """List conflicts about assets that do not exist."""
    unknown = set(inventory_conflicts["asset_id"]) - set(inventory["asset_id"])
    return _problems("conflicts name unknown assets {}", unknown)


def candidate_problems(inventory: pd.DataFrame, identity_candidates: pd.DataFrame) -> list[str]:
    """List pairs that may be one asset of which an asset does not exist, or both are the same one."""
    named = {*identity_candidates["asset_id"], *identity_candidates["other_asset_id"]}
    is_one = identity_candidates["asset_id"] == identity_candidates["other_asset_id"]
    return [
        *_problems("candidates name unknown assets {}", named - set(inventory["asset_id"])),
        *_problems("candidates {} are one asset already", identity_candidates.loc[is_one, "candidate_id"]),
    ]


def dependency_problems(inventory: pd.DataFrame, dependencies: pd.DataFrame) -> list[str]:
    """List edges with an end that is neither a known asset nor marked as external, or the other way round."""
    assets = set(inventory["asset_id"])
    problems = []
    for end in ("source", "target"):
        is_known = dependencies[f"{end}_id"].isin(assets)
        is_external = dependencies[f"{end}_is_external"].astype(bool)
        dangling = dependencies.loc[is_known == is_external, "dependency_id"]
        problems += _problems(f"the {end} of dependencies {{}} is neither a known asset nor external", set(dangling))
    return problems


def connection_problems(cleansed_records: pd.DataFrame, dependencies: pd.DataFrame) -> list[str]:
    """List observed connections that are in no edge, though nothing is said to be wrong with them."""
    connections = cleansed_records[cleansed_records["record_type"] == "connection"]
    used = set(dependencies["source_entity_ids"].explode().dropna())
    unexplained = connections.loc[connections["quality_issues"].map(len) == 0, "record_id"]
    return _problems("connections {} are in no dependency and do not say why", set(unexplained) - used)


def group_problems(inventory: pd.DataFrame, dependencies: pd.DataFrame, asset_groups: pd.DataFrame) -> list[str]:
    """List groups of assets or edges that do not exist, and assets in several groups of one kind."""
    unknown = set(asset_groups["asset_id"]) - set(inventory["asset_id"])
    problems = _problems("groups name unknown assets {}", unknown)
    edges = set(asset_groups["dependency_ids"].explode().dropna()) - set(dependencies["dependency_id"])
    problems += _problems("groups name unknown dependencies {}", edges)
    several = asset_groups.loc[asset_groups.duplicated(["group_kind", "asset_id"]), "asset_id"]
    return problems + _problems("assets {} are in several groups of one kind", set(several))


def finding_problems(inventory: pd.DataFrame, tech_debt: pd.DataFrame) -> list[str]:
    """List findings about assets that do not exist."""
    unknown = set(tech_debt["asset_id"]) - set(inventory["asset_id"])
    return _problems("findings name unknown assets {}", unknown)


def score_problems(inventory: pd.DataFrame, tech_debt: pd.DataFrame, debt_scores: pd.DataFrame) -> list[str]:
    """List assets without a score, scores without an asset, and assets with findings whose score is 0."""
    assets, scored = set(inventory["asset_id"]), set(debt_scores["asset_id"])
    problems = _problems("assets {} have no debt score", assets - scored)
    problems += _problems("debt scores name unknown assets {}", scored - assets)
    weighed = set(tech_debt.loc[tech_debt["score"] > 0, "asset_id"])
    free = set(debt_scores.loc[debt_scores["score"] <= 0, "asset_id"])
    return problems + _problems("assets {} have findings, but no debt", weighed & free)


def quality_problems(inventory: pd.DataFrame, data_quality: pd.DataFrame) -> list[str]:
    """List assets whose data was not judged, and judgements of assets that do not exist."""
    judged = set(data_quality["asset_id"].dropna())
    problems = _problems("the data about assets {} was not judged", set(inventory["asset_id"]) - judged)
    return problems + _problems("data quality names unknown assets {}", judged - set(inventory["asset_id"]))


def gap_problems(data_quality: pd.DataFrame, collection_gaps: pd.DataFrame) -> list[str]:
    """List a sum of gaps that is not what the estate lacks to be complete."""
    estate = data_quality.loc[data_quality["level"] == "estate", "completeness"]
    lacking = 1 - float(estate.iloc[0]) if len(estate) else 0.0
    gains = collection_gaps.loc[collection_gaps["kind"] == "attribute", "gain"]
    # Each gain is rounded on its own, so their sum may be off by half of the last digit for each.
    if abs(float(gains.sum()) - lacking) <= ROUNDING * (len(gains) + 1):
        return []
    return [f"the estate lacks {lacking:.4f} to be complete, but its gaps come to {float(gains.sum()):.4f}"]


def _problems(sentence: str, offenders: Iterable[Any]) -> list[str]:
    listed = sorted(map(str, offenders))
    if not listed:
        return []
    return [sentence.format(some_of(listed, NAMED))]


def _sheet_name(source_file: str, sheet: str | None) -> str:
    return source_file if sheet is None else f"{source_file}, sheet {sheet}"
