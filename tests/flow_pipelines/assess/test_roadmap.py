"""The roadmap: waves in calendar time, around black-outs, with what people fixed."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_pipelines.assess.roadmap.roadmap import ROADMAP, build_roadmap
from flow_pipelines.edits import Edit
from flow_pipelines.errors import SettingsError
from flow_pipelines.settings import Blackout, EngagementSettings, RoadmapSettings, WaveSettings
from tests.flow_pipelines.assess.plans import SCOPE, Planned, edit, overview, treatments, waves

MONDAY = date(2026, 9, 7)
WEEK = timedelta(days=7)
ESTATE = [Planned("crm", 1), Planned("shop", 2, 50.0), Planned("erp", 3, 100.0, confidence=0.4), Planned("fax", 0)]


def programme(
    *blackouts: Blackout, start: date = MONDAY, cadence_days: int = 28, **roadmap: object
) -> EngagementSettings:
    return EngagementSettings(
        as_of=start,
        waves=WaveSettings(start=start, cadence_days=cadence_days, blackouts=blackouts),
        roadmap=RoadmapSettings.model_validate(roadmap),
    )


def roadmap(planned: list[Planned], chosen: EngagementSettings, *edits: Edit) -> pd.DataFrame:
    return build_roadmap(
        waves(planned), treatments(planned), overview(planned), scope=SCOPE, settings=chosen, edits=edits
    ).set_index("step_name")


def step_edit(name: str, column: str, value: date) -> Edit:
    step_type, number = name.split("/")
    return edit(ROADMAP, SCOPE.id_of("roadmap_step", step_type, number), column, value)


blackouts = st.lists(
    st.builds(
        lambda begin, days: Blackout(
            begin=MONDAY + timedelta(days=begin), end=MONDAY + timedelta(days=begin + days), reason="freeze"
        ),
        st.integers(-10, 400),
        st.integers(0, 40),
    ),
    max_size=4,
)
estates = st.lists(
    st.builds(
        Planned,
        name=st.text("abcdefgh", min_size=1, max_size=6),
        wave=st.integers(0, 5),
        effort_days=st.floats(0.1, 400),
        confidence=st.floats(0, 1),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda one: one.name,
)


@settings(max_examples=40)
@given(estates, blackouts)
def test_no_step_starts_or_ends_in_a_black_out_and_no_cutover_touches_one(
    estate: list[Planned], freezes: list[Blackout]
) -> None:
    for row in roadmap(estate, programme(*freezes)).itertuples():
        spans = [(row.start_date, row.end_date)] if row.step_type == "cutover" else []
        for first, last in [*spans, (row.start_date, row.start_date), (row.end_date, row.end_date)]:
            assert not any(one.begin <= last and first <= one.end for one in freezes)


@settings(max_examples=40)
@given(estates, blackouts)
def test_steps_of_a_wave_keep_their_order_and_likely_dates_enclose_the_expected_one(
    estate: list[Planned], freezes: list[Blackout]
) -> None:
    rows = roadmap(estate, programme(*freezes))
    assert (rows["earliest_end_date"] <= rows["end_date"]).all()
    assert (rows["end_date"] <= rows["latest_end_date"]).all()
    for _, steps in rows[rows["wave_number"].notna()].groupby("wave_number"):
        of_type = steps.set_index("step_type")
        for before, after in (("prepare", "migrate"), ("migrate", "cutover"), ("cutover", "hypercare")):
            assert of_type.loc[before, "end_date"] < of_type.loc[after, "start_date"]
    cutovers = rows[rows["step_type"] == "cutover"].sort_values("wave_number")
    assert all(end < start for end, start in zip(cutovers["end_date"][:-1], cutovers["start_date"][1:], strict=True))


@settings(max_examples=30)
@given(estates, st.integers(1, 30))
def test_a_start_some_weeks_later_moves_everything_by_as_many_weeks(estate: list[Planned], weeks: int) -> None:
    now, later = roadmap(estate, programme()), roadmap(estate, programme(start=MONDAY + weeks * WEEK))
    for column in ("start_date", "end_date", "earliest_end_date", "latest_end_date"):
        assert [day + weeks * WEEK for day in now[column]] == list(later[column])


@settings(max_examples=20)
@given(estates, st.randoms())
def test_the_order_of_rows_changes_nothing(estate: list[Planned], random: Random) -> None:
    shuffled = random.sample(estate, len(estate))
    assert roadmap(estate, programme()).equals(roadmap(shuffled, programme()))


def test_nothing_is_migrated_before_the_landing_zone_is_ready() -> None:
    rows = roadmap(ESTATE, programme(landing_zone_days=60))
    assert rows.loc["Wave 1: migrate", "start_date"] > rows.loc["Landing zone ready", "end_date"]
    assert "Landing zone ready" in rows.loc["Wave 1: migrate", "reason"]


def test_a_cutover_is_at_the_weekend_and_the_second_waits_for_the_pilot() -> None:
    rows = roadmap(ESTATE, programme(hypercare_days=60))
    assert rows.loc["Wave 1: cutover", "start_date"].weekday() == 5
    assert rows.loc["Wave 2: cutover", "start_date"] > rows.loc["Pilot done", "end_date"]


def test_effort_beyond_what_the_team_can_do_takes_longer_than_the_cadence() -> None:
    small, large = (roadmap(ESTATE, programme(team_days_per_week=days)) for days in (5.0, 100.0))
    assert small.loc["Wave 3: migrate", "working_days"] == 100
    assert small.loc["Data-centre exit", "end_date"] > large.loc["Data-centre exit", "end_date"]


def test_waves_do_not_start_faster_than_the_cadence() -> None:
    rows = roadmap(ESTATE, programme(cadence_days=70))
    assert rows.loc["Wave 2: prepare", "start_date"] == MONDAY + 10 * WEEK
    assert rows.loc["Wave 3: prepare", "start_date"] == MONDAY + 20 * WEEK


def test_a_cutover_makes_way_for_a_black_out_and_says_so() -> None:
    free = roadmap(ESTATE, programme()).loc["Wave 1: cutover"]
    freeze = Blackout(begin=free["start_date"], end=free["start_date"] + WEEK, reason="year-end close")
    moved = roadmap(ESTATE, programme(freeze)).loc["Wave 1: cutover"]
    assert moved["start_date"] == free["start_date"] + 2 * WEEK
    assert "year-end close" in moved["reason"]


def test_what_is_less_known_is_less_sure() -> None:
    sure, unsure = (roadmap([Planned("erp", 1, 200.0, confidence=one)], programme()) for one in (0.9, 0.1))
    ends = [rows.loc["Wave 1: migrate"] for rows in (sure, unsure)]
    widths = [row["latest_end_date"] - row["earliest_end_date"] for row in ends]
    assert widths[0] < widths[1]
    assert ends[0]["end_date"] == ends[1]["end_date"]


def test_a_missed_deadline_is_told_with_its_days_and_one_at_risk_too() -> None:
    free = roadmap(ESTATE, programme()).loc["Data-centre exit"]
    late = roadmap(ESTATE, programme(deadline=free["end_date"] - WEEK)).loc["Data-centre exit"]
    assert late["slack_days"] == -7
    assert "7 days too late" in late["conflict"]
    risky = roadmap(ESTATE, programme(deadline=free["end_date"])).loc["Data-centre exit"]
    assert risky["slack_days"] == 0
    assert "if all goes badly" in risky["conflict"]


def test_what_follows_a_fixed_date_follows_from_it_and_the_computed_date_stays_known() -> None:
    free = roadmap(ESTATE, programme())
    fixed_on = free.loc["Wave 2: cutover", "start_date"] + 8 * WEEK
    rows = roadmap(ESTATE, programme(), step_edit("cutover/2", "start_date", fixed_on))
    assert rows.loc["Wave 2: cutover", "start_date"] == free.loc["Wave 2: cutover", "start_date"]
    assert rows.loc["Wave 2: cutover", "end_date"] == fixed_on + timedelta(days=1)
    assert rows.loc["Wave 2: hypercare", "start_date"] > fixed_on
    assert rows.loc["Wave 1: cutover", "start_date"] == free.loc["Wave 1: cutover", "start_date"]
    assert rows["conflict"].isna().all()


def test_a_fixed_date_that_collides_holds_and_says_with_what() -> None:
    freeze = Blackout(begin=MONDAY, end=MONDAY + timedelta(days=5), reason="summer fair")
    rows = roadmap(ESTATE, programme(freeze), step_edit("cutover/1", "start_date", MONDAY + timedelta(days=5)))
    conflict = rows.loc["Wave 1: cutover", "conflict"]
    assert "summer fair" in conflict
    assert "Wave 1: migrate ends on" in conflict


def test_an_end_before_the_start_is_told() -> None:
    rows = roadmap(ESTATE, programme(), step_edit("migrate/1", "end_date", MONDAY - WEEK))
    assert "before it starts" in rows.loc["Wave 1: migrate", "conflict"]


def test_a_portfolio_in_which_nothing_moves_has_no_roadmap() -> None:
    assert roadmap([Planned("fax", 0, treatment="retain")], programme()).empty


def test_what_is_retained_keeps_the_data_centre_open() -> None:
    rows = roadmap([Planned("crm", 1), Planned("fax", 0, treatment="retain")], programme())
    assert "1 retained workload stays" in rows.loc["Data-centre exit", "reason"]


@pytest.mark.parametrize("freeze", [(date(2026, 1, 1), date(9999, 12, 31)), (date(2026, 1, 1), date(2200, 1, 1))])
def test_a_black_out_without_an_end_is_an_error_that_says_what_to_do(freeze: tuple[date, date]) -> None:
    endless = Blackout(begin=freeze[0], end=freeze[1], reason="never again")
    with pytest.raises(SettingsError, match="Shorten the black-outs"):
        roadmap(ESTATE, programme(endless))
