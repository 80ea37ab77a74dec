"""Prices of our own: who they hold for, and until when."""

from datetime import timedelta
from decimal import Decimal

import numpy as np

from service.domain.constraints import Adjustment
from service.domain.offer import PurchaseModel
from service.market.agreements import Agreement, agreements_of
from service.market.sheet import Pick, sheet_of
from tests.builders import NOW, an_offer
from tests.fakes import a_catalog

TODAY = NOW.date()


def agreed(*adjustments: Adjustment) -> dict[str, Agreement]:
    offers = [
        an_offer(offer_id="a"),
        an_offer(offer_id="b", purchase_model=PurchaseModel.SPOT),
        an_offer(offer_id="c", provider="cirrus"),
    ]
    snapshot = a_catalog(*offers)
    sheet = sheet_of(snapshot)
    pick = Pick.of(sheet, np.arange(3))
    found = agreements_of(pick, adjustments, today=TODAY)
    assert found.is_nothing == (not any(one != Agreement() for one in found.each))
    return {
        snapshot.names[sheet.rows[at]]: found.each[int(found.of_lot[pick.lot(at)])]
        for at in range(3)
    }


def test_without_an_adjustment_nothing_is_agreed_on() -> None:
    assert set(agreed().values()) == {Agreement()}


def test_an_adjustment_holds_for_its_provider_and_way_of_buying() -> None:
    found = agreed(
        Adjustment(
            provider="nimbus", purchase_model=PurchaseModel.ON_DEMAND, discount=Decimal("0.1")
        )
    )
    assert found == {
        "a": Agreement(discount=Decimal("0.1")),
        "b": Agreement(),
        "c": Agreement(),
    }


def test_an_adjustment_ends_with_its_last_day() -> None:
    last = Adjustment(provider="cirrus", credit=Decimal(5), until=TODAY)
    over = Adjustment(provider="nimbus", credit=Decimal(7), until=TODAY - timedelta(days=1))
    found = agreed(last, over)
    assert found["c"].credit == 5
    assert found["a"] == Agreement()


def test_the_largest_discount_counts_and_the_rest_adds_up() -> None:
    found = agreed(
        Adjustment(
            provider="nimbus", discount=Decimal("0.1"), credit=Decimal(5), committed_gpu_count=8
        ),
        Adjustment(
            provider="nimbus",
            purchase_model=PurchaseModel.SPOT,
            discount=Decimal("0.2"),
            credit=Decimal(1),
            committed_gpu_count=8,
        ),
    )
    assert found["a"].discount == Decimal("0.1")
    assert found["b"] == Agreement(discount=Decimal("0.2"), credit=Decimal(6), covered_gpu_count=16)
