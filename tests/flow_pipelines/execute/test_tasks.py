"""Every server and database that moves has its tasks, within the plan, with what is needed to do them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from flow_pipelines.execute.tasks.build import (
    REHOST_TASKS,
    REPLATFORM_TASKS,
    build_rehost_tasks,
    build_replatform_tasks,
)
from flow_pipelines.execute.tasks.gates import task_problems
from tests.flow_pipelines.execute.programmes import SCOPE, Frames, Link, Workload, id_of, programme, settings_of

SHOP = Workload("shop", ["web01", "db01"], {"orders": "db01"})
CRM = Workload("crm", ["app01"], treatment="replatform", wave=2)
MANY_HOURS = 120.0


def both(frames: Frames) -> tuple[pd.DataFrame, pd.DataFrame]:
    made = (
        build_rehost_tasks(frames, scope=SCOPE, settings=settings_of()),
        build_replatform_tasks(frames, scope=SCOPE, settings=settings_of()),
    )
    for key, rows in zip((REHOST_TASKS, REPLATFORM_TASKS), made, strict=True):
        assert task_problems(key, frames, rows) == []
    return made


def by_name(rows: pd.DataFrame) -> dict[str, dict[Any, Any]]:
    return {str(row["task_name"]): row for row in rows.to_dict("records")}


def test_each_server_is_in_the_table_of_its_treatment_and_a_managed_database_is_replatformed() -> None:
    rehosted, replatformed = both(programme(SHOP, CRM))
    assert set(rehosted["asset_name"]) == {"web01", "db01"}
    assert set(replatformed["asset_name"]) == {"app01", "orders"}
    names = by_name(rehosted)
    chain = names["web01: test boot"]["predecessor_ids"]
    assert chain == [names["web01: first copy"]["task_id"]]
    assert names["web01: test boot"]["state"] == "planned"


def test_a_database_that_people_run_themselves_moves_with_its_server_where_that_moves_as_it_is() -> None:
    _, replatformed = both(programme(SHOP, component_treatment="self_managed"))
    assert replatformed.empty
    rebuilt = Workload("shop", ["db01"], {"orders": "db01"}, treatment="replatform")
    _, replatformed = both(programme(rebuilt, component_treatment="self_managed"))
    assert "orders: first load" in set(replatformed["task_name"])


@pytest.mark.parametrize("treatment", ["refactor", "rearchitect", "rewrite", "repurchase", "retire", "retain"])
def test_what_is_made_anew_replaced_or_left_has_no_tasks_of_servers(treatment: str) -> None:
    frames = programme(Workload("other", ["web01"], {"orders": "web01"}, treatment=treatment))
    assert all(rows.empty for rows in both(frames))


def test_a_relocated_server_has_no_test_and_one_without_data_copies_while_it_is_set_up() -> None:
    moved, _ = both(programme(Workload("vm", ["vm01"], treatment="relocate")))
    assert "vm01: set up the relocation" in set(moved["task_name"])
    assert not moved["kind"].eq("test").any()
    frames = programme(Workload("shop", ["web01"]), facts={"web01": {"storage_used_gib": None}})
    copy = by_name(both(frames)[0])["web01: first copy"]
    assert "has no task replicate: it is done in set up replication" in copy["reason"]


def test_steps_are_in_working_hours_of_their_task_and_a_cutover_is_all_of_its_window() -> None:
    frames = programme(SHOP)
    rows, _ = both(frames)
    timeline = frames["plan/timeline"].set_index("task_id")
    copies = rows[rows["step"] == "cut over"]
    parents = timeline.loc[copies["timeline_task_id"]]
    assert (parents["task"] == "cutover").all()
    assert copies["planned_start"].tolist() == parents["planned_start"].tolist()
    work = rows[rows["kind"].isin(["backup", "preparation", "test", "decommission"])]
    assert work["planned_start"].dt.hour.between(9, 16).all()
    assert (work["planned_end"].dt.hour * 60 + work["planned_end"].dt.minute).between(9 * 60, 17 * 60).all()
    assert work["planned_start"].dt.day_of_week.lt(5).all()


def test_a_cutover_in_several_windows_cuts_over_part_of_the_servers_in_each() -> None:
    frames = programme(Workload("erp", [f"erp{number}" for number in range(4)], effort_days=MANY_HOURS))
    rows, _ = both(frames)
    cutovers = rows[rows["step"] == "cut over"].groupby("timeline_task_id").size()
    parts = frames["plan/timeline"].query("kind == 'cutover'")
    assert len(parts) > 1
    assert set(cutovers.index) <= set(parts["task_id"])
    assert len(cutovers) == min(len(parts), 4)


def test_a_server_of_two_workloads_moves_once_with_the_first_and_says_so() -> None:
    late = Workload("late", ["web01"], treatment="replatform", wave=3)
    rows, other = both(programme(late, Workload("early", ["web01"], wave=1)))
    assert set(rows["workload_name"]) == {"early"}
    assert other.empty
    assert "late (replatform)" in by_name(rows)["web01: check the backup"]["reason"]


def test_a_server_is_kept_until_the_last_database_on_it_has_moved() -> None:
    frames = programme(Workload("shop", ["s01", "s02"]), Workload("crm", ["app01"], {"leads": "s01"}, wave=2))
    rows, _ = both(frames)
    off = by_name(rows)
    end = frames["plan/timeline"].query("kind == 'cutover' and workload_id == @id_of('crm')")["planned_end"].iloc[0]
    said = f"leads runs on it and moves later, planned until {end:%Y-%m-%d %H:%M} UTC. Keep it until then"
    assert said in off["s01: switch off"]["reason"]
    assert "Keep it" not in off["s02: switch off"]["reason"]
    silent = rows.assign(reason="It goes.")
    assert any("s01: switch off come before" in one for one in task_problems(REHOST_TASKS, frames, silent))


def test_firewall_rules_are_of_both_directions_without_noise_and_the_ports_nobody_saw_are_asked_for() -> None:
    links = [
        Link("web01", "db01", 1433),
        Link("mon01", "web01", 9100, is_noise=True),
        Link("web01", "app01"),
        Link("app01", "db01"),
        Link("app01", "db01", 1433),
    ]
    other = Workload("other", ["app01", "mon01"], wave=2)
    rows, _ = both(programme(Workload("shop", ["web01", "db01"]), other, links=links))
    rules = {name: row["details"] for name, row in by_name(rows).items() if row["kind"] == "firewall"}
    assert rules["web01: open the firewall"] == [
        "allow tcp/1433 from web01 (10.1.0.1) to db01 (10.1.0.2)",
        "find out the port from web01 (10.1.0.1) to app01 (10.1.0.3), which is stated; no connection was observed",
    ]
    assert rules["db01: open the firewall"] == [
        "allow tcp/1433 from app01 (10.1.0.3) to db01 (10.1.0.2)",
        "allow tcp/1433 from web01 (10.1.0.1) to db01 (10.1.0.2)",
    ]
    assert rules["mon01: open the firewall"] == []


def test_what_reaches_a_server_as_a_database_is_let_through_to_the_database() -> None:
    links = [
        Link("web01", "db01", 1433, is_database_link=True, service="Microsoft SQL Server"),
        Link("web01", "db01", 445),
        Link("web01", "db01", 5432, is_database_link=True, service="PostgreSQL"),
    ]
    _, rows = both(programme(SHOP, links=links))
    rules = by_name(rows)["orders: open the database's firewall"]["details"]
    assert rules == ["allow tcp/1433 from web01 (10.1.0.1) to db01 (10.1.0.2)"]


@pytest.mark.parametrize(
    ("product", "size", "answer", "provider", "method"),
    [
        ("mssqlserver", 50.0, "a night", "aws", "native backup and restore"),
        ("mssqlserver", 50.0, "minutes", "azure", "Log Replay Service"),
        ("mssqlserver", 50.0, "minutes", "aws", "AWS DMS"),
        ("oracle-database", 9_000.0, "a weekend", "azure", "Data Guard"),
        ("oracle-database", 9_000.0, "a weekend", "aws", "AWS DMS"),
        ("postgresql", None, None, "google", "logical replication"),
        ("something else", 1.0, None, "aws", "dump and load"),
        (None, None, None, None, "replication of the vendor"),
    ],
)
def test_a_database_moves_by_product_size_and_what_its_users_bear(
    product: str | None, size: float | None, answer: str | None, provider: str | None, method: str
) -> None:
    frames = programme(
        SHOP,
        product=product,
        provider=provider,
        answers={"shop": answer} if answer else {},
        facts={"orders": {"database_size_gib": size}},
    )
    rows = by_name(both(frames)[1])
    assert rows["orders: set up the migration"]["method"] == method
    reason = rows["orders: set up the migration"]["reason"]
    assert reason.startswith(f"{method}: ")
    assert ("which is assumed as nobody said" in reason) == (answer is None)
    assert ("its size is not known" in reason) == (size is None)


@pytest.mark.parametrize(
    ("product", "answer", "method"),
    [
        ("elasticsearch", "a weekend", "snapshot and restore"),
        ("opensearch", "minutes", "cross-cluster replication"),
        ("couchdb", "a weekend", "continuous replication"),
        ("cassandra", "a weekend", "new data centre in the ring"),
    ],
)
def test_only_what_has_data_centres_joins_one_ring(product: str, answer: str, method: str) -> None:
    rows = both(programme(SHOP, product=product, answers={"shop": answer}))[1]
    assert set(rows["method"]) == {method}


def test_a_product_that_changes_is_converted() -> None:
    frames = programme(SHOP, component_treatment="change_product")
    assert set(both(frames)[1]["method"]) == {"conversion and continuous replication"}


def test_a_name_that_is_no_host_name_is_in_no_command() -> None:
    hostile = "web01'; rm -rf / #"
    frames = programme(
        Workload("shop", ["good01", "bad"]),
        facts={"bad": {"host_name": hostile}, "good01": {"fqdn": "good01.acme.com"}},
    )
    rows = by_name(both(frames)[0])
    assert rows["good01: lower the time to live of DNS"]["command"] == "dig +noall +answer good01.acme.com"
    assert rows["bad: lower the time to live of DNS"]["command"] == "dig +noall +answer $SERVER"
    assert not any("rm -rf" in str(row["command"]) for row in rows.values())
    assert "--region eu-central-1" in rows["good01: set up the agent"]["command"]


def test_a_server_is_archived_once_its_cutover_is_final_and_udp_is_not_tried_by_tcp() -> None:
    rows = by_name(both(programme(Workload("shop", ["web01"])))[0])
    off = rows["web01: switch off"]["command"]
    assert 0 <= off.index("finalize-cutover") < off.index("mark-as-archived")
    assert "of tcp; what is udp" in rows["web01: test connections"]["command"]


def test_without_a_cloud_there_is_no_command_and_that_is_said() -> None:
    row = by_name(both(programme(SHOP, provider=None))[0])["web01: set up the agent"]
    assert row["command"] is None
    assert "No cloud is chosen" in row["reason"]


def test_names_alike_are_told_apart() -> None:
    frames = programme(Workload("shop", ["one", "two"]), facts={"one": {"name": "Server"}, "two": {"name": "server"}})
    rows, _ = both(frames)
    assert f"Server [{id_of('one')[:8]}]: test boot" in set(rows["task_name"])


def test_row_order_changes_nothing() -> None:
    frames = programme(SHOP, CRM, links=[Link("web01", "db01", 1433), Link("app01", "web01", 443)])
    turned = {key: frame.iloc[::-1] for key, frame in frames.items()}
    for one, other in zip(both(frames), both(turned), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_the_gate_names_what_is_lost_invented_and_out_of_its_time() -> None:
    frames = programme(SHOP, CRM)
    rows, _ = both(frames)
    lost = rows[rows["asset_name"] != "web01"]
    assert any("web01 move and have not all their steps" in one for one in task_problems(REHOST_TASKS, frames, lost))
    none_left = {
        **frames,
        "plan/timeline": frames["plan/timeline"],
        "assess/plan_of_record": frames["assess/plan_of_record"].iloc[1:],
    }
    assert any("do not move so" in one for one in task_problems(REHOST_TASKS, none_left, rows))
    early = rows.assign(planned_start=rows["planned_start"] - pd.Timedelta(days=90))
    assert any("not within their task" in one for one in task_problems(REHOST_TASKS, frames, early))
    turned = rows.assign(step_number=-rows["step_number"])
    assert any("begin before what they wait for" in one for one in task_problems(REHOST_TASKS, frames, turned))
