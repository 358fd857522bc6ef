"""A small estate in the database, from rows of a file to a workload, for whatever follows rows through it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from uuid import uuid4

import pandas as pd
from sqlalchemy import ARRAY, insert

from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.contract import conform, dtype_of
from resources.event_tables import edit_outcomes, edits
from resources.installation import Installation
from resources.pins import set_pin
from resources.snapshots import Input, Snapshot, SnapshotStore, scope_values

IMPORTED = "discovery/imported_records"
MAPPINGS = "discovery/attribute_mappings"
# Of a language model on what the column Note holds.
ADVICE = {
    "advice": "owner",
    "advice_confidence": 0.91,
    "advice_reason": "it says so",
    "advice_model": "gpt-x",
    "advice_key": "f" * 64,
}
CLEANSED = "discovery/cleansed_records"
CHANGES = "discovery/cleansing_changes"
INVENTORY = "discovery/inventory"
CONFLICTS = "discovery/inventory_conflicts"
CANDIDATES = "discovery/identity_candidates"
DEPENDENCIES = "discovery/dependencies"
GROUPS = "discovery/asset_groups"
DEBT = "discovery/tech_debt"
SCORES = "discovery/debt_scores"
QUALITY = "discovery/data_quality"
HANDOFF = "handoffs/discovery_to_assess"
OVERVIEW = "assess/assessment_overview"
TREATMENTS = "assess/treatments"
COMPONENTS = "assess/component_treatments"
WAVES = "assess/waves"
PLAN = "assess/plan_of_record"
TIMELINE = "plan/timeline"
UPDATES = "execute/task_updates"
FILLERS = {"Int64": 1, "Float64": 1.0, "boolean": False}
Rows = Sequence[Mapping[str, object]]


class Estate:
    """A small estate whose tables are published phase by phase, as the flows would."""

    def __init__(self, store: SnapshotStore, scope: Scope) -> None:
        self.store = store
        self.scope = scope
        self.current: dict[str, Snapshot] = {}

    def id(self, kind: str, *key: object) -> str:
        return self.scope.id_of(kind, *key)

    def phase(self, run: str, reads: Sequence[str], **rows: Rows) -> None:
        """Publish the tables of a phase, `flow__table=rows`, as computed from the current version of what it reads."""
        frames = {name.replace("__", "/"): found for name, found in rows.items()}
        candidates = self.store.write(
            self.scope,
            {key: frame(key, found) for key, found in frames.items()},
            inputs=[Input.of_snapshot(self.current[key]) for key in reads],
            run_id=run,
            code_version="1",
        )
        self.store.publish(self.scope, candidates)
        self.current |= {candidate.table_key: candidate for candidate in candidates}

    def imported(self, run: str, host: str = "web01") -> None:
        place = {"source_file": "servers.csv", "source_format": "generic", "record_type": "server"}
        raw = [{"Host": host.upper(), "CPUs": "four", "Note": "x"}, {"Host": "WEB01", "CPUs": "2"}]
        records = [
            {"record_id": self.id("record", n), **place, "row_number": n, "raw_values": cells, "row_count": 1}
            for n, cells in enumerate(raw, 1)
        ]
        self.phase(run, [], discovery__imported_records=records, discovery__rejected_records=[])
        mappings = [
            {"source_column": "Host", "attribute": "name", "status": "applied", "method": "alias", "confidence": 0.9},
            {"source_column": "CPUs", "attribute": "cpu_count", "status": "applied", "method": "person"},
            {"source_column": "Note", "status": "unmapped", "method": "none", "confidence": 0.0, **ADVICE},
        ]
        for mapping in mappings:
            mapping |= {**place, "mapping_id": self.id("mapping", mapping["source_column"]), "reason": "It says so."}
        self.phase(run, [IMPORTED], discovery__attribute_mappings=mappings)

    def cleansed(self, run: str, host: str = "web01") -> None:
        records = [
            {"record_id": self.id("record", n), "source_file": "servers.csv", "row_number": n, "name": name}
            | {"record_type": "server", "cpu_count": cpus}
            for n, name, cpus in ((1, host, 4), (2, "web01", 2))
        ]
        changes = [
            {"record_id": self.id("record", 1), "attribute": "cpu_count", "source_column": "CPUs"}
            | {"value_before": "four", "value_after": "4", "rule": "integer/1", "change_id": self.id("change", 1)}
        ]
        self.phase(
            run,
            [IMPORTED, MAPPINGS],
            discovery__cleansed_records=records,
            discovery__cleansing_changes=changes,
        )

    def inventory(self, run: str, host: str = "web01") -> None:
        asset = {
            "asset_id": self.id("asset", "web01"),
            "asset_type": "server",
            "name": host,
            "source_entity_ids": [self.id("record", 1), self.id("record", 2)],
            "resolution_method": "name",
            "resolution_reason": "Same name.",
        }
        lost = {
            "conflict_id": self.id("conflict", 1),
            "asset_id": asset["asset_id"],
            "attribute": "cpu_count",
            "kept_value": "4",
            "kept_record_id": self.id("record", 1),
            "losing_value": "2",
            "losing_record_id": self.id("record", 2),
            "rule": "first comes first",
        }
        application = {"asset_id": self.id("asset", "shop"), "asset_type": "application", "name": "Shop"}
        application |= {"resolution_method": "single"}
        pair = {
            "candidate_id": self.id("identity_candidate", 1),
            "asset_type": "server",
            "asset_id": asset["asset_id"],
            "asset_name": "web01",
            "record_id": self.id("record", 1),
            "other_asset_id": self.id("asset", "shop"),
            "other_record_id": self.id("record", 2),
            "verdict": "undecided",
        }
        self.phase(
            run,
            [CLEANSED],
            discovery__inventory=[asset, application],
            discovery__inventory_conflicts=[lost],
            discovery__identity_candidates=[pair],
        )

    def dependencies(self, run: str, count: int = 1) -> None:
        ends = {"source_id": self.id("asset", "shop"), "target_id": self.id("asset", "web01")}
        facts = {"kind": "runs_on", "origin": "cmdb", "source_entity_ids": [self.id("record", 1)]}
        facts |= {"shared_service_provider_id": self.id("asset", "web01")}
        facts |= {"intermediary": "load_balancer", "intermediary_id": self.id("asset", "web01")}
        edges = [{"dependency_id": self.id("dependency", number), **ends, **facts} for number in range(count)]
        member = {
            "membership_id": self.id("membership", 1),
            "group_id": self.id("group", 1),
            "group_kind": "application",
        }
        member |= {"asset_id": ends["target_id"], "application_id": ends["source_id"], "evidence": "name"}
        member |= {"dependency_ids": [edges[0]["dependency_id"]]}
        self.phase(run, [CLEANSED, INVENTORY], discovery__dependencies=edges, discovery__asset_groups=[member])

    def rest(self, run: str) -> None:
        self.dependencies(run)
        asset, application = self.id("asset", "web01"), self.id("asset", "shop")
        finding = {"finding_id": self.id("finding", 1), "asset_id": asset, "asset_name": "web01", "as_of": "2026-06-30"}
        finding |= {"category": "operating_system", "status": "past", "severity": "high"}
        score = {"asset_id": asset, "asset_name": "web01", "asset_type": "server", "severity": "high"}
        quality = {"quality_id": self.id("quality", 1), "level": "asset", "asset_id": asset, "asset_name": "web01"}
        self.phase(
            run,
            [INVENTORY],
            discovery__tech_debt=[finding],
            discovery__debt_scores=[score],
            discovery__data_quality=[quality],
            discovery__collection_gaps=[],
        )
        workload = {"workload_id": application, "workload_name": "Shop", "source_entity_ids": [asset]}
        workload |= {"workload_type": "application", "complexity": "low", "readiness": "ready"}
        self.phase(run, [INVENTORY, DEPENDENCIES, DEBT], assess__assessment_overview=[workload])

    def treatment(self, run: str) -> None:
        asset, application = self.id("asset", "web01"), self.id("asset", "shop")
        answer = {
            "answer_id": self.id("answer", 1),
            "workload_id": application,
            "derived_from": "unknown",
            "risk": "red",
        }
        treatment = {"workload_id": application, "workload_type": "application", "treatment": "rehost"}
        treatment |= {"questionnaire_risk": "red", "source_entity_ids": [asset]}
        component = {
            "component_id": self.id("component", 1),
            "component_type": "database",
            "workload_ids": [application],
        }
        component |= {
            "component_treatment": "retain",
            "services_as_of": date(2026, 6, 30),
            "source_entity_ids": [asset],
        }
        self.phase(
            run,
            [OVERVIEW],
            assess__questionnaire_answers=[answer],
            assess__treatments=[treatment],
            assess__component_treatments=[component],
        )

    def planned(self, run: str) -> None:
        shop = self.id("asset", "shop")
        named = {"workload_id": shop, "workload_name": "Shop", "treatment": "rehost"}
        wave = {**named, "wave_number": 1, "move_group_id": shop, "source_entity_ids": [shop]}
        condition = {"condition_id": self.id("condition", 1), "kind": "cut", "workload_id": shop}
        total = {"wave_id": self.id("wave", 1), "wave_number": 1}
        self.phase(
            run,
            [OVERVIEW, TREATMENTS],
            assess__waves=[wave],
            assess__wave_conditions=[condition | {"other_workload_id": shop}],
            assess__wave_totals=[total],
        )
        days = dict.fromkeys(("start_date", "end_date", "earliest_end_date", "latest_end_date"), date(2026, 6, 30))
        step = {"step_id": self.id("step", 1), "step_type": "cutover", "workload_ids": [shop], **days}
        self.phase(run, [WAVES], assess__roadmap=[step])
        decided = {**named, "status": "proposed", "treatment_decided_by": "rule", "wave_decided_by": "rule"}
        decided |= {"dates_decided_by": "rule", "owner_decided_by": "rule", "source_entity_ids": [shop]}
        self.phase(run, [WAVES], assess__plan_of_record=[decided])

    def scheduled(self, run: str) -> None:
        shop, web = self.id("asset", "shop"), self.id("asset", "web01")
        total = {"overview_id": self.id("overview", 1), "readiness": "ready", "source_entity_ids": [shop]}
        self.phase(run, [PLAN, OVERVIEW, INVENTORY], plan__plan_overview=[total])
        moments = dict.fromkeys(("planned_start", "planned_end", "computed_start"), datetime(2026, 7, 1, 9, tzinfo=UTC))
        task = {"workload_id": shop, "kind": "work", "waits_for": "nothing", "source_entity_ids": [web], **moments}
        tasks = [{"task_id": self.id("task", number), **task} for number in (1, 2)]
        ends = {"predecessor_id": tasks[0]["task_id"], "successor_id": tasks[1]["task_id"]}
        self.phase(
            run,
            [PLAN, INVENTORY],
            plan__timeline=tasks,
            plan__timeline_links=[{"link_id": self.id("link", 1), **ends}],
        )
        needed = {"task_ids": [tasks[0]["task_id"]]}
        self.phase(
            run,
            [TIMELINE],
            plan__resource_plan=[{"load_id": self.id("load", 1), "week": date(2026, 6, 29), **needed}],
            plan__resource_remedies=[{"remedy_id": self.id("remedy", 1), "remedy": "hire", **needed}],
        )

    def targeted(self, run: str) -> None:
        shop, web = self.id("asset", "shop"), self.id("asset", "web01")
        server = {"provider": "aws", "source_entity_ids": [web]}
        target = {"target_id": self.id("target", 1), "asset_id": web, **server}
        storage = {"storage_target_id": self.id("storage_target", 1), "asset_id": web, **server}
        database = {"database_target_id": self.id("database_target", 1), "component_id": self.id("component", 1)}
        network = {"landing_zone_id": self.id("landing_zone", 1), "kind": "network", **server}
        conflict = {"conflict_id": self.id("address_conflict", 1), "other_kind": "observed"}
        self.phase(
            run,
            [PLAN, COMPONENTS, INVENTORY],
            plan__targets=[{**target, "workload_ids": [shop]}],
            plan__storage_targets=[{**storage, "target_id": target["target_id"]}],
            plan__database_targets=[{**database, **server}],
            plan__landing_zone=[network],
            plan__address_conflicts=[
                {**conflict, "landing_zone_id": network["landing_zone_id"], "source_entity_ids": [web]}
            ],
            plan__business_case=[],
        )

    def executed(self, run: str) -> None:
        shop, web = self.id("asset", "shop"), self.id("asset", "web01")
        moment = datetime(2026, 7, 1, 9, tzinfo=UTC)
        planned = dict.fromkeys(("planned_start", "planned_end"), moment)
        update = {"update_id": self.id("update", 1), "task_id": self.id("task", 1), "source_entity_ids": [web]}
        update |= {"previous_state": "planned", "state": "done", "happened_at": moment, "received_at": moment}
        gate = {"task_id": self.id("gate", 1), "verdict": "passed", "state": "planned", "source_entity_ids": [shop]}
        wave = {"overview_id": self.id("wave_progress", 1), "state": "planned", "source_entity_ids": [shop]}
        self.phase(
            run,
            [TIMELINE, PLAN, INVENTORY],
            execute__task_updates=[update],
            execute__rejected_updates=[],
            execute__wave_gates=[gate | planned],
            execute__execution_overview=[wave],
        )
        of_server = {"workload_id": shop, "asset_id": web, "asset_type": "server", "source_entity_ids": [web]}
        of_server |= {"timeline_task_id": self.id("task", 1), "kind": "test", "state": "planned", **planned}
        reads = [TIMELINE, PLAN, INVENTORY, UPDATES]
        self.phase(run, reads, execute__rehost_tasks=[{"task_id": self.id("rehost", 1), **of_server}])
        self.phase(run, reads, execute__replatform_tasks=[{"task_id": self.id("replatform", 1), **of_server}])
        step = {"task_id": self.id("runbook", 1), "workload_id": shop, "asset_id": web, "source_entity_ids": [web]}
        step |= {"kind": "check", "phase": "before", "state": "planned", "timeline_task_ids": [self.id("task", 1)]}
        step |= {"begins_at": moment, "window_closes_at": moment, **planned}
        timing = {"timing_id": self.id("timing", 1), "task_id": step["task_id"]}
        self.phase(run, reads, execute__cutover_runbook=[step], execute__runbook_timings=[timing])
        forecast = dict.fromkeys(("forecast_start", "forecast_end"), moment)
        forecast |= {"task_id": self.id("task", 2), "state": "planned", **planned}
        self.phase(run, reads, execute__task_forecasts=[forecast], execute__burn_down=[], execute__execution_report=[])

    def modernized(self, run: str) -> None:
        shop, web = self.id("asset", "shop"), self.id("asset", "web01")
        found = {"code_finding_id": self.id("code_finding", 1), "file_format": "sarif", "severity": "mandatory"}
        found |= {"workload_id": shop, "source_entity_ids": [shop]}
        moments = dict.fromkeys(("planned_start", "planned_end"), datetime(2026, 7, 1, 9, tzinfo=UTC))
        chosen = {"pattern": "change_in_place", "risk": "low", "state": "planned", "subject_type": "server", **moments}
        item = {**chosen, "workload_id": shop, "asset_id": web, "source_entity_ids": [web]}
        item["finding_ids"] = [self.id("finding", 1)]
        items = {
            f"modernize__{name}_backlog": [{"task_id": self.id("modernization", name), **item}]
            for name in ("refactor", "rearchitect", "rewrite")
        }
        self.phase(run, [PLAN, INVENTORY, DEBT], modernize__code_findings=[found], **items)


def frame(key: str, rows: Rows) -> pd.DataFrame:
    """Return rows that conform to a table, what they do not say filled in."""
    table = output_tables()[key]
    fillers = {
        column.name: [] if isinstance(column.type, ARRAY) else FILLERS.get(dtype_of(column), "word")
        for column in table.columns
        if not column.nullable
    }
    frame = pd.DataFrame([{**fillers, **row} for row in rows], columns=[column.name for column in table.columns])
    if "as_of" in frame:
        frame["as_of"] = pd.to_datetime(frame["as_of"]).dt.date
    return conform(frame, table)


def make_edit(installation: Installation, estate: Estate, kind: str, table_key: str, entity_id: str) -> None:
    edit_id = uuid4()
    with installation.database.in_scope(estate.scope) as connection:
        pin = set_pin(connection, estate.scope, kind="edit", reason="test", by="jane")
        values = {"kind": kind, "table_key": table_key, "entity_id": entity_id, "column_name": "name"}
        values |= {"new_value": json.dumps("new"), "actor": "jane", "reason": "I asked the owner."}
        ids = {"edit_id": edit_id, "session_id": uuid4(), "pin_before_id": pin.pin_id}
        connection.execute(insert(edits).values(**scope_values(estate.scope), **values, **ids))
        outcome = {"snapshot_id": estate.current[table_key].snapshot_id, "edit_id": edit_id, "outcome": "applied"}
        connection.execute(insert(edit_outcomes).values(**scope_values(estate.scope), **outcome))


def small_estate(store: SnapshotStore, scope: Scope) -> Estate:
    """Return an estate whose tables have all been published once."""
    estate = Estate(store, scope)
    estate.imported("run-1")
    estate.cleansed("run-1")
    estate.inventory("run-1")
    estate.rest("run-1")
    return estate
