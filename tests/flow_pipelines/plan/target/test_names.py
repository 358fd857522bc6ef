"""Whatever people call things, clouds and Terraform get names that they accept, no two the same."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from flow_pipelines.plan.target.names import names_apart, plain_name

ACCEPTED = re.compile(r"[a-z](?:[a-z0-9-]*[a-z0-9])?")
LONGEST = 63 - len("-subnet-1")
HOSTILE = [
    'web01"',
    "${var.x}",
    "%{ if true }",
    "../../etc",
    "",
    " ",
    "-",
    "9lives",
    "WEB01",
    "web01",
    "web 01",
    "生产",
]


@settings(max_examples=200)
@given(st.one_of(st.text(max_size=200), st.sampled_from(HOSTILE)))
def test_a_name_is_accepted_everywhere(text: str) -> None:
    assert ACCEPTED.fullmatch(plain_name(text))
    assert len(plain_name(text)) <= LONGEST


@settings(max_examples=200)
@given(st.lists(st.one_of(st.text("abC_ -.9ä", max_size=6), st.sampled_from(HOSTILE)), max_size=20))
def test_no_two_things_have_the_same_name_whatever_their_order(texts: list[str]) -> None:
    things = {f"key-{number}": text for number, text in enumerate(texts)}
    names = names_apart(things)
    assert len(set(names.values())) == len(things)
    assert all(ACCEPTED.fullmatch(name) for name in names.values())
    assert names_apart(dict(reversed(things.items()))) == names


def test_a_name_that_is_plain_and_alone_stays_as_it_is() -> None:
    assert names_apart({"a": "Web01", "b": "erp_db.example"}) == {"a": "web01", "b": "erp-db-example"}
