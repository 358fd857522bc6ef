"""What a hand-off hands over, as rows of its table: which version of which table.

Belongs here: the package. Does not: the rules that it must keep (`handoffs.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from flow_pipelines.tables import output_tables


def package_rows(frames: Mapping[str, pd.DataFrame], data_versions: Mapping[str, str]) -> pd.DataFrame:
    """Return one passed row per table that is handed over, which names its version.

    They make the hand-off's own version change whenever that of anything handed over does, even if every rule comes
    to the same: by that the next flow knows that there is news.

    Args:
        frames: The tables by key.
        data_versions: The hash of each table's rows.

    Returns:
        Rows of a hand-off table, without a remedy.
    """
    return pd.DataFrame(
        [
            {
                "rule_id": f"handed_over_{key.split('/')[1]}",
                "title": f"{key} is handed over.",
                "severity": "error",
                "status": "passed",
                "table_key": key,
                "rows_checked": len(frame),
                "rows_failed": 0,
                "offenders": [],
                "offender_names": [],
                "finding": f"{len(frame):,} rows, one per {output_tables()[key].info['entity']},"
                f" version {data_versions[key]}.",
                "rule_is_builtin": True,
            }
            for key, frame in frames.items()
        ]
    )
