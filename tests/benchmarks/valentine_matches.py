"""What valentine's matchers make of columns; run by the interpreter of an environment that has valentine.

Belongs here: calling the library. Does not: the data and the scores (`mapping_libraries.py`), which is why this imports
nothing of the project: `python valentine_matches.py task.json matches.json`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from valentine import valentine_match
from valentine.algorithms import BaseMatcher, Coma, Cupid, DistributionBased, JaccardDistanceMatcher, SimilarityFlooding

MATCHERS = {
    "Coma, names": Coma(use_instances=False),
    "Coma, names and cells": Coma(use_instances=True),
    "Cupid": Cupid(),
    "JaccardDistance": JaccardDistanceMatcher(),
    "DistributionBased": DistributionBased(),
    "SimilarityFlooding": SimilarityFlooding(),
}


def main() -> None:
    """Match every sheet with every matcher that can run; write per matcher [file, column, attribute, similarity]."""
    task = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    found: dict[str, list[tuple[str, str, str, float]]] = {}
    for name, matcher in MATCHERS.items():
        try:
            found[name] = [match for sheet in task["sheets"] for match in _matches(task, sheet, matcher)]
        except LookupError:
            # It needs word lists that NLTK downloads, and there is no way to them from here.
            sys.stderr.write(f"{name} cannot run: NLTK has no word lists\n")
        # After each one: some take minutes.
        Path(sys.argv[2]).write_text(json.dumps(found), encoding="utf-8")


def _matches(
    task: Mapping[str, Any], sheet: Mapping[str, Any], matcher: BaseMatcher
) -> Iterator[tuple[str, str, str, float]]:
    source = pd.DataFrame(sheet["columns"])
    target = pd.DataFrame({name: task["attributes"][name] for name in sheet["candidates"]})
    for pair, similarity in valentine_match([source, target], matcher).items():
        yield sheet["file"], pair.source_column, pair.target_column, float(similarity)


if __name__ == "__main__":
    main()
