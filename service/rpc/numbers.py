"""Numbers of requests, each with the range that it has to be in."""

from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from service.rpc.faults import Faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """An interval; a bound belongs to it unless it is said to be open. NaN is in none."""

    low: float
    high: float
    is_low_open: bool = False
    is_high_open: bool = False

    def __contains__(self, number: float) -> bool:
        """Whether the number is in it."""
        is_above = number > self.low if self.is_low_open else number >= self.low
        is_below = number < self.high if self.is_high_open else number <= self.high
        return is_above and is_below

    def __str__(self) -> str:
        """Complete "must be …"."""
        low, high = _plain(self.low), _plain(self.high)
        if self.is_low_open and self.is_high_open:
            return f"above {low} and below {high}"
        if self.is_low_open:
            return f"above {low} and at most {high}"
        return f"{low} to below {high}" if self.is_high_open else f"{low} to {high}"


def read_count(message: Message, field: str, allowed: Range, faults: Faults) -> int | None:
    """Return an integer field; None where it is not set, or went to `faults`.

    A field without presence is not set when it is 0.
    """
    number = _given(message, field)
    return number if number is not None and is_in_range(field, number, allowed, faults) else None


def read_double(message: Message, field: str, allowed: Range, faults: Faults) -> float | None:
    """Return a double field, as `read_count` does; NaN and infinities are in no range."""
    number = _given(message, field)
    if number is None or not is_in_range(field, number, allowed, faults):
        return None
    return float(number)


def is_in_range(field: str, number: float, allowed: Range, faults: Faults) -> bool:
    """Whether a number is in its range; one that is not goes to `faults`."""
    if number in allowed:
        return True
    faults.add(field, f"must be {allowed}, not {number}", metadata={"value": str(number)})
    return False


def is_set(message: Message, field: str) -> bool:
    """Whether a field is set; one without presence is not when it is zero or empty."""
    if message.DESCRIPTOR.fields_by_name[field].has_presence:
        return message.HasField(field)
    return bool(getattr(message, field))


def _given(message: Message, field: str) -> Any:
    return getattr(message, field) if is_set(message, field) else None


def _plain(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)
