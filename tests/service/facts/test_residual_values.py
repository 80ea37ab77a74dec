"""What is left of a price: wide at 48 months, never rising."""

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.figure import Figure
from service.facts.residual_values import load_residual_values, residual_fraction

TODAY = date(2026, 11, 20)
FAMILIES = ("H100", "A100", "B200", "MI300X")


def left_of(family: str, age_months: float, *, today: date = TODAY) -> Figure:
    figure = residual_fraction(load_residual_values(), family, age_months=age_months, today=today)
    assert figure is not None
    return figure


def test_after_48_months_an_h100_is_worth_0_to_60_percent() -> None:
    figure = left_of("H100", 48)

    assert (figure.low, figure.base, figure.high) == pytest.approx((0, 0.2125, 0.6))
    assert "median decay of 13 rows of H100" in figure.source


def test_what_was_seen_at_36_months_is_inside() -> None:
    figure = left_of("H100", 36)

    # Used H100 in 2026-Q1: 63 to 71 % of the price of 2023; a leasing index: 25 to 35 %.
    assert figure.low <= 0.25
    assert figure.base == pytest.approx(0.85 * math.exp(-36 * math.log(0.85 / 0.2125) / 48))
    assert 0.63 < figure.high < 0.71


def test_a_family_with_few_rows_takes_all_of_them() -> None:
    assert left_of("B200", 48).base == left_of("MI300X", 48).base
    assert "rows of all families" in left_of("V100", 48).source
    assert left_of("A100", 48).base != left_of("B200", 48).base


def test_rows_of_later_days_do_not_count() -> None:
    # Until 2024 only moves of list prices from 2020 to 2022 were known.
    assert "nextplatform" in left_of("H100", 48, today=date(2023, 1, 1)).source
    assert (
        residual_fraction(load_residual_values(), "H100", age_months=48, today=date(2020, 1, 1))
        is None
    )


def test_a_server_is_worth_85_percent_the_day_after() -> None:
    figure = left_of("H100", 0)

    assert (figure.low, figure.base, figure.high) == (0.85, 0.85, 0.85)


@given(st.sampled_from(FAMILIES), st.floats(0, 240), st.floats(0, 240))
def test_value_never_rises_with_age(family: str, one: float, other: float) -> None:
    younger, older = left_of(family, min(one, other)), left_of(family, max(one, other))

    assert 0 <= older.low <= younger.low <= 0.85
    assert 0.05 <= older.base <= younger.base <= 0.85
    assert 0.1 <= older.high <= younger.high <= 0.85


@pytest.mark.parametrize("age_months", [-1, math.nan])
def test_an_age_below_zero_is_refused(age_months: float) -> None:
    with pytest.raises(ValueError, match="below zero"):
        left_of("H100", age_months)


def test_three_quarters_of_what_was_observed_is_inside_the_range() -> None:
    observed = [one for one in load_residual_values() if one.family]
    inside = [
        one
        for one in observed
        if left_of(one.family, one.age_months).low
        <= (one.low + one.high) / 2
        <= left_of(one.family, one.age_months).high
    ]
    assert len(inside) / len(observed) >= 0.75
