from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_pipelines.errors import ScopeError
from flow_pipelines.scope import NAME, Scope

names = st.from_regex(NAME, fullmatch=True)
# Half a surrogate pair is no text that a file or PostgreSQL could hold.
parts_are_made_of = st.characters(codec="utf-8", exclude_characters="\x1f")


@given(client=names, engagement=names)
def test_a_scope_and_its_partition_key_are_one_to_one(client: str, engagement: str) -> None:
    scope = Scope(client, engagement)
    assert Scope.parse(scope.partition_key) == scope


@given(key=st.text(max_size=100))
def test_a_key_is_either_refused_or_read_back_the_same(key: str) -> None:
    try:
        scope = Scope.parse(key)
    except ScopeError as error:
        assert error.remedy  # noqa: PT017
    else:
        assert scope.partition_key == key


@pytest.mark.parametrize("name", ["", "-a", "a-", "a" * 41, "ä", "A", "a_b", "a b", "a/b", "a\n"])
def test_a_bad_name_is_refused_with_the_rule(name: str) -> None:
    with pytest.raises(ScopeError, match="lower-case letters"):
        Scope(name, "dc-exit")


@given(a=names, b=names, c=names, d=names)
def test_ids_differ_between_scopes(a: str, b: str, c: str, d: str) -> None:
    first, second = Scope(a, b), Scope(c, d)
    assert (first.engagement_id == second.engagement_id) == (first == second)
    assert (first.id_of("asset", "x") == second.id_of("asset", "x")) == (first == second)


def test_ids_are_the_same_for_ever() -> None:
    """Edits, pins and diffs of every installation rest on these."""
    scope = Scope("acme", "dc-exit")
    assert str(scope.client_account_id) == "b352b586-90af-5a28-868a-74d04782cd0c"
    assert str(scope.engagement_id) == "12e4d922-74f0-50da-80b0-8f933769e342"
    assert scope.id_of("record", "servers.csv", "", 7) == "00c9f437-47ad-5257-99ef-36846a610a23"


@given(key=st.lists(st.text(parts_are_made_of, max_size=5), min_size=1, max_size=3))
def test_the_parts_of_a_key_do_not_run_together(key: list[str]) -> None:
    scope = Scope("acme", "dc-exit")
    assert scope.id_of("record", *key) != scope.id_of("record", *key, "")
    assert scope.id_of("record", *key) != scope.id_of("rejected", *key)


def test_many_ids_are_the_same_as_one_by_one() -> None:
    keys = [(number, "ü", None) for number in range(50)]
    scope = Scope("acme", "dc-exit")
    assert scope.ids_of("task", keys) == [scope.id_of("task", *key) for key in keys]
