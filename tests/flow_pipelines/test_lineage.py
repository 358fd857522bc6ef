from __future__ import annotations

from sqlalchemy import Column, Table, Text

from flow_pipelines.lineage import Link, links, place_columns, traceable
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.declaration import IDENTIFIER, IDENTIFIER_LIST, METADATA, TEXT, output_table, required


def declared(flow: str, name: str, *columns: Column[object], key: str) -> Table:
    table = output_table(flow, name, "Of a test.", *columns, key=(key,), entity="thing")
    METADATA.remove(table)
    return table


def sixth_flow() -> dict[str, Table]:
    """The declared tables, and one that a sixth flow adds to them."""
    scores = declared(
        "review",
        "scores",
        required("score_id", IDENTIFIER, "The score."),
        required("workload_id", IDENTIFIER, "Of.", sources=["assess/assessment_overview.workload_id"]),
        required("asset_ids", IDENTIFIER_LIST, "Of.", sources=["discovery/inventory.asset_id"]),
        required("words", TEXT, "Of.", sources=["discovery/inventory.asset_id"]),
        required("other_id", IDENTIFIER, "Names no key.", sources=["discovery/inventory.application_ids"]),
        required("previous_id", IDENTIFIER, "The table itself.", sources=["review/scores.score_id"]),
        key="score_id",
    )
    return {**output_tables(), "review/scores": scores}


def test_a_new_flows_table_is_linked_by_its_declaration_alone() -> None:
    assert [link for link in links(sixth_flow()) if link.table_key == "review/scores"] == [
        Link("review/scores", "workload_id", holds_list=False, source_key="assess/assessment_overview"),
        Link("review/scores", "asset_ids", holds_list=True, source_key="discovery/inventory"),
    ]


def test_every_asset_record_and_decision_is_linked_to_rows_of_files() -> None:
    """Only rows that are no decision about single rows, and what was read first, name no other row."""
    linked = {link.table_key for link in links(output_tables())}
    assert set(traceable(output_tables())) - linked == {
        "discovery/collection_gaps",
        "discovery/imported_records",
        "discovery/rejected_records",
        "discovery/attribute_mappings",
        "assess/wave_totals",
        "plan/business_case",
        "execute/rejected_updates",
        "execute/burn_down",
        "execute/execution_report",
    }


def test_links_lead_to_earlier_tables_only_so_that_nobody_walks_in_circles() -> None:
    order = list(output_tables())
    assert all(order.index(link.source_key) < order.index(link.table_key) for link in links(output_tables()))


def test_a_table_known_by_words_is_not_traced_by_id() -> None:
    by_words = declared("review", "rules", Column("rule", Text(), info={"sources": ()}), key="rule")
    assert traceable({"review/rules": by_words}) == {}


def test_a_row_of_a_file_is_called_by_its_place() -> None:
    assert place_columns(output_tables()["discovery/imported_records"]) == ["source_file", "sheet", "row_number"]
    assert place_columns(output_tables()["discovery/inventory"]) == []
