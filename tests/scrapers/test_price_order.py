from typing import Any

import pytest

from scrapers.price_order import Pair, pairs_out_of_order
from service.domain.offer import DeliveryModel, Offer, PurchaseModel
from tests.builders import NOW, an_offer


def a_row(name: str, price: str, **overrides: Any) -> Offer:
    return an_offer(offer_id=name, price=price, **overrides)


def pairs(*offers: Offer, marketplace: bool = False) -> list[Pair]:
    return list(pairs_out_of_order(offers, marketplace=marketplace))


@pytest.mark.parametrize(
    ("purchase_model", "price", "wrong"),
    [
        (PurchaseModel.SPOT, "2.1", False),
        (PurchaseModel.SPOT, "2.11", True),
        (PurchaseModel.RESERVED_1Y, "2.04", False),
        (PurchaseModel.RESERVED_1Y, "2.05", True),
        (PurchaseModel.RESERVED_3Y, "2.05", True),
        (PurchaseModel.RESERVED_OTHER, "2.05", True),
        (PurchaseModel.CAPACITY_BLOCK, "9", False),
    ],
)
def test_nothing_costs_more_than_on_demand(
    purchase_model: PurchaseModel, price: str, *, wrong: bool
) -> None:
    offers = (a_row("od", "2"), a_row("x", price, purchase_model=purchase_model))

    assert pairs(*offers) == ([Pair("x", "od")] if wrong else [])
    assert pairs(*offers, marketplace=True) == pairs(*offers)


@pytest.mark.parametrize(("price", "wrong"), [("3", False), ("3.01", True)])
def test_one_of_many_costs_at_most_half_as_much_again(price: str, *, wrong: bool) -> None:
    offers = (a_row("one", "2"), a_row("eight", price, gpu_count="8"))

    assert pairs(*offers) == ([Pair("eight", "one")] if wrong else [])


def test_on_a_marketplace_each_host_asks_what_it_likes() -> None:
    assert pairs(a_row("one", "2"), a_row("eight", "9", gpu_count="8"), marketplace=True) == []


@pytest.mark.parametrize(
    "other",
    [
        {"region_code": "mars"},
        {"gpu_model": "l4-24gb"},
        {"delivery_model": DeliveryModel.BARE_METAL},
        {"delist_time": NOW},
    ],
)
def test_only_the_same_is_compared(other: dict[str, Any]) -> None:
    assert pairs(a_row("one", "2"), a_row("eight", "9", gpu_count="8", **other)) == []


def test_the_dearest_comparable_offer_counts() -> None:
    cheap, dear = a_row("cheap", "1"), a_row("dear", "2")

    assert pairs(cheap, dear, a_row("s", "2.05", purchase_model=PurchaseModel.SPOT)) == []


@pytest.mark.parametrize(
    "cluster", [{"delivery_model": DeliveryModel.CLUSTER}, {"min_gpu_count": 16}]
)
def test_a_committed_cluster_is_not_compared_with_a_machine_on_demand(
    cluster: dict[str, Any],
) -> None:
    reserved = a_row("c", "6", purchase_model=PurchaseModel.RESERVED_OTHER, **cluster)

    assert pairs(a_row("od", "4"), reserved) == []
    assert pairs(a_row("od", "4", **cluster), reserved) == [Pair("c", "od")]


def test_the_words_name_both_prices() -> None:
    spot = a_row("s", "2.5", purchase_model=PurchaseModel.SPOT)
    (said,) = pairs_out_of_order([a_row("od", "2"), spot], marketplace=False).values()

    assert said == "1 x spot at 2.5 USD per GPU-hour, which is more than 1 x on_demand at 2"
