"""Figures and money as they are written: rounding, and sums that hold after it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.rpc.figures import (
    CENT,
    Currency,
    ItemsDoNotAdd,
    flops_text,
    parts_in_cents,
    significant,
)
from tests.fakes import EXCHANGE_RATES

DOLLARS = Currency()
EUROS = Currency(rate=EXCHANGE_RATES["EUR"])


@given(
    st.lists(st.decimals(-(10**6), 10**9, places=6), min_size=1, max_size=8),
)
def test_parts_are_rounded_so_that_they_sum_to_the_total(parts: list[Decimal]) -> None:
    total = sum(parts, Decimal(0)).quantize(CENT)
    found = parts_in_cents(parts, total=total)
    assert sum(found) == total
    assert all(abs(one - part) <= 2 * CENT for one, part in zip(found, parts, strict=True))
    assert all(one == one.quantize(CENT) for one in found)


def test_parts_that_are_whole_cents_stay_as_they_are() -> None:
    parts = (Decimal("99.50"), Decimal("-0.50"), Decimal(0))
    assert parts_in_cents(parts, total=Decimal("99.00")) == parts


def test_the_part_that_loses_most_gets_the_missing_cent() -> None:
    third = Decimal(1) / 3
    assert parts_in_cents((third, third, third), total=Decimal("1.00")) == (
        Decimal("0.34"),
        Decimal("0.33"),
        Decimal("0.33"),
    )
    assert parts_in_cents((Decimal("1.001"), Decimal("1.009")), total=Decimal("2.01")) == (
        Decimal("1.00"),
        Decimal("1.01"),
    )


def test_parts_of_something_else_are_an_error_of_ours() -> None:
    with pytest.raises(ItemsDoNotAdd):
        parts_in_cents((Decimal("1.00"), Decimal("2.00")), total=Decimal("3.02"))
    with pytest.raises(ItemsDoNotAdd):
        parts_in_cents((), total=Decimal("3.02"))


def test_money_is_rounded_once_and_half_even() -> None:
    assert DOLLARS.money(Decimal("0.125")).amount == "0.12"
    assert DOLLARS.money(Decimal("0.135")).amount == "0.14"
    assert DOLLARS.money(Decimal("2.49123456"), digits=6).amount == "2.491235"
    assert EUROS.money(Decimal(1)).amount == "0.80"
    assert EUROS.money(Decimal(1)).currency_code == "EUR"
    assert DOLLARS.money(1e-7, digits=6).amount == "0.00"


def test_figures_have_six_significant_digits_and_flops_three() -> None:
    assert significant(263_929.77777) == 263_930.0
    assert significant(0.000123456789) == 0.000123457
    assert significant(0.0) == 0.0
    assert flops_text(3.1949e23) == "3.19e+23"
    assert flops_text(3.2e23) == "3.20e+23"
