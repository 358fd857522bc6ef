from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

from resources.control_views import control_views
from resources.installation import Installation
from resources.kept_advice import KeptAdvice, Occasion
from resources.tenancy import add_analyst
from tests.conftest import new_engagement
from tests.resources.views.happenings import Engagement

ASKED = {"asked": 1, "cached": 0, "answered": 1, "unanswered": 0, "reasons": {}, "requests": 1} | {
    "input_tokens": 900,
    "output_tokens": 60,
    "seconds": 2.0,
}
VIEWS = [view.name for view in control_views()]
# The columns that the mission's data model names and that have a meaning here; the others are told in decision 17.
MISSION = {
    "platform.migration_flows": "id flow_type client_account_id engagement_id name description status current_phase "
    "progress_percentage phase_completion parent_flow_id source_flow_type rollback_point can_rollback rollback_reason "
    "created_at updated_at created_by crewai_flow_id",
    "platform.flow_phases": "id flow_id phase_name phase_order phase_type status progress_percentage input_data "
    "output_data started_at completed_at duration_seconds error_details retry_count rollback_snapshot",
    "platform.flow_data_entities": "id flow_id phase_id client_account_id engagement_id entity_type entity_subtype "
    "entity_data source_entity_ids transformation_log quality_score validation_status validation_errors is_active "
    "archived_at archived_reason",
    "platform.flow_handoffs": "id source_flow_id target_flow_id handoff_type handoff_status handoff_data data_summary "
    "validation_rules validation_results created_at completed_at",
    "platform.assets": "source_flow_id discovery_data_entity_id discovery_completed assessment_completed "
    "planning_completed execution_completed modernization_completed flow_history",
    "platform.flow_rollbacks": "id flow_id rollback_type rollback_reason rollback_scope flow_snapshot data_snapshot "
    "asset_snapshot rollback_status executed_at execution_log recovery_actions data_integrity_check",
}


@pytest.mark.parametrize("view", sorted(MISSION))
def test_the_mission_s_tables_have_the_mission_s_columns(view: str) -> None:
    (declared,) = (declared for declared in control_views() if declared.name == view)
    assert set(MISSION[view].split()) <= set(declared.columns)


@pytest.mark.parametrize("view", control_views(), ids=lambda view: view.name)
def test_every_column_of_a_view_is_documented(view: object, installation: Installation) -> None:
    query = text(
        "SELECT a.attname, col_description(a.attrelid, a.attnum) FROM pg_attribute a "
        "WHERE a.attrelid = CAST(:view AS regclass) AND a.attnum > 0 ORDER BY a.attnum"
    )
    with installation.owner.transaction() as connection:
        found = connection.execute(query, {"view": view.name}).all()  # type: ignore[attr-defined]
    assert [tuple(row) for row in found] == list(view.columns.items())  # type: ignore[attr-defined]


@pytest.mark.parametrize("view", VIEWS)
def test_an_analyst_sees_the_own_client_s_rows_only_whatever_settings_are_changed(
    view: str, two_clients: tuple[Engagement, Engagement], analyst: psycopg.Connection[tuple[object, ...]]
) -> None:
    own, other = two_clients
    for name, value in (
        ("flow.client_account_id", other.scope.client_account_id),
        ("flow.engagement_id", other.scope.engagement_id),
    ):
        analyst.execute("SELECT set_config(%s, %s, false)", [name, str(value)])
    found = {row[0] for row in analyst.execute(f"SELECT client_account_id FROM {view}".encode())}
    assert found == (set() if view == "platform.outdated_tables" else {own.scope.client_account_id})


@pytest.mark.parametrize("view", VIEWS)
def test_without_a_scope_the_pipeline_sees_nothing(
    view: str, installation: Installation, two_clients: tuple[Engagement, Engagement]
) -> None:
    assert two_clients
    with installation.database.transaction() as connection:
        assert connection.execute(text(f"SELECT count(*) FROM {view}")).scalar_one() == 0


@pytest.fixture(scope="module")
def two_clients(installation: Installation) -> tuple[Engagement, Engagement]:
    """Two clients with an engagement each in which everything has happened once."""
    engagements = tuple(Engagement(installation.database, new_engagement(installation)) for _ in range(2))
    for engagement in engagements:
        engagement.refuse("discovery", "data_import", "no rows")
        record = {"record_id": str(uuid4()), "raw_values": {"Host": "web01"}}
        asset = {"source_entity_ids": [record["record_id"]]}
        engagement.run_flow("discovery", {"discovery/imported_records": [record], "discovery/inventory": [asset]})
        engagement.run_flow("assess", {"handoffs/discovery_to_assess": [{}]})
        engagement.pin("good")
        engagement.run("assess", "overview", {"assess/assessment_overview": [{}]})
        engagement.roll_back("assess", "good", "wrong")
        engagement.run_flow("plan", {"plan/resource_plan": [{}]})
        engagement.run_flow("execute", {"execute/rejected_updates": [{"received_at": "2026-07-01T09:00Z"}]})
        engagement.run_flow(
            "modernize", {"modernize/code_findings": [{"severity": "optional", "file_format": "sarif"}]}
        )
        asked = Occasion("discovery", "attribute_mapping", "mapping", "run", "large")
        KeptAdvice(engagement.database, engagement.scope).write_down(asked, ASKED)
    return engagements[0], engagements[1]


@pytest.fixture(scope="module")
def analyst(
    installation: Installation, two_clients: tuple[Engagement, Engagement]
) -> psycopg.Connection[tuple[object, ...]]:
    login = add_analyst(installation.database, installation.owner, two_clients[0].scope.client, "jane")
    return psycopg.connect(installation.analyst_url(login.role, login.password), autocommit=True)
