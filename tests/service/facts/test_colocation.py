"""Colocation a kW and month; an own building a MW."""

from dataclasses import replace
from datetime import date

import pytest

from service.facts.colocation import (
    PowerTerms,
    SpacePrice,
    SpaceSource,
    SpaceUnit,
    building_cost_per_mw,
    colocation_per_kw_month,
    load_space_prices,
)

TODAY = date(2026, 11, 20)
ROW = SpacePrice(
    market="Frankfurt",
    country_code="DE",
    kind=SpaceSource.MARKET,
    unit=SpaceUnit.KW_MONTH,
    power=PowerTerms.METERED,
    low=100,
    high=200,
    period="2026",
    counts_from=date(2026, 1, 1),
    source="a page",
    left_out="",
)


def test_the_us_pay_195_94_in_the_newest_survey() -> None:
    found = colocation_per_kw_month(load_space_prices(), "US", today=TODAY)

    assert found is not None
    assert not found.includes_power
    price = found.per_kw_month
    # Atlanta from 110, Silicon Valley to 300.
    assert (price.low, price.base, price.high) == (110, 195.94, 300)
    assert price.date == "2025-H2"
    assert price.source.startswith("CBRE")


def test_the_row_that_contradicts_the_survey_is_not_used() -> None:
    (wrong,) = [one for one in load_space_prices() if one.unit is SpaceUnit.KW_YEAR]
    found = colocation_per_kw_month(load_space_prices(), "US", today=TODAY)

    assert wrong.left_out
    assert found is not None
    assert wrong.source not in found.per_kw_month.source
    assert colocation_per_kw_month([replace(ROW, left_out="wrong")], "DE", today=TODAY) is None


def test_in_2024_it_was_the_survey_of_2023() -> None:
    found = colocation_per_kw_month(load_space_prices(), "US", today=date(2024, 6, 1))

    assert found is not None
    assert (found.per_kw_month.base, found.per_kw_month.low) == (163.44, 137.86)


@pytest.mark.parametrize("unit", [u for u in SpaceUnit if u is not SpaceUnit.KW_MONTH])
def test_other_units_are_no_prices_of_a_kw(unit: SpaceUnit) -> None:
    assert colocation_per_kw_month([replace(ROW, unit=unit)], "DE", today=TODAY) is None


def test_a_row_of_no_country_serves_none() -> None:
    assert colocation_per_kw_month(load_space_prices(), "DE", today=TODAY) is None


def test_prices_with_power_are_never_mixed_with_those_without() -> None:
    all_in = replace(ROW, power=PowerTerms.INCLUDED, low=250, high=350)

    alone = colocation_per_kw_month([all_in], "DE", today=TODAY)
    both = colocation_per_kw_month([all_in, ROW], "DE", today=TODAY)

    assert alone is not None
    assert both is not None
    assert (alone.includes_power, alone.per_kw_month.base) == (True, 300)
    assert (both.includes_power, both.per_kw_month.high) == (False, 200)


def test_a_building_costs_8_to_17_million_a_megawatt() -> None:
    cost = building_cost_per_mw(load_space_prices(), today=TODAY)

    assert cost is not None
    assert (cost.low, cost.base, cost.high) == (8_000_000, 13_812_500, 17_250_000)
    assert building_cost_per_mw(load_space_prices(), today=date(2024, 1, 1)) is None
