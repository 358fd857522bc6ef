"""Identity by a well-kept library on the same records, beside ours.

Belongs here: handing the records over, and scoring what comes back. Does not: how splink is set up (`splink_peer.py`).

splink is no dependency. `SPLINK_PYTHON` names an interpreter that has it:
`python3 -m venv /tmp/splink && /tmp/splink/bin/pip install splink==4.0.6 "sqlglot<26" "duckdb<1.4" "pandas<3"`
(with newer ones splink 4.0.6 fails).
"""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from flow_pipelines.discovery.identity.details import fold_details
from flow_pipelines.discovery.identity.evidence import Texts, gather
from flow_pipelines.discovery.inventory import resolve_inventory
from tests.benchmarks.discovery_run import SCOPE, SETTINGS, Frames
from tests.benchmarks.quality import identity_of_servers
from tests.benchmarks.truth import Score, Truth

INTERPRETER = "SPLINK_PYTHON"
PEER = Path(__file__).with_name("splink_peer.py")
MISSING = f"splink was not measured: {INTERPRETER} names no interpreter that has it (see tests/benchmarks/peers.py)."


@dataclass(frozen=True)
class PeerReport:
    """Pairs of server records and the seconds that each took; the peer's are None if it is missing."""

    ours: Score
    our_seconds: float
    peer: Score | None
    peer_seconds: float | None


def measure_peer(frames: Frames, truth: Truth, folder: Path) -> PeerReport:
    """Resolve the server records of a run by ours and by splink.

    Both get the machines with their details folded in, and the same readings of names, addresses and identifiers:
    what is compared is the joining of records, not the reading of cells.
    """
    started = time.monotonic()
    cleansed = frames["cleansed_records"]
    servers = cleansed[cleansed["record_type"].str.startswith("server")]
    inventory = resolve_inventory(servers, scope=SCOPE, settings=SETTINGS).inventory
    our_seconds = time.monotonic() - started
    ours = identity_of_servers(cleansed, inventory, truth, "identity of servers, ours")
    interpreter = os.environ.get(INTERPRETER)
    if not interpreter:
        return PeerReport(ours, our_seconds, None, None)
    table = _for_the_peer(cleansed)
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "records.csv", index=False)
    started = time.monotonic()
    subprocess.run(
        [interpreter, str(PEER), str(folder / "records.csv"), str(folder / "clusters.csv")],
        check=True,
        capture_output=True,
    )
    peer_seconds = time.monotonic() - started
    clusters = pd.read_csv(folder / "clusters.csv", dtype=str)
    assets = clusters.groupby("cluster_id")["record_id"].agg(list).rename("source_entity_ids").reset_index()
    assets = assets.rename(columns={"cluster_id": "asset_id"}).assign(asset_type="server", resolution_confidence=1.0)
    peer = identity_of_servers(cleansed, assets, truth, "identity of servers, splink")
    return PeerReport(ours, our_seconds, peer, peer_seconds)


def _for_the_peer(cleansed: pd.DataFrame) -> pd.DataFrame:
    machines = fold_details(cleansed).records
    evidence = gather(machines, "server", SETTINGS.domains)

    def first(values: list[Texts]) -> list[str | None]:
        return [texts[0] if texts else None for texts in values]

    columns = {kind: first(evidence.keys[kind]) for kind in ("name", "ip", "mac", "uuid", "serial", "external_id")}
    return pd.DataFrame({"record_id": machines["record_id"], **columns, "environment": machines["environment"]})
