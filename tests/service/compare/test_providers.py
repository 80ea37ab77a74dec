"""The providers of one GPU model side by side."""

import csv
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.compare.answers import ProvidersAnswer
from service.compare.questions import ProvidersQuestion
from service.domain.caveat import CaveatCode
from service.domain.constraints import Adjustment, OfferConstraints
from service.domain.money import Money
from service.domain.offer import DeliveryModel, Fabric, Offer, PurchaseModel
from tests.builders import NOW
from tests.fakes import a_catalog
from tests.service.compare.comparing import never_watched, providers, rejected
from tests.service.domain.histories import a_history, a_point, a_series
from tests.service.market.joining import H100, PRICES, an_a100_node, an_h100_node

PRICES_OF_2023 = Path(__file__).parents[1] / "facts" / "a16z_prices_apr2023_reconstructed.csv"


def compared(
    *offers: Offer,
    history: Any = never_watched,
    baseline: frozenset[str] = frozenset(),
    **more: Any,
) -> ProvidersAnswer:
    constraints = OfferConstraints(**({"purchase_models": frozenset()} | more))
    question = ProvidersQuestion(gpu_model=H100, constraints=constraints)
    snapshot = a_catalog(*offers, baseline=baseline)
    return providers(history).answer(question, snapshot=snapshot, now=NOW)


def names(answer: ProvidersAnswer) -> list[str]:
    return [one.provider for one in answer.providers]


def spot(name: str, price: str, **more: Any) -> Offer:
    return an_h100_node(name, price, purchase_model=PurchaseModel.SPOT, **more)


def test_providers_are_ordered_by_their_lowest_price_on_demand() -> None:
    answer = compared(
        an_h100_node("dear", "4.00"),
        spot("spot-only", "0.50"),
        an_h100_node("cheap", "2.00"),
        an_a100_node("other-gpu", "0.10"),
    )
    assert names(answer) == ["cheap", "dear", "spot-only"]


def test_each_way_of_buying_has_its_lowest_middle_and_highest_price() -> None:
    answer = compared(
        an_h100_node("n1", "2.00", provider="n"),
        an_h100_node("n2", "3.00", provider="n"),
        an_h100_node("n3", "8.00", provider="n"),
        spot("n4", "1.00", provider="n"),
        an_h100_node("n5", "1.50", provider="n", purchase_model=PurchaseModel.RESERVED_1Y),
    )
    (found,) = answer.providers
    assert {
        way: (p.lowest, p.median, p.highest, p.offer_count) for way, p in found.prices.items()
    } == {
        PurchaseModel.ON_DEMAND: (Decimal(2), Decimal(3), Decimal(8), 3),
        PurchaseModel.SPOT: (Decimal(1), Decimal(1), Decimal(1), 1),
        PurchaseModel.RESERVED_1Y: (Decimal("1.5"), Decimal("1.5"), Decimal("1.5"), 1),
    }
    assert found.spread == 4.0


def test_the_market_counts_each_provider_with_its_lowest_on_demand_price() -> None:
    answer = compared(
        an_h100_node("a1", "2.00", provider="a"),
        an_h100_node("a2", "9.00", provider="a"),
        an_h100_node("b", "3.00"),
        an_h100_node("c", "5.00"),
        spot("d", "0.10"),
    )
    assert answer.market is not None
    assert (answer.market.median, answer.market.spread) == (Decimal(3), 2.5)
    assert answer.market.provider_count == 3
    assert compared(spot("d", "0.10")).market is None


def test_a_price_per_gpu_is_compared_whatever_the_size_of_the_node() -> None:
    answer = compared(an_h100_node("one", "2.00", gpu_count="1"), an_h100_node("eight", "2.00"))
    assert [one.prices[PurchaseModel.ON_DEMAND].lowest for one in answer.providers] == [2, 2]


def test_what_providers_state_stands_beside_their_prices() -> None:
    offers = (
        an_h100_node(
            "n1",
            provider="aws",
            region_code="us-2",
            delivery_model=DeliveryModel.BARE_METAL,
            billing_increment=timedelta(hours=1),
            min_term=timedelta(days=7),
            fabric=Fabric.INFINIBAND,
        ),
        an_h100_node(
            "n2",
            provider="aws",
            region_code="eu-1",
            delivery_model=DeliveryModel.VIRTUAL_MACHINE,
            billing_increment=timedelta(seconds=1),
            observe_time=NOW - timedelta(minutes=5),
        ),
    )
    (found,) = compared(*offers).providers
    assert found.region_codes == ("eu-1", "us-2")
    assert found.delivery_models == (DeliveryModel.VIRTUAL_MACHINE, DeliveryModel.BARE_METAL)
    assert found.fabrics == (Fabric.INFINIBAND,)
    assert (found.billing_increment, found.min_term) == (timedelta(seconds=1), timedelta(days=7))
    assert found.data_age == timedelta(0)
    # From the table of list prices, since no offer states them.
    assert found.egress_dollars_per_gb == Decimal("0.09")
    assert found.storage_dollars_per_gb_month is not None


def test_the_term_of_a_cluster_is_not_that_of_what_is_sold_on_demand() -> None:
    cluster: dict[str, Any] = {
        "purchase_model": PurchaseModel.RESERVED_OTHER,
        "commitment_term": timedelta(days=14),
        "min_term": timedelta(days=14),
        "billing_increment": timedelta(days=1),
    }
    now = an_h100_node("n1", provider="n")
    (found,) = compared(now, an_h100_node("n2", provider="n", **cluster)).providers
    assert (found.min_term, found.billing_increment) == (None, None)
    (found,) = compared(an_h100_node("n2", provider="n", **cluster)).providers
    assert (found.min_term, found.billing_increment) == (timedelta(days=14), timedelta(days=1))


def test_a_discount_of_our_own_is_in_the_prices_and_decides_the_order() -> None:
    ours = Adjustment(
        provider="ours", purchase_model=PurchaseModel.ON_DEMAND, discount=Decimal("0.5")
    )
    offers = (an_h100_node("other", "2.00"), an_h100_node("ours", "3.00"))
    assert names(compared(*offers)) == ["other", "ours"]
    question = ProvidersQuestion(
        gpu_model=H100, constraints=OfferConstraints(), adjustments=(ours,)
    )
    answer = providers().answer(question, snapshot=a_catalog(*offers), now=NOW)
    assert names(answer) == ["ours", "other"]
    assert answer.providers[0].prices[PurchaseModel.ON_DEMAND].lowest == Decimal("1.50")


def test_what_is_not_stated_stays_empty() -> None:
    (found,) = compared(an_h100_node("n")).providers
    assert (found.billing_increment, found.min_term, found.availability_share) == (None,) * 3
    assert (found.egress_dollars_per_gb, found.storage_dollars_per_gb_month) == (None, None)
    assert (found.delivery_models, found.fabrics, found.region_codes, found.support) == ((),) * 4


def test_what_an_offer_states_of_egress_goes_before_the_table() -> None:
    own = Money(amount=Decimal("0.02"), currency_code="EUR")
    (found,) = compared(an_h100_node("n", provider="aws", egress_price_per_gb=own)).providers
    assert found.egress_dollars_per_gb == Decimal("0.025")


def test_support_comes_with_its_source() -> None:
    (found,) = compared(an_h100_node("n", provider="crusoe")).providers
    (fact,) = found.support
    assert "best efforts" in fact.text
    assert fact.source == "https://docs.crusoecloud.com/resources/support_tiers"


def test_the_share_of_stock_is_that_of_any_region_of_the_last_30_days() -> None:
    def history(gpu_model: str) -> Any:
        assert gpu_model == H100
        return a_history(
            a_series(a_point(-48), a_point(-24, state="SOLD_OUT"), region_code="r1"),
            a_series(a_point(-48, state="SOLD_OUT"), a_point(-12), region_code="r2"),
            a_series(
                a_point(-48), region_code="r3", purchase_model=PurchaseModel.SPOT, offer_id="s"
            ),
        )

    (found,) = compared(an_h100_node("n", provider="nimbus"), history=history).providers
    assert found.availability_share == 0.75  # all of 48 hours but 12; spot does not count
    ways = frozenset({PurchaseModel.SPOT})
    (asked,) = compared(
        spot("n", "1", provider="nimbus"), history=history, purchase_models=ways
    ).providers
    assert asked.availability_share == 1.0


def test_constraints_leave_offers_out_and_count_them() -> None:
    answer = compared(
        an_h100_node("us", country_code="US"),
        an_h100_node("fr", country_code="FR"),
        country_codes=frozenset({"FR"}),
    )
    assert names(answer) == ["fr"]
    assert rejected(answer) == {"COUNTRY": 1}


def test_bundled_prices_count_where_no_live_one_is_bought_the_same_way() -> None:
    answer = compared(
        an_h100_node("live", "3.00"),
        an_h100_node("bundled", "2.00"),
        spot("bundled-spot", "1.00", provider="bundled"),
        baseline=frozenset({"bundled"}),
    )
    assert names(answer) == ["live", "bundled"]
    assert list(answer.providers[1].prices) == [PurchaseModel.SPOT]
    assert rejected(answer) == {"BASELINE": 1}
    assert CaveatCode.BASELINE_PRICES in {one.code for one in answer.caveats}


def test_a_gpu_that_nobody_sells_is_an_empty_answer() -> None:
    answer = compared(an_a100_node("a"))
    assert (answer.providers, answer.market) == ((), None)
    assert [one.code for one in answer.caveats] == [CaveatCode.NO_MATCHING_OFFERS]


def test_prices_of_the_same_a100_differed_almost_four_times_in_spring_2023() -> None:
    with PRICES_OF_2023.open(encoding="utf-8", newline="") as file:
        rows = [
            row for row in csv.DictReader(file) if row["gpu"].startswith(("A100 SXM", "A100 P"))
        ]
    offers = [
        an_h100_node(f"o{at}", row["usd_per_gpu_hour"], provider=row["provider"].split()[0].lower())
        for at, row in enumerate(rows)
    ]
    answer = compared(*offers)
    assert answer.market is not None
    assert answer.market.spread == pytest.approx(4.10 / 1.10)
    assert names(answer)[0] == "lambda"
    assert names(answer)[-1] == "amazon"


@settings(max_examples=30, deadline=None)
@given(st.lists(PRICES, min_size=1, max_size=8), st.randoms())
def test_the_order_of_the_offers_changes_nothing(prices: list[str], random: Any) -> None:
    offers = [an_h100_node(f"o{at}", price) for at, price in enumerate(prices)]
    shuffled = random.sample(offers, len(offers))
    assert compared(*offers).providers == compared(*shuffled).providers
    assert compared(*offers).market == compared(*shuffled).market


@settings(max_examples=30, deadline=None)
@given(st.lists(PRICES, min_size=2, max_size=8))
def test_a_dearer_provider_never_comes_first(prices: list[str]) -> None:
    answer = compared(*(an_h100_node(f"o{at}", price) for at, price in enumerate(prices)))
    lowest = [one.prices[PurchaseModel.ON_DEMAND].lowest for one in answer.providers]
    assert lowest == sorted(lowest)
    assert answer.market is not None
    assert answer.market.spread >= 1
