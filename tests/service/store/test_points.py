import struct
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.history import Point
from service.domain.offer import AvailabilityState
from service.store.points import (
    HEAD_SIZE,
    POINTS_BYTES_KEPT,
    addition_to,
    gpu_count_of,
    head_of,
    kept,
    pack,
    same_standing,
    unpack,
)
from tests.builders import NOW

ONE = Decimal(1)
HOUR = timedelta(hours=1)
AVAILABLE, SOLD_OUT = AvailabilityState.AVAILABLE, AvailabilityState.SOLD_OUT


def a_point(
    hours: float = 0,
    nanos: int = 2_490_000_000,
    state: AvailabilityState = AVAILABLE,
    *,
    is_provisional: bool = False,
) -> Point:
    return Point(NOW + hours * HOUR, nanos, state, is_provisional)


def grown(points: list[Point], gpu_count: Decimal = ONE) -> bytes:
    """Write points one after the other, as publications do."""
    stored = b""
    for point in points:
        head = head_of(stored[:HEAD_SIZE], stored_size=len(stored))
        if head is None:
            stored = pack((point,), gpu_count=gpu_count)
        else:
            added = addition_to(head, point, gpu_count=gpu_count)
            stored = added.head + stored[HEAD_SIZE:] + added.record
    return stored


POINTS = st.lists(
    st.builds(
        Point,
        st.datetimes(
            min_value=datetime(1970, 1, 2),  # noqa: DTZ001 - the strategy adds the zone
            max_value=datetime(2100, 1, 1),  # noqa: DTZ001 - as above
            timezones=st.just(UTC),
        ).map(lambda moment: moment.replace(microsecond=0)),
        st.one_of(
            st.integers(min_value=1, max_value=2**63 - 1),
            st.integers(min_value=1, max_value=10_000).map(lambda cents: cents * 10_000_000),
            st.integers(min_value=1, max_value=10_000).map(lambda small: small * 1_000),
        ),
        st.sampled_from(list(AvailabilityState)),
        st.booleans(),
    ),
    max_size=20,
).map(lambda points: sorted(points, key=lambda point: point.change_time))


@given(POINTS)
def test_what_was_written_is_read_back_whether_at_once_or_one_by_one(points: list[Point]) -> None:
    assert unpack(pack(points, gpu_count=ONE)) == tuple(points)
    assert grown(points) == pack(points, gpu_count=ONE)


@given(POINTS, st.integers(min_value=0, max_value=400))
def test_a_broken_end_costs_the_points_in_it(points: list[Point], cut: int) -> None:
    stored = pack(points, gpu_count=ONE)
    found = unpack(stored[: max(len(stored) - cut, 0)])
    assert found == tuple(points[: len(found)])
    assert len(found) >= len(points) - cut


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_a_fault(noise: bytes) -> None:
    unpack(noise)
    unpack(pack((a_point(),), gpu_count=ONE)[:HEAD_SIZE] + noise)
    head_of(noise[:HEAD_SIZE], stored_size=len(noise))
    gpu_count_of(noise)


def test_a_history_with_a_broken_end_is_written_anew() -> None:
    stored = pack((a_point(), a_point(1, 10**9)), gpu_count=ONE)
    assert head_of(stored[:HEAD_SIZE], stored_size=len(stored)) is not None
    assert head_of(stored[:HEAD_SIZE], stored_size=len(stored) - 1) is None
    assert head_of(stored[:HEAD_SIZE], stored_size=len(stored) + 1) is None
    assert head_of(b"", stored_size=0) is None


def test_a_head_tells_what_stands_last() -> None:
    points = [a_point(), a_point(1, 10**9, SOLD_OUT)]
    stored = pack(points, gpu_count=Decimal("0.125"))
    head = head_of(stored[:HEAD_SIZE], stored_size=len(stored))
    assert head is not None
    assert (head.first_time, head.last) == (NOW, points[-1])
    assert head.gpu_count == gpu_count_of(stored) == Decimal("0.125")


def test_a_clock_that_went_back_does_not_turn_history_around() -> None:
    found = unpack(grown([a_point(2), a_point(1, 10**9)]))
    assert [point.change_time for point in found] == [NOW + 2 * HOUR] * 2


def test_stock_that_comes_and_goes_takes_two_bytes_and_a_price_three() -> None:
    hourly = [a_point(at, state=SOLD_OUT if at % 2 else AVAILABLE) for at in range(101)]
    cents = [a_point(at, (200 + at % 9) * 10_000_000) for at in range(101)]
    for points, size in ((hourly, 2), (cents, 3)):
        first = len(pack(points[:3], gpu_count=ONE))
        assert len(pack(points, gpu_count=ONE)) - first == 98 * size


# What an older version wrote: at NOW $2.49 and AVAILABLE, an hour later $2.59 and SOLD_OUT.
OLD = struct.pack(">qqB", 1_791_460_800_000_000, 2_490_000_000, 1) + struct.pack(
    ">qqB", 1_791_464_400_000_000, 2_590_000_000, 3
)


def test_the_records_of_the_first_version_are_read() -> None:
    assert unpack(OLD) == (a_point(), a_point(1, 2_590_000_000, SOLD_OUT))
    assert unpack(OLD[:-1]) == (a_point(),)
    assert head_of(OLD[:HEAD_SIZE], stored_size=len(OLD)) is None
    assert gpu_count_of(OLD) is None


def test_an_availability_of_a_later_version_reads_as_not_stated() -> None:
    stored = OLD[:16] + b"\xff"
    assert unpack(stored)[0].state is AvailabilityState.NOT_STATED


def test_points_that_held_no_more_are_dropped_and_the_one_that_did_is_kept() -> None:
    points = [a_point(hour, (hour + 1) * 10**9) for hour in range(10)]
    assert kept(points, since=NOW + 4.5 * HOUR) == tuple(points[4:])
    assert kept(points, since=NOW + 5 * HOUR) == tuple(points[5:])
    assert kept(points, since=NOW - HOUR) == tuple(points)
    assert kept(points, since=NOW + 99 * HOUR) == tuple(points[-1:])


@pytest.mark.no_cover  # A hundred thousand points.
def test_a_history_that_is_too_long_keeps_its_newest_points() -> None:
    points = [a_point(hour, 10**9 + hour * 7) for hour in range(100_000)]
    assert len(pack(points, gpu_count=ONE)) > POINTS_BYTES_KEPT
    left = kept(points, since=NOW - HOUR)
    assert POINTS_BYTES_KEPT / 3 < len(pack(left, gpu_count=ONE)) <= POINTS_BYTES_KEPT
    assert left[-1] == points[-1]


@pytest.mark.parametrize(
    "other", [a_point(0, 1), a_point(state=SOLD_OUT), a_point(is_provisional=True)]
)
def test_only_the_time_makes_no_new_point(other: Point) -> None:
    assert same_standing(a_point(), a_point(5))
    assert not same_standing(a_point(), other)
