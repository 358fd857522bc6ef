"""Right-sizing finds the least price that fits, and says so where nothing does."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_pipelines.errors import ContractError
from flow_pipelines.plan.target import first_estimate, right_size
from flow_pipelines.reference.instance_types import instance_types
from flow_pipelines.settings_target import ProviderTarget, TargetSettings
from tests.flow_pipelines.plan.target.brute_force import unlike
from tests.flow_pipelines.plan.target.estates import drawn_servers

CLOUD = ProviderTarget(provider="aws", region="here", one_year_discount=0.25, three_year_discount=0.5)
ONE_CLOUD = TargetSettings(providers=(CLOUD,))
LINUX, WINDOWS = "Red Hat Enterprise Linux 8", "Microsoft Windows Server 2019"
SIZES = (1, 2, 4, 8)
PRICES = (0.1, 0.2, 0.4, 0.8)

types = st.builds(
    dict,
    provider=st.just("aws"),
    region=st.just("here"),
    family=st.sampled_from(["general", "memory", "burst"]),
    vcpu=st.sampled_from(SIZES),
    memory_gib=st.sampled_from(SIZES).map(float),
    architecture=st.sampled_from(["x86_64", "x86_64", "arm64"]),
    gpu_count=st.sampled_from([0, 0, 1]),
    is_burstable=st.booleans(),
    linux_usd_hour=st.sampled_from(PRICES),
    licence=st.sampled_from([0.0, 0.05, float("nan")]),
)
servers = st.builds(
    dict,
    cpu_count=st.sampled_from([None, 0, *SIZES]),
    memory_mib=st.sampled_from([None, 1000, *(1024 * size for size in SIZES)]),
    gpu_count=st.sampled_from([None, 1]),
    architecture=st.sampled_from([None, "x86_64", "x86", "arm64", "power"]),
    operating_system=st.sampled_from([None, LINUX, WINDOWS]),
    cpu_usage_percent_peak=st.sampled_from([None, 5.0, 50.0, 100.0]),
    memory_used_mib_peak=st.sampled_from([None, 500, 4000, 8192]),
)
choices = st.builds(
    TargetSettings,
    providers=st.sampled_from(
        [
            (CLOUD,),
            (CLOUD.model_copy(update={"forbidden_families": ("burst",)}),),
            (CLOUD.model_copy(update={"allowed_families": ("general",)}),),
        ]
    ),
    basis=st.sampled_from(["as_is", "peak"]),
    windows_licence=st.sampled_from(["included", "own"]),
    allow_burstable=st.booleans(),
)


def offered(*rows: dict[str, object]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    frame["instance_type"] = [f"type-{number}" for number in range(len(frame))]
    return frame.assign(windows_usd_hour=frame["linux_usd_hour"] + frame.pop("licence"))


def a_type(vcpu: int, memory: float, price: float, **others: object) -> dict[str, object]:
    usual = {"family": "general", "architecture": "x86_64", "gpu_count": 0, "is_burstable": False, "licence": 0.05}
    size = {"vcpu": vcpu, "memory_gib": memory, "linux_usd_hour": price}
    return {"provider": "aws", "region": "here", **usual, **size, **others}


def a_server(**facts: object) -> pd.DataFrame:
    usual = {"asset_id": "a", "cpu_count": 2, "memory_mib": 4096, "architecture": "x86_64", "operating_system": LINUX}
    return pd.DataFrame([{**usual, **facts}])


@settings(max_examples=100)
@given(st.lists(types, min_size=1, max_size=12), st.lists(servers, min_size=1, max_size=8), choices)
def test_the_two_least_prices_are_those_of_brute_force(
    offers: list[dict[str, object]], estate: list[dict[str, object]], chosen: TargetSettings
) -> None:
    catalogue = offered(*offers)
    rows = pd.DataFrame(estate).assign(asset_id=[f"s{number}" for number in range(len(estate))])
    assert unlike(rows, catalogue, chosen, right_size(rows, catalogue, chosen)) == []


def test_on_the_real_catalogue_the_least_prices_are_those_of_brute_force_in_every_cloud() -> None:
    rows, usual = drawn_servers(60, seed=3), TargetSettings(basis="peak")
    sized = right_size(rows, instance_types(), usual)
    assert unlike(rows, instance_types(), usual, sized) == []
    assert len(sized) == 180
    assert sized["instance_type"].isna().eq(sized["reason"].notna()).all()
    assert sized.loc[sized["instance_type"].notna()].groupby("asset_id")["is_chosen"].sum().eq(1).all()


def test_the_order_of_servers_and_of_the_catalogue_does_not_matter() -> None:
    rows, catalogue = drawn_servers(50, seed=5), instance_types()
    shuffled = right_size(
        rows.sample(frac=1, random_state=1), catalogue.sample(frac=1, random_state=2), TargetSettings()
    )
    pd.testing.assert_frame_equal(shuffled, right_size(rows, catalogue, TargetSettings()))


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"cpu_count": None}, "its number of processors is not known"),
        ({"memory_mib": 0}, "its memory is not known"),
        ({"architecture": "sparc"}, "no cloud offers the architecture sparc"),
        ({"cpu_count": 64}, "64 vCPU, 4 GiB"),
        ({"gpu_count": 1}, "1 GPU"),
    ],
)
def test_a_server_that_fits_nothing_is_kept_with_the_reason(facts: dict[str, object], words: str) -> None:
    sized = right_size(a_server(**facts), offered(a_type(4, 8, 0.2)), ONE_CLOUD).iloc[0]
    assert words in sized["reason"]
    assert pd.isna(sized["on_demand_usd_month"])
    assert not sized["is_chosen"]


def test_the_binding_dimension_is_the_need_that_leaves_least_room() -> None:
    sized = right_size(a_server(memory_mib=15 * 1024), offered(a_type(8, 16, 0.2)), ONE_CLOUD).iloc[0]
    assert sized["binding_dimension"] == "memory_gib"


def test_a_commitment_discounts_the_machine_and_not_windows() -> None:
    sized = right_size(a_server(operating_system=WINDOWS), offered(a_type(2, 4, 0.2)), ONE_CLOUD).iloc[0]
    assert sized["on_demand_usd_month"] == pytest.approx(0.25 * 730)
    assert sized["three_year_usd_month"] == pytest.approx((0.2 * 0.5 + 0.05) * 730)


def test_use_sizes_down_with_comfort_and_its_absence_is_said() -> None:
    catalogue = offered(a_type(1, 4, 0.1), a_type(2, 4, 0.2))
    by_peak = ONE_CLOUD.model_copy(update={"basis": "peak"})
    low = right_size(a_server(cpu_usage_percent_peak=30.0), catalogue, by_peak).iloc[0]
    high = right_size(a_server(cpu_usage_percent_peak=45.0), catalogue, by_peak).iloc[0]
    unknown = right_size(a_server(), catalogue, by_peak).iloc[0]
    assert [low["vcpu"], high["vcpu"], unknown["vcpu"]] == [1, 2, 2]
    assert "no use is known of its processors" in unknown["assumptions"]


def test_a_region_that_the_catalogue_lacks_is_an_error_that_names_it() -> None:
    with pytest.raises(ContractError, match="aws in here"):
        right_size(a_server(), instance_types(), ONE_CLOUD)


def test_the_first_estimate_is_the_cheapest_cloud_as_it_is() -> None:
    by_peak = ONE_CLOUD.model_copy(update={"basis": "peak"})
    estimate = first_estimate(
        a_server(cpu_usage_percent_peak=1.0), offered(a_type(1, 4, 0.1), a_type(2, 4, 0.2)), by_peak
    )
    assert estimate["on_demand_usd_month"].tolist() == [pytest.approx(146.0)]


def test_a_family_is_not_both_allowed_and_forbidden() -> None:
    with pytest.raises(ValueError, match="both allowed and forbidden"):
        ProviderTarget.model_validate({**CLOUD.model_dump(), "allowed_families": ["m5"], "forbidden_families": ["m5"]})
