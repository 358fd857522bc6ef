"""Leiden and METIS on the portfolios that ours is measured on, run by an interpreter that has them.

Belongs here: calling the two as their documentation advises. Does not: packing into waves and judging (`waves.py`). It
runs as a program of its own, since neither is a dependency of ours:

    python waves_peer.py leiden|metis FOLDER PARTS SEED

In the folder, nodes.csv has workload_id and server_count, edges.csv source, target (places in nodes.csv) and traffic;
parts.csv gets workload_id and part. PARTS is the number of parts that METIS makes; Leiden finds its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

import igraph
import leidenalg
import pandas as pd
import pymetis

# METIS wants whole weights.
WEIGHT_SCALE = 100


def main(which: str, folder: Path, count: int, seed: int) -> None:
    """Group the workloads and write the groups."""
    nodes, edges = pd.read_csv(folder / "nodes.csv"), pd.read_csv(folder / "edges.csv")
    parts = leiden(nodes, edges, seed) if which == "leiden" else metis(nodes, edges, count, seed)
    nodes[["workload_id"]].assign(part=parts).to_csv(folder / "parts.csv", index=False)


def leiden(nodes: pd.DataFrame, edges: pd.DataFrame, seed: int) -> list[int]:
    """Return the community of each workload: modularity over traffic, until nothing gets better."""
    graph = igraph.Graph(n=len(nodes), edges=edges[["source", "target"]].to_numpy().tolist())
    found = leidenalg.find_partition(
        graph,
        leidenalg.ModularityVertexPartition,
        weights=edges["traffic"].tolist(),
        n_iterations=-1,
        seed=seed,
    )
    return list(found.membership)


def metis(nodes: pd.DataFrame, edges: pd.DataFrame, count: int, seed: int) -> list[int]:
    """Return parts of about equal numbers of servers with little traffic between them."""
    near: list[list[tuple[int, int]]] = [[] for _ in range(len(nodes))]
    for source, target, traffic in edges[["source", "target", "traffic"]].itertuples(index=False, name=None):
        weight = max(1, round(traffic * WEIGHT_SCALE))
        near[source].append((target, weight))
        near[target].append((source, weight))
    starts, others, weights = [0], [], []
    for neighbours in near:
        others += [other for other, _ in neighbours]
        weights += [weight for _, weight in neighbours]
        starts.append(len(others))
    _, parts = pymetis.part_graph(
        count,
        xadj=starts,
        adjncy=others,
        eweights=weights,
        vweights=nodes["server_count"].tolist(),
        options=pymetis.Options(seed=seed),
    )
    return list(parts)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
