"""What valentine's matchers make of columns; run by the interpreter of an environment that has valentine.

Belongs here: calling the library. Does not: the data and the scores (`mapping_libraries.py`), which is why this imports
nothing of the project: `python valentine_matches.py task.json matches.json`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
from valentine import valentine_match
from valentine.algorithms import Coma, Cupid, DistributionBased, JaccardDistanceMatcher, SimilarityFlooding

MATCHERS = {
    "Coma, names": Coma(use_instances=False),
    "Coma, names and cells": Coma(use_instances=True),
    "Cupid": Cupid(),
    "SimilarityFlooding": SimilarityFlooding(),
    "JaccardDistance": JaccardDistanceMatcher(),
    "DistributionBased": DistributionBased(),
}


def main() -> None:
    """Match every sheet with every matcher that can run; write per matcher [file, column, attribute, similarity]."""
    task = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    found: dict[str, list[tuple[str, str, str, float]]] = {name: [] for name in MATCHERS}
    for sheet in task["sheets"]:
        source = pd.DataFrame(sheet["columns"])
        target = pd.DataFrame({name: task["attributes"][name] for name in sheet["candidates"]})
        for name in list(found):
            try:
                matches = valentine_match([source, target], MATCHERS[name])
            except LookupError:
                # It needs word lists that NLTK downloads, and there is no way to them from here.
                del found[name]
                continue
            for pair, similarity in matches.items():
                found[name].append((sheet["file"], pair.source_column, pair.target_column, float(similarity)))
    Path(sys.argv[2]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
