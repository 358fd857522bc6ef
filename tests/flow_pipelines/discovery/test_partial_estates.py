"""Discovery on little: engagements start with one odd file, and every phase and gate must hold on it."""

from __future__ import annotations

import itertools
from datetime import date
from pathlib import Path

import pytest

from flow_pipelines.discovery import gates
from flow_pipelines.discovery.attribute_mapping import map_attributes
from flow_pipelines.discovery.data_cleansing import cleanse_records
from flow_pipelines.discovery.data_import import SourceFile, import_files
from flow_pipelines.discovery.dependencies import find_dependencies
from flow_pipelines.discovery.inventory import resolve_inventory
from flow_pipelines.discovery.tech_debt import find_tech_debt
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings

SCOPE = Scope("acme", "dc-exit")
SETTINGS = EngagementSettings(as_of=date(2026, 6, 30))
FILES = {
    "servers": "hostname,ip_address,os\nweb01,10.1.1.1,RHEL 6\n",
    "applications": "sys_id,name,sys_class_name,business_criticality,owned_by\n"
    "a1,Portal,cmdb_ci_appl,1 - most critical,Jo\n",
    "relations": "parent,child,type\nPortal,web01,Runs on::Runs\nfoo,bar,Depends on::Used by\n",
    "connections": "timestamp,source_ip,destination_ip,destination_port,protocol,bytes\n"
    "2026-01-01T00:00:00,10.1.1.1,10.1.1.2,5432,tcp,10\n",
    "databases": "sys_id,name,sys_class_name,type,version,port,ip_address\n"
    "d1,ORCL@db01,cmdb_ci_db_ora_instance,Oracle,12.2,1521,10.1.1.9\n",
    "named applications": "server name,application,environment\nweb02,Shop;Portal,prod\n",
    "mixed": "Name,CI_Type,Environment,IP_Address,OS,CPU_Cores,Memory_GB,Business_Owner\n"
    "x1,Server,Prod,10.0.0.1,Windows 2012,4,16,Ann\nShop,Application,Prod,,,,,Bob\nDB1,Database,Test,,,,,\n",
}
USELESS = {"junk": "colour,shape\nred,round\nblue,square\n", "empty": ""}


def discover(folder: Path, *names: str) -> tuple[dict[str, int], int, list[str]]:
    """Run all phases; returns assets by type, the number of edges, and every gate's problems."""
    files = []
    for name in names:
        path = folder / f"{name}.csv"
        path.write_text((FILES | USELESS)[name], encoding="utf-8")
        files.append(SourceFile(path.name, path))
    imported = import_files(files, scope=SCOPE, settings=SETTINGS)
    records = imported.imported_records
    mappings = map_attributes(records, scope=SCOPE, settings=SETTINGS)
    cleansed = cleanse_records(records, mappings, scope=SCOPE, settings=SETTINGS)
    resolved = resolve_inventory(cleansed.cleansed_records, scope=SCOPE, settings=SETTINGS)
    edges = find_dependencies(cleansed.cleansed_records, resolved.inventory, scope=SCOPE, settings=SETTINGS)
    findings = find_tech_debt(resolved.inventory, scope=SCOPE, settings=SETTINGS).findings
    problems = [
        *gates.import_problems(imported),
        *gates.mapping_problems(records, mappings),
        *gates.cleansing_problems(records, cleansed.cleansed_records),
        *gates.change_problems(cleansed.cleansed_records, cleansed.cleansing_changes),
        *gates.inventory_problems(cleansed.cleansed_records, resolved.inventory),
        *gates.conflict_problems(resolved.inventory, resolved.inventory_conflicts),
        *gates.dependency_problems(resolved.inventory, edges),
        *gates.connection_problems(cleansed.cleansed_records, edges),
        *gates.finding_problems(resolved.inventory, findings),
    ]
    return dict(resolved.inventory["asset_type"].value_counts()), len(edges), problems


@pytest.mark.parametrize(
    ("name", "assets", "edges"),
    [
        ("servers", {"server": 1}, 0),
        ("applications", {"application": 1}, 0),
        ("relations", {}, 2),
        ("connections", {}, 1),
        ("databases", {"database": 1}, 0),
        ("named applications", {"application": 2, "server": 1}, 0),
        ("mixed", {"application": 1, "database": 1, "server": 1}, 0),
    ],
)
def test_one_small_file_is_an_estate(name: str, assets: dict[str, int], edges: int, tmp_path: Path) -> None:
    assert discover(tmp_path, name) == (assets, edges, [])


@pytest.mark.parametrize("names", list(itertools.combinations([*FILES, *USELESS], 2)))
def test_any_two_files_go_together(names: tuple[str, str], tmp_path: Path) -> None:
    assets, _, problems = discover(tmp_path, *names)
    if set(names) <= set(USELESS):
        assert len(problems) == 1
        assert "junk.csv" in problems[0]
    else:
        assert problems == []
        assert sum(assets.values()) >= len(set(names) - {*USELESS, "relations", "connections"})


def test_a_relation_meets_the_assets_that_it_names(tmp_path: Path) -> None:
    _, edges, problems = discover(tmp_path, "servers", "applications", "relations")
    assert (edges, problems) == (2, [])
