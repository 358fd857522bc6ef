"""Three-valued logic: what holds, what fails, and what nobody knows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from flow_pipelines.assess.treatment.conditions import Truth, compile_condition
from flow_pipelines.assess.treatment.facts import Facts, gather_facts
from flow_pipelines.reference.conditions import Condition
from flow_pipelines.reference.rulebook import FactSource

CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)
SYMBOLS = {(True, False): "yes", (False, True): "no", (False, False): "unknown"}
# The values of a fact in three rows: one for each truth of `value >= 3`.
FACTS = {
    "a": [5.0, 1.0, None],
}


def sources(**more: object) -> dict[str, FactSource]:
    return {
        "n": FactSource.model_validate({"source": "parts", "column": "n", "kind": "number", "says": "n", **more}),
        "w": FactSource.model_validate({"source": "parts", "column": "w", "says": "w", **more}),
    }


def judged(condition: dict[str, object], rows: list[list[dict[str, object]]], **more: object) -> list[str]:
    """Return what a condition is in each row, of which the parts are given."""
    parts = [{"n": None, "w": None, **part, "place": place} for place, of_row in enumerate(rows) for part in of_row]
    frame = pd.DataFrame(parts, columns=["n", "w", "place"]).astype({"w": object})
    return told(
        compile_condition(CONDITION.validate_python(condition))(
            gather_facts(sources(**more), {"parts": frame}, len(rows))
        )
    )


def told(truth: Truth) -> list[str]:
    return [SYMBOLS[bool(holds), bool(fails)] for holds, fails in zip(truth.holds, truth.fails, strict=True)]


def test_a_sum_of_which_a_part_is_silent_is_at_least_what_the_others_say() -> None:
    rows = [[{"n": 4}, {"n": None}], [{"n": 1}, {"n": None}], [{"n": 1}, {"n": 1}], [], [{"n": None}]]
    at_least = {"fact": "n", "operator": "at_least", "value": 3}
    assert judged(at_least, rows) == ["yes", "unknown", "no", "unknown", "unknown"]
    at_most = {"fact": "n", "operator": "at_most", "value": 3}
    assert judged(at_most, rows) == ["no", "unknown", "yes", "unknown", "unknown"]


def test_a_minimum_is_at_most_what_one_part_says() -> None:
    rows: list[list[dict[str, object]]] = [[{"n": 1}, {"n": None}], [{"n": 5}, {"n": None}]]
    assert judged({"fact": "n", "operator": "below", "value": 3}, rows, aggregate="min") == ["yes", "unknown"]


WORDS: list[list[dict[str, object]]] = [
    [{"w": "x"}, {"w": None}],
    [{"w": "y"}, {"w": None}],
    [{"w": "y"}],
    [{"w": "x"}],
    [],
]


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("includes", ["yes", "unknown", "no", "yes", "unknown"]),
        ("all_in", ["unknown", "no", "no", "yes", "unknown"]),
        ("matches", ["yes", "unknown", "no", "yes", "unknown"]),
        ("all_match", ["unknown", "no", "no", "yes", "unknown"]),
    ],
)
def test_one_part_can_show_that_something_is_there_and_only_all_that_it_is_not(
    operator: str, expected: list[str]
) -> None:
    assert judged({"fact": "w", "operator": operator, "value": "x"}, WORDS) == expected


def test_where_silence_says_that_there_is_none_nothing_is_unknown() -> None:
    no = judged({"fact": "w", "operator": "includes", "value": "x"}, WORDS, untold="none", without="none")
    assert no == ["yes", "no", "no", "yes", "no"]
    of_none = judged({"fact": "w", "operator": "all_in", "value": "x"}, [[]], without="none")
    assert of_none == ["no"], "of no parts nothing can be said that all of them are"


def test_whether_something_is_told_is_always_known() -> None:
    assert judged({"told": "w"}, WORDS) == ["no", "no", "yes", "yes", "no"]


def test_a_pattern_is_searched_without_regard_to_case() -> None:
    rows: list[list[dict[str, object]]] = [[{"w": "The SAP ERP"}], [{"w": "sapphire"}]]
    assert judged({"fact": "w", "operator": "matches", "value": r"\bsap\b"}, rows) == ["yes", "no"]


CODES = st.lists(st.sampled_from(["yes", "no", "unknown"]), min_size=1, max_size=6)


def truth(codes: list[str]) -> Truth:
    return Truth(np.array([one == "yes" for one in codes]), np.array([one == "no" for one in codes]))


@given(CODES, st.data())
def test_the_laws_of_three_valued_logic_hold(codes: list[str], data: st.DataObject) -> None:
    same_size = st.lists(st.sampled_from(["yes", "no", "unknown"]), min_size=len(codes), max_size=len(codes))
    a, b, c = truth(codes), truth(data.draw(same_size)), truth(data.draw(same_size))
    assert told(a & b) == told(b & a)
    assert told((a & b) & c) == told(a & (b & c))
    assert told(a & (b | c)) == told((a & b) | (a & c))
    assert told(~(a & b)) == told(~a | ~b), "De Morgan"
    assert told(~~a) == told(a)
    assert told(a | (a & b)) == told(a), "absorption"
    assert not (a.holds & a.fails).any()
    assert ((a | ~a).unknown == a.unknown).all(), "the excluded middle does not hold where nobody knows"


@given(CODES, st.data())
def test_finding_out_never_takes_back_what_was_known(codes: list[str], data: st.DataObject) -> None:
    other = data.draw(st.lists(st.sampled_from(["yes", "no", "unknown"]), min_size=len(codes), max_size=len(codes)))
    found_out = [one if one != "unknown" else data.draw(st.sampled_from(["yes", "no"])) for one in codes]
    for combine in (Truth.__and__, Truth.__or__):
        before, after = told(combine(truth(codes), truth(other))), told(combine(truth(found_out), truth(other)))
        assert all(old in {"unknown", new} for old, new in zip(before, after, strict=True))


def test_no_rows_are_no_problem() -> None:
    nothing = Facts(0, gather_facts(sources(), {"parts": pd.DataFrame({"n": [], "w": [], "place": []})}, 0).by_name)
    assert told(compile_condition(CONDITION.validate_python({"told": "w"}))(nothing)) == []
