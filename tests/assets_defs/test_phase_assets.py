"""The shell of every phase, on a real instance and a real database, with phases made up for the test."""

from __future__ import annotations

import pandas as pd
from dagster import AssetKey, DagsterInstance, Definitions, ExecuteInProcessResult, in_process_executor

from assets_defs.partitions import register
from assets_defs.phase_assets import PhaseInputs, PhaseOutputs, PhaseShell, build_phase_assets, plan_phase
from assets_defs.phase_run import run_phase
from assets_defs.platform_resource import PlatformResource
from flow_pipelines.flows import flow_named
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import conform, empty
from resources.installation import Installation
from resources.snapshots import SnapshotStore
from tests.conftest import new_engagement

IMPORTED = "discovery/imported_records"
REJECTED = "discovery/rejected_records"
MAPPINGS = "discovery/attribute_mappings"


def importer(*names: str, problems: tuple[str, ...] = ()) -> PhaseShell:
    """Return a data import that finds one record per name."""

    def compute(phase: PhaseInputs) -> PhaseOutputs:
        rows = [
            {
                "record_id": phase.scope.id_of("record", name),
                "source_file": "made.csv",
                "row_number": number,
                "row_count": 1,
                "source_format": "generic",
                "record_type": "server",
                "raw_values": {"name": name},
            }
            for number, name in enumerate(names, start=2)
        ]
        frame = conform(pd.DataFrame(rows), output_tables()[IMPORTED])
        return PhaseOutputs(
            {IMPORTED: frame, REJECTED: empty(output_tables()[REJECTED])}, problems={IMPORTED: problems}
        )

    return PhaseShell("data_import", (), compute)


def mapper() -> PhaseShell:
    """Return an attribute mapping that maps one column per imported record."""

    def compute(phase: PhaseInputs) -> PhaseOutputs:
        rows = [
            {
                "mapping_id": phase.scope.id_of("mapping", row.record_id),
                "source_file": row.source_file,
                "source_format": row.source_format,
                "record_type": row.record_type,
                "source_column": row.raw_values["name"],
                "attribute": "name",
                "status": "applied",
                "method": "alias",
                "confidence": 1.0,
                "filled_rows": 1,
                "reason": "made up",
            }
            for row in phase.frames[IMPORTED].itertuples()
        ]
        return PhaseOutputs({MAPPINGS: conform(pd.DataFrame(rows), output_tables()[MAPPINGS])})

    return PhaseShell("attribute_mapping", (IMPORTED,), compute)


def run(instance: DagsterInstance, scope: Scope, *shells: PhaseShell) -> ExecuteInProcessResult:
    register(instance, scope)
    assets = [build_phase_assets(plan_phase(flow_named("discovery"), shell), run_phase) for shell in shells]
    definitions = Definitions(assets=assets, resources={"platform": PlatformResource()}, executor=in_process_executor)
    job = definitions.resolve_implicit_global_asset_job_def()
    config = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    return job.execute_in_process(
        instance=instance, partition_key=scope.partition_key, raise_on_error=False, run_config=config
    )


def test_a_run_publishes_every_table_and_dagster_knows_its_version(
    instance: DagsterInstance, scope: Scope, store: SnapshotStore
) -> None:
    result = run(instance, scope, importer("web01", "db01"), mapper())
    assert result.success
    current = store.current(scope)
    assert set(current) == {IMPORTED, REJECTED, MAPPINGS}
    for key, snapshot in current.items():
        event = result.asset_materializations_for_node(_node(key))
        materialization = next(m for m in event if m.asset_key == AssetKey(key.split("/")))
        assert materialization.partition == scope.partition_key
        assert materialization.tags is not None
        assert materialization.tags["dagster/data_version"] == snapshot.data_version
        assert materialization.metadata["dagster/row_count"].value == snapshot.row_count
        assert materialization.metadata["snapshot_id"].value == str(snapshot.snapshot_id)
    lineage = result.asset_materializations_for_node("discovery_attribute_mapping")[0].metadata
    upstream = lineage["dagster/column_lineage"].value.deps_by_column["source_column"][0]
    assert (upstream.asset_key.path[-1], upstream.column_name) == ("imported_records", "raw_values")
    assert lineage["dagster/column_schema"].value.columns[0].name == "mapping_id"
    assert "web01" in lineage["preview"].value


def test_the_manifest_names_the_snapshot_that_was_read(
    instance: DagsterInstance, scope: Scope, store: SnapshotStore
) -> None:
    assert run(instance, scope, importer("web01"), mapper()).success
    current = store.current(scope)
    inputs = {entry.name: entry for entry in store.inputs_of(scope, current[MAPPINGS])}
    assert set(inputs) == {"settings", IMPORTED}
    assert inputs[IMPORTED].snapshot_id == current[IMPORTED].snapshot_id


def test_running_twice_gives_the_same_versions(instance: DagsterInstance, scope: Scope, store: SnapshotStore) -> None:
    run(instance, scope, importer("web01", "db01"), mapper())
    first = {key: snapshot.data_version for key, snapshot in store.current(scope).items()}
    run(instance, scope, importer("web01", "db01"), mapper())
    assert {key: snapshot.data_version for key, snapshot in store.current(scope).items()} == first


def test_a_failed_gate_publishes_nothing_and_stops_what_comes_after(
    instance: DagsterInstance, scope: Scope, store: SnapshotStore
) -> None:
    run(instance, scope, importer("web01"), mapper())
    before = store.current(scope)
    result = run(instance, scope, importer("web01", "lost", problems=("2 rows read, 1 kept",)), mapper())
    assert not result.success
    assert store.current(scope) == before
    gates = {check.asset_key.path[-1]: check for check in result.get_asset_check_evaluations()}
    assert not gates["imported_records"].passed
    assert "2 rows read, 1 kept" in (gates["imported_records"].description or "")
    assert gates["rejected_records"].passed
    assert "attribute_mappings" not in gates
    assert not result.get_asset_materialization_events()


def test_one_tenants_failed_gate_does_not_stop_another(
    instance: DagsterInstance, installation: Installation, store: SnapshotStore
) -> None:
    failing, working = new_engagement(installation), new_engagement(installation)
    assert not run(instance, failing, importer("web01", problems=("bad",)), mapper()).success
    assert run(instance, working, importer("web01"), mapper()).success
    assert not store.current(failing)
    assert set(store.current(working)) == {IMPORTED, REJECTED, MAPPINGS}


def test_a_phase_before_its_inputs_exist_says_what_to_run_first(instance: DagsterInstance, scope: Scope) -> None:
    result = run(instance, scope, mapper())
    failure = result.get_step_failure_events()[0].step_failure_data
    assert failure.user_failure_data is not None
    assert "has no discovery/imported_records yet" in (failure.user_failure_data.description or "")


def test_an_unknown_engagement_is_refused(instance: DagsterInstance, store: SnapshotStore) -> None:
    nobody = Scope("nobody", "nowhere")
    assert not run(instance, nobody, importer("web01")).success
    assert not store.current(nobody)


def _node(key: str) -> str:
    flow = flow_named("discovery")
    phase = next(phase for phase in flow.phases if key.split("/")[1] in phase.tables)
    return f"{flow.name}_{phase.name}"
