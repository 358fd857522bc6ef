"""splink on the records that ours is measured on: DuckDB, unsupervised, run by an interpreter that has it.

Belongs here: blocking, comparisons and training of the peer, as its documentation advises for such columns. Does not:
scoring (`quality.py`). It runs as a program of its own, since splink is no dependency of ours:

    python splink_peer.py RECORDS.csv CLUSTERS.csv

RECORDS.csv has record_id, name, ip, mac, uuid, serial, external_id, environment; CLUSTERS.csv gets record_id and
cluster_id.
"""

from __future__ import annotations

import sys

import pandas as pd
import splink.comparison_library as compare
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

KEYS = ("name", "ip", "mac", "uuid", "serial", "external_id")
# A pair of two random records of 3,000 to 30,000 is one thing about once in 3,000 to 30,000 times.
MATCH_THRESHOLD = 0.5
SAMPLED_PAIRS = 1_000_000


def main(records_path: str, clusters_path: str) -> None:
    """Train on the records, predict pairs, cluster them and write the clusters."""
    records = pd.read_csv(records_path, dtype=str)
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_id",
        comparisons=[
            compare.JaroWinklerAtThresholds("name", [0.95, 0.9]),
            *(compare.ExactMatch(key) for key in KEYS[1:]),
            compare.ExactMatch("environment"),
        ],
        blocking_rules_to_generate_predictions=[block_on(key) for key in KEYS],
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )
    linker = Linker(records, settings, db_api=DuckDBAPI())
    rules = [block_on("uuid"), block_on("serial"), block_on("name", "ip")]
    linker.training.estimate_probability_two_random_records_match(rules, recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=SAMPLED_PAIRS, seed=1)
    for rule in (block_on("name"), block_on("ip"), block_on("uuid")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    pairs = linker.inference.predict(threshold_match_probability=MATCH_THRESHOLD)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, MATCH_THRESHOLD)
    clusters.as_pandas_dataframe()[["record_id", "cluster_id"]].to_csv(clusters_path, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
