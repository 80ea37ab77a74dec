"""Price history: fixed-size records, packed one after the other, one per change.

A record is 17 bytes, big-endian: microseconds since 1970, nano-dollars an hour, and one byte for
the availability.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from service.domain.change import Change, ChangeKind
from service.domain.money import nanos_from_decimal
from service.domain.offer import AvailabilityState
from service.store.ports import PricePoint

POINTS_KEPT = 4096
"""An offer's history is cut to its newest `POINTS_KEPT` once it holds twice as many."""
DELISTED_HISTORY_KEPT_FOR = timedelta(days=400)

_RECORD = struct.Struct(">qqB")
RECORD_SIZE = _RECORD.size
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Stored numbers: never reuse one, only add.
_CODES = {
    AvailabilityState.NOT_STATED: 0,
    AvailabilityState.AVAILABLE: 1,
    AvailabilityState.LIMITED: 2,
    AvailabilityState.SOLD_OUT: 3,
    AvailabilityState.NOT_OFFERED: 4,
}
_STATES = {code: state.value for state, code in _CODES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPoint:
    """What a publication adds to the history of one offer."""

    offer_id: str
    record: bytes
    is_delisting: bool


def new_points(changes: Iterable[Change]) -> tuple[NewPoint, ...]:
    """Make one point per changed offer, whatever the number of its changes.

    Raises BadMoney for a price beyond int64 nano-dollars.
    """
    points: dict[str, NewPoint] = {}
    for change in changes:
        is_delisting = change.kind is ChangeKind.DELISTED
        offer = change.before if is_delisting else change.after
        if offer is None:
            raise ValueError(f"{change.offer_id}: a {change.kind.value} change without its offer")
        state = AvailabilityState.NOT_OFFERED if is_delisting else offer.availability.state
        record = _RECORD.pack(
            (change.change_time - _EPOCH) // _MICROSECOND,
            nanos_from_decimal(offer.price_per_hour),
            _CODES[state],
        )
        points[change.offer_id] = NewPoint(
            offer_id=change.offer_id, record=record, is_delisting=is_delisting
        )
    return tuple(points.values())


def history_with(history: bytes, record: bytes) -> bytes:
    """Add a record, unless only its time differs from the last; mirrors lua/publish.lua."""
    if history[-9:] == record[-9:]:
        return history
    longer = history + record
    if len(longer) > 2 * POINTS_KEPT * RECORD_SIZE:
        return longer[-POINTS_KEPT * RECORD_SIZE :]
    return longer


def points_from(history: bytes) -> tuple[PricePoint, ...]:
    """Read packed records, oldest first; a broken end is left out."""
    whole = len(history) // RECORD_SIZE * RECORD_SIZE
    return tuple(
        (_EPOCH + timedelta(microseconds=micros), nanos, _STATES.get(code, "NOT_STATED"))
        for micros, nanos, code in _RECORD.iter_unpack(history[:whole])
    )
