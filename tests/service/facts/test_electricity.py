"""What a kilowatt-hour costs, and of which place and customer the price is."""

from datetime import date
from decimal import Decimal

import pytest

from service.domain.figure import Figure
from service.domain.offer import ExchangeRate
from service.facts.electricity import electricity_per_kwh, load_electricity_prices

TODAY = date(2026, 11, 20)
EURO = ExchangeRate(currency_code="EUR", rate=Decimal("1.1"), source="ECB", date="2026-10-30")


def price_at(code: str, *, today: date = TODAY) -> Figure | None:
    return electricity_per_kwh(load_electricity_prices(), code, today=today, rates={"EUR": EURO})


def test_texas_pays_the_industrial_price_of_2023() -> None:
    price = price_at("US-TX")

    assert price is not None
    assert (price.low, price.base, price.high) == (0.066, 0.066, 0.0882)
    assert (price.unit, price.date) == ("USD/kWh", "2023")
    assert price.source.startswith("industrial price, Texas: EIA Electric Power Annual 2023")


def test_the_newest_industrial_price_counts_from_its_date_on() -> None:
    before, after = price_at("US-NY", today=date(2025, 3, 31)), price_at("US-NY")

    assert before is not None
    assert after is not None
    assert (before.base, before.date) == (0.0687, "2023")
    assert (after.base, after.date) == (0.0892, "2025-04")


def test_an_industrial_price_is_preferred_to_a_newer_commercial_one() -> None:
    price = price_at("US-AL")

    assert price is not None
    # Alabama: 7.11 cents industrial in 2023, 14.46 commercial in 2026-04.
    assert (price.base, price.high) == (0.0711, 0.1446)


def test_a_commercial_price_says_that_it_is_one() -> None:
    prices = [one for one in load_electricity_prices() if one.industrial_per_kwh is None]

    price = electricity_per_kwh(prices, "US", today=TODAY, rates={"EUR": EURO})

    assert price is not None
    assert price.base == 0.146
    assert price.source.startswith("commercial price, US average")


def test_euro_are_converted_at_the_given_rate() -> None:
    price = price_at("DE")

    assert price is not None
    assert price.base == pytest.approx(0.233 * 1.1)
    assert "1 EUR = 1.1 USD on 2026-10-30 (ECB)" in price.source


def test_a_currency_without_a_rate_is_an_error() -> None:
    with pytest.raises(KeyError, match="EUR"):
        electricity_per_kwh(load_electricity_prices(), "DE", today=TODAY, rates={})


def test_a_part_of_a_country_without_rows_takes_its_country() -> None:
    assert price_at("DE-BY") == price_at("DE")
    unknown = price_at("US-GU")
    assert unknown is not None
    assert "US industrial" in unknown.source


def test_a_member_of_the_eu_without_rows_takes_the_average_and_the_range_of_all() -> None:
    price = price_at("NL")

    assert price is not None
    assert price.base == pytest.approx(0.1902 * 1.1)
    # From Finland in 2023 to Cyprus in 2023.
    assert (price.low, price.high) == pytest.approx((0.089 * 1.1, 0.276 * 1.1))
    assert "EU average" in price.source


@pytest.mark.parametrize("code", ["JP", "GB", "CH-ZH", "", "WORLD"])
def test_nothing_else_stands_in_for_a_place(code: str) -> None:
    # Rows of continents have no code, and an empty one does not find them.
    assert price_at(code) is None


def test_before_all_rows_there_is_no_price() -> None:
    assert price_at("US-TX", today=date(2022, 12, 31)) is None


def test_the_table_has_every_state_but_wyoming() -> None:
    codes = {one.code for one in load_electricity_prices()}

    # 49 states and the District of Columbia.
    assert len({code for code in codes if code.startswith("US-")}) == 50
    assert price_at("US-WY") == price_at("US")
