from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.history import (
    Span,
    held_of,
    index_of_days,
    ranked_percentiles,
    summarize_prices,
    weighted_percentiles,
)
from tests.builders import NOW
from tests.service.domain.histories import HOUR, a_history, a_point, a_series, hours

DAY = timedelta(days=1)
QUARTILES = (25, 50, 75)


def amounts(found: Any) -> dict[int, str]:
    return {percent: f"{price:.2f}" for percent, price in found.items()}


def test_a_price_weighs_as_long_as_it_was_asked() -> None:
    series = a_series(a_point(0, "1"), a_point(9, "5"))
    found = summarize_prices(a_history(series), hours(0, 10), percents=(0, 10, 50, 90, 91, 100))
    assert amounts(found.percentiles) == {
        0: "1.00", 10: "1.00", 50: "1.00", 90: "1.00", 91: "5.00", 100: "5.00",
    }  # fmt: skip
    assert (found.offer_count, found.provider_count) == (1, 1)


def test_the_price_at_the_start_of_the_window_is_the_one_that_held_then() -> None:
    series = a_series(a_point(-100, "1"), a_point(-50, "2"), a_point(5, "3"))
    found = summarize_prices(a_history(series), hours(0, 10), percents=(0, 50, 100))
    assert amounts(found.percentiles) == {0: "2.00", 50: "2.00", 100: "3.00"}


def test_what_was_not_believed_not_offered_or_not_watched_has_no_weight() -> None:
    series = a_series(
        a_point(0, "9", is_provisional=True),
        a_point(1, "1"),
        a_point(2, "8"),
        a_point(4, "8", "NOT_OFFERED"),
    )
    history = a_history(series, nimbus=[hours(0, 2), hours(5, 99)])
    found = summarize_prices(history, hours(0, 10), percents=(0, 100))
    assert amounts(found.percentiles) == {0: "1.00", 100: "1.00"}


def test_a_price_is_asked_while_sold_out() -> None:
    series = a_series(a_point(0, "1", "SOLD_OUT"))
    found = summarize_prices(a_history(series), hours(0, 10), percents=(50,))
    assert amounts(found.percentiles) == {50: "1.00"}


def test_prices_are_per_gpu() -> None:
    series = a_series(a_point(0, "24"), gpu_count=Decimal(8))
    slice_ = a_series(a_point(0, "0.5"), offer_id="b", gpu_count=Decimal("0.125"))
    found = summarize_prices(a_history(series, slice_), hours(0, 1), percents=(0, 100))
    assert amounts(found.percentiles) == {0: "3.00", 100: "4.00"}


def test_nothing_on_offer_is_no_price_rather_than_zero() -> None:
    found = summarize_prices(a_history(a_series()), hours(0, 1), percents=(0, 50, 100))
    assert (found.percentiles, found.offer_count, found.provider_count) == ({}, 0, 0)


def test_of_two_points_of_one_second_the_later_holds() -> None:
    series = a_series(a_point(0, "1"), a_point(0, "2"))
    found = summarize_prices(a_history(series), hours(-1, 10), percents=(0, 100))
    assert amounts(found.percentiles) == {0: "2.00", 100: "2.00"}


def test_a_price_that_comes_back_adds_to_its_weight() -> None:
    series = a_series(a_point(0, "1"), a_point(3, "2"), a_point(7, "1"))
    found = summarize_prices(a_history(series), hours(0, 10), percents=(60, 61))
    assert amounts(found.percentiles) == {60: "1.00", 61: "2.00"}


def test_very_many_offers_are_not_too_much_weight() -> None:
    weights = {Decimal(1): timedelta(days=90_000_000), Decimal(2): timedelta(days=80_000_000)}
    assert weighted_percentiles(weights, (50, 90)) == {50: Decimal(1), 90: Decimal(2)}


def test_no_values_have_no_percentiles() -> None:
    assert ranked_percentiles((), (0, 50)) == {}


PRICES = st.integers(min_value=1, max_value=12)
SEGMENTS = st.lists(st.tuples(PRICES, st.integers(min_value=1, max_value=200)), max_size=12)


@given(SEGMENTS, st.sampled_from([0, 1, 10, 25, 33, 50, 75, 90, 99, 100]))
def test_percentiles_are_those_of_every_minute_written_out(
    segments: list[tuple[int, int]], percent: int
) -> None:
    weights: dict[Decimal, timedelta] = {}
    for price, minutes in segments:
        key = Decimal(price)
        weights[key] = weights.get(key, timedelta()) + timedelta(minutes=minutes)
    every = sorted(price for price, minutes in segments for _ in range(minutes))
    found = weighted_percentiles(weights, (percent,))
    if not every:
        assert found == {}
        return
    rank = max(-(-Fraction(percent * len(every), 100) // 1), 1)
    assert found == {percent: Decimal(every[rank - 1])}
    assert ranked_percentiles(map(Decimal, every), (percent,)) == found


@given(
    st.lists(st.integers(min_value=-50, max_value=50), min_size=1, max_size=8, unique=True),
    st.lists(st.integers(min_value=-60, max_value=60), max_size=8, unique=True),
)
def test_what_held_is_told_of_every_watched_hour_once(
    changes: list[int], borders: list[int]
) -> None:
    points = [a_point(hour, f"{at + 1}") for at, hour in enumerate(sorted(changes))]
    edges = sorted(borders)
    spans = [hours(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    told = {
        hour: [h.point for h in held_of(points, spans) if h.start <= NOW + hour * HOUR < h.end]
        for hour in range(-60, 60)
    }
    for hour, found in told.items():
        moment = NOW + hour * HOUR
        is_watched = any(span.start <= moment < span.end for span in spans)
        last = [point for point in points if point.change_time <= moment][-1:]
        assert found == (last if is_watched else [])


def test_each_provider_counts_once_a_day() -> None:
    many = [a_series(a_point(0, "1"), offer_id=f"n{at}") for at in range(9)]
    history = a_history(
        *many,
        a_series(a_point(0, "2"), provider="cirrus", offer_id="c"),
        a_series(a_point(0, "4"), provider="strato", offer_id="s"),
    )
    (point,) = index_of_days(history, hours(0, 6), percents=QUARTILES)
    assert point.day == date(2026, 10, 8)
    assert amounts(point.percentiles) == {
        0: "1.00", 25: "1.00", 50: "2.00", 75: "4.00", 100: "4.00",
    }  # fmt: skip
    assert (point.provider_count, point.offer_count, point.spread) == (3, 11, Decimal(4))


def test_a_providers_price_of_a_day_is_its_median_by_time() -> None:
    dear_for_long = a_series(a_point(0, "5"), a_point(8, "1"))
    (point,) = index_of_days(a_history(dear_for_long), hours(0, 12), percents=QUARTILES)
    assert amounts(point.percentiles)[50] == "5.00"


def test_days_begin_at_midnight_in_utc_and_days_without_a_price_are_left_out() -> None:
    series = a_series(a_point(0, "2"), a_point(13, "3"), a_point(14, "3", "NOT_OFFERED"))
    window = Span(NOW - DAY, NOW + 3 * DAY)
    found = index_of_days(a_history(series), window, percents=QUARTILES)
    # NOW is noon: twelve hours at 2, then one hour at 2 and one at 3 on the next day.
    assert [(point.day.day, amounts(point.percentiles)[50]) for point in found] == [
        (8, "2.00"),
        (9, "2.00"),
    ]
    assert amounts(found[1].percentiles)[100] == "2.00"


def test_a_provider_that_was_not_watched_all_day_is_not_in_the_index_of_that_day() -> None:
    history = a_history(a_series(a_point(0, "2")), nimbus=[hours(0, 3)])
    found = index_of_days(history, Span(NOW, NOW + 2 * DAY), percents=QUARTILES)
    assert [point.day.day for point in found] == [8]


@pytest.mark.parametrize("spans", [[], [hours(-20, -10)]])
def test_without_watching_there_is_nothing(spans: list[Span]) -> None:
    history = a_history(a_series(a_point(-100)), nimbus=spans)
    assert index_of_days(history, hours(0, 10), percents=QUARTILES) == ()
