from collections.abc import Mapping
from decimal import Decimal

import pytest

from scrapers.market import Kind, Market, level_of, levels_of, medians_of
from service.domain.offer import Offer, PurchaseModel
from tests.builders import an_offer

ON_DEMAND = PurchaseModel.ON_DEMAND


def offers(**prices: str) -> list[Offer]:
    return [an_offer(gpu_model=model, price=price) for model, price in prices.items()]


def kinds(**prices: str) -> Mapping[Kind, Decimal]:
    return {(model, ON_DEMAND): Decimal(price) for model, price in prices.items()}


def test_a_provider_counts_once_with_its_median() -> None:
    found = medians_of([an_offer(price=price) for price in ("1", "2", "9")])

    assert found == {("h100-sxm-80gb", ON_DEMAND): Decimal(2)}


def test_spot_and_on_demand_are_two_markets() -> None:
    found = medians_of(
        [an_offer(price="2"), an_offer(price="1", purchase_model=PurchaseModel.SPOT)]
    )

    assert sorted(found.values()) == [1, 2]


def test_the_market_is_the_median_of_three_others_at_least() -> None:
    market = Market(
        medians={
            "a": kinds(x="1", y="1"),
            "b": kinds(x="2", y="1"),
            "c": kinds(x="5"),
            "own": kinds(x="99", y="99"),
        }
    )

    assert market.without("own") == kinds(x="2")


@pytest.mark.parametrize(
    ("prices", "factor", "spread"),
    [
        ({"x": "4", "y": "4", "z": "4"}, "2", 0.0),
        ({"x": "2", "y": "4", "z": "8"}, "2", 0.693),
        ({"x": "4", "y": "4"}, "1", 0.0),  # two models are no level
        ({"x": "4", "y": "4", "unknown": "4"}, "1", 0.0),
    ],
)
def test_the_level_of_a_provider(prices: dict[str, str], factor: str, spread: float) -> None:
    level = level_of(offers(**prices), kinds(x="2", y="2", z="2"))

    assert level.factor == Decimal(factor)
    assert float(level.spread) == pytest.approx(spread, abs=0.001)


def test_many_rows_of_one_model_are_not_the_level() -> None:
    many = offers(x="4", y="2", z="2") + [an_offer(gpu_model="x", price="4")] * 50

    assert level_of(many, kinds(x="2", y="2", z="2")).factor == 1


def test_each_way_to_buy_has_its_own_level() -> None:
    models = ("x", "y", "z")
    spot = [
        an_offer(gpu_model=model, price="1", purchase_model=PurchaseModel.SPOT) for model in models
    ]
    market = {(m, kind): Decimal(2) for m in models for kind in (ON_DEMAND, PurchaseModel.SPOT)}
    levels = levels_of([*offers(x="6", y="6", z="6"), *spot], market)

    assert levels[ON_DEMAND].factor == 3
    assert levels[PurchaseModel.SPOT].factor == Decimal("0.5")
    assert levels[PurchaseModel.RESERVED_1Y].factor == 1
