"""Links to databases that connection strings and processes tell, and nodes in between."""

from __future__ import annotations

import pandas as pd
import pytest

from flow_pipelines.discovery.edges.connection_strings import stated_services
from flow_pipelines.discovery.edges.services import services_of_processes
from flow_pipelines.discovery.readers.secrets import without_secrets
from tests.flow_pipelines.discovery.dependency_estates import Estate

SQL, ORACLE, POSTGRES = "Microsoft SQL Server", "Oracle Database", "PostgreSQL"
ORACLE_NET = (
    "ERP=(DESCRIPTION=(ADDRESS_LIST=(ADDRESS=(PROTOCOL=TCP)(HOST=o1)(PORT=1522))(ADDRESS=(PROTOCOL=TCP)(HOST=o2)))"
    "(CONNECT_DATA=(SERVICE_NAME=ERP.corp)))"
)
HOSTILE = ["a", "a=", "server=a;", "jdbc:", "x://a,", "(HOST=a)", 'a="', " "]
BOTH = [("db01", 1433, SQL, "shop"), ("db02", 1433, SQL, "shop")]
DB2, QUEUE = ("i01", 50001, "IBM Db2", "A"), ("mq01", 5671, "AMQP over TLS", None)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (r"jdbc:sqlserver://DB01\SQL1:1433;databaseName=shop;user=sa", [("db01", 1433, SQL, "shop")]),
        ("postgresql://jane:secret@db01/shop?ssl=1", [("db01", 5432, POSTGRES, "shop")]),
        ("mongodb://a:27017,b:27018/shop", [("a", 27017, "MongoDB", "shop"), ("b", 27018, "MongoDB", "shop")]),
        ("jdbc:oracle:thin:scott/tiger@//ora01:1521/ERP", [("ora01", 1521, ORACLE, "ERP")]),
        ("jdbc:oracle:thin:@ora01:1526:ERP", [("ora01", 1526, ORACLE, "ERP")]),
        (ORACLE_NET, [("o1", 1522, ORACLE, "ERP.corp"), ("o2", 1521, ORACLE, "ERP.corp")]),
        (r"Server=tcp:db01\SQL1,14330;Initial Catalog=shop;Password=x;", [("db01", 14330, SQL, "shop")]),
        ("Data Source=db01;Failover Partner=db02;Initial Catalog=shop", BOTH),
        ("host=db01 port=5433 dbname=shop user=jane password=x", [("db01", 5433, None, "shop")]),
        ("Driver={PostgreSQL Unicode};Server=pg01;Database=x;Pwd={a;b}", [("pg01", 5432, POSTGRES, "x")]),
        ("jdbc:sybase:Tds:syb01:5000/db", [("syb01", 5000, "SAP ASE", "db")]),
        ("jdbc:mysql://[2001:db8::5]:3307/shop", [("2001:db8::5", 3307, "MySQL", "shop")]),
        ("redis://:x@cache01:6380", [("cache01", 6380, "Redis", None)]),
        ("See jdbc:db2://i01:50001/A and amqps://mq01", [DB2, QUEUE]),
        ("host=db01 port=${DB_PORT} dbname=shop", [("db01", None, None, "shop")]),
        ("Driver={PostgreSQL};Server=pg01;Database=x;Port=5432.0", [("pg01", 5432, POSTGRES, "x")]),
        ("Server=db01,99999999999;Initial Catalog=shop", [("db01", 1433, SQL, "shop")]),
        ("jdbc:postgresql://db01:99999/shop", [("db01", 5432, POSTGRES, "shop")]),
        ("https://wiki.corp/how-to", []),
        ("owner=jane; server=web01", []),
        ("environment=prod", []),
        ("12:30:45", []),
        ("sftp://files01/in", []),
    ],
)  # fmt: skip
def test_a_connection_string_tells_host_port_service_and_database(text: str, places: list[tuple[object, ...]]) -> None:
    found = [(one.host, one.port, one.service, one.database) for one in stated_services(without_secrets(text))]
    assert found == places


def test_a_string_leads_to_the_database_on_the_host_or_else_to_the_host_or_an_external_node() -> None:
    estate = Estate()
    web = estate.asset("server", "web01", "10.0.0.1", host_name="web01")
    estate.records[-1]["custom_attributes"] = {
        "DB connection": "Server=db01.corp.example;Initial Catalog=shop;User Id=x",
        "Cache": "redis://10.0.0.3:6379/0",
        "Partner": "jdbc:postgresql://pg.partner.example/feed",
        "Own": "jdbc:mysql://localhost/own",
    }
    estate.asset("server", "db01", "10.0.0.2", host_name="db01")
    shop = estate.asset("database", "SHOP", host_name="db01")
    cache = estate.asset("server", "cache01", "10.0.0.3", host_name="cache01")
    edges = estate.edges()
    assert set(edges["origin"]) == {"connection_string"}
    assert set(edges["source_id"]) == {web}
    found = edges.set_index("service")
    assert found.loc[SQL, "target_id"] == shop
    assert found.loc["Redis", "target_id"] == cache
    assert found.loc[POSTGRES, "target_name"] == "pg.partner.example"
    assert found.loc[POSTGRES, "target_is_external"]
    assert "MySQL" not in found.index
    assert edges["is_database_link"].all()
    assert "under DB connection names the Microsoft SQL Server shop" in found.loc[SQL, "reason"]
    assert list(found.loc[SQL, "source_entity_ids"]) == [estate.records[0]["record_id"]]


def test_an_applications_string_is_the_applications_link() -> None:
    estate = Estate()
    shop = estate.asset("application", "Shop")
    estate.records[-1]["description"] = "Uses jdbc:postgresql://db01/shop"
    estate.asset("server", "db01", "10.0.0.2", host_name="db01")
    [edge] = estate.edges().to_dict("records")
    assert (edge["source_id"], edge["target_name"], edge["kind"]) == (shop, "db01", "depends_on")


@pytest.mark.parametrize(
    ("process", "service"),
    [
        ("sqlservr.exe", SQL),
        (r"C:\Program Files\Microsoft SQL Server\Binn\sqlservr.exe -sX", SQL),
        ("/usr/sbin/mysqld --defaults-file=/etc/my.cnf", "MySQL"),
        ("postgres: writer process", POSTGRES),
        ("ora_pmon_ERP", None),
        ("oracleERP", ORACLE),
        ("java", None),
    ],
)
def test_the_program_that_listens_tells_the_service(process: str, service: str | None) -> None:
    [found] = services_of_processes(pd.Series([process])).tolist()
    assert found == service if service else pd.isna(found)


def test_a_database_at_a_port_of_its_own_is_told_by_its_process() -> None:
    estate = Estate()
    for name, address in (("web01", "10.0.0.1"), ("db01", "10.0.0.2")):
        estate.asset("server", name, address)
    estate.connection("10.0.0.1", "10.0.0.2", 41433, destination_process="sqlservr.exe")
    estate.connection("10.0.0.1", "10.0.0.2", 8080)
    edges = estate.edges().set_index("port")
    assert edges.loc[41433, "service"] == SQL
    assert edges.loc[41433, "is_database_link"]
    assert not edges.loc[8080, "is_database_link"]
    assert "The process that answers tells the service." in edges.loc[41433, "reason"]


def test_a_high_port_that_several_reach_is_one_that_somebody_listens_at() -> None:
    estate = Estate()
    estate.asset("server", "srv", "10.0.0.100")
    for number in range(1, 5):
        estate.asset("server", f"web{number}", f"10.0.0.{number}")
        estate.connection(f"10.0.0.{number}", "10.0.0.100", 45000)
    estate.connection("10.0.0.1", "10.0.0.100", 50123)
    edges = estate.edges()
    reached, alone = edges[edges["port"] == 45000], edges[edges["port"] == 50123]
    assert reached["confidence"].min() > alone["confidence"].max()
    assert reached["reason"].str.contains("4 sources reach this high port").all()
    assert alone["reason"].str.contains("the source may be the one that listens").all()


def balanced(name: str) -> Estate:
    """Four clients reach a node, which alone reaches two members, on the same port."""
    estate = Estate()
    estate.asset("server", name, "10.0.0.50")
    for number in range(1, 5):
        estate.asset("server", f"client{number}", f"10.0.0.{number}")
        estate.connection(f"10.0.0.{number}", "10.0.0.50", 443)
    for number in (101, 102):
        estate.asset("server", f"member{number}", f"10.0.0.{number}")
        estate.connection("10.0.0.50", f"10.0.0.{number}", 443)
    return estate


def test_a_load_balancer_is_noted_by_its_traffic() -> None:
    edges = balanced("front").edges()
    assert set(edges["intermediary"]) == {"load_balancer"}
    assert edges["reason"].str.contains("front is a load balancer").all()


def test_a_server_that_everybody_reaches_past_is_no_load_balancer() -> None:
    estate = balanced("front")
    for number in range(1, 5):
        for member in (101, 102):
            estate.connection(f"10.0.0.{number}", f"10.0.0.{member}", 443)
    assert estate.edges()["intermediary"].isna().all()


@pytest.mark.parametrize(
    ("name", "noted"), [("lb-vip-01", True), ("F5BIGIP02", True), ("album01", False), ("shvip", False)]
)
def test_a_load_balancer_is_noted_by_its_name(name: str, noted: bool) -> None:
    estate = Estate()
    balancer = estate.asset("network_device", name, "10.0.0.50")
    estate.asset("server", "web01", "10.0.0.1")
    estate.connection("10.0.0.1", "10.0.0.50", 443)
    [edge] = estate.edges().to_dict("records")
    assert edge["intermediary"] == ("load_balancer" if noted else None)
    assert edge["intermediary_id"] == (balancer if noted else None)


def test_an_unknown_address_that_uses_much_and_serves_nobody_stands_for_several() -> None:
    estate = Estate()
    for number in range(1, 7):
        estate.asset("server", f"web{number}", f"10.0.0.{number}")
        estate.connection("192.168.9.9", f"10.0.0.{number}", (443, 1433, 8080)[number % 3])
    edges = estate.edges()
    assert set(edges["intermediary"]) == {"address_translation"}
    assert set(edges["intermediary_id"]) == set(edges["source_id"])


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_cell_of_millions_of_characters_comes_to_an_end(piece: str) -> None:
    """Searches that begin anew at each of them would take hours."""
    stated_services("=:" + piece * (3_000_000 // len(piece)))
