"""The word lists: complete, free of contradictions, and deaf to words for nothing."""

from __future__ import annotations

import pytest

from flow_pipelines.reference.vocabularies import fold, vocabularies


def test_every_word_of_every_list_is_known_whatever_its_case() -> None:
    known = vocabularies()
    for name, words in known.values.items():
        for word, value in words.items():
            assert known.value(name, word) == known.value(name, f" {word.upper()} ") == value


@pytest.mark.parametrize(
    "name", ["environment", "criticality", "power_state", "lifecycle_status", "protocol", "architecture", "firmware"]
)
def test_every_value_is_a_word_for_itself(name: str) -> None:
    known = vocabularies()
    assert {value: known.value(name, value) for value in known.values[name].values()} == {
        value: value for value in known.values[name].values()
    }


def test_no_word_of_a_list_is_a_word_for_nothing() -> None:
    known = vocabularies()
    assert [word for words in known.values.values() for word in words if known.is_missing(word)] == []


@pytest.mark.parametrize("name", sorted(vocabularies().values))
def test_no_word_for_nothing_has_a_value_in_any_list(name: str) -> None:
    known = vocabularies()
    assert {word: value for word in ["", " ", *known.missing] if (value := known.value(name, word))} == {}


@pytest.mark.parametrize(
    "word", ["-", " N/A ", "N / A", "-- None --", "[unknown]", "***", "#NAME?", "Unbekannt", "K.A."]
)
def test_words_for_nothing_are_known_in_any_dress(word: str) -> None:
    assert vocabularies().is_missing(word)


@pytest.mark.parametrize("word", ["name", "num", "ref", "web01", "0", "no", "日本", "Nantes"])
def test_names_that_resemble_words_for_nothing_are_names(word: str) -> None:
    assert not vocabularies().is_missing(word)


@pytest.mark.parametrize(
    ("word", "folded"),
    [("Pré-Production", "pre production"), ("  IN_USE ", "in use"), ("Straße", "strasse"), ("--", ""), ("ﬁn", "fin")],
)
def test_spellings_are_compared_without_case_accents_and_punctuation(word: str, folded: str) -> None:
    assert fold(word) == folded
    assert fold(folded) == folded


def test_a_leading_number_orders_and_says_nothing() -> None:
    known = vocabularies()
    assert known.value("criticality", "3 - Less critical") == "medium"
    assert known.value("environment", "1. Production") == "production"
    assert known.value("environment", "1. Unheard of") is None


@pytest.mark.parametrize("sign", ["/", "*"])
def test_a_sign_that_names_something_is_not_missing(sign: str) -> None:
    assert not vocabularies().is_missing(sign)
