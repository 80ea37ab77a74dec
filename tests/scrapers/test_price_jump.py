"""Prices beside the last accepted one: another unit, another GPU, an offer that was gone."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from scrapers.gate import REFUSED_BY_REVIEW, judge
from scrapers.quarantine import Sighting, quarantine_after
from scrapers.reviews import Reviews
from scrapers.verdict import Background, Verdict
from service.domain.money import Money
from service.domain.offer import ExchangeRate, ListedPrice, Offer, PriceUnit, Standing
from service.domain.quarantine import QuarantinedOffer, QuarantineState, Review
from service.facts.tables import load_gpu_registry
from tests.builders import NOW, a_quarantined, an_offer

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
REGISTRY = load_gpu_registry()
EURO = ExchangeRate(currency_code="EUR", rate=Decimal("1.1"), source="test", date="2026-10-08")


def a_row(name: str = "a", **overrides: Any) -> Offer:
    return an_offer(**({"offer_id": name, "sku": name} | overrides))


def judged(seen: Iterable[Offer], previous: Iterable[Offer] = (), **overrides: Any) -> Verdict:
    arguments: dict[str, Any] = {
        "complete_parts": frozenset({"prices"}),
        "parser_reject_count": 0,
        "registry": REGISTRY,
        "marketplace": False,
        "now": NOW,
        "background": Background(),
    }
    return judge(seen=tuple(seen), previous=tuple(previous), **(arguments | overrides))


def repeated(seen: Offer, last: Offer, *, every: timedelta, runs: int, **overrides: Any) -> Offer:
    """Judge the same row so many times; return what is published of it in the end."""
    previous: tuple[Offer, ...] = (last,)
    for run in range(runs):
        previous = judged((seen,), previous, now=NOW + run * every, **overrides).offers
    return previous[0]


def held(verdict: Verdict) -> list[tuple[str, str]]:
    return [(row.offer.offer_id, row.reason) for row in verdict.held_rows]


def priced(offer: Offer, *, amount: str, unit: PriceUnit, currency: str = "USD") -> Offer:
    """Print a price on an offer; a euro is 1.1 dollars."""
    rate = EURO if currency == "EUR" else None
    usd = Decimal(amount) * (rate.rate if rate else 1)
    per_gpu = usd / offer.gpu_count if unit is PriceUnit.INSTANCE_HOUR else usd
    return replace(
        offer,
        listed=ListedPrice(
            text=amount, amount=Money(amount=Decimal(amount), currency_code=currency), unit=unit
        ),
        exchange_rate=rate,
        price_per_gpu_hour=per_gpu,
        price_per_hour=per_gpu * offer.gpu_count,
    )


GPU_HOUR, INSTANCE_HOUR = PriceUnit.GPU_HOUR, PriceUnit.INSTANCE_HOUR
TWO = a_row(gpu_count="2")
DOLLARS = priced(TWO, amount="2", unit=GPU_HOUR)


# The same amount in another currency or unit


@pytest.mark.parametrize(
    "seen",
    [
        priced(TWO, amount="2", unit=GPU_HOUR, currency="EUR"),  # 1.1 times the price
        priced(TWO, amount="2", unit=INSTANCE_HOUR),  # half of it
    ],
)
@pytest.mark.parametrize(
    "standing", [Standing.ACCEPTED, Standing.UNCONFIRMED, Standing.PROVISIONAL, Standing.BASELINE]
)
def test_the_last_amount_in_another_unit_is_held_and_never_accepted_by_repetition(
    seen: Offer, standing: Standing
) -> None:
    last = replace(DOLLARS, standing=standing)
    first = judged((seen,), (last,))
    offer = repeated(seen, last, every=6 * HOUR, runs=5)

    assert held(first) == [("a", "UNIT_CHANGED")]
    assert first.held_rows[0].evidence.startswith("2 is ")
    assert offer.price_per_gpu_hour == 2
    assert offer.listed == DOLLARS.listed


def test_euros_that_become_dollars_at_the_same_amount_are_held() -> None:
    euros = priced(TWO, amount="2", unit=GPU_HOUR, currency="EUR")

    assert held(judged((DOLLARS,), (euros,))) == [("a", "UNIT_CHANGED")]


@pytest.mark.parametrize(
    ("count", "amount", "unit"),
    [
        ("1", "2", INSTANCE_HOUR),  # one GPU is the whole machine
        ("2", "4", INSTANCE_HOUR),  # the same price in other words
    ],
)
def test_the_same_price_for_another_unit_is_believed(
    count: str, amount: str, unit: PriceUnit
) -> None:
    last = priced(a_row(gpu_count=count), amount="2", unit=GPU_HOUR)
    verdict = judged((priced(last, amount=amount, unit=unit),), (last,))

    assert verdict.held_rows == ()
    assert verdict.offers[0].standing is Standing.ACCEPTED


def test_a_changed_currency_that_a_person_accepted_is_published() -> None:
    seen = priced(TWO, amount="2", unit=GPU_HOUR, currency="EUR")
    accepted = decided(QuarantineState.ACCEPTED, judged((seen,), (DOLLARS,)))
    verdict = judged((seen,), (DOLLARS,), background=accepted)

    assert [(o.price_per_gpu_hour, o.standing) for o in verdict.offers] == [
        (Decimal("2.2"), Standing.ACCEPTED)
    ]


def test_a_whole_page_in_another_currency_passes_once_its_factor_is_accepted() -> None:
    names = "abcde"
    before = [replace(DOLLARS, offer_id=name, sku=name) for name in names]
    seen = [priced(each, amount="2", unit=GPU_HOUR, currency="EUR") for each in before]
    accepted = a_quarantined(
        offer_id="",
        rule="R6",
        ratio=Decimal("1.1"),
        state=QuarantineState.ACCEPTED,
        review_time=NOW,
    )
    reviews = Background(reviews=Reviews.of([accepted]))

    assert judged(seen, before).held
    verdict = judged(seen, before, background=reviews)
    assert {o.price_per_gpu_hour for o in verdict.offers} == {Decimal("2.2")}
    assert {o.standing for o in verdict.offers} == {Standing.ACCEPTED}


# Another GPU or count under the same id

L4: dict[str, Any] = {"gpu_model": "l4-24gb", "gpu_family": "L4", "vram_gb": 24}
A10: dict[str, Any] = {"gpu_model": "a10-24gb", "gpu_family": "A10", "vram_gb": 24}


@pytest.mark.parametrize(
    "seen", [a_row(price="0.8", **A10), a_row(price="0.8", gpu_count="4", **L4)]
)
def test_another_gpu_or_count_under_a_known_id_is_provisional_until_a_second_run(
    seen: Offer,
) -> None:
    last = a_row(price="0.8", price_change_time=NOW - DAY, **L4)
    first = judged((seen,), (last,))
    second = judged((seen,), first.offers, now=NOW + HOUR)

    assert first.offers[0].standing is Standing.PROVISIONAL
    assert first.offers[0].price_change_time == NOW
    assert second.offers[0].standing is Standing.ACCEPTED


def test_a_price_that_moves_with_the_count_is_never_accepted_by_repetition() -> None:
    four = a_row(price="2", gpu_count="4")
    eight = a_row(price="1.4", gpu_count="8")

    assert repeated(eight, four, every=6 * HOUR, runs=5).price_per_gpu_hour == 2


# Offers that were gone


@pytest.mark.parametrize("price", ["9", "0.7"])
def test_an_offer_that_returns_at_another_price_stays_gone(price: str) -> None:
    gone = a_row(price="2", delist_time=NOW - DAY)
    first = judged((a_row(price=price),), (gone,))

    assert held(first) == [("a", "PRICE_JUMP")]
    assert not repeated(a_row(price=price), gone, every=6 * HOUR, runs=5).is_listed


def test_an_offer_that_returns_at_a_moderately_other_price_is_back_after_three_runs() -> None:
    gone = a_row(price="2", delist_time=NOW - DAY)
    listed = [
        repeated(a_row(price="3"), gone, every=3 * HOUR, runs=runs).is_listed for runs in (1, 2, 3)
    ]

    assert listed == [False, False, True]


def test_after_thirty_days_an_offer_that_returns_is_new() -> None:
    gone = a_row(price="2", delist_time=NOW - 30 * DAY)
    waiting = judged((a_row(price="9"),), (gone,), now=NOW + HOUR)
    back = judged((a_row(price="9"),), waiting.offers, now=NOW + 2 * HOUR)

    assert waiting.offers == ()
    assert [offer.standing for offer in back.offers] == [Standing.PROVISIONAL]


def test_asks_of_a_marketplace_may_return_at_another_price() -> None:
    gone = a_row(price="2", delist_time=NOW - DAY)
    first = judged((a_row(price="5"),), (gone,), marketplace=True)
    second = judged((a_row(price="5"),), first.offers, marketplace=True, now=NOW + HOUR)

    assert [offer.standing for offer in first.offers] == [Standing.PROVISIONAL]
    assert [offer.standing for offer in second.offers] == [Standing.ACCEPTED]


# Decisions of people about prices in another currency


def decided(state: QuarantineState, verdict: Verdict) -> Background:
    """Decide about what a run put into quarantine."""
    sighting = Sighting(provider="nimbus", rows={}, is_whole=True, page_digest="", now=NOW)
    entries = quarantine_after((), verdict=verdict, sighting=sighting)
    review = Review(state=state, reviewer="dana", note="looked", review_time=NOW)
    return Background(reviews=Reviews.of(entry.reviewed(review) for entry in entries))


def in_euros(amount: str, *, rate: str) -> Offer:
    """Print a price in euros on a day when one was so many dollars."""
    offer = priced(a_row(), amount=amount, unit=GPU_HOUR, currency="EUR")
    usd = Decimal(amount) * Decimal(rate)
    return replace(
        offer,
        exchange_rate=replace(EURO, rate=Decimal(rate)),
        price_per_hour=usd,
        price_per_gpu_hour=usd,
    )


@pytest.mark.parametrize("rate", ["1.1", "1.0", "1.2"])
def test_a_decision_about_euros_holds_whatever_the_dollar_does(rate: str) -> None:
    odd = in_euros("60", rate="1.1")  # above every bound
    first = judged((odd,))
    accepted = decided(QuarantineState.ACCEPTED, first)
    refused = decided(QuarantineState.REJECTED, first)
    published = judged((odd,), background=accepted).offers
    again = in_euros("60", rate=rate)

    assert [o.standing for o in judged((again,), published, background=accepted).offers] == [
        Standing.ACCEPTED
    ]
    assert held(judged((again,), background=refused)) == [("a", REFUSED_BY_REVIEW)]


def test_a_decision_about_dollars_is_none_about_as_many_euros() -> None:
    dollars = priced(a_row(), amount="60", unit=GPU_HOUR)
    accepted = decided(QuarantineState.ACCEPTED, judged((dollars,)))

    assert judged((dollars,), background=accepted).held_rows == ()
    assert held(judged((in_euros("60", rate="1.1"),), background=accepted)) == [
        ("a", "PRICE_OUT_OF_BOUNDS")
    ]


def test_a_decision_about_euros_is_none_about_as_many_pounds() -> None:
    euros = in_euros("60", rate="1.1")
    accepted = decided(QuarantineState.ACCEPTED, judged((euros,)))
    amount = Money(amount=Decimal(60), currency_code="GBP")
    pounds = replace(euros, listed=replace(euros.listed, amount=amount))

    assert held(judged((pounds,), background=accepted)) == [("a", "PRICE_OUT_OF_BOUNDS")]


def test_the_same_euros_are_one_case_while_the_dollar_moves() -> None:
    entries: tuple[QuarantinedOffer, ...] = ()
    for place, rate in enumerate(("1.1", "1.2")):
        entries = quarantine_after(
            entries,
            verdict=judged((in_euros("60", rate=rate),)),
            sighting=Sighting(
                provider="nimbus", rows={}, is_whole=True, page_digest="", now=NOW + place * HOUR
            ),
        )

    assert [entry.times_seen for entry in entries] == [2]
