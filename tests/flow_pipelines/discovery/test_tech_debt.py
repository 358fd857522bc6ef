"""Findings of tech debt: what is past, extended, near or unknown as of a date."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from flow_pipelines.discovery.tech_debt import find_tech_debt
from flow_pipelines.reference.end_of_life import end_of_life_facts
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.contract import conform, empty
from flow_pipelines.tables.discovery import inventory as inventory_table

SCOPE = Scope("acme", "dc-exit")
AS_OF = date(2026, 1, 1)
WINDOWS_2012_R2 = {
    "os_product": "windows-server",
    "os_cycle": "2012 R2",
    "operating_system": "Microsoft Windows Server 2012 R2 (64-bit)",
}


def inventory(*assets: dict[str, Any]) -> pd.DataFrame:
    rows = [
        {
            "asset_id": SCOPE.id_of("asset", number),
            "asset_type": "server",
            "name": f"srv{number:06}",
            "application_ids": [],
            "source_entity_ids": [],
            "source_formats": [],
            "resolution_method": "single",
            "resolution_confidence": 1.0,
            "resolution_reason": "one record",
            "quality_score": 1.0,
            **asset,
        }
        for number, asset in enumerate(assets)
    ]
    return conform(pd.DataFrame(rows), inventory_table) if rows else empty(inventory_table)


def find(*assets: dict[str, Any], as_of: date = AS_OF, near: int = 365) -> pd.DataFrame:
    settings = EngagementSettings(as_of=as_of, near_end_of_life_days=near)
    return find_tech_debt(inventory(*assets), scope=SCOPE, settings=settings).findings


def find_one(asset: dict[str, Any], **options: Any) -> dict[str, Any]:  # noqa: ANN401  (columns of any type)
    findings = find(asset, **options)
    assert len(findings) == 1
    return dict(findings.iloc[0])


def operating_system(product: str, cycle: str) -> dict[str, Any]:
    return {"os_product": product, "os_cycle": cycle, "operating_system": f"{product} {cycle}"}


def test_past_its_end_of_life_while_extended_support_runs() -> None:
    finding = find_one(WINDOWS_2012_R2)
    assert finding["status"] == "extended"
    assert finding["fact"] == (
        "Windows Server 2012 R2 reached its end of life on 2023-10-10; extended support ends on 2026-10-13."
    )
    assert finding["end_of_life"] == date(2023, 10, 10)
    assert finding["end_of_extended_support"] == date(2026, 10, 13)
    assert finding["days_past_end_of_life"] == 814
    assert finding["as_of"] == AS_OF
    assert finding["fact_source"].startswith("endoflife.date, commit a70eca337600e7d721dc48112c271f98661d208b, MIT")
    assert finding["fact_date"] == date(2026, 8, 22)
    assert (finding["asset_name"], finding["asset_type"]) == ("srv000000", "server")
    assert finding["finding_id"] == SCOPE.id_of("finding", finding["asset_id"], "operating_system", "windows-server")


def test_past_its_end_of_life_after_extended_support_has_ended() -> None:
    finding = find_one(operating_system("windows-server", "2008 R2"))
    assert finding["status"] == "past"
    assert finding["fact"] == (
        "Windows Server 2008 R2 reached its end of life on 2020-01-14; extended support ended on 2023-01-10."
    )


def test_past_its_end_of_life_without_extended_support() -> None:
    finding = find_one(operating_system("centos", "7"))
    assert finding["status"] == "past"
    assert finding["fact"] == "CentOS Linux 7 reached its end of life on 2024-06-30."


def test_near_its_end_of_life() -> None:
    finding = find_one({"database_product": "postgresql", "database_cycle": "14", "asset_type": "database"})
    assert (finding["status"], finding["category"]) == ("near", "database")
    assert finding["days_past_end_of_life"] == -315
    assert finding["fact"] == "PostgreSQL 14 reaches its end of life on 2026-11-12."


@pytest.mark.parametrize(
    ("as_of", "near", "status"),
    [
        (date(2024, 6, 30), 0, "near"),  # the last day of support is still in support
        (date(2024, 7, 1), 0, "past"),
        (date(2024, 6, 29), 0, None),
        (date(2023, 7, 1), 365, "near"),
        (date(2023, 6, 30), 365, None),
    ],
)
def test_the_end_of_life_is_the_last_day_of_support(as_of: date, near: int, status: str | None) -> None:
    findings = find(operating_system("centos", "7"), as_of=as_of, near=near)
    assert list(findings["status"]) == ([status] if status else [])


@pytest.mark.parametrize(("as_of", "status"), [(date(2026, 10, 13), "extended"), (date(2026, 10, 14), "past")])
def test_extended_support_runs_on_its_last_day(as_of: date, status: str) -> None:
    assert find_one(WINDOWS_2012_R2, as_of=as_of)["status"] == status


def naive_status(end_of_life: date | None, end_of_extended_support: date | None, as_of: date, near: int) -> str | None:
    if end_of_life is None:
        return None
    if as_of > end_of_life:
        still_extended = end_of_extended_support is not None and as_of <= end_of_extended_support
        return "extended" if still_extended else "past"
    return "near" if (end_of_life - as_of).days <= near else None


@given(data=st.data(), near=st.integers(0, 3650), offset=st.integers(-3, 3))
@hypothesis_settings(max_examples=25)
def test_agrees_with_a_naive_reading_of_the_calendar(data: st.DataObject, near: int, offset: int) -> None:
    facts = end_of_life_facts()
    rows = facts.iloc[data.draw(st.lists(st.integers(0, len(facts) - 1), min_size=1, max_size=8, unique=True))]
    dates = [value for value in rows[["end_of_life", "end_of_extended_support"]].to_numpy().ravel() if value]
    border = data.draw(st.sampled_from(dates or [AS_OF]))
    as_of = border - timedelta(days=data.draw(st.sampled_from([0, near]))) + timedelta(days=offset)
    assets, expected = [], {}
    for number, row in enumerate(rows.itertuples()):
        prefix = "os" if row.category == "operating_system" else "database"
        assets.append({f"{prefix}_product": row.product, f"{prefix}_cycle": row.cycle})
        expected[f"srv{number:06}"] = naive_status(row.end_of_life, row.end_of_extended_support, as_of, near)
    findings = find(*assets, as_of=as_of, near=near)
    found = dict(zip(findings["asset_name"], findings["status"], strict=True))
    assert found == {name: status for name, status in expected.items() if status}


@pytest.mark.parametrize(
    ("asset", "product", "fact"),
    [
        (
            {"operating_system": "Novell NetWare 6.5"},
            "Novell NetWare 6.5",
            'The source says "Novell NetWare 6.5": no product that the end-of-life facts know.',
        ),
        (
            {"operating_system": "Ubuntu Linux (64-bit)", "os_product": "ubuntu"},
            "ubuntu",
            'The source says "Ubuntu Linux (64-bit)": ubuntu, but not one release whose end of life is recorded.',
        ),
        (
            {"database_engine": "Sybase ASE", "database_version": "15.7", "database_product": "sap-ase"},
            "sap-ase",
            'The source says "Sybase ASE 15.7": sap-ase, but not one release whose end of life is recorded.',
        ),
        (
            {"operating_system": "RHEL 99", "os_product": "rhel", "os_cycle": "99"},
            "rhel",
            'The source says "RHEL 99": rhel, but not one release whose end of life is recorded.',
        ),
    ],
)
def test_what_nothing_is_known_about_is_unknown(asset: dict[str, Any], product: str, fact: str) -> None:
    finding = find_one(asset)
    assert (finding["status"], finding["product"], finding["fact"]) == ("unknown", product, fact)
    assert finding["severity"] == "low"
    assert finding["end_of_life"] is None
    assert finding["fact_source"] is None
    assert pd.isna(finding["days_past_end_of_life"])


def test_no_finding_in_support_and_none_where_the_source_says_nothing() -> None:
    in_support = operating_system("windows-server", "2025")
    without_end = operating_system("aix", "7.2")
    assert find(in_support, without_end, {}).empty


def test_no_assets_give_no_findings() -> None:
    assert find().empty


def test_a_server_answers_for_its_operating_system_and_for_the_database_it_carries() -> None:
    findings = find({**WINDOWS_2012_R2, "database_product": "mssqlserver", "database_cycle": "2014"})
    assert sorted(findings["category"]) == ["database", "operating_system"]


def test_each_asset_type_answers_for_its_own_products() -> None:
    both = {**WINDOWS_2012_R2, "database_product": "mysql", "database_cycle": "5.7"}
    findings = find(
        *({**both, "asset_type": kind} for kind in ("database", "hypervisor_host", "application", "cluster"))
    )
    assert sorted(zip(findings["asset_type"], findings["category"], strict=True)) == [
        ("database", "database"),
        ("hypervisor_host", "operating_system"),
    ]


def test_an_asset_without_name_is_called_by_what_is_known_of_it() -> None:
    host = find_one({**WINDOWS_2012_R2, "name": None, "host_name": "web01"})
    assert host["asset_name"] == "web01"
    nothing = find_one({**WINDOWS_2012_R2, "name": None})
    assert nothing["asset_name"] == nothing["asset_id"]


def score(**attributes: Any) -> float:  # noqa: ANN401  (attributes of any type)
    return float(find_one({**operating_system("centos", "7"), **attributes})["score"])


def test_what_matters_more_weighs_more() -> None:
    assert score(criticality="critical") > score(criticality="high") > score() > score(criticality="low")
    assert score(environment="production") > score() > score(environment="test")
    assert score(internet_facing=True) > score() == score(internet_facing=False)
    assert score() > score(power_state="off") > score(lifecycle_status="retired")


def test_longer_past_weighs_more_up_to_a_bound() -> None:
    scores = [find_one(operating_system("centos", "7"), as_of=date(year, 7, 1))["score"] for year in range(2024, 2040)]
    assert scores == sorted(scores)
    assert scores[1] - scores[0] == pytest.approx(5, abs=0.1)
    assert scores[-1] == scores[-5] == 80


def test_statuses_weigh_in_the_order_of_their_urgency() -> None:
    past = find_one(operating_system("centos", "7"))
    extended = find_one(operating_system("rhel", "7"))
    near = find_one(operating_system("debian", "12"))
    unknown = find_one({"operating_system": "Plan 9"})
    assert [finding["status"] for finding in (past, extended, near, unknown)] == [
        "past",
        "extended",
        "near",
        "unknown",
    ]
    assert past["score"] > extended["score"] > near["score"] > unknown["score"]


@pytest.mark.parametrize(
    ("attributes", "severity"),
    [
        ({"criticality": "critical", "environment": "production", "internet_facing": True}, "critical"),
        ({"environment": "production"}, "high"),
        ({"environment": "test"}, "medium"),
        ({"environment": "test", "lifecycle_status": "retired"}, "low"),
    ],
)
def test_severity_follows_the_score_which_never_exceeds_a_hundred(attributes: dict[str, Any], severity: str) -> None:
    finding = find_one({**operating_system("centos", "7"), **attributes})
    assert finding["severity"] == severity
    assert 0 <= finding["score"] <= 100


def test_findings_do_not_depend_on_the_order_of_the_assets() -> None:
    assets = inventory(
        WINDOWS_2012_R2,
        operating_system("centos", "7"),
        {"operating_system": "Plan 9"},
        {"database_product": "mysql", "database_cycle": "5.7", "asset_type": "database"},
    )
    settings = EngagementSettings(as_of=AS_OF)
    turned = assets.iloc[::-1].set_axis([5, 5, 5, 5])
    pd.testing.assert_frame_equal(
        find_tech_debt(turned, scope=SCOPE, settings=settings).findings,
        find_tech_debt(assets, scope=SCOPE, settings=settings).findings,
    )
