"""How right Discovery is, measured against the truth beside a sample estate.

Belongs here: precision and recall of mapping, identity resolution, dependencies, and how far confidences hold. Does
not: the inventory's values (`values.py`), running the phases (`discovery_run.py`), time and memory (`speed.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from flow_pipelines.discovery.inventory import resolve_inventory
from tests.benchmarks.discovery_run import SCOPE, SETTINGS, Frames
from tests.benchmarks.grouping import GroupingScore, measure_grouping
from tests.benchmarks.truth import Score, Truth
from tests.benchmarks.values import score_values

COLUMN = ["source_file", "sheet", "source_column"]
ROW = ["source_file", "sheet", "row_number"]
STATED_EDGE = ("source", "target", "kind")
OBSERVED_EDGE = (*STATED_EDGE, "port", "protocol")
HARDWARE_IDS = ("bios_uuid", "vm_uuid", "serial_number", "asset_tag", "mac_addresses")
HANDICAPS = {"hardware ids": HARDWARE_IDS, "hardware ids, addresses": (*HARDWARE_IDS, "ip_addresses")}
CONFIDENCE_BINS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)


@dataclass(frozen=True)
class Calibration:
    """What share of the decisions of about one confidence is right."""

    measure: str
    confidence: float
    right: float
    decisions: int


@dataclass(frozen=True)
class QualityReport:
    """All that is measured of one estate."""

    scores: tuple[Score, ...]
    calibrations: tuple[Calibration, ...]
    groupings: tuple[GroupingScore, ...] = ()


def measure_quality(frames: Frames, truth: Truth) -> QualityReport:
    """Hold the tables of a run against the truth."""
    mapping, mapping_calibration = score_mappings(
        frames["attribute_mappings"], truth.mappings, "columns of known formats"
    )
    records = _true_ids_of_records(frames["cleansed_records"], frames["inventory"], truth)
    identity, identity_calibration = _identity(records)
    true_ids = _true_ids_of_assets(records)
    edges = _edges(frames["dependencies"], true_ids)
    scores, edge_calibrations = _dependencies(edges, truth)
    return QualityReport(
        scores=(mapping, *identity, *scores, *score_values(frames["inventory"], true_ids, truth)),
        calibrations=(*mapping_calibration, *identity_calibration, *edge_calibrations),
        groupings=tuple(measure_grouping(frames, true_ids, truth)),
    )


def measure_handicapped_identity(frames: Frames, truth: Truth) -> QualityReport:
    """Resolve the records of a run once more, without what joins most of them at once, and compare with the truth.

    Args:
        frames: The tables of a run.
        truth: The truth.
    """
    scores: list[Score] = []
    calibrations: list[Calibration] = []
    for handicap, columns in HANDICAPS.items():
        records = frames["cleansed_records"].assign(**dict.fromkeys(columns))
        inventory = resolve_inventory(records, scope=SCOPE, settings=SETTINGS).inventory
        found, calibration = _identity(_true_ids_of_records(records, inventory, truth), f" without {handicap}")
        scores += found[:1]
        calibrations += calibration
    return QualityReport(tuple(scores), tuple(calibrations))


def score_mappings(mappings: pd.DataFrame, truth: pd.DataFrame, what: str) -> tuple[Score, list[Calibration]]:
    """Hold applied mappings against the true ones.

    Columns that hold nothing in the whole file are left out: nobody can tell what they are for.

    Args:
        mappings: The rows of `discovery/attribute_mappings`.
        truth: source_file, sheet, source_column, attribute, also_right (divided by bars; none: may be left out).
        what: What is mapped, for the name of the measure.
    """
    found = _held_against(mappings, truth)
    is_applied, is_right = found["status"] == "applied", found["is_right"]
    # A column may feed several attributes; it is missed once, by its first row.
    missed = ~found["may_be_left_out"] & ~found.groupby(COLUMN)["is_right_and_applied"].transform("any")
    right = int((is_applied & is_right).sum())
    score = Score(
        f"mapping of {what}",
        found=int(is_applied.sum()),
        right=right,
        expected=right + len(found.loc[missed, COLUMN].drop_duplicates()),
    )
    return score, _calibration(f"mapping of {what}", found.loc[is_applied, "confidence"], is_right[is_applied])


def calibration_of_mappings(mappings: pd.DataFrame, truth: pd.DataFrame, what: str) -> list[Calibration]:
    """Say how far the confidences of mappings hold, of applied and of proposed ones; arguments as `score_mappings`."""
    found = _held_against(mappings, truth)
    named = found[found["attribute"].notna()]
    return _calibration(what, named["confidence"], named["is_right"])


def _held_against(mappings: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Return mappings of the columns of which the truth is known, and whether each is right or may be missing."""
    found = mappings.assign(sheet=mappings["sheet"].fillna("")).merge(truth, on=COLUMN, suffixes=("", "_true"))
    also_right = found["also_right"].fillna("").str.split("|")
    is_right = (found["attribute"] == found["attribute_true"]) | pd.Series(
        [attribute in right for attribute, right in zip(found["attribute"], also_right, strict=True)]
    )
    may_be_left_out = found["attribute_true"].isna() | pd.Series(["none" in right for right in also_right])
    return found.assign(
        is_right=is_right,
        may_be_left_out=may_be_left_out,
        is_right_and_applied=is_right & (found["status"] == "applied"),
    )


def _true_ids_of_records(records: pd.DataFrame, inventory: pd.DataFrame, truth: Truth) -> pd.DataFrame:
    """Return records that are about a thing: record_type, true_id, asset_id (missing if it is in no asset)."""
    known = records[["record_id", "record_type", *ROW]].assign(sheet=records["sheet"].fillna(""))
    known["row_number"] = known["row_number"].astype(int)
    known = known.merge(truth.records, on=ROW)
    assets = inventory[["asset_id", "asset_type", "resolution_confidence", "source_entity_ids"]]
    members = assets.explode("source_entity_ids").rename(columns={"source_entity_ids": "record_id"})
    members = members.merge(records[["record_id", "record_type"]], on="record_id")
    # Applications that only servers name rest on the servers' records.
    members = members[members["asset_type"] == members["record_type"]].drop(columns="record_type")
    return known.merge(members, on="record_id", how="left")


def _identity(records: pd.DataFrame, handicap: str = "") -> tuple[list[Score], list[Calibration]]:
    """Count pairs of records: in one asset, of one thing, and both."""
    scores = []
    for record_type in ("server", "application", "database"):
        chosen = records[(records["record_type"] == record_type) & (records["entity_type"] == record_type)]
        # A record that is in no asset is alone.
        asset = chosen["asset_id"].fillna(chosen["record_id"])
        pairs = [
            int((sizes * (sizes - 1) // 2).sum())
            for sizes in (
                chosen.groupby(asset).size(),
                chosen.groupby([asset, chosen["true_id"]]).size(),
                chosen.groupby("true_id").size(),
            )
        ]
        scores.append(Score(f"identity of {record_type}s{handicap} (pairs)", *pairs))
    servers = records[(records["entity_type"] == "server") & records["asset_id"].notna()]
    assets = servers.groupby("asset_id").agg({"resolution_confidence": "first", "true_id": ["nunique", "size"]})
    joined = assets[assets["true_id", "size"] > 1]
    is_right = joined["true_id", "nunique"] == 1
    return scores, _calibration(f"identity of servers{handicap}", joined["resolution_confidence", "first"], is_right)


def identity_of_servers(records: pd.DataFrame, inventory: pd.DataFrame, truth: Truth, measure: str) -> Score:
    """Count pairs of server records: in one asset, of one thing, and both."""
    found = _identity(_true_ids_of_records(records, inventory, truth))[0][0]
    return replace(found, measure=measure)


def _true_ids_of_assets(records: pd.DataFrame) -> pd.Series[str]:
    """Return the thing that most records of each asset are about; of equals, the first by id."""
    counts = records.dropna(subset=["asset_id"]).groupby(["asset_id", "true_id"]).size().reset_index(name="records")
    counts = counts.sort_values(["asset_id", "records", "true_id"], ascending=[True, False, True])
    return counts.drop_duplicates("asset_id").set_index("asset_id")["true_id"]


def _edges(dependencies: pd.DataFrame, true_ids: pd.Series[str]) -> pd.DataFrame:
    """Return the edges between known assets, their ends as the true ids."""
    known = dependencies[~dependencies["source_is_external"] & ~dependencies["target_is_external"]]
    columns = ["kind", "origin", "port", "protocol", "is_noise", "confidence"]
    return known[columns].assign(source=known["source_id"].map(true_ids), target=known["target_id"].map(true_ids))


def _dependencies(edges: pd.DataFrame, truth: Truth) -> tuple[list[Score], list[Calibration]]:
    true_edges = truth.edges
    are_servers = (true_edges["source_type"] == "server") & (true_edges["target_type"] == "server")
    seen = true_edges[are_servers & true_edges["port"].notna() & (true_edges["observed_connections"] > 0)]
    # What no source lists, nobody can tell from an outside end.
    listed = set(truth.records["true_id"]) | set(truth.databases["true_server_id"])
    seen = seen[seen["source_id"].isin(listed) & seen["target_id"].isin(listed)]
    stated = true_edges[true_edges["in_cmdb"]]
    network = edges[edges["origin"] == "network"]
    # A database stands for its server where no source knows the server itself.
    server_of = truth.databases.set_index("true_database_id")["true_server_id"]
    network = network.assign(**{end: network[end].replace(server_of) for end in ("source", "target")})
    cmdb = edges[edges["origin"] == "cmdb"]
    observed = _matched(network[~network["is_noise"]], seen[~seen["is_noise"]])
    noise = _matched(network[network["is_noise"]], seen[seen["is_noise"]])
    every = _matched(network, seen)
    relations = _matched(cmdb, stated, by=STATED_EDGE)
    scores = [
        _score("network dependencies between servers", observed, seen[~seen["is_noise"]]),
        _score("network noise between servers", noise, seen[seen["is_noise"]]),
        _score("both together", every, seen),
        _score("stated dependencies between known assets", relations, stated),
    ]
    return scores, [
        *_calibration("network edges", every["confidence"], every["is_right"]),
        *_calibration("stated edges", relations["confidence"], relations["is_right"]),
    ]


def _matched(edges: pd.DataFrame, truth: pd.DataFrame, by: Sequence[str] = OBSERVED_EDGE) -> pd.DataFrame:
    """Return edges with `is_right`: it is true, and no other edge has said so already."""
    columns = list(by)
    true_edges = truth.rename(columns={"source_id": "source", "target_id": "target"})[columns]
    keys = edges[columns].astype(object).where(edges[columns].notna(), None)
    expected = set(true_edges.astype(object).where(true_edges.notna(), None).itertuples(index=False, name=None))
    is_true = [key in expected for key in keys.itertuples(index=False, name=None)]
    return edges.assign(is_right=np.asarray(is_true, dtype=bool) & ~keys.duplicated().to_numpy())


def _score(measure: str, edges: pd.DataFrame, truth: pd.DataFrame) -> Score:
    return Score(measure, found=len(edges), right=int(edges["is_right"].sum()), expected=len(truth))


def _calibration(measure: str, confidence: pd.Series[float], is_right: pd.Series[bool]) -> list[Calibration]:
    values, right = confidence.to_numpy(dtype=float), is_right.to_numpy(dtype=bool)
    bins = np.digitize(values, CONFIDENCE_BINS[1:-1], right=True)
    return [
        Calibration(
            measure, float(values[bins == one].mean()), float(right[bins == one].mean()), int((bins == one).sum())
        )
        for one in np.unique(bins)
    ]


def expected_calibration_error(calibrations: Iterable[Calibration]) -> float:
    """Return by how much confidence and share of right decisions differ, on average over all decisions."""
    every = list(calibrations)
    total = sum(one.decisions for one in every)
    return sum(abs(one.confidence - one.right) * one.decisions for one in every) / total if total else 0.0
