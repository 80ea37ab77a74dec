import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.facts.opex import load_opex, network_share_of_capex, staff_fte


def test_percentages_are_shares() -> None:
    maintenance = load_opex()["maintenance_share_of_capex_year"]

    assert (maintenance.low, maintenance.base, maintenance.high) == (0.01, 0.1, 0.15)
    assert maintenance.unit == "share"
    failures = load_opex()["gpu_permanent_failure_rate_year"]
    assert (failures.low, failures.base, failures.high) == (0.025, 0.04, 0.061)
    assert "Llama 3" in failures.source


def test_other_units_stay() -> None:
    pay = load_opex()["staff_cost_per_fte_year"]

    assert (pay.low, pay.base, pay.high, pay.unit) == (150_000, 200_000, 250_000, "USD")


def test_one_published_figure_has_no_width() -> None:
    floor = load_opex()["own_dc_min_annual_spend"]

    assert (floor.low, floor.base, floor.high) == (50_000_000, 50_000_000, 50_000_000)


def test_macrs_writes_off_the_whole_price_in_six_years() -> None:
    years = [f for name, f in load_opex().items() if name.startswith("tax_macrs_5_year")]

    assert [figure.base for figure in years] == [0.2, 0.32, 0.192, 0.1152, 0.1152, 0.0576]
    assert sum(figure.base for figure in years) == pytest.approx(1)


def test_all_parameters_are_there_and_sourced() -> None:
    # 32 rows, one of which was six yearly shares.
    assert len(load_opex()) == 37
    assert all(figure.source and figure.unit for figure in load_opex().values())


@pytest.mark.parametrize(
    ("node_count", "base"),
    [(1, 0.02), (2, 0.02), (3, 0.04), (64, 0.04), (65, 0.086), (2048, 0.086), (4096, 0.128)],
)
def test_the_network_takes_the_share_of_the_next_larger_size(node_count: int, base: float) -> None:
    share = network_share_of_capex(load_opex(), node_count=node_count)

    assert share is not None
    assert share.base == base


def test_above_4096_nodes_nothing_is_known() -> None:
    assert network_share_of_capex(load_opex(), node_count=4097) is None
    with pytest.raises(ValueError, match="at least one node"):
        network_share_of_capex(load_opex(), node_count=0)


def test_a_fleet_takes_half_a_person_and_one_for_150_gpus() -> None:
    eight, many = staff_fte(gpu_count=8), staff_fte(gpu_count=300)

    assert eight.base == pytest.approx(0.5 + 8 / 150)
    assert (many.low, many.base, many.high) == pytest.approx((1.7, 2.5, 3.5))
    with pytest.raises(ValueError, match="zero GPUs"):
        staff_fte(gpu_count=-1)


@given(st.integers(0, 10**6))
def test_more_gpus_never_take_fewer_people(gpu_count: int) -> None:
    assert staff_fte(gpu_count=gpu_count + 1).base > staff_fte(gpu_count=gpu_count).base
