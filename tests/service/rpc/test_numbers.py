"""Ranges of numbers in requests."""

import math

import pytest

from service.domain.errors import InvalidRequest
from service.rpc.faults import Faults
from service.rpc.numbers import Range, is_in_range


@pytest.mark.parametrize(
    ("allowed", "text", "inside", "outside"),
    [
        (Range(low=1, high=10**17), "1 to 100000000000000000", (1, 10**17), (0, 10**17 + 1)),
        (Range(low=0, high=1, is_low_open=True), "above 0 and at most 1", (1e-9, 1), (0, 1.1)),
        (Range(low=0, high=1, is_high_open=True), "0 to below 1", (0, 0.999), (-0.1, 1)),
        (
            Range(low=0, high=0.5, is_low_open=True, is_high_open=True),
            "above 0 and below 0.5",
            (0.1, 0.49),
            (0, 0.5),
        ),
    ],
)
def test_a_range_says_its_bounds_and_keeps_them(
    allowed: Range, text: str, inside: tuple[float, ...], outside: tuple[float, ...]
) -> None:
    assert str(allowed) == text
    assert all(number in allowed for number in inside)
    assert not any(number in allowed for number in outside)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_in_no_range(number: float) -> None:
    for is_open in (True, False):
        assert number not in Range(low=0, high=1e9, is_low_open=is_open, is_high_open=is_open)


def test_a_number_outside_is_told_with_its_range() -> None:
    faults = Faults()
    assert is_in_range("epochs", 5, Range(low=1, high=10), faults)
    assert not is_in_range("epochs", 0.5, Range(low=1, high=10), faults)
    assert len(faults) == 1
    with pytest.raises(InvalidRequest, match=r"epochs: must be 1 to 10, not 0\.5"):
        faults.raise_if_any()
