"""The table of end-of-life facts and reading a cycle in it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from flow_pipelines.errors import ContractError
from flow_pipelines.reference.end_of_life import (
    COLUMNS,
    end_of_life_facts,
    known_cycle,
    read_end_of_life_facts,
)

GOOD = "rhel,Red Hat Enterprise Linux,operating_system,7,2014-06-10,2019-08-06,2024-06-30,2029-05-31,Red Hat,2026-08-22"


def write(path: Path, *lines: str, header: str = ",".join(COLUMNS)) -> Path:
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def fact(product: str, cycle: str) -> pd.Series:
    facts = end_of_life_facts()
    return facts[(facts["product"] == product) & (facts["cycle"] == cycle)].iloc[0]


@pytest.mark.parametrize(
    ("product", "cycle", "end_of_life", "end_of_extended_support"),
    [
        ("windows-server", "2012 R2", date(2023, 10, 10), date(2026, 10, 13)),
        ("windows-server", "2008 R2", date(2020, 1, 14), date(2023, 1, 10)),
        ("windows-server", "2008 R2 RTM", date(2013, 4, 9), None),
        ("windows-server", "2003", date(2015, 7, 14), None),
        ("rhel", "7", date(2024, 6, 30), date(2029, 5, 31)),
        ("centos", "7", date(2024, 6, 30), None),
        ("sles", "12.5", date(2024, 10, 31), date(2027, 10, 31)),
        ("hp-ux", "11.31", date(2025, 12, 31), None),
        ("aix", "7.2", None, None),
        ("esxi", "6.7", date(2022, 10, 15), None),
        ("mssqlserver", "2014", date(2024, 7, 9), date(2027, 7, 12)),
        ("mssqlserver", "2016 SP2", date(2022, 10, 11), None),
        ("oracle-database", "11.2", date(2015, 1, 31), date(2020, 12, 31)),
        ("postgresql", "9.6", date(2021, 11, 11), None),
        ("mysql", "5.7", date(2023, 10, 31), None),
    ],
)
def test_holds_the_dates_that_vendors_published(
    product: str, cycle: str, end_of_life: date | None, end_of_extended_support: date | None
) -> None:
    row = fact(product, cycle)
    assert (row["end_of_life"], row["end_of_extended_support"]) == (end_of_life, end_of_extended_support)


def test_every_fact_names_its_source_and_the_day_it_was_recorded() -> None:
    facts = end_of_life_facts()
    assert facts["source"].str.contains("endoflife.date, commit a70eca3|https?://").all()
    assert facts["as_of"].map(type).eq(date).all()


def test_a_release_without_its_service_pack_has_the_dates_of_the_last_one_and_says_so() -> None:
    assert fact("mssqlserver", "2016")["end_of_life"] == fact("mssqlserver", "2016 SP3")["end_of_life"]
    assert fact("mssqlserver", "2016")["source"].endswith("(its last service pack)")
    assert fact("sles", "15")["end_of_life"] == fact("sles", "15.7")["end_of_life"]


@pytest.mark.parametrize(
    ("product", "release", "cycle"),
    [
        ("postgresql", "9.6.24", "9.6"),
        ("postgresql", "13.4", "13"),
        ("windows-server", "2012 r2", "2012 R2"),
        ("windows-server", "2012 r2 sp1", "2012 R2"),
        ("windows-server", "2008 R2 SP1", "2008 R2 SP1"),
        ("oracle-database", "19.3.0.0.0", "19"),
        ("ubuntu", "20", None),
        ("ubuntu", "", None),
        ("mysql", "5", None),
        ("no-such-product", "1", None),
    ],
)
def test_a_release_belongs_to_the_cycle_that_its_leading_part_names(
    product: str, release: str, cycle: str | None
) -> None:
    assert known_cycle(product, release) == cycle


def test_who_changes_the_facts_changes_only_a_copy() -> None:
    mine = end_of_life_facts()
    mine["end_of_life"] = None
    assert fact("rhel", "7")["end_of_life"] == date(2024, 6, 30)


def test_reads_a_table_that_keeps_its_contract(tmp_path: Path) -> None:
    facts = read_end_of_life_facts(write(tmp_path / "facts.csv", GOOD))
    assert facts.loc[0, "release_date"] == date(2014, 6, 10)


@pytest.mark.parametrize(
    ("lines", "breach"),
    [
        ([GOOD, GOOD], "rhel 7 stands there twice"),
        ([GOOD, GOOD.replace(",7,", ",8,").replace("Red Hat Enterprise Linux", "RHEL")], "rhel has several titles"),
        ([GOOD.replace("operating_system", "os")], "unknown category 'os'"),
        ([GOOD.replace("2024-06-30", "2030-06-30")], "the dates of line 2 are out of order"),
        ([GOOD.replace("2024-06-30", "June 2024")], "end_of_life of line 2 is no date: 'June 2024'"),
        ([GOOD.replace("2024-06-30", "")], "line 2 has an end of extended support, but no end of life"),
        ([GOOD.replace(",Red Hat,", ",,")], "source of line 2 is empty"),
        ([GOOD.replace(",2026-08-22", ",")], "as_of of line 2 is empty"),
    ],
)
def test_refuses_a_damaged_table_and_names_the_breach(tmp_path: Path, lines: list[str], breach: str) -> None:
    with pytest.raises(ContractError) as raised:
        read_end_of_life_facts(write(tmp_path / "facts.csv", *lines))
    assert breach in raised.value.problem


def test_names_every_breach_at_once(tmp_path: Path) -> None:
    damaged = GOOD.replace("2014-06-10", "soon").replace(",Red Hat,", ",,")
    with pytest.raises(ContractError) as raised:
        read_end_of_life_facts(write(tmp_path / "facts.csv", damaged))
    assert "'soon'" in raised.value.problem
    assert "source of line 2" in raised.value.problem


def test_refuses_other_columns(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="the columns are not product"):
        read_end_of_life_facts(write(tmp_path / "facts.csv", "rhel,7", header="product,cycle"))


@pytest.mark.parametrize("family", ["9", "10", "11", "12"])
def test_a_family_of_oracle_databases_is_not_past_before_all_of_its_releases_are(family: str) -> None:
    facts = end_of_life_facts()
    facts = facts[facts["product"] == "oracle-database"]
    ends = facts["end_of_extended_support"].fillna(facts["end_of_life"])
    releases = facts["cycle"].str.startswith(f"{family}.")
    assert releases.sum() == 2
    assert ends[facts["cycle"] == family].item() == ends[releases].max()
