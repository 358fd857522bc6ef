"""Advice from question to edit, as a story on a real instance; the model is a fake at the advisor's interface."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assets_defs.platform_resource import PlatformResource
from assets_defs.second_opinion import fallback_line, usage_metadata
from flow_pipelines.advice.questions import Advice, Question
from flow_pipelines.cli.run_flow import run_phase
from flow_pipelines.errors import InputError, RunError
from flow_pipelines.flows import flow_named
from flow_pipelines.settings_advice import AdviceSettings
from resources.advisor import Advised, Usage
from resources.advisor_endpoint import Endpoint
from resources.installation import Installation
from resources.tenancy import change_settings, engagement_settings
from tests.assets_defs.engagements import Engagement

SERVERS = "hostname,ip_address,os,owner of box,siz\nweb01,10.1.1.1,RHEL 8,Ann,4096\nweb02,10.1.1.2,RHEL 8,Bob,8192\n"
MAPPINGS = "discovery/attribute_mappings"
HOSTILE = "because \x1b[2J[red]I say so</td><script>"


class Fake:
    """An advisor that chooses `owner` where it may, or what else it is told to, and remembers what it was asked."""

    endpoint = Endpoint("gpt-x", "http://127.0.0.1:9")

    def __init__(self) -> None:
        self.choice = "owner"
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def advise(self, _scope: object, _settings: object, topic: str, questions: Sequence[Question], **_: Any) -> Advised:  # noqa: ANN401
        self.asked.append((topic, tuple(one.evidence["header"] for one in questions)))
        answers = {
            one.row_id: Advice(self.choice, 0.91, HOSTILE, "gpt-x", "f" * 64)
            for one in questions
            if "owner" in one.choices
        }
        left = len(questions) - len(answers)
        usage = Usage(len(questions), 0, len(answers), left, 1, 100, 10, reasons={"timeout": left} if left else {})
        return Advised(answers, usage)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Fake:
    fake = Fake()
    monkeypatch.setattr(PlatformResource, "advisor", property(lambda _: fake))
    return fake


def run(engagement: Engagement, *phases: str) -> None:
    for phase in phases:
        run_phase(engagement.installation, engagement.scope, flow_named("discovery"), phase)


def test_advice_is_asked_for_shown_accepted_and_then_asked_about_no_more(
    installation: Installation, tmp_path: Path, model: Fake
) -> None:
    engagement = Engagement(installation, tmp_path, SERVERS)
    settings = engagement_settings(installation.database, engagement.scope)
    off = settings.model_copy(update={"advice": AdviceSettings(mode="off")})
    change_settings(installation.database, engagement.scope, off)
    run(engagement, "data_import", "attribute_mapping")
    assert model.asked == []
    assert engagement.frame(MAPPINGS)["advice"].isna().all()

    change_settings(installation.database, engagement.scope, settings)
    run(engagement, "attribute_mapping")
    ((topic, headers),) = model.asked
    assert (topic, set(headers)) == ("mapping", {"owner of aaa", "siz"})
    row = engagement.frame(MAPPINGS).set_index("source_column").loc["owner of box"]
    assert (row["status"], row["attribute"], row["advice"], row["advice_model"]) == ("unmapped", None, "owner", "gpt-x")

    (listed,) = json.loads(engagement.command("advice list", "--json"))
    assert (listed["row_id"], listed["current_value"], listed["confidence"]) == (row["mapping_id"], None, 0.91)
    shown = engagement.command("advice list")
    assert "\x1b" not in shown
    assert "[red]I say so" in shown

    with pytest.raises(InputError, match="No advice is open"):
        engagement.command("advice accept", str(row["mapping_id"]), "--by", "Ann")
    engagement.command("advice accept", "--least", "0.95", "--by", "Ann")
    assert json.loads(engagement.command("edit list", "--json")) == []
    engagement.command("advice accept", "--least", "0.9", "--topic", "mapping", "--by", "Ann")
    (edit,) = json.loads(engagement.command("edit list", "--json"))
    assert (edit["actor"], edit["new_value"]) == ("advice: gpt-x, accepted by Ann", "owner")
    assert json.loads(engagement.command("advice list", "--json")) == []

    run(engagement, "attribute_mapping")
    assert model.asked[-1] == ("mapping", ("siz",))
    row = engagement.frame(MAPPINGS).set_index("source_column").loc["owner of box"]
    assert (row["status"], row["method"], row["attribute"]) == ("applied", "person", "owner")


def test_a_model_that_is_named_wrongly_fails_before_any_work_and_not_where_none_is_wanted(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOW_ADVISOR_URL", "https://models.example/v1")
    engagement = Engagement(installation, tmp_path, SERVERS)
    with pytest.raises(RunError, match="FLOW_ADVISOR_MODEL"):
        run(engagement, "data_import")
    assert not engagement.store.current(engagement.scope)
    settings = engagement_settings(installation.database, engagement.scope)
    off = settings.model_copy(update={"advice": AdviceSettings(mode="off")})
    change_settings(installation.database, engagement.scope, off)
    run(engagement, "data_import", "attribute_mapping")
    assert engagement.frame(MAPPINGS)["advice"].isna().all()


def test_a_key_that_was_listed_accepts_no_other_advice_and_none_is_accepted_by_its_key_only(
    installation: Installation, tmp_path: Path, model: Fake
) -> None:
    engagement = Engagement(installation, tmp_path, SERVERS)
    run(engagement, "data_import", "attribute_mapping")
    (listed,) = json.loads(engagement.command("advice list", "--json"))
    model.choice = "none"
    run(engagement, "attribute_mapping")
    (later,) = json.loads(engagement.command("advice list", "--json"))
    assert later["row_id"] == listed["row_id"]
    assert later["advice"] == "none"
    with pytest.raises(InputError, match="other advice by now"):
        engagement.command("advice accept", listed["key"], "--by", "Ann")
    engagement.command("advice accept", "--least", "0", "--by", "Ann")
    assert json.loads(engagement.command("edit list", "--json")) == []
    engagement.command("advice accept", later["key"], "--by", "Ann")
    (edit,) = json.loads(engagement.command("edit list", "--json"))
    assert edit["new_value"] is None
    run(engagement, "attribute_mapping")
    assert engagement.frame(MAPPINGS).set_index("source_column").loc["owner of box"]["attribute"] is None


def test_where_no_model_is_configured_not_even_questions_are_made(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("questions were made")

    monkeypatch.setattr("assets_defs.discovery.mapping_questions", fail)
    engagement = Engagement(installation, tmp_path, SERVERS)
    run(engagement, "data_import", "attribute_mapping")
    assert engagement.frame(MAPPINGS)["advice"].isna().all()


def test_what_is_left_without_an_answer_is_said() -> None:
    usage = replace(Usage(), asked=3, unanswered=3, reasons={"budget_of_seconds": 2, "timeout": 1})
    told = fallback_line("treatment", usage)
    assert told == (
        "No second opinion on 3 questions of treatment (budget of seconds: 2, timeout: 1): the rules stand alone there."
    )
    assert usage_metadata(usage)["advice_unanswered"].value == 3
