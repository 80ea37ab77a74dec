import pytest

from service.facts.opex import load_opex


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


def test_a_source_without_a_date_has_that_of_reading_it() -> None:
    opex = load_opex()
    dated, undated = opex["own_dc_min_annual_spend"], opex["maintenance_share_of_capex_year"]

    assert (dated.date, "undated" in dated.source) == ("2023-04", False)
    assert undated.date == "2026-11"
    assert undated.source.endswith("(undated, read in 2026-11)")
    assert all(figure.date for figure in opex.values())
