"""Workloads become the tasks of their treatments, as long as their effort and data make them."""

from dataclasses import replace

import pandas as pd
import pytest

from flow_pipelines.errors import ContractError
from flow_pipelines.plan.timeline.schedule import schedule
from flow_pipelines.plan.timeline.tasks import STREAMS, WorkRates, expand_tasks
from flow_pipelines.reference.task_templates import task_templates
from flow_pipelines.tables.assess.editor import TREATMENT_NAMES
from tests.flow_pipelines.plan.timeline.plans import QUICK

RATES = WorkRates(8, 100.0, window_hours=12, hypercare_hours=80, people=task_templates().roles)


def workloads(**changed: object) -> pd.DataFrame:
    row = {"workload_id": "shop", "treatment": "rehost", "server_count": 4, "data_gigabytes": 900.0}
    return pd.DataFrame([row | {"effort_days": 10.0, "operating_system": [], "database": []} | changed])


def test_a_template_is_there_for_every_treatment() -> None:
    assert set(task_templates().templates) == set(TREATMENT_NAMES)


def test_the_effort_of_the_plan_is_divided_among_the_tasks() -> None:
    tasks = expand_tasks(workloads(effort_days=100.0), RATES).tasks
    worked = (tasks["people"] * tasks["duration"]).sum()
    assert 800 <= worked <= 800 + len(tasks)  # each task is rounded up to whole hours
    more = expand_tasks(workloads(effort_days=200.0), RATES).tasks
    assert (more["people"] * more["duration"]).sum() == pytest.approx(2 * worked, rel=0.02)


def test_data_takes_a_stream_and_nobodys_time() -> None:
    def transfer(**changed: object) -> pd.DataFrame:
        tasks = expand_tasks(workloads(**changed), RATES).tasks
        return tasks[tasks["kind"] == "transfer"]

    assert transfer()["duration"].tolist() == [9]
    assert transfer(data_gigabytes=901)["duration"].tolist() == [10]
    assert transfer()["role"].isna().all()
    assert transfer(data_gigabytes=0).empty


def test_a_cutover_that_no_window_has_room_for_goes_on_in_the_next() -> None:
    tasks = expand_tasks(workloads(effort_days=300.0), RATES).tasks
    cutovers = tasks[tasks["kind"] == "cutover"]
    assert len(cutovers) > 1
    assert cutovers["duration"].max() <= RATES.window_hours
    assert cutovers["task"].iloc[0] == f"cutover (1 of {len(cutovers)})"


def test_a_role_with_fewer_people_takes_longer() -> None:
    alone = replace(RATES, people={**RATES.people, "developer": 1})
    two, one = (expand_tasks(workloads(treatment="refactor"), rates).tasks for rates in (RATES, alone))
    sprints = [tasks[tasks["role"] == "developer"] for tasks in (two, one)]
    assert [frame["people"].max() for frame in sprints] == [2, 1]
    assert sprints[1]["duration"].sum() == pytest.approx(2 * sprints[0]["duration"].sum(), abs=6)


def test_tasks_can_be_scheduled_and_share_what_there_is() -> None:
    two = pd.concat([workloads(), workloads(workload_id="bank"), workloads(workload_id="old", treatment="retain")])
    made = expand_tasks(two, RATES)
    assert set(made.tasks["workload_id"]) == {"shop", "bank"}
    resources = pd.DataFrame({"resource": sorted(set(made.demands["resource"])), "capacity": 1})
    none = pd.DataFrame(columns=["resource", "begin", "end", "capacity"])
    tasks = made.tasks.assign(release=0, deadline=None)
    placed = schedule(tasks, made.precedences, made.demands, resources, none, settings=QUICK).tasks
    moving = made.demands.loc[made.demands["resource"] == STREAMS, "task_id"]
    first, second = placed[placed["task_id"].isin(moving)].sort_values("start").itertuples()
    assert first.end <= second.start


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"treatment": "burn"}, "treatment 'burn' of 'shop'"),
        ({"effort_days": None}, "effort_days of 'shop'"),
        ({"server_count": -1}, "server_count of 'shop'"),
        ({"data_gigabytes": None}, "data_gigabytes of 'shop'"),
    ],
)
def test_a_workload_that_says_too_little_is_named(changed: dict[str, object], told: str) -> None:
    with pytest.raises(ContractError, match=told):
        expand_tasks(workloads(**changed), RATES)
