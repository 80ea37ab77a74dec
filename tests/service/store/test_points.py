from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.change import Change, ChangeKind
from service.domain.offer import AvailabilityState
from service.store.points import POINTS_KEPT, RECORD_SIZE, history_with, new_points, points_from
from tests.builders import NOW, an_offer
from tests.service.store.contract import a_stock


def a_record(price: str, state: AvailabilityState = AvailabilityState.AVAILABLE) -> bytes:
    offer = an_offer(price=price, availability=a_stock(state))
    change = Change(
        kind=ChangeKind.LISTED, offer_id=offer.offer_id, change_time=NOW, before=None, after=offer
    )
    return new_points((change,))[0].record


@pytest.mark.parametrize("state", AvailabilityState)
def test_every_availability_has_a_stored_form(state: AvailabilityState) -> None:
    assert points_from(a_record("2.49", state)) == ((NOW, 2_490_000_000, state.value),)


def test_an_availability_of_a_later_version_reads_as_not_stated() -> None:
    assert points_from(a_record("1")[:-1] + b"\xff")[0][2] == "NOT_STATED"


def test_a_record_cut_short_is_left_out() -> None:
    assert len(points_from(a_record("1") + a_record("2")[:-1])) == 1


def test_a_long_history_is_cut_to_its_newest_points() -> None:
    full = b"".join(a_record(f"{i + 1}") for i in range(4)) * (POINTS_KEPT // 2)
    assert len(history_with(full, a_record("4"))) == len(full)
    cut = history_with(full, a_record("9"))
    assert len(cut) == POINTS_KEPT * RECORD_SIZE
    assert cut.endswith(a_record("9"))


def test_a_change_without_its_offer_is_refused() -> None:
    change = Change(kind=ChangeKind.LISTED, offer_id="x", change_time=NOW, before=None, after=None)
    with pytest.raises(ValueError, match="without its offer"):
        new_points((change,))


@given(st.lists(st.integers(min_value=1, max_value=3), max_size=50))
def test_neighbouring_points_always_differ(prices: list[int]) -> None:
    history = b""
    for price in prices:
        history = history_with(history, a_record(f"{price}"))
    seen = [nanos for _, nanos, _ in points_from(history)]
    assert all(a != b for a, b in pairwise(seen))
    assert seen[-1:] == [price * 10**9 for price in prices[-1:]]
