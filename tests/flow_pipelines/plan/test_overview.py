"""Plan's overview adds up, and tells what may go wrong."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from flow_pipelines.plan.overview import Assessed, build_plan_overview, overview_problems
from flow_pipelines.scope import Scope

SCOPE = Scope("acme", "dc-exit")
GIB_IN_MEGABITS = 8 * 1024**3 / 1_000_000
# By workload: treatment, wave, readiness, GiB that its server uses.
WORKLOADS: dict[str, tuple[str, int | None, str, float | None]] = {
    "crm": ("rehost", 1, "ready", 100.0),
    "erp": ("rehost", 2, "blocked", None),
    "lab": ("rehost", 2, "ready", 50.0),
    "old": ("retain", None, "blocked", 70.0),
}


def ids(kind: str) -> list[str]:
    return [SCOPE.id_of(kind, name) for name in WORKLOADS]


def overview(*, turned: bool = False, bandwidth_mbit: float = 1000.0) -> pd.DataFrame:
    step = -1 if turned else 1
    treatments, waves, readiness, used = zip(*WORKLOADS.values(), strict=True)
    assets, workloads = ids("asset"), ids("workload")
    number = pd.array(waves, dtype="Int64")
    inventory = pd.DataFrame({"asset_id": assets, "asset_type": "server", "storage_used_gib": used})
    inventory["storage_allocated_gib"] = [500.0, None, None, None]
    plan = pd.DataFrame(
        {
            "workload_id": workloads,
            "workload_name": list(WORKLOADS),
            "treatment": treatments,
            "wave_number": number,
            "effort_days": 5.0,
            "status": ["proposed", "proposed", "on hold", "proposed"],
            "start_date": [date(2026, 7, 1), date(2026, 8, 1), date(2026, 8, 1), None],
            "end_date": [date(2026, 7, 31), date(2026, 8, 31), date(2026, 8, 31), None],
            "latest_end_date": [date(2026, 8, 9), date(2026, 9, 9), date(2026, 9, 9), None],
            "source_entity_ids": [[one] for one in assets],
        }
    )
    blockers = [[], ["Its architecture is power."], [], ["It is a mainframe."]]
    assessed = Assessed(
        plan[::step],
        pd.DataFrame({"workload_id": workloads, "readiness": readiness, "blockers": blockers})[::step],
        pd.DataFrame({"workload_id": workloads, "risk_score": [20.0, 60.0, 40.0, 0.0]})[::step],
        pd.DataFrame(
            {
                "condition_id": ["a", "b"],
                "wave_number": [2, 2],
                "price": [3.0, None],
                "reason": ["crm is cut off.", "x"],
            }
        )[::step],
        pd.DataFrame({"step_id": ["a"], "wave_number": [2], "conflict": ["It ends after the deadline."]}),
    )
    case = pd.DataFrame(
        {
            "wave_number": pd.array([None, 1, 2], dtype="Int64"),
            "server_count": [3, 1, 2],
            "unpriced_server_count": [1, 0, 1],
            "now_usd_month": [300.0, 100.0, 200.0],
            "after_usd_month": [210.0, 90.0, 120.0],
        }
    )
    return build_plan_overview(inventory[::step], assessed, case, scope=SCOPE, bandwidth_mbit=bandwidth_mbit)


def row(name: str, **told: Any) -> pd.Series[Any]:  # noqa: ANN401
    return overview(**told).set_index("overview_name").loc[name]


def test_a_wave_takes_as_long_as_its_used_data_at_the_bandwidth() -> None:
    wave = row("Wave 1")
    assert wave["data_gib"] == 100.0
    assert wave["transfer_hours"] == pytest.approx(100 * GIB_IN_MEGABITS / 1000 / 3600, abs=0.05)
    slow = row("Wave 1", bandwidth_mbit=1.0)
    assert slow["transfer_hours"] == pytest.approx(100 * GIB_IN_MEGABITS / 3600, abs=0.05)


def test_storage_is_what_is_allocated_or_else_used_of_the_servers_that_move_data() -> None:
    rows = overview().set_index("overview_name")["storage_gib"]
    assert rows.to_dict() == {"Programme": 550.0, "Wave 1": 500.0, "Wave 2": 50.0}


def test_the_programme_adds_up_and_what_stays_is_counted_there_alone() -> None:
    rows = overview().set_index("overview_name")
    waves = rows.drop("Programme")
    assert rows.loc["Programme", "workload_count"] == waves["workload_count"].sum() + 1
    for name in ("data_gib", "server_count", "unknown_data_count", "blocked_count"):
        assert rows.loc["Programme", name] == waves[name].sum(), name
    assert (rows.loc["Programme", "start_date"], rows.loc["Programme", "end_date"]) == (
        date(2026, 7, 1),
        date(2026, 8, 31),
    )


def test_a_wave_is_as_ready_as_the_least_ready_of_its_workloads_and_tells_its_risks() -> None:
    wave = row("Wave 2")
    assert (wave["readiness"], wave["blocked_count"], wave["ready_count"]) == ("blocked", 1, 1)
    assert list(wave["risks"]) == [
        "Readiness blocked: erp (Its architecture is power).",
        "On hold: lab.",
        "Servers of unknown data that moves: 1; it takes longer than told.",
        "Servers without a price in the cloud: 1; it costs more than told.",
        "crm is cut off.",
        "It ends after the deadline.",
    ]
    assert list(row("Wave 1")["risks"]) == []


def test_the_order_of_rows_does_not_matter() -> None:
    assert overview(turned=True).equals(overview())


def test_a_wave_that_is_not_told_or_told_with_other_counts_is_found() -> None:
    plan = pd.DataFrame({"wave_number": pd.array([1, 2, 2, None], dtype="Int64")})
    rows = overview()
    assert overview_problems(plan, rows) == []
    assert overview_problems(plan, rows[rows["overview_name"] != "Wave 1"]) == [
        "wave 1 has 1 workloads, and 0 are told"
    ]
    assert overview_problems(plan.iloc[:3], rows) == ["the programme tells [4] of 3 workloads"]
