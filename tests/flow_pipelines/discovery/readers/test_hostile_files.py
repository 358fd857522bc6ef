from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.benchmarks.fuzz import import_hostile
from tests.benchmarks.hostile_files import whole_files
from tests.flow_pipelines.discovery.readers.importing import import_text


@given(st.integers(0, 10**9))
@example(92_708)  # a list whose name holds NUL, named in the reason of its rejection
@example(1_000_573)  # a cell of 10 MB, in which a search for secrets did not end
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_hostile_file_is_accounted_for_row_by_row(tmp_path: Path, number: int) -> None:
    *_, problems = import_hostile(tmp_path, number)
    assert problems == []


@pytest.mark.parametrize("name", whole_files())
def test_the_files_of_the_fuzz_are_usable_before_they_are_damaged(tmp_path: Path, name: str) -> None:
    assert len(import_text(tmp_path, whole_files()[name], "export").imported_records)
