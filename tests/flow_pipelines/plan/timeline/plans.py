"""Small plans drawn by hypothesis: one resource, with a black-out or none.

Belongs here: drawing frames. Does not: expectations.
"""

import pandas as pd
from hypothesis import strategies as st

from flow_pipelines.plan.timeline.search import SearchSettings
from tests.flow_pipelines.plan.timeline.checker import Frames

QUICK = SearchSettings(deterministic_time=0.5)


@st.composite
def problems(draw: st.DrawFn, most: int = 4) -> Frames:
    names = [f"t{i}" for i in range(draw(st.integers(1, most)))]
    small = st.integers(0, 3)
    tasks = pd.DataFrame(
        [(n, draw(small), draw(small), draw(st.none() | st.integers(1, 6))) for n in names],
        columns=["task_id", "duration", "release", "deadline"],
    )
    pairs = [
        (a, b, draw(st.integers(0, 1))) for i, a in enumerate(names) for b in names[i + 1 :] if draw(st.booleans())
    ]
    room = draw(st.integers(1, 3))
    needs = [(n, "r", draw(st.integers(0, room))) for n in names]
    begin = draw(small)
    closed = [("r", begin, begin + draw(st.integers(1, 2)), 0)] if draw(st.booleans()) else []
    return (
        tasks,
        pd.DataFrame(pairs, columns=["before", "after", "lag"]).astype({"lag": int}),
        pd.DataFrame(needs, columns=["task_id", "resource", "units"]),
        pd.DataFrame([("r", room)], columns=["resource", "capacity"]),
        pd.DataFrame(closed, columns=["resource", "begin", "end", "capacity"]),
    )
