"""What holds for every estate, however messy its records are."""

from __future__ import annotations

from random import Random
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from flow_pipelines.discovery.dependencies import find_dependencies
from flow_pipelines.discovery.gates import dependency_problems
from tests.flow_pipelines.discovery.dependency_estates import SCOPE, SETTINGS, Estate

NAMES = ("web01", "WEB01.corp.example", "web01.other.example", "db01", "crm", "10.0.0.2", "nobody", "localhost", None)
ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "8.8.8.8", "fe80::1", "127.0.0.1", "0.0.0.0", "224.0.0.1", None)  # noqa: S104
TYPES = ("Depends on::Used by", "Runs::Runs on", "Contains", "frobs", None)
PORTS = (53, 443, 5432, 50112, 50113, 50114, None)
numbers = st.none() | st.integers(0, 10**12)
connections: st.SearchStrategy[dict[str, object]] = st.fixed_dictionaries(
    {
        "source_address": st.sampled_from(ADDRESSES),
        "source_name": st.sampled_from(NAMES),
        "destination_address": st.sampled_from(ADDRESSES),
        "destination_name": st.sampled_from(NAMES),
        "destination_port": st.sampled_from(PORTS),
        "protocol": st.sampled_from(["tcp", "udp", "icmp", None]),
        "connection_count": numbers,
        "bytes_sent": numbers,
        "bytes_received": numbers,
        "row_count": st.integers(1, 9),
    }
)
relations: st.SearchStrategy[dict[str, object]] = st.fixed_dictionaries(
    {
        "relation_parent": st.sampled_from(NAMES),
        "relation_child": st.sampled_from(NAMES),
        "relation_type": st.sampled_from(TYPES),
    }
)
assets = st.tuples(
    st.sampled_from(["server", "database", "application", "hypervisor_host"]),
    st.sampled_from([name for name in NAMES if name]),
    st.lists(st.sampled_from([one for one in ADDRESSES if one]), max_size=2, unique=True),
    st.sampled_from([None, "operational", "retired"]),
)


@st.composite
def estates(draw: st.DrawFn) -> Estate:
    estate = Estate()
    for asset_type, name, addresses, lifecycle_status in draw(st.lists(assets, max_size=5)):
        estate.asset(asset_type, name, *addresses, lifecycle_status=lifecycle_status)
    for record_type, records in (("connection", connections), ("relation", relations)):
        for cells in draw(st.lists(records, max_size=8)):
            estate.record(record_type, **cells)
    return estate


def is_told(record: pd.Series[Any], *columns: str) -> bool:
    return any(record[column] not in (None, "0.0.0.0") for column in columns)  # noqa: S104


@settings(max_examples=15)
@given(estate=estates())
def test_every_record_of_two_told_ends_is_in_exactly_one_sound_edge_and_nothing_is_counted_twice(
    estate: Estate,
) -> None:
    records, inventory = estate.frames()
    edges = find_dependencies(records, inventory, scope=SCOPE, settings=SETTINGS)
    lists = edges["source_entity_ids"].tolist()
    named = [record_id for one in lists for record_id in one]
    assert len(named) == len(set(named))
    told = {
        row["record_id"]
        for _, row in records.iterrows()
        if (row["record_type"] == "relation" and is_told(row, "relation_parent") and is_told(row, "relation_child"))
        or (
            row["record_type"] == "connection"
            and is_told(row, "source_address", "source_name")
            and is_told(row, "destination_address", "destination_name")
        )
    }
    assert set(named) == told
    observed = records[records["record_id"].isin(set(named)) & (records["record_type"] == "connection")]
    counts = observed["connection_count"].fillna(observed["row_count"])
    assert edges["connection_count"].sum() == counts.sum()
    assert edges["bytes_total"].sum() == observed[["bytes_sent", "bytes_received"]].fillna(0).sum().sum()
    assert dependency_problems(inventory, edges) == []
    assert edges["confidence"].between(0, 1).all()
    assert (edges["noise_reason"].notna() == edges["is_noise"]).all()
    assert not edges["reason"].str.contains("nan|None|<NA>").any()


@settings(max_examples=8)
@given(estate=estates(), random=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(estate: Estate, random: Random) -> None:
    records, inventory = estate.frames()
    shuffled = [frame.sample(frac=1, random_state=random.randrange(2**32)) for frame in (records, inventory)]
    assert_frame_equal(
        find_dependencies(records, inventory, scope=SCOPE, settings=SETTINGS),
        find_dependencies(*shuffled, scope=SCOPE, settings=SETTINGS),
    )
