"""Which parts the dossier has, flow by flow: the tables it shows, the columns of each, and its pictures.

Belongs here: choosing and ordering rows and columns. Does not: HTML (`page.py`), drawing (`charts/`).

A table that has no version yet, of a flow that has not run, is an empty part: it shows where something will be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from assets_defs.charts import (
    burn_down_chart,
    counted_bars,
    dependency_picture,
    gantt_chart,
    heat_map,
    summed_bars,
    timeline_chart,
)
from flow_pipelines.assess.wave_planning.edges import workload_dependencies
from flow_pipelines.settings import EngagementSettings

Frames = Mapping[str, pd.DataFrame]
MOST_ROWS = 200
# Waves whose dependencies are drawn; a picture of each of a hundred waves would be a page of its own.
MOST_WAVES = 12


@dataclass(frozen=True)
class View:
    """A table that is shown.

    Attributes:
        key: The table, flow/table.
        columns: Its columns, in order.
        order: By what its rows are sorted; descending where a name begins with a minus.
        most: How many rows are shown.
        only: Chooses the rows that are shown and counted.
    """

    key: str
    columns: tuple[str, ...]
    order: tuple[str, ...]
    most: int = MOST_ROWS
    only: Callable[[pd.DataFrame], pd.Series[bool]] | None = None


@dataclass(frozen=True)
class Drawn:
    """A picture: what it shows and how it is made; None if there is nothing to draw."""

    caption: str
    draw: Callable[[Frames, EngagementSettings], str | None]
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Topic:
    """One part of the dossier."""

    anchor: str
    title: str
    pictures: tuple[Drawn, ...] = ()
    views: tuple[View, ...] = field(default=())


def _count(key: str, column: str, caption: str) -> Drawn:
    return Drawn(caption, lambda frames, _: counted_bars(frames[key][column]), (key,))


def _sums(key: str, label: str, columns: Sequence[str], caption: str, *, order: str) -> Drawn:
    def draw(frames: Frames, _settings: EngagementSettings) -> str | None:
        rows = frames[key].sort_values(order, na_position="first").set_index(label)[list(columns)].fillna(0)
        return summed_bars(rows.rename(columns=lambda name: name.replace("_", " ")))

    return Drawn(caption, draw, (key,))


def _roadmap(frames: Frames, settings: EngagementSettings) -> str | None:
    own = settings.waves.blackouts
    picture = gantt_chart(frames["assess/roadmap"], blackouts=own, deadline=settings.roadmap.deadline)
    return picture.full if picture else None


def _timeline(frames: Frames, _settings: EngagementSettings) -> str | None:
    picture = timeline_chart(frames["plan/timeline"])
    return picture.full if picture else None


def _roles(frames: Frames, _settings: EngagementSettings) -> str | None:
    picture = heat_map(frames["plan/resource_plan"])
    return picture.full if picture else None


def _burn_down(frames: Frames, _settings: EngagementSettings) -> str | None:
    picture = burn_down_chart(frames["execute/burn_down"])
    return picture.full if picture else None


def _dependencies(frames: Frames, _settings: EngagementSettings) -> str | None:
    waves = frames["assess/waves"]
    edges = workload_dependencies(frames["assess/assessment_overview"], frames["discovery/dependencies"])
    numbers = sorted(int(number) for number in waves["wave_number"].dropna().unique())[:MOST_WAVES]
    return "".join(dependency_picture(waves, edges, number).full for number in numbers) or None


TOPICS: Mapping[str, tuple[Topic, ...]] = {
    "discovery": (
        Topic(
            "inventory",
            "Inventory",
            (
                _count("discovery/inventory", "asset_type", "Assets by type"),
                _count("discovery/inventory", "environment", "Assets by environment"),
            ),
            (
                View(
                    "discovery/inventory",
                    (
                        "name",
                        "asset_type",
                        "environment",
                        "owner",
                        "os_product",
                        "cpu_count",
                        "memory_mib",
                        "quality_score",
                    ),
                    ("asset_type", "name", "asset_id"),
                ),
            ),
        ),
        Topic(
            "dependencies",
            "Dependency map",
            (
                Drawn(
                    "Who needs whom, wave by wave",
                    _dependencies,
                    ("assess/waves", "assess/assessment_overview", "discovery/dependencies"),
                ),
            ),
        ),
        Topic(
            "debt",
            "Tech debt",
            (_count("discovery/tech_debt", "severity", "Findings by severity"),),
            (
                View(
                    "discovery/tech_debt",
                    ("asset_name", "category", "subject", "status", "severity", "end_of_life", "remedy"),
                    ("-score", "asset_name", "finding_id"),
                    most=100,
                ),
            ),
        ),
        Topic("gaps", "What data is missing", (), (View("discovery/collection_gaps", (), ()),)),
        Topic(
            "doubts",
            "What rules are not sure of",
            (),
            (
                View(
                    "discovery/identity_candidates",
                    (
                        "asset_name",
                        "other_asset_name",
                        "asset_type",
                        "probability",
                        "speaks_for",
                        "speaks_against",
                        "verdict",
                    ),
                    ("-probability", "candidate_id"),
                    most=50,
                ),
                View(
                    "discovery/attribute_mappings",
                    ("source_column", "sheet", "source_file", "status", "attribute", "confidence", "runner_up"),
                    ("source_file", "source_column", "mapping_id"),
                    most=50,
                    only=lambda rows: (rows["status"] == "proposed") | rows["advice"].notna(),
                ),
            ),
        ),
    ),
    "assess": (
        Topic(
            "treatments",
            "Treatments",
            (_count("assess/plan_of_record", "treatment", "Workloads by treatment"),),
            (
                View(
                    "assess/plan_of_record",
                    (
                        "workload_name",
                        "treatment",
                        "wave_number",
                        "owner",
                        "criticality",
                        "server_count",
                        "cutover_date",
                        "effort_days",
                        "status",
                    ),
                    ("wave_number", "workload_name", "workload_id"),
                ),
                View(
                    "assess/treatments",
                    ("workload_name", "treatment", "confidence", "runner_up"),
                    ("confidence", "workload_name", "workload_id"),
                    only=lambda rows: rows["advice"].notna(),
                ),
            ),
        ),
        Topic(
            "waves",
            "Waves",
            (),
            (
                View("assess/wave_totals", (), ("wave_number",)),
                View(
                    "assess/wave_conditions",
                    ("wave_number", "kind", "price", "reason"),
                    ("-price", "condition_id"),
                    most=50,
                ),
            ),
        ),
        Topic("roadmap", "Roadmap", (Drawn("Waves in calendar time", _roadmap, ("assess/roadmap",)),)),
    ),
    "plan": (
        Topic(
            "plan-overview",
            "Overview",
            (),
            (
                View(
                    "plan/plan_overview",
                    (
                        "overview_name",
                        "workload_count",
                        "server_count",
                        "storage_gib",
                        "data_gib",
                        "transfer_hours",
                        "effort_days",
                        "start_date",
                        "end_date",
                        "now_usd_month",
                        "after_usd_month",
                        "readiness",
                        "risks",
                    ),
                    ("wave_number",),
                ),
            ),
        ),
        Topic(
            "timeline",
            "Timeline",
            (Drawn("Tasks by workload", _timeline, ("plan/timeline",)),),
            (
                View(
                    "plan/timeline",
                    ("task_name", "role", "assigned_to", "planned_start", "planned_end", "reason"),
                    ("planned_start", "task_name"),
                    only=lambda rows: rows["is_driving"].astype(bool),
                ),
            ),
        ),
        Topic(
            "people",
            "People",
            (Drawn("Load of roles by week", _roles, ("plan/resource_plan",)),),
            (
                View(
                    "plan/resource_remedies",
                    ("remedy_name", "remedy", "price_usd", "reason"),
                    ("price_usd", "remedy_id"),
                ),
            ),
        ),
        Topic(
            "targets",
            "Targets and cost",
            (),
            (
                View(
                    "plan/business_case",
                    (
                        "case_name",
                        "server_count",
                        "now_usd_month",
                        "one_off_usd",
                        "after_usd_month",
                        "payback_months",
                    ),
                    ("wave_number",),
                ),
                View(
                    "plan/targets",
                    (
                        "server_name",
                        "provider",
                        "region",
                        "instance_type",
                        "vcpu",
                        "memory_gib",
                        "on_demand_usd_month",
                        "binding_dimension",
                        "runner_up_type",
                    ),
                    ("server_name", "target_id"),
                    only=lambda rows: rows["is_chosen"].astype(bool),
                ),
                View("plan/address_conflicts", ("conflict_name", "other_kind", "reason", "remedy"), ("conflict_name",)),
            ),
        ),
    ),
    "execute": (
        Topic(
            "progress",
            "Progress",
            (Drawn("Tasks left week by week", _burn_down, ("execute/burn_down",)),),
            (
                View(
                    "execute/execution_report",
                    (
                        "report_name",
                        "known_at",
                        "over_count",
                        "open_count",
                        "stuck_count",
                        "overdue_count",
                        "share_done",
                        "share_due",
                        "planned_end",
                        "forecast_end",
                        "forecast_end_likely",
                        "chance_in_time",
                        "cost_to_date_usd",
                        "forecast_cost_usd",
                        "variance_reasons",
                    ),
                    ("wave_number",),
                ),
                View(
                    "execute/task_forecasts",
                    ("task_name", "role", "state", "planned_end", "forecast_end", "hours_late", "reason"),
                    ("-hours_late", "task_name"),
                    most=50,
                    only=lambda rows: (rows["hours_late"] > 0) & ~rows["state"].isin(["done", "skipped"]),
                ),
            ),
        ),
        Topic(
            "readiness",
            "Readiness of waves",
            (),
            (View("execute/execution_overview", (), ()), View("execute/wave_gates", (), ())),
        ),
        Topic("cutover", "Cutover runbooks", (), (View("execute/cutover_runbook", (), ()),)),
    ),
    "modernize": (
        Topic("refactor", "Refactor", (), (View("modernize/refactor_backlog", (), ()),)),
        Topic("rearchitect", "Rearchitect", (), (View("modernize/rearchitect_backlog", (), ()),)),
        Topic("rewrite", "Rewrite", (), (View("modernize/rewrite_backlog", (), ()),)),
    ),
}
