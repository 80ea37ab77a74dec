from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.gate import judge
from scrapers.market import Market
from scrapers.price_bounds import PRICE_CLASSES, UNKNOWN_CLASS, price_class_of
from scrapers.verdict import NO_BACKGROUND, Background, Verdict
from service.domain.gpu import GpuModel, GpuRegistry
from service.domain.money import Money
from service.domain.offer import (
    ExchangeRate,
    ListedPrice,
    Offer,
    PriceUnit,
    PurchaseModel,
    Standing,
)
from service.facts.tables import load_gpu_registry
from tests.builders import NOW, an_offer

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def a_model(gpu_model_id: str = "h100-sxm-80gb", **overrides: Any) -> GpuModel:
    values: dict[str, Any] = {
        "gpu_model_id": gpu_model_id,
        "display_name": "H100 SXM",
        "vendor": "NVIDIA",
        "family": "H100",
        "form_factor": "SXM5",
        "announce_year": 2022,
        "vram_gb": 80,
        "interconnect": "NVLink4",
    }
    return GpuModel(**(values | overrides))


REGISTRY = GpuRegistry([a_model()])
# As somebody chose a recording, its first run is believed.
RECORDED = Background(first_standing=Standing.ACCEPTED)


def a_row(name: str = "a", **overrides: Any) -> Offer:
    return an_offer(**({"offer_id": name, "sku": name} | overrides))


def rows(*names: str, **overrides: Any) -> tuple[Offer, ...]:
    return tuple(a_row(name, **overrides) for name in names)


def judged(seen: tuple[Offer, ...], previous: tuple[Offer, ...] = (), **overrides: Any) -> Verdict:
    arguments: dict[str, Any] = {
        "complete_parts": frozenset({"prices"}),
        "parser_reject_count": 0,
        "registry": REGISTRY,
        "marketplace": False,
        "now": NOW,
        "background": RECORDED,
    }
    return judge(seen=seen, previous=previous, **(arguments | overrides))


def by_id(verdict: Verdict) -> dict[str, Offer]:
    return {offer.offer_id: offer for offer in verdict.offers}


def reasons(verdict: Verdict) -> list[str]:
    return [reject.reason for reject in verdict.rejects]


def in_euros(offer: Offer, *, rate: str) -> Offer:
    """Print the offer's price in euros at one euro for `rate` dollars."""
    amount = offer.listed.amount.amount
    return replace(
        offer,
        listed=ListedPrice(
            text=f"€{amount}",
            amount=Money(amount=amount, currency_code="EUR"),
            unit=PriceUnit.GPU_HOUR,
        ),
        price_per_hour=amount * Decimal(rate) * offer.gpu_count,
        price_per_gpu_hour=amount * Decimal(rate),
        exchange_rate=ExchangeRate(
            currency_code="EUR", rate=Decimal(rate), source="test", date="2026-10-08"
        ),
    )


def test_a_first_run_is_accepted() -> None:
    verdict = judged(rows("a", "b"))

    assert verdict.accepted_count == 2
    assert {offer.standing for offer in verdict.offers} == {Standing.ACCEPTED}
    assert not verdict.held
    assert verdict.detail == ""


def test_a_new_offer_is_provisional_until_a_second_run_shows_it() -> None:
    first = judged(rows("a", "b"), rows("a"))
    second = judged(rows("a", "b"), first.offers, now=NOW + HOUR)

    assert by_id(first)["b"].standing is Standing.PROVISIONAL
    assert by_id(second)["b"].standing is Standing.ACCEPTED


def test_a_provisional_price_that_jumps_stays_provisional() -> None:
    previous = (a_row("a"), a_row("b", price="2", standing=Standing.PROVISIONAL))
    verdict = judged((a_row("a"), a_row("b", price="4")), previous)

    assert by_id(verdict)["b"].standing is Standing.PROVISIONAL
    assert by_id(verdict)["b"].price_per_gpu_hour == 4
    assert reasons(verdict) == []


@pytest.mark.parametrize(
    ("overrides", "accepted"),
    [
        ({"price": "0.6"}, True),
        ({"price": "0.59"}, False),
        ({"price": "40"}, True),
        ({"price": "40.01"}, False),
        ({"price": "0.15", "purchase_model": PurchaseModel.SPOT}, True),
        ({"price": "0.14", "purchase_model": PurchaseModel.SPOT}, False),
        ({"price": "40.01", "purchase_model": PurchaseModel.SPOT}, False),
    ],
)
def test_a_price_must_lie_in_the_bounds_of_its_class(
    overrides: dict[str, Any], *, accepted: bool
) -> None:
    verdict = judged((a_row(**overrides),))

    assert bool(verdict.offers) is accepted
    assert reasons(verdict) == ([] if accepted else ["PRICE_OUT_OF_BOUNDS"])


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        ({"price_per_hour": Decimal("Infinity")}, "PRICE_NOT_POSITIVE"),
        ({"price_per_gpu_hour": Decimal("Infinity")}, "PRICE_NOT_POSITIVE"),
        (
            {"listed": replace(a_row().listed, amount=Money(amount=Decimal(0)))},
            "PRICE_NOT_POSITIVE",
        ),
        (
            {"listed": replace(a_row().listed, amount=Money(amount=Decimal(-2)))},
            "PRICE_NOT_POSITIVE",
        ),
        ({"vram_gb": 40}, "VRAM_MISMATCH"),
        ({"vram_gb": 73}, "VRAM_MISMATCH"),
        ({"vram_gb": 640}, "VRAM_MISMATCH"),
        ({"gpu_count": "1.5"}, "COUNT_MISMATCH"),
        ({"gpu_count": "8", "price_per_hour": Decimal("2.49")}, "COUNT_MISMATCH"),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(overrides: dict[str, Any], reason: str) -> None:
    verdict = judged((a_row(**overrides),))

    assert verdict.offers == ()
    assert reasons(verdict) == [reason]


@pytest.mark.parametrize(
    "overrides",
    [{"vram_gb": 86}, {"vram_gb": 74}, {"gpu_count": "0.5"}, {"gpu_count": "8"}],
)
def test_measured_memory_and_parts_of_a_gpu_are_believed(overrides: dict[str, Any]) -> None:
    assert judged((a_row(**overrides),)).accepted_count == 1


def test_a_refused_row_leaves_the_last_good_one_unconfirmed() -> None:
    last = a_row(observe_time=NOW - HOUR)
    verdict = judged((a_row(price="0.01"),), (last,))

    assert verdict.offers == (replace(last, standing=Standing.UNCONFIRMED),)
    assert verdict.accepted_count == 0


@pytest.mark.parametrize(
    ("before", "now", "purchase_model", "marketplace", "held"),
    [
        ("2", "2.7", PurchaseModel.ON_DEMAND, False, False),
        ("2", "2.71", PurchaseModel.ON_DEMAND, False, True),
        ("2.7", "2", PurchaseModel.ON_DEMAND, False, False),
        ("2.71", "2", PurchaseModel.ON_DEMAND, False, True),
        ("2", "2.71", PurchaseModel.RESERVED_1Y, False, True),
        ("2", "6", PurchaseModel.SPOT, False, False),
        ("2", "6.01", PurchaseModel.SPOT, False, True),
        ("6.01", "2", PurchaseModel.SPOT, False, True),
        ("2", "2.7", PurchaseModel.ON_DEMAND, True, False),
        ("2", "6.01", PurchaseModel.ON_DEMAND, True, True),
    ],
)
def test_a_jump_is_held_back(
    before: str,
    now: str,
    purchase_model: PurchaseModel,
    *,
    marketplace: bool,
    held: bool,
) -> None:
    last = a_row(price=before, purchase_model=purchase_model, observe_time=NOW - HOUR)
    seen = a_row(price=now, purchase_model=purchase_model)
    (offer,) = judged((seen,), (last,), marketplace=marketplace).offers

    assert offer.price_per_gpu_hour == Decimal(before if held else now)
    assert offer.standing is (Standing.UNCONFIRMED if held else Standing.ACCEPTED)
    assert offer.observe_time == (NOW - HOUR if held else NOW)
    assert (offer.pending is not None) is held


def test_a_marketplace_price_that_moves_far_is_on_trial_until_a_second_run_agrees() -> None:
    first = judged((a_row(price="2.71"),), (a_row(price="2"),), marketplace=True)
    second = judged((a_row(price="2.71"),), first.offers, marketplace=True, now=NOW + HOUR)

    assert [(o.price_per_gpu_hour, o.standing) for o in first.offers] == [
        (Decimal("2.71"), Standing.PROVISIONAL)
    ]
    assert [(held.rule, held.reason) for held in first.held_rows] == [("R2", "MARKET_MOVE")]
    assert second.offers[0].standing is Standing.ACCEPTED
    assert second.held_rows == ()


def test_a_spot_price_may_move_threefold_without_a_trial() -> None:
    spot = {"purchase_model": PurchaseModel.SPOT}
    verdict = judged((a_row(price="5", **spot),), (a_row(price="2", **spot),))

    assert verdict.offers[0].standing is Standing.ACCEPTED


def test_the_reject_of_a_jump_names_both_prices() -> None:
    verdict = judged((a_row(price="24.9"),), (a_row(price="2.49"),))

    (reject,) = verdict.rejects
    assert reject.reason == "PRICE_JUMP"
    assert "24.9 after 2.49" in reject.text


def test_a_node_price_read_as_a_gpu_price_is_a_jump() -> None:
    node = a_row(gpu_count="8", price="4")
    as_gpu = replace(
        node, gpu_count=Decimal(1), price_per_gpu_hour=Decimal(32), price_per_hour=Decimal(32)
    )

    assert reasons(judged((as_gpu,), (node,))) == ["PRICE_JUMP"]


def runs(prices: list[tuple[str, float]], *, start: Offer) -> Offer:
    """Judge one offer at several prices, each so many hours after the start; return the last."""
    previous: tuple[Offer, ...] = (start,)
    for price, hours in prices:
        now = NOW + timedelta(hours=hours)
        seen = replace(
            start,
            listed=a_row(price=price).listed,
            price_per_hour=Decimal(price),
            price_per_gpu_hour=Decimal(price),
            observe_time=now,
            price_change_time=now,
            standing=Standing.ACCEPTED,
        )
        previous = judged((seen,), previous, now=now).offers
    return previous[0]


@pytest.mark.parametrize(
    ("prices", "accepted"),
    [
        ([("3", 0), ("3", 3), ("3", 6)], True),
        ([("3", 0), ("3.01", 3), ("3", 6)], True),
        ([("3", 0), ("3", 3)], False),
        ([("3", 0), ("3", 2), ("3", 4)], False),
        ([("3", 0), ("3", 2), ("3", 4), ("3", 6)], True),
        ([("3", 0), ("3.05", 3), ("3", 6)], False),
        ([("3", 0), ("2", 3), ("3", 6)], False),
        ([("4.1", 0), ("4.1", 3), ("4.1", 6), ("4.1", 12)], False),
        ([("4", 0), ("4", 3), ("4", 6)], True),
        ([("1", 0), ("1", 3), ("1", 6)], True),
        ([("0.9", 0), ("0.9", 3), ("0.9", 6), ("0.9", 12)], False),
    ],
)
def test_a_moderate_jump_is_accepted_once_three_runs_over_six_hours_agree(
    prices: list[tuple[str, float]], *, accepted: bool
) -> None:
    offer = runs(prices, start=a_row(price="2"))

    assert offer.price_per_gpu_hour == Decimal(prices[-1][0] if accepted else "2")
    assert offer.standing is (Standing.ACCEPTED if accepted else Standing.UNCONFIRMED)
    if accepted:
        assert offer.pending is None
        assert offer.price_change_time == NOW + timedelta(hours=prices[-1][1])


@pytest.mark.parametrize(
    "purchase_model", [PurchaseModel.RESERVED_1Y, PurchaseModel.CAPACITY_BLOCK]
)
def test_only_an_on_demand_jump_is_accepted_by_repetition(purchase_model: PurchaseModel) -> None:
    start = a_row(price="2", purchase_model=purchase_model)

    assert runs([("3", 0), ("3", 3), ("3", 6), ("3", 9)], start=start).price_per_gpu_hour == 2


@pytest.mark.parametrize(
    ("digests", "accepted"),
    [
        ("aaaa", True),
        ("abbb", False),  # the page changed when the price moved
        ("aaab", False),  # and here when it was to be accepted
        ("aaba", True),
    ],
)
def test_a_jump_is_not_accepted_while_the_page_is_built_otherwise(
    digests: str, *, accepted: bool
) -> None:
    previous: tuple[Offer, ...] = (a_row(price="2"),)
    for place, digest in enumerate(digests[1:], start=1):
        background = Background(page_digest=digest, last_page_digest=digests[place - 1])
        now = NOW + place * 3 * HOUR
        previous = judged((a_row(price="3"),), previous, now=now, background=background).offers

    assert previous[0].price_per_gpu_hour == (3 if accepted else 2)


def test_a_jump_far_from_the_market_is_not_accepted_by_repetition() -> None:
    kind = (a_row().gpu_model, PurchaseModel.ON_DEMAND)
    market = Market(medians={name: {kind: Decimal("0.9")} for name in "xyz"})
    previous: tuple[Offer, ...] = (a_row(price="2"),)
    for hours in (0, 3, 6, 9):
        previous = judged(
            (a_row(price="3"),),
            previous,
            now=NOW + hours * HOUR,
            background=Background(market=market),
        ).offers

    assert previous[0].price_per_gpu_hour == 2


def test_a_jump_of_a_spot_price_is_never_accepted_by_repetition() -> None:
    start = a_row(price="2", purchase_model=PurchaseModel.SPOT)

    assert runs([("7", 0), ("7", 3), ("7", 6), ("7", 12)], start=start).price_per_gpu_hour == 2


def test_a_price_that_comes_back_forgets_the_pending_one() -> None:
    offer = runs([("3", 0), ("2", 1)], start=a_row(price="2"))

    assert offer.pending is None
    assert offer.standing is Standing.ACCEPTED


def test_a_refused_row_forgets_the_pending_price() -> None:
    assert runs([("3", 0), ("0.01", 1)], start=a_row(price="2")).pending is None


def test_a_move_of_the_exchange_rate_is_no_change_of_the_price() -> None:
    last = in_euros(a_row(price="2", price_change_time=NOW - DAY), rate="1.1")
    seen = in_euros(a_row(price="2"), rate="1.6")
    (offer,) = judged((seen,), (last,)).offers

    assert offer.price_per_gpu_hour == Decimal("3.2")
    assert offer.price_change_time == NOW - DAY
    assert offer.standing is Standing.ACCEPTED


def test_a_jump_cannot_hide_behind_the_exchange_rate() -> None:
    last = in_euros(a_row(price="2"), rate="1.6")
    seen = in_euros(a_row(price="3"), rate="1.1")

    assert reasons(judged((seen,), (last,))) == ["PRICE_JUMP"]


def test_a_price_printed_per_minute_and_per_hour_is_the_same_price() -> None:
    per_hour = a_row(price="3", price_change_time=NOW - DAY)
    per_minute = a_row(
        price="3",
        listed=ListedPrice(
            text="$0.05", amount=Money(amount=Decimal("0.05")), unit=PriceUnit.GPU_MINUTE
        ),
    )

    assert judged((per_minute,), (per_hour,)).offers[0].price_change_time == NOW - DAY


def test_times_are_carried_while_the_price_stands() -> None:
    last = a_row(price_change_time=NOW - DAY, first_seen_time=NOW - 2 * DAY)
    (same,) = judged(rows("a"), (last,)).offers
    (moved,) = judged((a_row(price="2.5"),), (last,)).offers

    assert (same.price_change_time, same.first_seen_time) == (NOW - DAY, NOW - 2 * DAY)
    assert (moved.price_change_time, moved.first_seen_time) == (NOW, NOW - 2 * DAY)


def test_a_single_vanished_offer_of_many_is_delisted_at_once() -> None:
    verdict = judged(rows("a", "b", "c"), rows("a", "b", "c", "d"))

    assert by_id(verdict)["d"].delist_time == NOW
    assert verdict.detail == "1 offers delisted"


@pytest.mark.parametrize(
    ("before", "left", "held"),
    [("abcd", "ab", True), ("ab", "", True), ("a", "", True), ("ab", "a", False)],
)
def test_many_vanished_offers_of_a_model_are_kept_unconfirmed(
    before: str, left: str, *, held: bool
) -> None:
    other = a_row("other", purchase_model=PurchaseModel.SPOT)
    verdict = judged((*rows(*left), other), (*rows(*before), other))
    gone = [by_id(verdict)[name] for name in before if name not in left]

    assert all(offer.is_listed is held for offer in gone)
    if held:
        assert {offer.standing for offer in gone} == {Standing.UNCONFIRMED}
        assert {offer.missed_run_count for offer in gone} == {1}


def test_vanished_offers_are_delisted_after_three_runs() -> None:
    offers = rows("a", "b", "c")
    listed = []
    for run in range(3):
        offers = judged(rows("a"), offers, now=NOW + run * HOUR).offers
        listed.append([offer.is_listed for offer in offers])

    assert listed == [[True] * 3, [True] * 3, [True, False, False]]


def test_a_vanished_offer_that_returns_is_accepted_again() -> None:
    held = judged(rows("a"), rows("a", "b", "c")).offers
    back = judged(rows("a", "b", "c"), held)

    assert {offer.standing for offer in back.offers} == {Standing.ACCEPTED}
    assert {offer.missed_run_count for offer in back.offers} == {0}


def test_offers_of_an_incomplete_part_stay_as_they_are() -> None:
    other = a_row("z", part="zone-2", observe_time=NOW - DAY)
    verdict = judged(rows("a"), (*rows("a"), other))

    assert by_id(verdict)["z"] == other


@pytest.mark.parametrize(("days", "listed"), [(30, True), (31, False)])
def test_an_offer_of_a_part_that_is_never_read_again_is_delisted_after_thirty_days(
    days: int, *, listed: bool
) -> None:
    other = a_row("z", part="zone-2", observe_time=NOW - days * DAY)

    assert by_id(judged(rows("a"), (*rows("a"), other)))["z"].is_listed is listed


def test_delisted_offers_are_kept_for_thirty_days() -> None:
    gone = a_row("b", delist_time=NOW - 30 * DAY)
    long_gone = a_row("c", delist_time=NOW - 30 * DAY - HOUR)
    verdict = judged(rows("a"), (*rows("a"), gone, long_gone))

    assert [offer.offer_id for offer in verdict.offers] == ["a", "b"]


def test_a_relisted_offer_keeps_when_it_was_first_seen() -> None:
    gone = a_row("b", delist_time=NOW - DAY, first_seen_time=NOW - 9 * DAY)
    back = by_id(judged(rows("a", "b"), (a_row("a"), gone)))["b"]

    assert back.is_listed
    assert back.first_seen_time == NOW - 9 * DAY
    assert back.standing is Standing.ACCEPTED


def test_a_delisted_offer_that_returns_with_no_price_stays_delisted() -> None:
    gone = a_row("b", delist_time=NOW - DAY)
    verdict = judged((a_row("a"), a_row("b", price="900")), (a_row("a"), gone))

    assert by_id(verdict)["b"] == gone


@pytest.mark.parametrize(
    ("row_count", "bad", "unread", "held"),
    [(4, 1, 0, False), (4, 2, 0, True), (3, 3, 0, False), (6, 0, 2, False), (6, 0, 3, True)],
)
def test_a_run_with_too_many_failed_rows_is_held(
    row_count: int, bad: int, unread: int, *, held: bool
) -> None:
    names = [f"n{number}" for number in range(row_count)]
    previous = (*rows(*names), a_row("old", observe_time=NOW - DAY))
    seen = tuple(
        a_row(name, price="900" if place < bad else "2.50") for place, name in enumerate(names)
    )
    verdict = judged(seen, previous, parser_reject_count=unread)

    assert verdict.held is held
    if held:
        assert verdict.offers == previous
        assert verdict.accepted_count == 0
        assert "R8" in verdict.detail


def test_of_two_rows_of_one_id_that_disagree_neither_is_believed() -> None:
    twice = (a_row(price="2"), a_row(price="2.1"), a_row(price="2"))
    new, known = judged(twice), judged(twice, (a_row(price="2"),))

    assert new.offers == ()
    assert reasons(new) == reasons(known) == ["DUPLICATE_OFFER"]
    assert [(o.price_per_gpu_hour, o.standing) for o in known.offers] == [
        (Decimal(2), Standing.UNCONFIRMED)
    ]


def test_two_rows_of_one_id_that_say_the_same_are_one_offer() -> None:
    assert judged((a_row(), a_row())).accepted_count == 1


def test_a_first_live_run_replaces_the_baseline() -> None:
    baseline = rows("a", "b", "c", standing=Standing.BASELINE)
    far = a_row("b", price="9")
    verdict = judged((a_row("a"), far, a_row("new")), baseline)

    assert {offer.offer_id: offer.standing for offer in verdict.offers} == {
        "a": Standing.ACCEPTED,
        "b": Standing.PROVISIONAL,
        "new": Standing.ACCEPTED,
    }


def test_what_is_new_on_the_first_live_run_is_provisional() -> None:
    baseline = rows("a", "b", standing=Standing.BASELINE)
    verdict = judged(rows("a", "new"), baseline, background=NO_BACKGROUND)

    assert by_id(verdict)["a"].standing is Standing.ACCEPTED
    assert by_id(verdict)["new"].standing is Standing.PROVISIONAL


@pytest.mark.parametrize(
    ("price", "standing"), [("3.3", Standing.ACCEPTED), ("3.4", Standing.PROVISIONAL)]
)
def test_a_new_offer_like_three_that_the_baseline_confirms_is_accepted_at_once(
    price: str, standing: Standing
) -> None:
    baseline = rows("a", "b", "c", standing=Standing.BASELINE)
    verdict = judged(
        (*rows("a", "b", "c"), a_row("new", price=price)), baseline, background=NO_BACKGROUND
    )

    assert by_id(verdict)["new"].standing is standing


def test_a_provider_without_baseline_is_accepted_by_its_second_run() -> None:
    first = judged(rows("a", "b"), background=NO_BACKGROUND)
    second = judged(rows("a", "b"), first.offers, now=NOW + HOUR, background=NO_BACKGROUND)

    assert {offer.standing for offer in first.offers} == {Standing.PROVISIONAL}
    assert {offer.standing for offer in second.offers} == {Standing.ACCEPTED}


def test_a_baseline_row_of_an_incomplete_part_stays_baseline() -> None:
    baseline = rows("z", part="zone-2", standing=Standing.BASELINE, observe_time=NOW - 90 * DAY)

    assert by_id(judged(rows("a"), baseline))["z"] == baseline[0]


def test_every_model_of_the_registry_has_a_price_class() -> None:
    unclassed = {
        model.family
        for model in load_gpu_registry().models
        if price_class_of(model) is UNKNOWN_CLASS
    }

    assert unclassed == set()


def test_no_family_has_two_price_classes() -> None:
    families = [family for known in PRICE_CLASSES for family in known.families]

    assert len(families) == len(set(families))


def test_an_unknown_model_has_the_widest_bounds() -> None:
    unknown = a_row(gpu_model="x1-1gb", price="0.008")

    assert judged((unknown,)).accepted_count == 1
    assert price_class_of(None) is UNKNOWN_CLASS


NAMES = st.sampled_from([f"n{number}" for number in range(6)])
PRICES = st.decimals(min_value="0.01", max_value="99", places=2)


@st.composite
def offer_sets(draw: st.DrawFn) -> tuple[Offer, ...]:
    """Draw up to six offers of different ids; some of them delisted, held or provisional."""
    return tuple(
        a_row(
            name,
            price=str(draw(PRICES)),
            purchase_model=draw(st.sampled_from([PurchaseModel.ON_DEMAND, PurchaseModel.SPOT])),
            part=draw(st.sampled_from(["prices", "zone-2"])),
            standing=draw(st.sampled_from(list(Standing))),
            delist_time=draw(st.sampled_from([None, None, NOW - DAY])),
        )
        for name in sorted(draw(st.sets(NAMES)))
    )


def fresh(offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
    """Return offers as a run has them: nothing is known of them yet."""
    return tuple(replace(o, standing=Standing.ACCEPTED, delist_time=None) for o in offers)


@given(offer_sets())
def test_judging_the_same_rows_twice_changes_nothing(drawn: tuple[Offer, ...]) -> None:
    first = judged(fresh(drawn))
    second = judged(fresh(drawn), first.offers, now=NOW + HOUR)

    assert second.offers == first.offers
    assert second.rejects == first.rejects


@given(seen=offer_sets(), previous=offer_sets())
def test_a_refused_price_never_appears_among_the_offers(
    seen: tuple[Offer, ...], previous: tuple[Offer, ...]
) -> None:
    verdict = judged(fresh(seen), previous)
    known = {offer.offer_id: offer for offer in previous}
    refused = {reject.text.partition(":")[0] for reject in verdict.rejects}

    for offer in verdict.offers:
        if offer.offer_id in refused or verdict.held:
            assert offer.price_per_hour == known[offer.offer_id].price_per_hour
            assert offer.observe_time == known[offer.offer_id].observe_time


@given(seen=offer_sets(), previous=offer_sets())
def test_no_offer_is_lost_in_silence(seen: tuple[Offer, ...], previous: tuple[Offer, ...]) -> None:
    verdict = judged(fresh(seen), previous)
    live = {o.offer_id for o in previous if o.standing is not Standing.BASELINE}
    refused = {reject.text.partition(":")[0] for reject in verdict.rejects}
    ids = [offer.offer_id for offer in verdict.offers]

    assert len(ids) == len(set(ids))
    assert live <= set(ids)
    assert verdict.held or {offer.offer_id for offer in seen} <= set(ids) | refused


@given(
    price=st.one_of(st.just(Decimal("Infinity")), st.decimals(max_value=0, allow_nan=False)),
    field=st.sampled_from(["price_per_hour", "price_per_gpu_hour", "listed"]),
)
def test_nothing_without_a_price_above_zero_passes(price: Decimal, field: str) -> None:
    offer = a_row()
    if field == "listed":
        if not price.is_finite():
            return
        value: object = replace(offer.listed, amount=Money(amount=price))
    else:
        value = price
    # Around the check of Offer itself, which is the second line of defence.
    object.__setattr__(offer, field, value)

    verdict = judged((offer,))

    assert verdict.offers == ()
    assert reasons(verdict) == ["PRICE_NOT_POSITIVE"]
