"""The difference of two snapshots."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from service.domain.change import Change, ChangeKind, changes_between
from service.domain.offer import Availability, AvailabilityState, Offer
from tests.builders import NOW, an_offer

LATER = NOW + timedelta(hours=1)
IN_STOCK = Availability(state=AvailabilityState.AVAILABLE, observe_time=NOW)
SOLD_OUT = Availability(state=AvailabilityState.SOLD_OUT, observe_time=NOW)


def kinds(before: list[Offer], after: list[Offer]) -> list[tuple[str, ChangeKind]]:
    return [(c.offer_id, c.kind) for c in changes_between(before, after, now=LATER)]


def test_equal_snapshots_have_no_change() -> None:
    assert kinds([an_offer()], [an_offer()]) == []


def test_times_and_listed_texts_are_no_change() -> None:
    later = replace(an_offer(), observe_time=LATER, missed_run_count=1)
    assert kinds([an_offer()], [later]) == []


def test_a_new_offer_is_listed() -> None:
    offer = an_offer()
    (change,) = changes_between([], [offer], now=LATER)
    assert change == Change(
        kind=ChangeKind.LISTED,
        offer_id=offer.offer_id,
        change_time=LATER,
        before=None,
        after=offer,
    )


def test_a_vanished_offer_is_delisted() -> None:
    offer = an_offer()
    (change,) = changes_between([offer], [], now=LATER)
    assert (change.kind, change.before, change.after) == (ChangeKind.DELISTED, offer, None)


def test_an_offer_that_keeps_its_row_with_a_delist_time_is_delisted() -> None:
    gone = an_offer(delist_time=LATER)
    assert kinds([an_offer()], [gone]) == [(gone.offer_id, ChangeKind.DELISTED)]
    assert kinds([gone], [an_offer()]) == [(gone.offer_id, ChangeKind.LISTED)]


def test_a_price_and_a_stock_that_both_move_are_two_changes_the_price_first() -> None:
    before = an_offer(availability=IN_STOCK)
    after = an_offer(price="2.59", availability=SOLD_OUT)
    assert kinds([before], [after]) == [
        (before.offer_id, ChangeKind.PRICE_CHANGED),
        (before.offer_id, ChangeKind.AVAILABILITY_CHANGED),
    ]


def test_a_stock_alone_is_one_change() -> None:
    before, after = an_offer(availability=IN_STOCK), an_offer(availability=SOLD_OUT)
    assert kinds([before], [after]) == [(before.offer_id, ChangeKind.AVAILABILITY_CHANGED)]


offers = st.dictionaries(st.sampled_from("abcde"), st.integers(min_value=1, max_value=3)).map(
    lambda prices: [
        an_offer(offer_id=name, price=str(Decimal(price))) for name, price in prices.items()
    ]
)


@given(offers, offers)
def test_applying_the_changes_gives_the_new_snapshot(
    before: list[Offer], after: list[Offer]
) -> None:
    changes = changes_between(before, after, now=LATER)
    result = {offer.offer_id: offer for offer in before}
    for change in changes:
        if change.after is None:
            del result[change.offer_id]
        else:
            result[change.offer_id] = change.after
    assert result == {offer.offer_id: offer for offer in after}
    assert [c.offer_id for c in changes] == sorted(c.offer_id for c in changes)
