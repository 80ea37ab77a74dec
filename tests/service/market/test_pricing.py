"""Plans joined to offers: placements, the market's band, and what became of the others."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.constraints import Adjustment, OfferConstraints
from service.domain.errors import InvalidRequest
from service.domain.money import Money
from service.domain.offer import (
    Availability,
    AvailabilityState,
    Fabric,
    Offer,
    PurchaseModel,
    TaxTreatment,
)
from service.domain.provider import ProviderState
from service.domain.workload import Placement
from service.estimate.band import Band
from service.estimate.plan import Misfit, NoPlan
from service.market.answers import MarketCost
from service.market.need import Need, Shape
from service.market.pricing import fixed_price
from tests.builders import NOW, a_status, an_offer
from tests.fakes import a_catalog
from tests.service.market.joining import (
    A100,
    H100,
    PRICES,
    a_need,
    an_a100_node,
    an_h100_node,
    priced,
    terms_of,
    total,
)

# Thousands of cases: tracing them would double their time.
pytestmark = pytest.mark.no_cover

ONE_MODEL = Placement(gpu_model=H100)
IN_STOCK = Availability(state=AvailabilityState.AVAILABLE, observe_time=NOW)


def ids(cost: MarketCost) -> list[str]:
    return [placement.row.offer_id for placement in cost.placements]


def codes(cost: MarketCost) -> list[str]:
    return [caveat.code.value for caveat in cost.caveats]


def reasons(cost: MarketCost) -> dict[str, int]:
    return {one.reason: one.count for one in cost.rejected}


def used(cost: MarketCost) -> dict[str, str]:
    return {use.role: use.row.offer_id for use in cost.offers_used}


def hours_of(**by_model: Band) -> Any:
    """Give each GPU model its hours."""
    return lambda shape: a_need(shape, hours=by_model[shape.gpu_model.split("-")[0]])


def test_the_cheapest_provider_of_a_gpu_model_comes_first() -> None:
    offers = [an_h100_node(name, price) for name, price in zip("abcd", "4231", strict=True)]
    cost = priced(offers, placement=ONE_MODEL)
    assert ids(cost) == ["d", "b", "c"]
    assert [one.probability_cheapest for one in cost.placements] == [1.0, 0.0, 0.0]
    assert cost.placements[0].cost == Band(p10=560, p50=800, p90=1200)


def test_providers_differ_when_one_gpu_model_was_asked_for() -> None:
    offers = [an_h100_node(f"a{at}", f"1.0{at}", provider="a") for at in range(3)]
    assert ids(priced([*offers, an_h100_node("b", "5")], placement=ONE_MODEL)) == ["a0", "b"]


def test_gpu_models_differ_when_none_was_asked_for() -> None:
    offers = [an_h100_node("a", "2.00"), an_h100_node("b", "2.01"), an_a100_node("c", "3.00")]
    cost = priced(offers)
    assert ids(cost) == ["a", "c"]
    assert sum(one.probability_cheapest for one in cost.placements) == pytest.approx(1)
    assert 0.5 < cost.placements[0].probability_cheapest < 1


def test_the_upper_quartile_decides_not_the_middle() -> None:
    offers = [an_h100_node("sure", "2.00"), an_a100_node("vague", "2.00")]
    need_of = hours_of(h100=Band(p10=95, p50=100, p90=105), a100=Band(p10=30, p50=90, p90=270))
    assert ids(priced(offers, need_of=need_of)) == ["sure", "vague"]


def test_a_plan_without_measured_rows_is_best_only_with_a_lower_quartile() -> None:
    def need_of(shape: Shape) -> Need:
        return a_need(shape, is_measured=shape.gpu_model == H100)

    same = [an_a100_node("a", "2.00"), an_h100_node("b", "2.00")]
    assert ids(priced(same, need_of=need_of)) == ["b", "a"]
    lower = [an_a100_node("a", "1.99"), an_h100_node("b", "2.00")]
    assert ids(priced(lower, need_of=need_of)) == ["a", "b"]


def test_equal_offers_come_by_name() -> None:
    offers = [an_h100_node(name) for name in "cab"]
    assert ids(priced(offers, placement=ONE_MODEL)) == ["a", "b", "c"]


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("b", "a")])
def test_equal_offers_of_one_provider_come_by_name_whatever_their_rules(
    one: str, other: str
) -> None:
    offers = [
        an_h100_node(one, provider="p"),
        an_h100_node(other, provider="p", min_term=timedelta(hours=1)),
    ]
    cost = priced(offers, placement=ONE_MODEL)
    assert ids(cost) == ["a"]
    assert used(cost)["p50"] == "a"


@pytest.mark.parametrize(
    ("stated", "is_proven"),
    [
        ({}, False),
        ({"fabric": Fabric.INFINIBAND}, False),
        ({"max_cluster_gpu_count": 512}, False),
        ({"fabric": Fabric.NONE, "max_cluster_gpu_count": 512}, False),
        ({"fabric": Fabric.INFINIBAND, "max_cluster_gpu_count": 15}, False),
        ({"fabric": Fabric.INFINIBAND, "max_cluster_gpu_count": 16}, True),
        ({"fabric": Fabric.ETHERNET, "available_gpu_count": 16}, True),
    ],
)
def test_several_nodes_need_a_fabric_and_enough_gpus(
    stated: dict[str, Any], *, is_proven: bool
) -> None:
    def need_of(shape: Shape) -> Need:
        return a_need(shape, gpu_count=16, node_count=2)

    cost = priced([an_h100_node("a", **stated)], need_of=need_of, placement=ONE_MODEL)
    assert [one.is_proven for one in cost.placements] == [is_proven]
    assert ("UNPROVEN_CAPACITY" in codes(cost)) != is_proven


def test_unproven_capacity_is_ranked_last_and_no_part_of_a_proven_market() -> None:
    offers = [
        an_h100_node("single", "0.50", gpu_count="1"),
        an_h100_node("node", "5.00"),
        an_h100_node("dearer", "6.00"),
    ]
    cost = priced(offers, placement=ONE_MODEL)
    assert ids(cost) == ["node", "dearer", "single"]
    assert [one.is_proven for one in cost.placements] == [True, True, False]
    assert set(used(cost).values()) == {"node", "dearer"}
    assert cost.placements[2].node_count == 8


def test_a_fabric_that_is_too_slow_falls_out_where_several_nodes_are_needed() -> None:
    terms = terms_of(constraints=OfferConstraints(min_fabric_gbps_per_gpu=200))
    offers = [
        an_h100_node("node", "9.00"),
        an_h100_node("silent", gpu_count="4"),
        an_h100_node("slow", gpu_count="4", fabric_gbps_per_gpu=Decimal(100)),
        an_h100_node("fast", gpu_count="4", fabric_gbps_per_gpu=Decimal(400)),
    ]
    cost = priced(offers, terms=terms, placement=ONE_MODEL)
    assert reasons(cost) == {"FABRIC": 2}
    assert ids(cost) == ["node", "fast"]


def test_the_cost_is_the_middle_of_the_market_with_the_band_of_both() -> None:
    offers = [an_h100_node(f"o{at:02}", str(at)) for at in range(1, 11)]
    cost = priced(offers, placement=ONE_MODEL)
    assert used(cost) == {"p10": "o01", "p50": "o05", "p90": "o09"}
    assert cost.cost is not None
    assert total(cost) == Decimal(4000) == cost.offers_used[1].dollars
    assert cost.dollars_per_gpu_hour == 5
    offers_band, hours = Band(p10=800, p50=4000, p90=7200), Band(p10=0.7, p50=1, p90=1.5)
    expected = offers_band.combined(hours)
    assert (cost.cost.p10, cost.cost.p50, cost.cost.p90) == pytest.approx(
        (expected.p10, 4000, expected.p90)
    )


def test_the_market_is_that_of_the_best_gpu_model() -> None:
    offers = [an_h100_node("a", "2.00"), an_a100_node("b", "1.00"), an_a100_node("c", "3.00")]
    assert set(used(priced(offers)).values()) == {"b", "c"}


def test_a_named_offer_has_the_band_of_the_hours_alone() -> None:
    offers = [an_h100_node("a", "2.00"), an_h100_node("b", "9.00", gpu_count="8")]
    cost = priced(offers, terms=terms_of(offer_id="b"))
    assert used(cost) == {"named": "b"}
    assert cost.cost == Band(p10=9 * 560, p50=9 * 800, p90=9 * 1200)
    assert total(cost) == 7200


def test_a_named_offer_is_not_left_out_for_its_price_or_its_age() -> None:
    snapshot = a_catalog(an_h100_node("a"), an_h100_node("b", "9.00"), baseline=frozenset({"b"}))
    constraints = OfferConstraints(budget=Money(amount=Decimal(1)), min_fabric_gbps_per_gpu=900)
    cost = priced(snapshot, terms=terms_of(offer_id="b", constraints=constraints))
    assert ids(cost) == ["b"]
    assert "BASELINE_PRICES" in codes(cost)


def test_a_fixed_price_has_no_offer_behind_it() -> None:
    need = a_need(Shape(gpu_model=H100, gpus_per_node=8), storage_gb=1.0, egress_gb=1.0)
    cost = fixed_price(need, Decimal("2.5"))
    assert cost.cost == Band(p10=1400, p50=2000, p90=3000)
    assert total(cost) == 2000
    assert codes(cost) == ["STORAGE_NOT_PRICED", "EGRESS_NOT_PRICED"]


def test_gpt_3_at_two_dollars_is_the_560_thousand_of_the_article() -> None:
    hours = Band.exact(280_449 / 1024)
    need = Need(gpu_count=1024, node_count=128, hours=hours, joins_nodes=True)
    assert total(fixed_price(need, Decimal(2))) == pytest.approx(
        Decimal(560_898), rel=Decimal(1) / 10**6
    )


def test_what_has_no_plan_falls_out_with_the_change_that_would_help() -> None:
    refusals = {
        1: NoPlan(misfit=Misfit.MEMORY, message="too small", smallest_change="gpuCount=8"),
        2: NoPlan(misfit=Misfit.DEADLINE, message="too slow"),
    }
    offers = [
        an_h100_node(name, gpu_count=count)
        for name, count in (("a", "1"), ("b", "1"), ("c", "2"), ("d", "8"))
    ]
    cost = priced(offers, refuse=lambda shape: refusals.get(shape.gpus_per_node))
    assert [(one.reason, one.count, one.example) for one in cost.rejected] == [
        ("DOES_NOT_FIT", 2, "gpuCount=8"),
        ("DEADLINE", 1, "too slow"),
    ]
    assert ids(cost) == ["d"]


def test_without_an_offer_there_is_no_cost_but_the_reasons() -> None:
    cost = priced([an_h100_node("a", purchase_model=PurchaseModel.SPOT)])
    assert (cost.cost, cost.placements, cost.line_items) == (None, (), ())
    assert codes(cost) == ["NO_MATCHING_OFFERS"]
    assert "PURCHASE_MODEL 1" in cost.caveats[0].message
    assert priced([]).cost is None


def test_the_budget_is_checked_at_the_confidence() -> None:
    offers = [an_h100_node("a", "1.00"), an_h100_node("b", "1.30")]
    terms = terms_of(
        constraints=OfferConstraints(budget=Money(amount=Decimal(1000), currency_code="EUR"))
    )
    sure = priced(offers, terms=terms, placement=ONE_MODEL)
    assert (ids(sure), reasons(sure)) == (["a"], {"BUDGET": 1})
    even = Placement(gpu_model=H100, confidence=0.5)
    assert ids(priced(offers, terms=terms, placement=even)) == ["a", "b"]
    in_gold = OfferConstraints(budget=Money(amount=Decimal(1), currency_code="XAU"))
    with pytest.raises(InvalidRequest):
        priced(offers, terms=terms_of(constraints=in_gold))


def test_bundled_prices_serve_only_where_no_live_offer_does() -> None:
    snapshot = a_catalog(
        an_h100_node("live", "3.00"),
        an_h100_node("old", "1.00"),
        an_a100_node("only", "9.00", provider="old"),
        baseline=frozenset({"old"}),
    )
    cost = priced(snapshot)
    assert ids(cost) == ["live", "only"]
    assert reasons(cost) == {"BASELINE": 1}
    assert "BASELINE_PRICES" in codes(cost)
    # A live offer that has no plan does not serve.
    unfit = NoPlan(misfit=Misfit.MEMORY, message="too small")
    single = a_catalog(
        an_h100_node("live", gpu_count="1"), an_h100_node("old"), baseline=frozenset({"old"})
    )
    other = priced(single, refuse=lambda shape: unfit if shape.gpus_per_node == 1 else None)
    assert ids(other) == ["old"]


def test_commitments_stand_apart_and_are_charged_whole() -> None:
    terms = terms_of(constraints=OfferConstraints(purchase_models=frozenset(PurchaseModel)))
    year = an_h100_node("year", "1.00", purchase_model=PurchaseModel.RESERVED_1Y)
    block = an_h100_node(
        "block",
        "1.50",
        purchase_model=PurchaseModel.CAPACITY_BLOCK,
        commitment_term=timedelta(days=2),
    )
    cost = priced([an_h100_node("a", "2.00"), year, block], terms=terms)
    assert ids(cost) == ["a"]
    assert [(c.row.offer_id, c.term, c.dollars) for c in cost.commitments] == [
        ("block", timedelta(days=6), Decimal(12 * 144)),
        ("year", timedelta(days=365), Decimal(8 * 8760)),
    ]
    assert cost.commitments[1].used_share == pytest.approx(100 / 8760)
    assert "COMMITMENTS_NOT_RANKED" in codes(cost)
    alone = priced([year], terms=terms)
    assert (alone.cost, len(alone.commitments)) == (None, 1)


def test_bundled_commitments_are_shown_only_where_no_live_one_is() -> None:
    terms = terms_of(constraints=OfferConstraints(purchase_models=frozenset(PurchaseModel)))
    year = {"purchase_model": PurchaseModel.RESERVED_1Y}
    snapshot = a_catalog(
        an_h100_node("live", "3.00", **year),
        an_h100_node("old", "1.00", **year),
        an_a100_node("only", provider="old", **year),
        baseline=frozenset({"old"}),
    )
    found = priced(snapshot, terms=terms).commitments
    assert [one.row.offer_id for one in found] == ["only", "live"]


def test_the_cheapest_commitments_are_shown_and_no_absurd_ones() -> None:
    terms = terms_of(constraints=OfferConstraints(purchase_models=frozenset(PurchaseModel)))
    offers = [
        an_h100_node(f"r{at}", f"{9 - at}", purchase_model=PurchaseModel.RESERVED_3Y)
        for at in range(7)
    ]
    cost = priced(offers, terms=terms)
    assert [one.row.offer_id for one in cost.commitments] == ["r6", "r5", "r4", "r3", "r2"]
    endless = Band.exact(1e12)
    assert priced(offers, terms=terms, need_of=hours_of(h100=endless)).commitments == ()


def test_a_named_commitment_costs_its_whole_term() -> None:
    year = an_h100_node("year", "1.00", purchase_model=PurchaseModel.RESERVED_1Y)
    cost = priced([year], terms=terms_of(offer_id="year"))
    assert cost.cost == Band.exact(8 * 8760.0)
    assert codes(cost)[0] == "NAMED_OFFER_EXCLUDED"


def test_credit_can_make_the_cheap_side_of_a_market_nothing() -> None:
    deal = Adjustment(provider="a", credit=Decimal(10**6))
    offers = [an_h100_node(name, "2.00") for name in "abc"]
    cost = priced(offers, terms=terms_of(adjustments=(deal,)), placement=ONE_MODEL)
    assert cost.placements[0].cost == Band.exact(0.0)
    assert cost.cost is not None
    assert (cost.cost.p10, cost.cost.p50) == (0.0, 1600.0)


def test_credit_can_pay_for_a_run_that_goes_well() -> None:
    deal = Adjustment(provider="a", credit=Decimal(1300))
    cost = priced([an_h100_node("a", "2.00")], terms=terms_of(adjustments=(deal,)))
    assert cost.cost is not None
    assert (cost.cost.p10, cost.cost.p50) == (0.0, 300.0)
    assert cost.cost.p90 == pytest.approx(1100.0)


def test_gpus_that_are_paid_for_anyway_cost_nothing_more() -> None:
    deal = Adjustment(provider="a", committed_gpu_count=8)
    cost = priced([an_h100_node("a")], terms=terms_of(adjustments=(deal,)), placement=ONE_MODEL)
    assert cost.cost == Band.exact(0.0)


def test_what_the_offers_do_not_say_is_told() -> None:
    snapshot = a_catalog(
        an_h100_node("a", "2.00", availability=IN_STOCK, tax=TaxTreatment.INCLUDED),
        an_h100_node("b", "2.10"),
        statuses=[a_status("a", state=ProviderState.HELD), a_status("b")],
    )
    cost = priced(snapshot, placement=ONE_MODEL)
    assert codes(cost) == ["SNAPSHOT_HELD", "STOCK_NOT_STATED", "TAX_INCLUDED", "TAX_NOT_STATED"]
    assert "b:" in cost.caveats[1].message
    quiet = priced([an_h100_node("b", availability=IN_STOCK)], placement=ONE_MODEL)
    assert codes(quiet) == []


def test_storage_without_a_price_is_told() -> None:
    def need_of(shape: Shape) -> Need:
        return a_need(shape, storage_gb=10.0, egress_gb=10.0)

    cost = priced([an_h100_node("a", availability=IN_STOCK)], need_of=need_of)
    assert codes(cost) == ["STORAGE_NOT_PRICED", "EGRESS_NOT_PRICED"]


def test_equal_questions_to_an_equal_catalogue_have_equal_answers() -> None:
    offers = [an_h100_node(name, price) for name, price in zip("abcd", "4231", strict=True)]
    assert seen(priced(offers)) == seen(priced(offers))


def seen(cost: MarketCost) -> object:
    """Return what is shown of a cost; rows compare by identity."""
    return (
        cost.cost,
        cost.line_items,
        used(cost),
        [(one.row.offer_id, one.cost, one.probability_cheapest) for one in cost.placements],
        cost.rejected,
        cost.caveats,
    )


MIXED = st.lists(
    st.fixed_dictionaries(
        {
            "price": PRICES,
            "provider": st.sampled_from(["nimbus", "cirrus", "stratus", "aws"]),
            "gpu_model": st.sampled_from([H100, A100, "l4-24gb"]),
            "gpu_count": st.sampled_from(["1", "4", "8"]),
            "fabric": st.sampled_from([Fabric.NOT_STATED, Fabric.INFINIBAND]),
            "max_cluster_gpu_count": st.sampled_from([None, 8, 64]),
        }
    ),
    min_size=1,
    max_size=12,
)


def numbered(kinds: list[dict[str, Any]]) -> list[Offer]:
    return [an_offer(offer_id=f"o{at:02}", **kind) for at, kind in enumerate(kinds)]


@given(data=st.data(), kinds=MIXED, is_asked=st.booleans())
def test_the_order_of_offers_changes_nothing(
    data: st.DataObject, kinds: list[dict[str, Any]], *, is_asked: bool
) -> None:
    offers = numbered(kinds)
    shuffled = data.draw(st.permutations(offers))
    placement = ONE_MODEL if is_asked else Placement()
    assert seen(priced(offers, placement=placement)) == seen(priced(shuffled, placement=placement))


@given(kinds=MIXED, is_asked=st.booleans())
def test_an_answer_is_in_order_and_its_odds_sum_to_one(
    kinds: list[dict[str, Any]], *, is_asked: bool
) -> None:
    cost = priced(numbered(kinds), placement=ONE_MODEL if is_asked else Placement())
    keys = [(not one.is_proven, one.cost.p75) for one in cost.placements]
    assert keys == sorted(keys)
    groups = [one.row.provider if is_asked else one.plan.gpu_model_id for one in cost.placements]
    assert len(set(groups)) == len(groups) <= 3
    if cost.cost is None:
        return
    assert sum(one.probability_cheapest for one in cost.placements) == pytest.approx(1)
    assert float(total(cost)) == cost.cost.p50
    for one in cost.placements:
        assert float(sum(line.dollars for line in one.line_items)) == one.cost.p50
        assert one.node_count * int(one.row.offer.gpu_count) >= 8


@given(kinds=MIXED, at=st.integers(0, 11), factor=st.integers(2, 50))
def test_a_dearer_offer_never_ranks_better(
    kinds: list[dict[str, Any]], at: int, factor: int
) -> None:
    at %= len(kinds)
    dearer = [dict(kind) for kind in kinds]
    dearer[at]["price"] = str(Decimal(kinds[at]["price"]) * factor)
    name = f"o{at:02}"

    def rank(some: list[dict[str, Any]]) -> int:
        found = ids(priced(numbered(some)))
        return found.index(name) if name in found else len(found) + 9

    assert rank(dearer) >= rank(kinds)
