"""What placements are compared by: the cost of the same work."""

import math
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.constraints import Adjustment, OfferConstraints
from service.domain.offer import PurchaseModel
from service.domain.workload import InferenceWorkload, LatencyLimit, Objective, Placement
from service.estimate.band import Band
from service.market.answers import MarketCost
from service.market.merit import counts_by_output, for_each, middles, upper_quartiles, work_of
from service.market.need import SAME_WORK, Need, Shape
from tests.builders import an_architecture
from tests.estimates import a_serving_plan
from tests.service.market.joining import (
    A100,
    H100,
    a_need,
    an_a100_node,
    an_h100_node,
    charged,
    priced,
    terms_of,
)

# Thousands of cases: tracing them would double their time.
pytestmark = pytest.mark.no_cover

MONTH = Band.exact(730.0)
NeedOf = Callable[[Shape], Need]


def working(hours: Band = MONTH, **works: Band) -> NeedOf:
    """Give each GPU model what it gets done."""
    return lambda shape: a_need(shape, hours=hours, work=works[shape.gpu_model.split("-")[0]])


def a_workload(**load: Any) -> InferenceWorkload:
    return InferenceWorkload(
        architecture=an_architecture(), input_tokens=1000, output_tokens=500, **load
    )


def ids(cost: MarketCost) -> list[str]:
    return [one.row.offer_id for one in cost.placements]


LIMITS = [
    LatencyLimit(max_time_to_first_token_ms=2000),
    LatencyLimit(min_tokens_per_second_per_user=20),
]


@pytest.mark.parametrize(
    ("workload", "counts"),
    [
        (a_workload(is_offline=True), True),
        (a_workload(concurrency=64), True),
        (a_workload(requests_per_second=2.0), False),
        *((a_workload(concurrency=64, latency=limit), False) for limit in LIMITS),
    ],
)
def test_the_cost_of_output_counts_where_no_objective_fixes_the_work(
    workload: InferenceWorkload, *, counts: bool
) -> None:
    plan = a_serving_plan()
    assert counts_by_output(workload) is counts
    assert work_of(workload, plan) == (plan.serving_capacity if counts else SAME_WORK)


def test_each_of_many_has_the_doubt_of_the_cost_and_of_the_count() -> None:
    found = for_each(Band(p10=50, p50=100, p90=300), Band(p10=5, p50=10, p90=40))
    assert found.p50 == 10
    assert math.log(found.p90 / 10) == pytest.approx(math.hypot(math.log(3), math.log(2)))
    assert math.log(10 / found.p10) == pytest.approx(math.hypot(math.log(2), math.log(4)))


def test_a_side_that_costs_nothing_stays_nothing_and_the_other_keeps_its_doubt() -> None:
    count = Band(p10=5, p50=10, p90=40)
    half = for_each(Band(p10=0, p50=100, p90=300), count)
    whole = for_each(Band(p10=100, p50=100, p90=300), count)
    assert half == Band(p10=0, p50=whole.p50, p90=whole.p90)
    assert for_each(Band(p10=0, p50=0, p90=300), count) == Band(p10=0, p50=0, p90=30)
    assert for_each(Band.exact(0.0), count) == Band.exact(0.0)


def bands(low: float = 0.5) -> st.SearchStrategy[Band]:
    numbers = st.lists(st.floats(low, 1e3), min_size=3, max_size=3).map(sorted)
    return numbers.map(lambda n: Band(p10=n[0], p50=n[1], p90=n[2]))


@given(hours=st.one_of(st.just(MONTH), bands()), work=st.one_of(st.just(SAME_WORK), bands()))
def test_rows_are_ordered_by_the_quartile_that_their_band_has(hours: Band, work: Band) -> None:
    need_of = working(hours, h100=work, a100=Band.exact(2.0))
    charges = charged(an_h100_node("h", "2.00"), an_a100_node("a", "1.00"), need_of=need_of)
    (at,) = [n for n in range(2) if charges.need_of(n).work is work]
    cost = hours.times(16.0)
    found = upper_quartiles(charges, charges.dollars)[at]
    assert found == pytest.approx(for_each(cost, work).p75, rel=1e-9)
    middle = middles(charges, charges.dollars("p50"))[at]
    assert middle == pytest.approx(cost.p50 / work.p50)


def test_credit_that_covers_the_middle_leaves_rows_comparable() -> None:
    deal = Adjustment(provider="h", credit=Decimal(1700))
    need_of = working(Band(p10=70, p50=100, p90=150), h100=Band(p10=5, p50=10, p90=20))
    charges = charged(
        an_h100_node("h", "2.00"), need_of=need_of, terms=terms_of(adjustments=(deal,))
    )
    (found,) = upper_quartiles(charges, charges.dollars)
    (high,) = charges.dollars("p75")
    assert found == pytest.approx(high / 10 * 2 ** (0.67449 / 1.28155), rel=1e-5)


def test_where_all_do_the_same_the_cost_itself_counts() -> None:
    charges = charged(an_h100_node("h"), an_a100_node("a"))
    assert np.array_equal(upper_quartiles(charges, charges.dollars), charges.dollars("p75"))
    assert np.array_equal(middles(charges, charges.dollars("p50")), charges.dollars("p50"))


OFFERS = [an_h100_node("h", "3.00"), an_a100_node("a", "1.00")]


def test_the_cheaper_work_wins_though_all_of_it_is_dearer() -> None:
    cost = priced(OFFERS, need_of=working(h100=Band.exact(4.0), a100=Band.exact(1.0)))
    assert ids(cost) == ["h", "a"]
    assert [one.cost.p50 for one in cost.placements] == [8 * 3 * 730, 8 * 730]
    assert [one.probability_cheapest for one in cost.placements] == [1.0, 0.0]
    assert cost.cost == Band.exact(8 * 3 * 730)
    same = priced(OFFERS, need_of=working(h100=SAME_WORK, a100=SAME_WORK))
    assert ids(same) == ["a", "h"]


def test_the_upper_quartile_of_the_work_decides_and_its_doubt_makes_the_odds() -> None:
    sure, vague = Band(p10=2.9, p50=3.0, p90=3.1), Band(p10=0.3, p50=1.05, p90=3.0)
    cost = priced(OFFERS, need_of=working(h100=sure, a100=vague))
    assert ids(cost) == ["h", "a"]
    first, second = (one.probability_cheapest for one in cost.placements)
    assert first + second == pytest.approx(1)
    assert 0.4 < first < 0.6


def test_one_gpu_model_has_one_error_of_the_physics_so_the_price_decides() -> None:
    offers = [an_h100_node("a", "2.00"), an_h100_node("b", "2.01")]
    need_of = working(h100=Band(p10=1.0, p50=2.0, p90=4.0))
    cost = priced(offers, need_of=need_of, placement=Placement(gpu_model=H100))
    assert [one.probability_cheapest for one in cost.placements] == [1.0, 0.0]


SCALES = st.integers(-3, 3).map(lambda power: 2.0**power)


@settings(max_examples=30)
@given(
    prices=st.lists(st.integers(1, 40), min_size=2, max_size=8),
    works=st.tuples(bands(), bands()),
    scale=SCALES,
)
def test_a_gpu_of_twice_the_price_and_twice_the_work_stands_where_it_stood(
    prices: list[int], works: tuple[Band, Band], scale: float
) -> None:
    def ranked(factor: float) -> MarketCost:
        offers = [
            an_a100_node(f"o{at}", str(price))
            if at % 2
            else an_h100_node(f"o{at}", str(price * Decimal(factor)))
            for at, price in enumerate(prices)
        ]
        return priced(offers, need_of=working(h100=works[0].times(factor), a100=works[1]))

    # Powers of two are exact in binary, so equal merits stay equal.
    before, after = ranked(1.0), ranked(scale)
    assert ids(after) == ids(before)
    assert [use.row.offer_id for use in after.offers_used] == [
        use.row.offer_id for use in before.offers_used
    ]
    for one, other in zip(after.placements, before.placements, strict=True):
        assert one.probability_cheapest == pytest.approx(other.probability_cheapest, abs=1e-3)


def test_of_equal_times_the_cheaper_work_comes_first() -> None:
    fast = Placement(objective=Objective.TIME)
    need_of = working(h100=Band.exact(4.0), a100=Band.exact(1.0))
    assert ids(priced(OFFERS, need_of=need_of, placement=fast)) == ["h", "a"]
    need_of = working(h100=Band.exact(2.0), a100=Band.exact(1.0))
    assert ids(priced(OFFERS, need_of=need_of, placement=fast)) == ["a", "h"]


def test_commitments_are_shown_by_what_the_same_rate_costs() -> None:
    year: dict[str, Any] = {"purchase_model": PurchaseModel.RESERVED_1Y}
    offers = [an_h100_node("h", "3.00", **year), an_a100_node("a", "1.00", **year)]
    terms = terms_of(
        constraints=OfferConstraints(purchase_models=frozenset({PurchaseModel.RESERVED_1Y}))
    )
    works = {H100: Band.exact(4.0), A100: Band.exact(1.0)}

    def names(need_of: NeedOf) -> list[str]:
        return [
            one.row.offer_id for one in priced(offers, terms=terms, need_of=need_of).commitments
        ]

    assert names(lambda shape: a_need(shape, work=works[shape.gpu_model])) == ["h", "a"]
    assert names(a_need) == ["a", "h"]
    assert timedelta(days=365) == priced(offers, terms=terms).commitments[0].term
