from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_pipelines.errors import InputError
from flow_pipelines.scope import NAME, Scope
from flow_pipelines.takeover.account import RefusedError
from flow_pipelines.takeover.tenants import (
    SourceClient,
    SourceEngagement,
    chosen_engagements,
    client_of,
    engagement_of,
    tenant_key,
)


def engagement(number: str, key: str) -> SourceEngagement:
    scope = Scope.parse(key)
    return SourceEngagement(number, f"c-{scope.client}", scope.client.title(), scope.engagement.title(), scope)


@pytest.mark.parametrize(
    ("names", "key"),
    [
        (("", "Müller & Söhne AG"), "muller-sohne-ag"),
        (("acme-corp", "ACME Corporation"), "acme-corp"),
        (("Acme_Corp", "other"), "acme-corp"),
        (("!!!", "Straße 7"), "strasse-7"),
        (("", "x" * 39 + " - y"), "x" * 39),
    ],
)
def test_a_name_becomes_a_valid_key(names: tuple[str, ...], key: str) -> None:
    assert tenant_key(*names) == key


@given(st.text())
def test_every_key_is_a_valid_name_or_there_is_none(name: str) -> None:
    try:
        key = tenant_key(name)
    except RefusedError:
        assert not any(character in string.ascii_letters + string.digits for character in name)
    else:
        assert NAME.fullmatch(key)


def test_an_engagement_of_an_unknown_client_is_refused() -> None:
    clients = {"1": client_of({"id": "1", "name": "Acme"})}
    assert engagement_of({"id": "e", "client": "1", "name": "DC exit"}, clients).scope == Scope("acme", "dc-exit")
    with pytest.raises(RefusedError, match="client_unknown"):
        engagement_of({"id": "e", "client": "2", "name": "DC exit"}, clients)


def test_names_that_collide_are_refused_with_a_list() -> None:
    clients = [SourceClient("c1", "Acme!", "acme"), SourceClient("c2", "ACME", "acme")]
    listed = [engagement("1", "acme/exit"), engagement("2", "acme/exit"), engagement("3", "acme/other")]
    with pytest.raises(InputError) as refused:
        chosen_engagements(clients, listed, None, "")
    assert all(word in refused.value.problem for word in ("Acme!", "c2", "id 1", "id 2"))
    assert "acme/other" not in refused.value.problem


def test_without_a_name_all_engagements_come_over_each_into_its_own() -> None:
    listed = [engagement("1", "acme/exit"), engagement("2", "initech/cloud")]
    chosen = chosen_engagements([], listed, None, "")
    assert chosen == {"1": Scope("acme", "exit"), "2": Scope("initech", "cloud")}


def test_which_engagement_is_meant_is_never_guessed() -> None:
    listed = [engagement("1", "acme/exit"), engagement("2", "initech/cloud")]
    here = Scope("new", "place")
    assert chosen_engagements([], listed, Scope("acme", "exit"), "") == {"1": Scope("acme", "exit")}
    assert chosen_engagements([], listed, here, "2") == {"2": here}
    assert chosen_engagements([], listed, here, "initech/cloud") == {"2": here}
    with pytest.raises(InputError, match="acme/exit"):
        chosen_engagements([], listed, here, "")
    # With one engagement there and one named here, there is nothing to guess.
    assert chosen_engagements([], listed[:1], here, "") == {"1": here}
    with pytest.raises(InputError):
        chosen_engagements([], listed[:1], here, "3")
