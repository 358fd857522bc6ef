"""The advisor with a crew that answers without a model; the real one is asked in `test_crew_process.py`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from flow_pipelines.advice.questions import Question
from flow_pipelines.scope import Scope
from flow_pipelines.settings_advice import AdviceSettings
from resources import crew_process
from resources.advice_tables import advice, advice_usage
from resources.advisor import Advised, Advisor
from resources.advisor_endpoint import Endpoint
from resources.crew_process import Job
from resources.installation import Installation
from resources.retention import vacuum
from tests.conftest import new_engagement
from tests.resources.views.happenings import Engagement

ENDPOINT = Endpoint("large", "http://127.0.0.1:9/v1", "sk-secret")
LIVE = AdviceSettings()
WORK = crew_process.work


class Crew:
    """Answers each question by its first choice, two requests a batch, and remembers the jobs."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.choice = 0

    def work(self, job: Job) -> Iterator[dict[str, Any]]:
        self.jobs.append(job)
        for number, batch in enumerate(job.batches[: job.requests]):
            yield {"spent": [1, 0, 0]}
            yield {"spent": [0, 900, 60]}
            answers = {
                str(at): {"choice": one["choices"][self.choice], "confidence": 0.9, "reason": "so"}
                for at, one in enumerate(batch)
            }
            yield {"batch": number, "answers": answers, "reason": ""}
        for number in range(job.requests, len(job.batches)):
            yield {"batch": number, "answers": {}, "reason": "budget_of_requests"}

    @property
    def asked(self) -> int:
        return sum(len(batch) for job in self.jobs for batch in job.batches)


@pytest.fixture
def crew(monkeypatch: pytest.MonkeyPatch) -> Crew:
    crew = Crew()
    monkeypatch.setattr(crew_process, "work", crew.work)
    monkeypatch.setattr(crew_process, "is_installed", lambda: True)
    return crew


def questions(*headers: str) -> list[Question]:
    return [Question(f"row of {header}", {"header": header}, ("hostname", "ip_address")) for header in headers]


def ask(
    installation: Installation,
    scope: Scope,
    asked: list[Question],
    mode: AdviceSettings = LIVE,
    *,
    endpoint: Endpoint | None = ENDPOINT,
    run_id: str = "run",
    topic: str = "mapping",
    phase: str = "attribute_mapping",
) -> Advised:
    advisor = Advisor(installation.database, endpoint)
    return advisor.advise(
        scope,
        mode,
        topic,
        asked,
        flow="discovery",
        phase=phase,
        run_id=run_id,
        progress=lambda _: None,
    )


def kept_keys(installation: Installation, scope: Scope) -> set[str]:
    with installation.database.in_scope(scope) as connection:
        return set(connection.execute(select(advice.c.advice_key)).scalars())


def test_importing_the_advisor_imports_neither_crewai_nor_what_comes_with_it() -> None:
    code = "import resources.advisor, sys; sys.exit(bool({'crewai', 'httpx', 'openai'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "how",
    [
        {"endpoint": None, "asked": ["Host"], "mode": LIVE},
        {"endpoint": ENDPOINT, "asked": ["Host"], "mode": AdviceSettings(mode="off")},
        {"endpoint": ENDPOINT, "asked": [], "mode": LIVE},
    ],
)
def test_where_nothing_is_to_be_asked_nothing_happens(
    installation: Installation, scope: Scope, crew: Crew, how: dict[str, Any]
) -> None:
    asked = questions(*how["asked"])
    assert ask(installation, scope, asked, how["mode"], endpoint=how["endpoint"]) == Advised()
    assert not crew.jobs
    with installation.database.in_scope(scope) as connection:
        assert not connection.execute(select(advice_usage)).all()


def test_a_second_run_is_identical_and_free(installation: Installation, scope: Scope, crew: Crew) -> None:
    asked = questions(*(f"column {number}" for number in range(45)))
    once = ask(installation, scope, asked)
    assert [len(batch) for job in crew.jobs for batch in job.batches] == [20, 20, 5]
    assert (once.usage.answered, once.usage.requests, once.usage.input_tokens) == (45, 3, 2700)
    crew.choice = 1
    again = ask(installation, scope, asked[::-1], run_id="again")
    assert again.answers == once.answers
    assert (again.usage.cached, again.usage.answered, again.usage.requests) == (45, 0, 0)
    assert len(crew.jobs) == 1


def test_one_more_row_asks_one_more_question_only(installation: Installation, scope: Scope, crew: Crew) -> None:
    ask(installation, scope, questions("Host", "IP"))
    ask(installation, scope, questions("Host", "IP", "Owner"))
    assert crew.asked == 3


def test_rows_that_say_the_same_are_asked_about_once(installation: Installation, scope: Scope, crew: Crew) -> None:
    twins = [Question(row_id, {"header": "Host"}, ("hostname",)) for row_id in ("one", "two")]
    advised = ask(installation, scope, twins)
    assert crew.asked == 1
    assert set(advised.answers) == {"one", "two"}
    assert (advised.usage.asked, advised.usage.answered) == (2, 2)


def test_the_order_of_rows_changes_no_request(installation: Installation, crew: Crew) -> None:
    asked = questions("Host", "IP", "Owner")
    for order in (asked, asked[::-1]):
        ask(installation, new_engagement(installation), order)
    assert crew.jobs[0] == crew.jobs[1]


@pytest.mark.parametrize("without", ["replay", "url", "extra"])
def test_what_can_t_be_asked_is_answered_by_what_is_kept(
    installation: Installation, scope: Scope, crew: Crew, monkeypatch: pytest.MonkeyPatch, without: str
) -> None:
    once = ask(installation, scope, questions("Host"))
    if without == "extra":
        monkeypatch.setattr(crew_process, "is_installed", lambda: False)
    advised = ask(
        installation,
        scope,
        questions("Host", "IP"),
        AdviceSettings(mode="replay") if without == "replay" else LIVE,
        endpoint=Endpoint("large") if without == "url" else ENDPOINT,
    )
    assert advised.answers == once.answers
    assert (advised.usage.cached, advised.usage.reasons) == (1, {"not_kept": 1})
    assert len(crew.jobs) == 1


def test_another_model_or_other_parameters_are_asked_anew(installation: Installation, scope: Scope, crew: Crew) -> None:
    for endpoint in (ENDPOINT, Endpoint("small", ENDPOINT.url), Endpoint("large", ENDPOINT.url, request={"seed": 1})):
        ask(installation, scope, questions("Host"), endpoint=endpoint)
    assert crew.asked == 3
    assert len(kept_keys(installation, scope)) == 3


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["Host", "IP", "OS", "Owner"])), max_size=8))
def test_no_engagement_profits_from_what_another_asked(
    installation: Installation, crew: Crew, asked: list[tuple[int, str]]
) -> None:
    """Two engagements of one client, and one of another, ask in turn: each is billed for what it asks first."""
    one = new_engagement(installation)
    scopes = [one, new_engagement(installation, one.client), new_engagement(installation)]
    before = crew.asked
    for place, header in asked:
        advised = ask(installation, scopes[place], questions(header))
        assert set(advised.answers) == {f"row of {header}"}
    assert crew.asked - before == len(set(asked))
    for place, scope in enumerate(scopes):
        assert len(kept_keys(installation, scope)) == len({header for at, header in asked if at == place})


def test_of_two_runs_that_ask_at_once_the_first_answer_counts_for_both(
    installation: Installation, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    crews = [Crew(), Crew()]
    crews[1].choice = 1
    monkeypatch.setattr(crew_process, "is_installed", lambda: True)
    # The second crew works within the first one's job: both found nothing kept, and both have an answer.
    between: list[Advised] = []

    def first(job: Job) -> Iterator[dict[str, Any]]:
        monkeypatch.setattr(crew_process, "work", crews[1].work)
        with ThreadPoolExecutor(1) as other:
            between.append(other.submit(ask, installation, scope, questions("Host"), run_id="other").result())
        yield from crews[0].work(job)

    monkeypatch.setattr(crew_process, "work", first)
    advised = ask(installation, scope, questions("Host"))
    assert crews[0].asked == crews[1].asked == 1
    assert advised.answers == between[0].answers
    assert advised.answers["row of Host"].choice == "ip_address"


def test_no_transaction_is_open_while_a_crew_is_asked(
    installation: Installation, scope: Scope, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL"
    idle = []

    def watched(job: Job) -> Iterator[dict[str, Any]]:
        with installation.owner.transaction() as connection:
            idle.append(connection.exec_driver_sql(query).scalar_one())
        yield from crew.work(job)

    monkeypatch.setattr(crew_process, "work", watched)
    ask(installation, scope, questions("Host"))
    assert idle == [1]


def test_phases_and_topics_of_a_run_share_its_budget(installation: Installation, scope: Scope, crew: Crew) -> None:
    tight = AdviceSettings(most_requests=2, most_tokens=20_000)
    asked = questions(*(f"column {number}" for number in range(21)))
    ask(installation, scope, asked[:20], tight)
    advised = ask(installation, scope, asked, tight, topic="identity", phase="asset_inventory")
    assert (crew.jobs[1].requests, crew.jobs[1].tokens) == (1, 19_040)
    assert (advised.usage.answered, advised.usage.reasons) == (20, {"budget_of_requests": 1})
    ask(installation, scope, asked, tight, topic="identity", run_id="next")
    assert crew.jobs[2].requests == 2


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"most_requests": 1}, "budget_of_requests"),
        ({"most_tokens": 5_200}, "budget_of_tokens"),  # 4240 are left, and 4000 of them for the reply
        ({"most_seconds": 0}, "budget_of_seconds"),
    ],
)
def test_no_crew_is_started_for_a_budget_that_is_spent(
    installation: Installation, scope: Scope, crew: Crew, limits: dict[str, int], reason: str
) -> None:
    ask(installation, scope, questions("Host"))
    advised = ask(installation, scope, questions("IP"), AdviceSettings(**limits))
    assert advised.usage.reasons == {reason: 1}
    assert len(crew.jobs) == 1


def test_questions_of_different_origins_share_no_request(installation: Installation, scope: Scope, crew: Crew) -> None:
    asked = [replace(one, origin=f"file {at % 2}") for at, one in enumerate(questions(*map(str, range(50))))]
    advised = ask(installation, scope, asked)
    (job,) = crew.jobs
    assert [len(batch) for batch in job.batches] == [20, 5, 20, 5]
    for batch in job.batches:
        assert len({int(one["evidence"]["header"]) % 2 for one in batch}) == 1
    assert "file" not in job.model_dump_json()
    assert advised.usage.answered == 50


def test_a_crew_that_did_not_run_is_a_reason_and_what_it_answered_before_is_kept(
    installation: Installation, scope: Scope, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(job: Job, _: object) -> Iterator[dict[str, Any]]:
        yield from list(crew.work(job))[:4]

    monkeypatch.setattr(crew_process, "work", WORK)
    monkeypatch.setattr(crew_process, "_told", killed)
    asked = questions(*(f"column {number}" for number in range(30)))
    advised = ask(installation, scope, asked)
    assert (advised.usage.requests, advised.usage.answered) == (2, 20)
    assert advised.usage.reasons == {"crew_did_not_run": 10}


def test_a_mistake_of_ours_is_loud_and_what_it_cost_is_written_down(
    installation: Installation, scope: Scope, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(job: Job) -> Iterator[dict[str, Any]]:
        yield from list(crew.work(job))[:2]
        raise RuntimeError("asking a crew failed: KeyError")

    monkeypatch.setattr(crew_process, "work", failing)
    with pytest.raises(RuntimeError, match="KeyError"):
        ask(installation, scope, questions("Host"))
    with installation.database.in_scope(scope) as connection:
        (usage,) = connection.execute(select(advice_usage.c.requests, advice_usage.c.input_tokens)).all()
    assert tuple(usage) == (1, 900)


@pytest.mark.usefixtures("crew")
def test_what_it_took_is_told_per_flow_and_priced(installation: Installation) -> None:
    engagement = Engagement(installation.database, new_engagement(installation))
    engagement.run("discovery", "data_import")
    assert engagement.flow("discovery")["crewai_flow_id"] is None
    priced = AdviceSettings(input_price=3.0, output_price=15.0)
    ask(installation, engagement.scope, questions("Host", "IP"), priced)
    ask(installation, engagement.scope, questions("Host", "IP"), priced, run_id="again")
    (told,) = engagement.select("SELECT * FROM platform.flow_advice")
    assert str(engagement.flow("discovery")["crewai_flow_id"]) == str(told["crewai_flow_id"])
    assert str(told["crewai_flow_id"]) == engagement.scope.id_of("crewai_flow", "discovery")
    assert (told["runs"], told["asked"], told["cached"], told["answered"], told["requests"]) == (2, 4, 2, 2, 1)
    assert told["cost"] == pytest.approx((900 * 3 + 60 * 15) / 1_000_000)
    (usage,) = engagement.select("SELECT model_requests, model_tokens, model_cost FROM platform.engagement_usage")
    assert (usage["model_requests"], usage["model_tokens"]) == (1, 960)
    assert usage["model_cost"] == pytest.approx(told["cost"])


@pytest.mark.usefixtures("crew")
def test_kept_answers_go_when_no_row_names_them_any_more(installation: Installation) -> None:
    engagement = Engagement(installation.database, new_engagement(installation))
    advised = ask(installation, engagement.scope, questions("Host", "IP"))
    named = advised.answers["row of Host"].key
    engagement.run("discovery", "data_import")
    engagement.run("discovery", "attribute_mapping", {"discovery/attribute_mappings": [{"advice_key": named}]})
    later = datetime.now(UTC) + timedelta(days=1000)
    assert vacuum(installation.retention, engagement.scope, keep_days=2000, now=later).advice_freed == 0
    assert vacuum(installation.retention, engagement.scope, now=later).advice_freed == 1
    assert kept_keys(installation, engagement.scope) == {named}
