"""Float is what can be spent, and the chain is gapless but for black-outs, back to what waits for nothing."""

from itertools import pairwise

import pandas as pd
from hypothesis import given, settings

from flow_pipelines.plan.timeline.schedule import schedule
from tests.flow_pipelines.plan.timeline.checker import Frames, violations
from tests.flow_pipelines.plan.timeline.plans import QUICK, problems


@settings(max_examples=40)
@given(problems(most=7))
def test_all_float_can_be_spent_at_once(frames: Frames) -> None:
    result = schedule(*frames, settings=QUICK)
    placed = result.tasks.merge(frames[0], on="task_id")
    assert (placed["float"] >= 0).all()
    latest = dict(zip(placed["task_id"], placed["start"] + placed["float"], strict=True))
    assert violations(frames, latest) == []
    ends = placed["end"] + placed["float"]
    assert ends.max() == result.end
    late = (ends - placed["deadline"].astype("Float64")).fillna(0).clip(lower=0)
    assert (late <= placed["periods_late"]).all()


@settings(max_examples=40)
@given(problems(most=7))
def test_the_chain_leads_from_a_free_start_to_the_end(frames: Frames) -> None:
    result = schedule(*frames, settings=QUICK)
    chain = result.chain
    assert chain["end"].iloc[-1] == result.end
    assert chain["waits_for"].iloc[0] in {"nothing", "release", "resource"}
    assert list(chain["start"]) == sorted(chain["start"])
    for earlier, later in pairwise(chain.itertuples()):
        assert later.waits_for in {"predecessor", "resource"}
        assert later.name in {earlier.task_id, "r"}
        assert later.waits_for != "resource" or later.name == "r" or earlier.end == later.start


def test_a_chain_names_predecessor_resource_and_black_out() -> None:
    tasks = pd.DataFrame({"task_id": ["a", "b", "c", "d"], "duration": [2, 3, 1, 1], "release": 0, "deadline": None})
    frames = (
        tasks,
        pd.DataFrame({"before": ["a"], "after": ["b"], "lag": [0]}),
        pd.DataFrame({"task_id": ["b", "c"], "resource": "r", "units": [1, 1]}),
        pd.DataFrame({"resource": ["r"], "capacity": [1]}),
        pd.DataFrame({"resource": ["r"], "begin": [0], "end": [4], "capacity": [0]}),
    )
    result = schedule(*frames, settings=QUICK)
    assert result.end == 8
    told = [(row.task_id, row.waits_for, row.name) for row in result.chain.itertuples(index=False)]
    assert told[-1][0] in {"b", "c"}
    assert ("resource", "r") in {row[1:] for row in told}
    assert dict(zip(result.tasks["task_id"], result.tasks["float"], strict=True))["d"] == 7
