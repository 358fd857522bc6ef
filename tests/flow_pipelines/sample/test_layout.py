"""Estates of any size hang together before anything is written about them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_pipelines.reference.end_of_life import end_of_life_facts
from flow_pipelines.sample import details
from flow_pipelines.sample.edges import draw_edges
from flow_pipelines.sample.hypervisors import platform_of
from flow_pipelines.sample.layout import lay_out
from flow_pipelines.sample.vocabulary import vocabulary

SIZES = st.integers(20, 400)
SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=15)
@given(SIZES, SEEDS)
def test_an_estate_has_exactly_the_servers_asked_for_and_no_two_share_a_name_or_address(
    servers: int, seed: int
) -> None:
    layout = lay_out(servers, seed)
    assert len(layout.servers) == servers
    assert layout.servers["name"].is_unique
    assert layout.servers["name"].str.len().max() <= 15, "Windows allows host names of 15 characters"
    assert layout.servers["address"].is_unique
    assert layout.applications["name"].is_unique
    assert layout.applications["code"].is_unique
    assert set(layout.servers["application"]) == set(range(len(layout.applications)))


@settings(max_examples=10)
@given(SIZES, SEEDS)
def test_every_edge_connects_two_different_ends_that_exist(servers: int, seed: int) -> None:
    layout = lay_out(servers, seed)
    edges = draw_edges(layout)
    ends = servers + len(edges.outside_addresses)
    assert (edges.source != edges.target).all()
    assert edges.source.max() < ends
    assert edges.target.max() < ends
    assert ((edges.source < servers) | (edges.target < servers)).all(), "one end is always a server"
    assert edges.port.min() > 0
    assert len(set(edges.outside_addresses)) == len(edges.outside_addresses)


@settings(max_examples=10)
@given(SIZES, SEEDS)
def test_databases_lie_on_database_servers_and_virtual_machines_on_hosts(servers: int, seed: int) -> None:
    layout = lay_out(servers, seed)
    tiers = layout.servers["tier"].iloc[layout.databases["server"]]
    assert set(tiers) <= {layout.words.tier_keys.index("db")}
    assert not layout.databases.duplicated(["server", "ordinal"]).any()
    virtual = layout.servers["is_virtual"]
    assert (layout.servers.loc[virtual, "host"] >= 0).all()
    assert (layout.servers.loc[~virtual, "host"] == -1).all()
    assert len(platform_of(layout).host_names) == len(layout.hosts)


def test_about_85_percent_of_an_estate_is_virtual_and_half_of_it_production() -> None:
    servers = lay_out(2_000, 5).servers
    assert 0.80 < servers["is_virtual"].mean() < 0.88
    assert 0.40 < (servers["environment"] == 0).mean() < 0.65


def test_estates_have_old_and_new_operating_systems_of_every_family() -> None:
    layout = lay_out(5_000, 3)
    found = {layout.words.operating_systems[number].product for number in set(layout.servers["operating_system"])}
    assert found == {one.product for one in layout.words.operating_systems}
    windows = [one.cycle for one in layout.words.operating_systems if one.family == "windows"]
    kinds = layout.servers["operating_system"].map(lambda number: layout.words.operating_systems[number].cycle)
    assert set(windows) <= set(kinds)


def test_every_product_of_the_vocabulary_is_known_to_the_end_of_life_facts() -> None:
    words, facts = vocabulary(), end_of_life_facts()
    known = set(zip(facts["product"], facts["cycle"], strict=True))
    systems = {(one.product, one.cycle) for one in words.operating_systems}
    databases = {(words.database_engines[one.engine].product, one.cycle) for one in words.databases}
    assert systems - known == set()
    assert databases - known == set()


def test_everything_can_be_written_in_the_encoding_of_every_client() -> None:
    words = vocabulary()
    for company in words.companies:
        words.model_dump_json().encode(company.exports.encoding)


def test_servers_are_drawn_in_chunks_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(details, "CHUNK", 100)
    sizes = [len(frame) for _, frame in details.server_chunks(lay_out(350, 4))]
    assert sizes == [100, 100, 100, 50]
