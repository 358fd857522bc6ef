from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow_pipelines.reference.header_words import dimension_of, expanded, parse_header


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("*Memory (In MB)", "MB"),
        ("RAM.UsedSizeInMB.Avg", "MB"),
        ("MemoryGiB", "GiB"),
        ("disk_gb", "GB"),
        ("ramgb", "GB"),
        ("Mémoire (Go)", "GB"),
        ("Provisioned disk GB (all drives)", "GB"),
        ("DiskReadsPerSecondInKB.Max", "KB/s"),
        ("Disk 1 read throughput (MB per second)", "MB/s"),
        ("Disk 1 read ops (operations per second)", "1/s"),
        ("CPU speed (GHz)", "GHz"),
        ("CPU % (30 days)", "percent"),
        ("MemoryUtilizationPercentage", "percent"),
        ("Network in (MBps)", "MB/s"),
        ("Network in (Mbps)", "Mbit/s"),
    ],
)
def test_tells_the_unit_of_a_header_in_its_canonical_spelling(header: str, unit: str) -> None:
    assert parse_header(header).unit == unit


@pytest.mark.parametrize("header", ["Memory", "Bytes Sent", "In Use", "Template", "Storage tier", "Member of", "GBU"])
def test_sees_no_unit_where_none_is_meant(header: str) -> None:
    assert parse_header(header).unit is None


def test_takes_the_unit_out_of_the_words_and_leaves_the_rest() -> None:
    assert parse_header("RAM.UsedSizeInMB.Avg").words_without_unit == ("ram", "used", "size", "avg")
    assert parse_header("Memory [GB]").words_without_unit == ("memory",)


@given(st.text(max_size=60))
def test_takes_any_text_apart_and_tells_only_units_that_measure_something(header: str) -> None:
    parsed = parse_header(header)

    assert set(parsed.words_without_unit) <= {
        *parsed.words,
        *(word[:-2] for word in parsed.words),
        *(word[:-3] for word in parsed.words),
    }
    assert parsed.unit is None or dimension_of(parsed.unit) is not None


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("servername", ("server", "name")),
        ("costctr", ("cost", "center")),
        ("Anwendungsverantwortlicher", ("application", "responsible")),
        ("Kostenplaats", ("cost", "center")),
        ("Data installazione", ("installed", "date")),
        ("Nb de processeurs", ("number", "de", "processor")),
        ("disposition", ("disposition",)),
        ("hosting", ("hosting",)),
    ],
)
def test_brings_words_of_other_languages_and_glued_ones_to_english_words(header: str, words: tuple[str, ...]) -> None:
    assert expanded(parse_header(header).words) == words
