"""A published kind of instance is read as it is meant, and the bound of a plan too large to search is no lie."""

from pathlib import Path

import pytest

from flow_pipelines.errors import InputError
from flow_pipelines.plan.timeline.schedule import schedule
from flow_pipelines.plan.timeline.search import SearchSettings
from tests.benchmarks.schedule_instances import drawn_plan, read_psplib
from tests.flow_pipelines.plan.timeline.checker import violations
from tests.flow_pipelines.plan.timeline.plans import QUICK

SMALL = """\
************************************************************************
jobs (incl. supersource/sink ):  4
PRECEDENCE RELATIONS:
jobnr.    #modes  #successors   successors
   1        1          2           2   3
   2        1          1           4
   3        1          1           4
   4        1          0
************************************************************************
REQUESTS/DURATIONS:
jobnr. mode duration  R 1  R 2
------------------------------------------------------------------------
  1      1     0       0    0
  2      1     3       2    0
  3      1     4       1    1
  4      1     0       0    0
************************************************************************
RESOURCEAVAILABILITIES:
  R 1  R 2
    2    1
************************************************************************
"""


def test_an_instance_is_read_and_solved(tmp_path: Path) -> None:
    path = tmp_path / "small.sm"
    path.write_text(SMALL)
    frames = read_psplib(path)
    assert frames[3].to_numpy().tolist() == [["R1", 2], ["R2", 1]]
    assert len(frames[1]) == 4
    result = schedule(*frames, settings=QUICK)
    assert (result.end, result.gap) == (7, 0.0)


def test_another_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "other.sm"
    path.write_text("no instance\n")
    with pytest.raises(InputError, match=r"other\.sm"):
        read_psplib(path)


def test_a_drawn_plan_in_windows_keeps_its_constraints() -> None:
    frames = drawn_plan(210, seed=1)
    result = schedule(*frames, settings=SearchSettings(whole=100, windows=2, window_time=0.02))
    starts = dict(zip(result.tasks["task_id"], result.tasks["start"], strict=True))
    assert violations(frames, starts) == []
    assert 0 < result.lower_bound <= result.cost
    assert len(starts) == 210
