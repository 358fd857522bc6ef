from __future__ import annotations

import pytest

from flow_pipelines.errors import AdvisorError
from resources.advisor_endpoint import REQUEST, Endpoint, configured_endpoint

GOOD = {
    "FLOW_ADVISOR_URL": "https://models.example/v1/",
    "FLOW_ADVISOR_MODEL": "large",
    "FLOW_ADVISOR_KEY": "sk-secret",
}


def test_nothing_configured_is_no_endpoint() -> None:
    assert configured_endpoint({}) is None
    assert configured_endpoint({"FLOW_ADVISOR_KEY": "sk-secret", "FLOW_ADVISOR_URL": " "}) is None


def test_url_model_and_key_are_an_endpoint_whose_key_is_in_no_text() -> None:
    endpoint = configured_endpoint(GOOD)
    assert endpoint == Endpoint("large", "https://models.example/v1", "sk-secret", REQUEST)
    assert "sk-secret" not in f"{endpoint!r} {endpoint}"


def test_a_model_alone_is_asked_nothing_but_its_kept_answers_are_used() -> None:
    assert configured_endpoint({"FLOW_ADVISOR_MODEL": "large"}) == Endpoint("large")


def test_parameters_of_requests_can_be_others() -> None:
    endpoint = configured_endpoint({**GOOD, "FLOW_ADVISOR_REQUEST": '{"max_completion_tokens": 9000}'})
    assert endpoint is not None
    assert endpoint.request == {"max_completion_tokens": 9000}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"FLOW_ADVISOR_MODEL": ""}, "FLOW_ADVISOR_MODEL"),
        ({"FLOW_ADVISOR_URL": "ftp://host/v1"}, "FLOW_ADVISOR_URL"),
        ({"FLOW_ADVISOR_URL": "file:///etc/passwd"}, "FLOW_ADVISOR_URL"),
        ({"FLOW_ADVISOR_URL": "models.example/v1"}, "FLOW_ADVISOR_URL"),
        ({"FLOW_ADVISOR_URL": "https://"}, "FLOW_ADVISOR_URL"),
        ({"FLOW_ADVISOR_URL": "https://host:x/v1"}, "FLOW_ADVISOR_URL"),
        ({"FLOW_ADVISOR_URL": "https://[::1/v1"}, "FLOW_ADVISOR_URL"),
        ({"FLOW_ADVISOR_URL": "https://host/v1\r\nX: y"}, "FLOW_ADVISOR_URL"),
        ({"FLOW_ADVISOR_URL": "https://jane:sk-secret@host/v1"}, "FLOW_ADVISOR_KEY"),
        ({"FLOW_ADVISOR_URL": "https://host/v1?key=sk-secret"}, "FLOW_ADVISOR_KEY"),
        ({"FLOW_ADVISOR_KEY": "sk-secret\nsk-secret"}, "FLOW_ADVISOR_KEY"),
        ({"FLOW_ADVISOR_KEY": "sk-secret\u2013"}, "FLOW_ADVISOR_KEY"),
        ({"FLOW_ADVISOR_REQUEST": "temperature=0"}, "FLOW_ADVISOR_REQUEST"),
        ({"FLOW_ADVISOR_REQUEST": "[]"}, "FLOW_ADVISOR_REQUEST"),
        ({"FLOW_ADVISOR_REQUEST": '{"tools": []}'}, "tools"),
        ({"FLOW_ADVISOR_REQUEST": '{"temperature": NaN}'}, "NaN"),
        ({"FLOW_ADVISOR_REQUEST": '{"temperature": -Infinity}'}, "-Infinity"),
        ({"FLOW_ADVISOR_REQUEST": '{"temperature": 1e999}'}, "FLOW_ADVISOR_REQUEST"),
        ({"FLOW_ADVISOR_REQUEST": r'{"stop": "\ud83d"}'}, "FLOW_ADVISOR_REQUEST"),
        ({"FLOW_ADVISOR_REQUEST": "[" * 100_000}, "FLOW_ADVISOR_REQUEST"),
        ({"FLOW_ADVISOR_REQUEST": '{"max_tokens": 0}'}, "max_tokens"),
        ({"FLOW_ADVISOR_REQUEST": '{"max_tokens": true}'}, "max_tokens"),
        ({"FLOW_ADVISOR_REQUEST": '{"max_tokens": "9"}'}, "max_tokens"),
        ({"FLOW_ADVISOR_REQUEST": '{"max_completion_tokens": -1}'}, "max_completion_tokens"),
        ({"FLOW_ADVISOR_URL": "http://models.example/v1"}, "FLOW_ADVISOR_KEY"),
        ({"FLOW_ADVISOR_URL": "http://10.0.0.7:11434/v1"}, "FLOW_ADVISOR_KEY"),
        ({"FLOW_ADVISOR_URL": "http://127.0.0.1.example/v1"}, "FLOW_ADVISOR_KEY"),
    ],
)
def test_what_can_t_work_is_refused_with_a_remedy_and_without_the_key(changed: dict[str, str], named: str) -> None:
    with pytest.raises(AdvisorError, match=named) as refused:
        configured_endpoint({**GOOD, **changed})
    assert refused.value.remedy
    assert "sk-secret" not in repr(refused.value)
    assert refused.value.__cause__ is None or "sk-secret" not in repr(refused.value.__cause__)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://127.0.0.1:11434/v1", "sk-secret"),
        ("http://[::1]:11434/v1", "sk-secret"),
        ("http://localhost:11434/v1", "sk-secret"),
        ("http://models.internal/v1", ""),
    ],
)
def test_plain_http_is_taken_on_this_machine_and_where_no_key_is_sent(url: str, key: str) -> None:
    assert configured_endpoint({**GOOD, "FLOW_ADVISOR_URL": url, "FLOW_ADVISOR_KEY": key}) is not None
