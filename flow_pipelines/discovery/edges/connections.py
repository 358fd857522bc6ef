"""Observed connections: one edge per pair of ends, port and protocol.

Belongs here: folding `connection` records to edges. Does not: whose addresses their ends are (`connection_ends.py`),
what a port means (`services.py`).
"""

from __future__ import annotations

import pandas as pd

from flow_pipelines.discovery.edges.connection_ends import connection_ends
from flow_pipelines.discovery.edges.directory import END_COLUMNS, AssetDirectory, record_lists
from flow_pipelines.discovery.edges.services import services_of, services_of_processes
from flow_pipelines.reference.edge_evidence import edge_evidence
from flow_pipelines.reference.network_services import network_services
from flow_pipelines.scope import Scope

EDGE_KEY = ["source_id", "target_id", "port", "protocol"]
PAIR = ["source_id", "target_id", "protocol"]


def connection_edges(cleansed_records: pd.DataFrame, directory: AssetDirectory, *, scope: Scope) -> pd.DataFrame:
    """Fold observed connections to edges from the side that opens them to the side that listens.

    Args:
        cleansed_records: The rows of `discovery/cleansed_records`.
        directory: The directory of the estate.
        scope: The engagement, for the ids of external nodes.

    Returns:
        One row per source, target, port and protocol, with all columns of `discovery/dependencies` that come from
        the records. A record of which one end is not told at all is in none of them.
    """
    records = cleansed_records[cleansed_records["record_type"] == "connection"]
    ends = connection_ends(records, directory, scope=scope)
    measured = pd.DataFrame(
        {
            "record_id": records["record_id"].astype("str"),
            "port": records["destination_port"].astype("Int64"),
            "protocol": records["protocol"].astype("str"),
            "connection_count": records["connection_count"].fillna(records["row_count"]).astype("Int64"),
            "bytes_total": records[["bytes_sent", "bytes_received"]].astype("Int64").sum(axis="columns", min_count=1),
            "process": services_of_processes(records["destination_process"]),
            "first_seen": records["observed_from"],
            "last_seen": records["observed_to"],
        }
    )
    told = pd.concat([measured, ends], axis="columns").dropna(subset=["source_id", "target_id"])
    return _edges(_turn_answers(told.reset_index(drop=True)))


def _turn_answers(records: pd.DataFrame) -> pd.DataFrame:
    """Turn records of answers round: see `ephemeral` in `network_services.yaml`.

    They join the edge that they answer; of several such edges between the two ends, the one seen most.
    """
    rules = network_services()
    edges = records.groupby(EDGE_KEY, dropna=False)["connection_count"].sum().reset_index()
    edges["is_known"] = services_of(edges)["service"].notna()
    edges["is_ephemeral"] = ((edges["port"] >= rules.first_ephemeral_port) & ~edges["is_known"]).fillna(value=False)
    opened = edges[edges["is_ephemeral"]].groupby(PAIR, dropna=False).size().rename("ports").reset_index()
    busiest = edges[edges["is_known"]].sort_values(["connection_count", "port"], ascending=[False, True])
    answered = busiest.drop_duplicates(PAIR)[[*PAIR, "port"]].rename(
        columns={"source_id": "target_id", "target_id": "source_id", "port": "answered_port"}
    )
    answering = opened[opened["ports"] >= rules.reply_ports].merge(answered, on=PAIR)
    answering = answering[answering["source_id"] != answering["target_id"]]
    answers = edges[edges["is_ephemeral"]].merge(answering, on=PAIR)[[*EDGE_KEY, "answered_port"]]
    answered_port = records[EDGE_KEY].merge(answers, on=EDGE_KEY, how="left").set_axis(records.index)["answered_port"]
    is_answer = answered_port.notna()
    turned = records.assign(port=records["port"].mask(is_answer, answered_port), turned_count=0)
    turned["turned_count"] = records["connection_count"].where(is_answer, 0)
    for column in END_COLUMNS:
        for end, other in (("source", "target"), ("target", "source")):
            turned[f"{end}_{column}"] = records[f"{end}_{column}"].mask(is_answer, records[f"{other}_{column}"])
    return turned


def _edges(records: pd.DataFrame) -> pd.DataFrame:
    numbers = records.groupby(EDGE_KEY, dropna=False, sort=True).ngroup()
    confidence = records["source_confidence"] * records["target_confidence"]
    records = records.assign(edge=numbers, ends_confidence=confidence).sort_values(["edge", "record_id"])
    folded = records.groupby("edge")
    sums = folded[["connection_count", "turned_count"]].sum()
    # The ends are as sure as the record that tells them best.
    best = records.sort_values(["edge", "ends_confidence", "record_id"], ascending=[True, False, True])
    edges = (
        best.drop_duplicates("edge")
        .set_index("edge")
        .assign(
            connection_count=sums["connection_count"],
            turned_count=sums["turned_count"],
            bytes_total=folded["bytes_total"].sum(min_count=1),
            first_seen=folded["first_seen"].min(),
            last_seen=folded["last_seen"].max(),
            process=folded["process"].first(),
            source_entity_ids=record_lists(records["edge"], records["record_id"]),
            kind="connects_to",
            origin="network",
        )
    )
    return edges.assign(**_judgement(edges)).reset_index(drop=True)


def _judgement(edges: pd.DataFrame) -> dict[str, pd.Series]:
    """Return service, confidence and reason of edges."""
    # What listens tells more than the port it listens at.
    service = edges["process"].fillna(services_of(edges)["service"])
    evidence = edge_evidence().observed
    confidence = (edges["connection_count"] > 1).map({True: evidence["repeatedly"], False: evidence["once"]})
    is_high = (edges["port"] >= network_services().first_ephemeral_port).fillna(value=False)
    sources = edges.groupby(["target_id", "port", "protocol"], dropna=False)["source_id"].transform("nunique")
    is_reached = sources >= edge_evidence().listening_sources
    is_ephemeral = is_high & service.isna() & ~is_reached
    confidence = confidence.astype(float) * edges["ends_confidence"]
    confidence = confidence.mask(is_ephemeral, confidence * evidence["ephemeral_port"])
    counts = edges["connection_count"].map("{:,}".format) + (edges["connection_count"] == 1).map(
        {True: " connection", False: " connections"}
    )
    reason = "Observed " + counts + ", opened by the source. Source "
    reason += edges["source_says"] + "; target " + edges["target_says"] + "."
    ephemeral = " No service is known at so high a port: the source may be the one that listens."
    reason += is_ephemeral.map({True: ephemeral, False: ""})
    reached = sources.map(" {:,} sources reach this high port, so the target listens there.".format)
    reason += reached.where(is_high & service.isna() & is_reached, "")
    named = " The process that answers tells the service."
    reason += edges["process"].notna().map({True: named, False: ""})
    turned = edges["turned_count"].map(" {:,} of them were recorded from the answering side.".format)
    reason += turned.where(edges["turned_count"] > 0, "")
    # Three digits: more would promise a precision that the weights do not have.
    return {"service": service, "confidence": confidence.round(3), "reason": reason}
