from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_pipelines.discovery.mapping.decisions import KIND_WORDS
from flow_pipelines.discovery.mapping.value_profiles import Profiler, classify
from flow_pipelines.reference.mapping_model import mapping_model


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("10.0.0.1", "ip"),
        ("10.0.0.1, 10.0.0.2", "ip"),
        ("10.0.0.1\n10.0.0.2", "ip"),
        ("fe80::1", "ip"),
        ("256.0.0.1", "version"),
        ("00:50:56:aa:bb:cc", "mac"),
        ("0050.56aa.bbcc", "mac"),
        ("107374182400", "huge"),
        ("421c5f0a-1d2b-3c4d-5e6f-7a8b9c0d1e2f", "uuid"),
        ("VMware-42 1c 5f 0a 1d 2b 3c 4d-5e 6f 7a 8b 9c 0d 1e 2f", "uuid"),
        ("a3f5c0d1e2f3a4b5c6d7e8f901234567", "hex"),
        ("web01.corp.example", "fqdn"),
        ("2024-03-01", "date"),
        ("01.03.2024", "date"),
        ("03/04/2025 12:30", "timestamp"),
        ("13.0.5026", "version"),
        ("12.5%", "percent"),
        ("16 GB", "quantity"),
        ("1,024", "medium"),
        ("1.5", "decimal"),
        ("-3", "decimal"),
        ("1", "bit"),
        ("Ja", "boolean"),
        ("maria.keller@corp.example", "email"),
        ("zone:1, critical:yes", "pair"),
        ("vm-42", "reference"),
        ("PRD-APP-12", "code"),
        ("Production", "word"),
        ("Maria Keller", "phrase"),
        ("Runs the nightly batch of finance", "sentence"),
        ("N/A", "placeholder"),
    ],
)
def test_tells_what_kind_of_value_a_cell_is(value: str, kind: str) -> None:
    assert classify(value).kind == kind


@pytest.mark.parametrize(
    ("value", "number"),
    [("1,024", 1024), ("1.5", 1.5), ("1,5", 1.5), ("1.234,5", 1234.5), ("1,234.5", 1234.5), ("1.234.567", 1234567)],
)
def test_reads_numbers_with_either_decimal_mark(value: str, number: float) -> None:
    assert classify(value).number == number


@given(st.text(max_size=200) | st.from_regex(r"[-+]?[\d.,' ]{1,420}", fullmatch=True))
def test_any_cell_is_of_a_kind_that_the_model_and_the_reasons_know(value: str) -> None:
    kind = classify(value).kind

    assert kind == "placeholder" or (kind in mapping_model().background.kinds and kind in KIND_WORDS)


@given(st.lists(st.text(max_size=5), min_size=1, max_size=50), st.randoms(use_true_random=False))
def test_a_profile_sums_up_the_same_in_any_order(cells: list[str], random: Random) -> None:
    shuffled = list(cells)
    random.shuffle(shuffled)
    one, other = Profiler().profile(cells), Profiler().profile(shuffled)

    assert (one.kinds, one.vocabularies, one.example) == (other.kinds, other.vocabularies, other.example)
    assert sum(one.kinds.values()) == pytest.approx(1) or not one.meaningful
