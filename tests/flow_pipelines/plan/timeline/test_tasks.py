"""Workloads become the tasks of their treatments, as long as their size and data make them."""

import pandas as pd
import pytest

from flow_pipelines.errors import ContractError
from flow_pipelines.plan.timeline.schedule import schedule
from flow_pipelines.plan.timeline.tasks import STREAMS, expand_tasks
from flow_pipelines.reference.task_templates import task_templates
from tests.flow_pipelines.plan.timeline.plans import QUICK


def workloads(**changed: object) -> pd.DataFrame:
    row = {"workload_id": "shop", "treatment": "rehost", "server_count": 4, "data_gigabytes": 900.0}
    return pd.DataFrame([row | {"complexity": "medium"} | changed])


def test_a_template_is_there_for_every_treatment() -> None:
    assert set(task_templates().templates) == {
        "rehost", "relocate", "replatform", "refactor", "repurchase", "retire", "retain",
    }  # fmt: skip


def test_data_and_complexity_make_a_task_longer() -> None:
    def hours(**changed: object) -> int:
        tasks = expand_tasks(workloads(**changed), gigabytes_per_hour=100).tasks
        return int(tasks.set_index("task").loc["replicate", "duration"])

    assert hours() == 4 + 4 + 9
    assert hours(data_gigabytes=901) == 18
    assert hours(complexity="high") == 12 + 9
    assert hours(server_count=0, data_gigabytes=0) == 4


def test_tasks_can_be_scheduled_and_share_what_there_is() -> None:
    two = pd.concat([workloads(), workloads(workload_id="bank"), workloads(workload_id="old", treatment="retain")])
    made = expand_tasks(two, gigabytes_per_hour=100)
    assert set(made.tasks["workload_id"]) == {"shop", "bank"}
    resources = pd.DataFrame({"resource": sorted(set(made.demands["resource"])), "capacity": 1})
    none = pd.DataFrame(columns=["resource", "begin", "end", "capacity"])
    placed = schedule(made.tasks, made.precedences, made.demands, resources, none, settings=QUICK).tasks
    moving = made.demands.loc[made.demands["resource"] == STREAMS, "task_id"]
    first, second = placed[placed["task_id"].isin(moving)].sort_values("start").itertuples()
    assert first.end <= second.start


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"treatment": "burn"}, "treatment 'burn' of 'shop'"),
        ({"complexity": None}, "complexity None of 'shop'"),
        ({"server_count": -1}, "server_count of 'shop'"),
        ({"data_gigabytes": None}, "data_gigabytes of 'shop'"),
    ],
)
def test_a_workload_that_says_too_little_is_named(changed: dict[str, object], told: str) -> None:
    with pytest.raises(ContractError, match=told):
        expand_tasks(workloads(**changed), gigabytes_per_hour=100)
