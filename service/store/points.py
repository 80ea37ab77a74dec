"""Price history of one offer, packed: a head for the writer, then a record for each change.

A record is a varint of the seconds since the record before, and in its low bits what follows:

    .0  nothing: the price is as before, the availability goes back to the one before the last
    01  the price's difference in the unit of the last one, availability as before
    11  one byte, then the price's difference if the price moved. The byte has the availability
        (bits 0-2), provisional (bit 3), whether the price moved (bit 4) and its unit (bits 5-6)

A difference is a zigzag varint of units: a cent, a hundredth or a ten-thousandth of one, or a
nano-dollar. Stock that comes and goes so takes two bytes a change, a price three or four.

Stores of the first version hold 17 bytes a point and no head; they are read as they are, and
written anew with the next point of their offer.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from service.domain.history import Point
from service.domain.offer import AvailabilityState

POINTS_BYTES_KEPT = 1 << 18
"""A history that grows beyond it is cut to its newest half: some 80,000 changes."""

_VERSION = 1
# version, bytes of records, second of the first and of the last record, the last price, the byte
# of its availability and unit, the availability before, the offer's GPU count in millionths
_HEAD = struct.Struct(">BIIIqBBQ")
HEAD_SIZE = _HEAD.size
_OLD = struct.Struct(">qqB")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)
_LAST_SECOND = 2**32 - 1
_MILLION = Decimal(1_000_000)
_UNITS = (10_000_000, 100_000, 1_000, 1)
_PRICED, _CODED = 0b01, 0b11
_STATE_BITS, _PROVISIONAL, _MOVED, _UNIT_SHIFT, _LATER = 7, 8, 16, 5, 128
_CODE_BITS = _STATE_BITS | _PROVISIONAL
_LOW, _MORE = 0x7F, 0x80
_MOST_BITS = 70
# Stored numbers: never reuse one, only add.
_CODES = {
    AvailabilityState.NOT_STATED: 0,
    AvailabilityState.AVAILABLE: 1,
    AvailabilityState.LIMITED: 2,
    AvailabilityState.SOLD_OUT: 3,
    AvailabilityState.NOT_OFFERED: 4,
}
_STATES = {code: state for state, code in _CODES.items()}


class _State(NamedTuple):
    """What a record differs from; `unit` is the number of the last difference's."""

    second: int = 0
    price_nanos: int = 0
    code: int = 0
    code_before: int = 0
    unit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a writer has to know of a stored history to add to it."""

    size: int
    first_time: datetime
    last: Point
    gpu_count: Decimal
    state: _State


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """The new head of a history, and the record that goes to its end."""

    head: bytes
    record: bytes


def head_of(start: bytes, *, stored_size: int) -> Head | None:
    """Read the head of a history of so many stored bytes; None where it must be written anew.

    That is: nothing is stored, it is of the first version, or its end is broken.
    """
    if len(start) < HEAD_SIZE or start[0] != _VERSION:
        return None
    _, size, first, second, price, code, before, millionths = _HEAD.unpack_from(start)
    if stored_size != HEAD_SIZE + size or not size:
        return None
    state = _State(second, price, code & _CODE_BITS, before, code >> _UNIT_SHIFT & 3)
    return Head(
        size=size,
        first_time=_time(first),
        last=Point(_time(second), price, _state_of(code), bool(code & _PROVISIONAL)),
        gpu_count=_count(millionths),
        state=state,
    )


def addition_to(head: Head, point: Point, *, gpu_count: Decimal) -> Addition:
    """Encode one more point; a time before the last one's counts as the last one's."""
    record, state = _encode(head.state, point)
    first = _seconds(head.first_time)
    return Addition(
        head=_head(state, first=first, size=head.size + len(record), gpu_count=gpu_count),
        record=record,
    )


def pack(points: Sequence[Point], *, gpu_count: Decimal) -> bytes:
    """Encode a whole history, oldest first; empty for none."""
    if not points:
        return b""
    state = _State()
    records: list[bytes] = []
    for point in points:
        record, state = _encode(state, point)
        records.append(record)
    body = b"".join(records)
    first = _seconds(points[0].change_time)
    return _head(state, first=first, size=len(body), gpu_count=gpu_count) + body


def unpack(stored: bytes) -> tuple[Point, ...]:
    """Read a history of either version, oldest first; what is broken at its end is left out."""
    if not stored:
        return ()
    if stored[0] == _VERSION:
        return _decode(stored)
    if stored[0]:  # nothing of ours: a time of the first version begins with a zero
        return ()
    whole = len(stored) // _OLD.size * _OLD.size
    return tuple(
        Point(_EPOCH + micros * _MICROSECOND, nanos, _state_of(code))
        for micros, nanos, code in _OLD.iter_unpack(stored[:whole])
    )


def gpu_count_of(stored: bytes) -> Decimal | None:
    """Return the GPU count of an offer; None where the history is of the first version."""
    if len(stored) < HEAD_SIZE or stored[0] != _VERSION:
        return None
    return _count(_HEAD.unpack_from(stored)[-1])


def kept(points: Sequence[Point], *, since: datetime) -> tuple[Point, ...]:
    """Drop the points that held no more at `since`, and what is too long."""
    gone = sum(1 for point in points[1:] if point.change_time <= since)
    left = tuple(points[gone:])
    while len(pack(left, gpu_count=Decimal(1))) > POINTS_BYTES_KEPT:
        left = left[len(left) // 2 :]
    return left


def same_standing(one: Point, other: Point) -> bool:
    """Whether two points differ in nothing but their time."""
    return one[1:] == other[1:]


def _encode(state: _State, point: Point) -> tuple[bytes, _State]:
    second = max(_seconds(point.change_time), state.second)
    code = _CODES[point.state] | (_PROVISIONAL if point.is_provisional else 0)
    moved = point.price_nanos - state.price_nanos
    elapsed, unit = second - state.second, state.unit
    out = bytearray()
    if not moved and code == state.code_before != state.code:
        _put(out, elapsed << 1)
    elif moved and code == state.code and _fits(moved, unit):
        _put(out, elapsed << 2 | _PRICED)
        _put(out, _zigzag(moved // _UNITS[unit]))
    else:
        _put(out, elapsed << 2 | _CODED)
        if moved:
            unit = next(at for at, size in enumerate(_UNITS) if moved % size == 0)
        out.append(code | (_MOVED if moved else 0) | unit << _UNIT_SHIFT)
        if moved:
            _put(out, _zigzag(moved // _UNITS[unit]))
    before = state.code_before if code == state.code else state.code
    return bytes(out), _State(second, point.price_nanos, code, before, unit)


def _fits(moved: int, unit: int) -> bool:
    """Whether a difference is whole in a unit, and not so long in it that a coarser one is due."""
    size = _UNITS[unit]
    return moved % size == 0 and not (unit and moved % _UNITS[unit - 1] == 0)


def _decode(stored: bytes) -> tuple[Point, ...]:
    if len(stored) < HEAD_SIZE:
        return ()
    end = min(len(stored), HEAD_SIZE + _HEAD.unpack_from(stored)[1])
    found: list[Point] = []
    second = price = code = before = unit = 0
    state, is_provisional = _state_of(0), False
    at = HEAD_SIZE
    while at < end:
        word, at = _take(stored, at, end)
        now, has_price = code, False
        if not word & 1:
            second += word >> 1
            now = before
        else:
            second += word >> 2
            has_price = word & _CODED == _PRICED
            if not has_price:
                if at >= end or stored[at] & _LATER:
                    break  # cut short, or of a later version
                now = stored[at] & _CODE_BITS
                has_price = bool(stored[at] & _MOVED)
                unit = stored[at] >> _UNIT_SHIFT & 3
                at += 1
            if has_price:
                steps, at = _take(stored, at, end)
                price += ((steps >> 1) ^ -(steps & 1)) * _UNITS[unit]
        if at > end or second > _LAST_SECOND:
            break
        if now != code:
            code, before = now, code
            state, is_provisional = _state_of(code), bool(code & _PROVISIONAL)
        found.append(Point(_time(second), price, state, is_provisional))
    return tuple(found)


def _put(out: bytearray, number: int) -> None:
    while number > _LOW:
        out.append(number & _LOW | _MORE)
        number >>= 7
    out.append(number)


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def _take(stored: bytes, at: int, end: int) -> tuple[int, int]:
    """Read a varint; returns a place beyond `end` for one that is cut short or endless."""
    number = shift = 0
    while at < end and shift < _MOST_BITS:
        byte = stored[at]
        at += 1
        number |= (byte & _LOW) << shift
        if byte <= _LOW:
            return number, at
        shift += 7
    return number, end + 1


def _head(state: _State, *, first: int, size: int, gpu_count: Decimal) -> bytes:
    return _HEAD.pack(
        _VERSION,
        size,
        first,
        state.second,
        state.price_nanos,
        state.code | state.unit << _UNIT_SHIFT,
        state.code_before,
        int(gpu_count * _MILLION),
    )


def _state_of(code: int) -> AvailabilityState:
    return _STATES.get(code & _STATE_BITS, AvailabilityState.NOT_STATED)


def _seconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _SECOND


def _time(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def _count(millionths: int) -> Decimal:
    return Decimal(millionths) / _MILLION
