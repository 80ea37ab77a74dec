"""The gate with a market, on whole runs, and with the decisions of people."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from scrapers.gate import REFUSED_BY_REVIEW, judge
from scrapers.market import Market
from scrapers.reviews import Reviews
from scrapers.verdict import Background, Verdict
from service.domain.offer import Offer, PurchaseModel, Standing
from service.domain.quarantine import QuarantinedOffer, QuarantineState
from service.facts.tables import load_gpu_registry
from tests.builders import NOW, a_quarantined, an_offer

HOUR = timedelta(hours=1)
REGISTRY = load_gpu_registry()
MODELS = {
    "h100-sxm-80gb": ("H100", 80),
    "a100-sxm-80gb": ("A100", 80),
    "l4-24gb": ("L4", 24),
}
MARKET = Market(
    medians={
        name: {(model, PurchaseModel.ON_DEMAND): Decimal(2) for model in MODELS}
        for name in ("aurora", "borealis", "cumulus")
    }
)


def a_row(name: str = "a", *, model: str = "h100-sxm-80gb", **overrides: Any) -> Offer:
    family, vram_gb = MODELS[model]
    values = {"offer_id": name, "sku": name, "gpu_model": model, "gpu_family": family}
    return an_offer(**(values | {"vram_gb": vram_gb} | overrides))


def page(prices: Iterable[str]) -> tuple[Offer, ...]:
    return tuple(a_row(f"n{place}", price=price) for place, price in enumerate(prices))


def judged(seen: tuple[Offer, ...], previous: tuple[Offer, ...] = (), **overrides: Any) -> Verdict:
    arguments: dict[str, Any] = {
        "complete_parts": frozenset({"prices"}),
        "parser_reject_count": 0,
        "registry": REGISTRY,
        "marketplace": False,
        "now": NOW,
        "background": Background(market=MARKET),
    }
    return judge(seen=seen, previous=previous, **(arguments | overrides))


def reviewed(state: QuarantineState, **overrides: Any) -> Background:
    values: dict[str, Any] = {"offer_id": "a", "state": state, "review_time": NOW}
    entry = a_quarantined(**(values | overrides))
    return Background(reviews=Reviews.of([entry]))


def standing(verdict: Verdict, name: str) -> Standing:
    return next(o.standing for o in verdict.offers if o.offer_id == name)


def held(verdict: Verdict) -> list[tuple[str, str]]:
    return [(row.offer.offer_id, row.reason) for row in verdict.held_rows]


# R3 and R4: new offers beside the market and beside their like


@pytest.mark.parametrize(("price", "suspect"), [("6", False), ("6.1", True), ("0.66", True)])
def test_a_new_offer_off_the_market_is_provisional_and_reviewed(
    price: str, *, suspect: bool
) -> None:
    verdict = judged((a_row(price=price),))
    again = judged((a_row(price=price),), verdict.offers, now=NOW + HOUR)

    assert held(verdict) == ([("a", "OFF_MARKET")] if suspect else [])
    assert standing(verdict, "a") is Standing.PROVISIONAL
    assert standing(again, "a") is (Standing.PROVISIONAL if suspect else Standing.ACCEPTED)
    assert held(again) == held(verdict)


def test_two_other_providers_are_no_market() -> None:
    few = Market(medians={name: MARKET.medians[name] for name in ("aurora", "borealis")})

    assert held(judged((a_row(price="9"),), background=Background(market=few))) == []


def test_a_provider_is_not_its_own_market() -> None:
    own = Market(
        medians=dict(list(MARKET.medians.items())[:2]) | {"nimbus": MARKET.medians["aurora"]}
    )

    assert held(judged((a_row(price="9"),), background=Background(market=own))) == []


def test_a_dear_provider_is_judged_at_its_own_level() -> None:
    dear = [a_row(model, model=model, price="7") for model in MODELS]
    odd = a_row("odd", price="30")
    verdict = judged((*dear, odd))

    assert held(verdict) == [("odd", "OFF_MARKET")]


def test_an_accepted_offer_may_be_off_the_market() -> None:
    assert held(judged((a_row(price="7"),), (a_row(price="7"),))) == []


def test_a_known_offer_that_names_another_gpu_is_as_good_as_new() -> None:
    verdict = judged((a_row(price="7"),), (a_row(price="7", model="a100-sxm-80gb"),))

    assert held(verdict) == [("a", "OFF_MARKET")]


@pytest.mark.parametrize(("price", "suspect"), [("4", False), ("4.1", True)])
def test_a_new_offer_unlike_its_siblings_is_reviewed(price: str, *, suspect: bool) -> None:
    seen = (*page(["1", "1", "1"]), a_row("odd", price=price))
    verdict = judged(seen, seen[:3], background=Background())

    assert held(verdict) == ([("odd", "UNLIKE_SIBLINGS")] if suspect else [])


def test_siblings_elsewhere_say_nothing() -> None:
    seen = (*page(["1", "1", "1"]), a_row("odd", price="4.1", region_code="mars"))

    assert held(judged(seen, seen[:3], background=Background())) == []


# R6: one common factor


@pytest.mark.parametrize(
    ("prices", "holds"),
    [
        (["2.15"] * 5, True),  # 0.86
        (["2.15"] * 4 + ["2.5"], False),  # four changed rows
        (["2.15"] * 5 + ["2.5"] * 3, True),  # 62 % of the rows
        (["2.15"] * 5 + ["2.5"] * 4, False),  # 56 %
        (["2.46"] * 9, False),  # 1.6 % is no factor
        (["2.1", "2.2", "2.3", "2.4", "2.6", "2.7"], False),
    ],
)
def test_a_common_factor_holds_the_run(prices: list[str], *, holds: bool) -> None:
    previous = page(["2.5"] * len(prices))
    verdict = judged(page(prices), previous)

    assert verdict.held is holds
    if holds:
        assert verdict.held_by
        assert verdict.held_by.rule == "R6"
        assert verdict.held_by.factor == Decimal("0.86")
        assert verdict.offers == previous


def test_a_common_factor_against_the_baseline_holds_the_first_run() -> None:
    baseline = tuple(replace(o, standing=Standing.BASELINE) for o in page(["2.5"] * 6))

    assert judged(page(["2.15"] * 6), baseline).held


@pytest.mark.parametrize(
    ("factor", "hours", "passes"),
    [
        ("1.4", 1, True),
        ("1.403", 1, True),
        ("1.5", 1, False),
        ("1.4", 24, True),
        ("1.4", 25, False),
    ],
)
def test_an_accepted_factor_passes_for_a_day(factor: str, hours: int, *, passes: bool) -> None:
    accepted = a_quarantined(
        offer_id="",
        rule="R6",
        ratio=Decimal(factor),
        state=QuarantineState.ACCEPTED,
        review_time=NOW,
    )
    verdict = judged(
        page(["2.8"] * 6),
        page(["2"] * 6),
        now=NOW + hours * HOUR,
        background=Background(reviews=Reviews.of([accepted])),
    )

    assert verdict.held is not passes
    assert {o.price_per_gpu_hour for o in verdict.offers} == {Decimal("2.8" if passes else "2")}
    assert {o.standing for o in verdict.offers} == {Standing.ACCEPTED}


# R8 and R10


def test_an_accepted_run_of_failures_publishes_what_passes() -> None:
    previous = page(["2"] * 4)
    seen = (*page(["900"] * 2), *page(["2"] * 4)[2:])
    accepted = a_quarantined(
        offer_id="", rule="R8", ratio=None, state=QuarantineState.ACCEPTED, review_time=NOW
    )

    held_by = judged(seen, previous).held_by
    assert held_by
    assert held_by.evidence == "2 of 4 rows failed (PRICE_OUT_OF_BOUNDS 2)"
    verdict = judged(seen, previous, background=Background(reviews=Reviews.of([accepted])))
    assert not verdict.held
    assert sorted(held(verdict)) == [
        ("n0", "PRICE_OUT_OF_BOUNDS"),
        ("n1", "PRICE_OUT_OF_BOUNDS"),
    ]


@pytest.mark.parametrize(("price", "holds"), [("9", False), ("9.1", True), ("0.79", True)])
def test_an_unknown_provider_beyond_every_level_is_held(price: str, *, holds: bool) -> None:
    seen = tuple(a_row(model, model=model, price=price) for model in MODELS)
    verdict = judged(seen)

    assert verdict.held is holds
    if holds and verdict.held_by:
        assert verdict.held_by.rule == "R10"


@pytest.mark.parametrize(("price", "holds"), [("0.79", False), ("0.7", False), ("0.39", True)])
def test_hosts_may_ask_for_less(price: str, *, holds: bool) -> None:
    seen = tuple(
        a_row(model, model=model, price=price, purchase_model=PurchaseModel.SPOT)
        for model in MODELS
    )
    spot = Market(
        medians={
            name: {(model, PurchaseModel.SPOT): Decimal(2) for model in MODELS}
            for name in ("aurora", "borealis", "cumulus")
        }
    )

    assert judged(seen, marketplace=True, background=Background(market=spot)).held is holds


def test_the_level_of_a_known_provider_holds_nothing() -> None:
    seen = tuple(a_row(model, model=model, price="9.1") for model in MODELS)

    assert not judged(seen, seen).held


def test_two_models_are_no_level() -> None:
    seen = tuple(a_row(model, model=model, price="9.1") for model in list(MODELS)[:2])

    assert not judged(seen).held


def test_hosts_that_move_each_by_itself_are_on_trial_and_no_broken_page() -> None:
    before = page(["2"] * 8)
    after = page(["3", "3.4", "1.2", "4", "5.5", "0.9", "2", "2"])
    verdict = judged(after, before, marketplace=True, background=Background())

    assert not verdict.held
    assert {reason for _, reason in held(verdict)} == {"MARKET_MOVE"}
    assert [o.standing for o in verdict.offers].count(Standing.PROVISIONAL) == 6


def test_hosts_that_all_move_beyond_the_band_of_markets_hold_the_run() -> None:
    verdict = judged(
        page(["7", "6.5", "8"] + ["2"] * 5),
        page(["2"] * 8),
        marketplace=True,
        background=Background(),
    )

    assert verdict.held_by
    assert verdict.held_by.rule == "R8"


# R11: the order of prices

SPOT = {"purchase_model": PurchaseModel.SPOT}


def test_a_spot_price_that_rises_above_on_demand_is_held() -> None:
    on_demand, before = a_row(price="2"), a_row("s", price="1.5", **SPOT)
    verdict = judged((on_demand, a_row("s", price="2.2", **SPOT)), (on_demand, before))

    assert held(verdict) == [("s", "PRICE_ORDER")]
    assert {o.offer_id: o.price_per_gpu_hour for o in verdict.offers} == {
        "a": Decimal(2),
        "s": Decimal("1.5"),
    }


def test_the_price_that_moved_is_held_not_the_one_that_stood() -> None:
    spot = a_row("s", price="1.9", **SPOT)
    verdict = judged((a_row(price="1.6"), spot), (a_row(price="2"), spot))

    assert held(verdict) == [("a", "PRICE_ORDER")]


def test_an_order_that_was_wrong_before_holds_nothing() -> None:
    both = (a_row(price="2"), a_row("s", price="2.2", **SPOT))
    verdict = judged(both, both)

    assert held(verdict) == []
    assert verdict.detail == ""


def test_new_offers_in_the_wrong_order_are_told_once_with_an_example() -> None:
    seen = (a_row(price="2"), a_row("s", price="2.2", **SPOT))
    first = judged(seen)
    again = judged(seen, first.offers, now=NOW + HOUR)

    assert held(first) == []
    assert first.detail.endswith(
        "R11: 1 price higher than it should be, such as 1 x spot at 2.2 USD per GPU-hour, which is"
        " more than 1 x on_demand at 2"
    )
    assert "R11" not in again.detail


def test_an_offer_out_of_order_is_not_held_because_another_one_is_now_the_dearest() -> None:
    eight, single = a_row("eight", price="4", gpu_count="8"), a_row("one", price="2")
    other, dearer = a_row("other", price="1.9"), a_row("other", price="2.2")
    moved = a_row("eight", price="4.1", gpu_count="8")

    assert held(judged((moved, single, dearer), (eight, single, other))) == []


def test_the_asks_of_other_hosts_put_no_spot_price_out_of_order() -> None:
    dear, cheap = a_row("dear", price="4"), a_row("cheap", price="1")
    before = (dear, cheap, a_row("s", price="1.2", **SPOT))
    after = (cheap, a_row("s", price="1.3", **SPOT))

    assert held(judged(after, before, marketplace=True)) == []
    own = a_row("s", price="1.3", sku="cheap", **SPOT)
    was = replace(own, price_per_gpu_hour=Decimal("0.9"), price_per_hour=Decimal("0.9"))
    was = replace(was, listed=a_row(price="0.9").listed)
    assert held(judged((cheap, own), (cheap, was), marketplace=True)) == [("s", "PRICE_ORDER")]


def test_a_changed_page_is_told() -> None:
    background = Background(page_digest="b", last_page_digest="a")

    assert "R9" in judged(page(["2"]), page(["2"]), background=background).detail


# Decisions of people


def test_an_accepted_price_is_published_at_once() -> None:
    accepted = reviewed(QuarantineState.ACCEPTED, observed=Decimal("9.99"))
    verdict = judged((a_row(price="9.98"),), (a_row(price="2.49"),), background=accepted)

    assert standing(verdict, "a") is Standing.ACCEPTED
    assert verdict.offers[0].price_per_gpu_hour == Decimal("9.98")
    assert verdict.reviewed_ids == {"0001-a"}


@pytest.mark.parametrize("price", ["9.9", "10.1"])
def test_another_price_than_the_accepted_one_is_judged_anew(price: str) -> None:
    accepted = reviewed(QuarantineState.ACCEPTED, observed=Decimal("9.99"))
    verdict = judged((a_row(price=price),), (a_row(price="2.49"),), background=accepted)

    assert held(verdict) == [("a", "PRICE_JUMP")]


def test_a_price_outside_every_bound_may_be_accepted() -> None:
    accepted = reviewed(QuarantineState.ACCEPTED, observed=Decimal(90))

    assert standing(judged((a_row(price="90"),), background=accepted), "a") is Standing.ACCEPTED


def test_nobody_can_accept_what_is_no_price() -> None:
    accepted = reviewed(QuarantineState.ACCEPTED, observed=Decimal("2.49"))
    broken = a_row()
    object.__setattr__(broken, "price_per_hour", Decimal(0))

    assert judged((broken,), background=accepted).offers == ()


def test_a_refused_price_stays_out_however_often_it_is_seen() -> None:
    refused = reviewed(QuarantineState.REJECTED, observed=Decimal(3))
    previous: tuple[Offer, ...] = (a_row(price="2"),)
    for hours in (0, 3, 6, 9):
        verdict = judged((a_row(price="3"),), previous, now=NOW + hours * HOUR, background=refused)
        previous = verdict.offers

    assert previous[0].price_per_gpu_hour == 2
    assert held(verdict) == [("a", REFUSED_BY_REVIEW)]
    assert not verdict.held


def test_a_refused_offer_on_trial_is_taken_down() -> None:
    refused = reviewed(QuarantineState.REJECTED, observed=Decimal(9))
    trial = a_row(price="9", standing=Standing.PROVISIONAL)

    (gone,) = judged((a_row(price="9"),), (trial,), background=refused).offers

    assert gone.delist_time == NOW


def test_a_published_price_that_is_refused_later_is_no_longer_sure() -> None:
    refused = reviewed(QuarantineState.REJECTED, observed=Decimal(9))
    published = a_row(price="9")

    assert (
        standing(judged((published,), (published,), background=refused), "a")
        is Standing.UNCONFIRMED
    )


def test_the_newest_decision_counts() -> None:
    entries: list[QuarantinedOffer] = [
        a_quarantined("0001-a", offer_id="a", state=QuarantineState.REJECTED, review_time=NOW),
        a_quarantined(
            "0002-a", offer_id="a", state=QuarantineState.ACCEPTED, review_time=NOW + HOUR
        ),
    ]
    found = Reviews.of(entries).find_of_offer(a_row(), observed=Decimal("9.99"))

    assert found
    assert found.state is QuarantineState.ACCEPTED
