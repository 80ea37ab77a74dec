"""Seats of those who stay, and the pace of what they are sent."""

import pytest

from service.domain.errors import Exhausted, Reason
from service.rpc.pace import Pace
from service.rpc.seats import Seats


def test_so_many_seats_and_no_more() -> None:
    seats = Seats(2, kind="wait")
    with seats.one():
        seats.take()
        with pytest.raises(Exhausted) as full:
            seats.take()
        assert full.value.reason is Reason.TOO_MANY_STREAMS
        assert full.value.retry_after_seconds > 0
        seats.give_back()
        seats.take()
    seats.give_back()
    with seats.one(), seats.one():
        pass


def test_a_seat_is_given_back_whatever_happens() -> None:
    seats = Seats(1, kind="wait")
    with pytest.raises(RuntimeError), seats.one():
        raise RuntimeError
    seats.take()


def test_messages_are_let_through_evenly() -> None:
    slept: list[float] = []
    pace = Pace(per_second=4, monotonic=lambda: 10.0, sleep=slept.append)
    for _ in range(4):
        pace.keep()
    assert slept == [0.25, 0.5, 0.75]


def test_a_pause_is_not_made_up_for() -> None:
    slept: list[float] = []
    moments = iter((10.0, 90.0, 90.0))
    pace = Pace(per_second=4, monotonic=lambda: next(moments), sleep=slept.append)
    for _ in range(3):
        pace.keep()
    assert slept == [0.25]
