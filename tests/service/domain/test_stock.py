from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from service.domain.history import Span
from service.domain.offer import AvailabilityState
from service.domain.stock import Stock, periods_of, summarize_stock
from tests.builders import NOW
from tests.service.domain.histories import HOUR, a_history, a_point, a_series, hours


def test_the_share_is_of_the_watched_time() -> None:
    series = a_series(a_point(0), a_point(6, state="SOLD_OUT"))
    history = a_history(series, nimbus=[hours(0, 8)])
    (found,) = summarize_stock(history, hours(0, 20))
    assert found.share == Decimal("0.75")
    assert found.watched == 8 * HOUR
    assert found.current_state is AvailabilityState.SOLD_OUT
    assert found.streak == 2 * HOUR
    assert found.last_available_time == NOW + 6 * HOUR
    assert (found.observation_count, found.offer_ids) == (2, frozenset("a"))


def test_one_offer_in_stock_is_enough() -> None:
    a = a_series(a_point(0), a_point(4, state="SOLD_OUT"))
    b = a_series(a_point(0, state="SOLD_OUT"), a_point(3, state="LIMITED"), offer_id="b")
    (found,) = summarize_stock(a_history(a, b), hours(0, 10))
    assert (found.share, found.current_state) == (Decimal(1), AvailabilityState.LIMITED)
    assert found.streak == 10 * HOUR
    assert found.last_available_time == NOW + 10 * HOUR


def test_regions_are_apart_and_the_most_available_comes_first() -> None:
    scarce = a_series(a_point(0), a_point(1, state="SOLD_OUT"), region_code="us-east")
    plenty = a_series(a_point(0), offer_id="b", region_code="us-west")
    unknown = a_series(a_point(0, state="NOT_STATED"), offer_id="c", provider="cirrus")
    found = summarize_stock(a_history(scarce, plenty, unknown), hours(0, 10))
    assert [(one.provider, one.region_code, one.share) for one in found] == [
        ("nimbus", "us-west", 1),
        ("nimbus", "us-east", Decimal("0.1")),
        ("cirrus", "", None),
    ]


def test_where_no_stock_is_stated_there_is_no_share_and_no_streak() -> None:
    (found,) = summarize_stock(a_history(a_series(a_point(0, state="NOT_STATED"))), hours(0, 9))
    assert (found.share, found.streak, found.last_available_time) == (None, None, None)
    assert found.current_state is AvailabilityState.NOT_STATED
    assert found.watched == 9 * HOUR


def test_time_without_a_statement_counts_neither_way() -> None:
    series = a_series(a_point(0, state="NOT_STATED"), a_point(6), a_point(8, state="SOLD_OUT"))
    (found,) = summarize_stock(a_history(series), hours(0, 10))
    assert (found.share, found.watched) == (Decimal("0.5"), 4 * HOUR)


def test_an_offer_that_left_the_page_is_not_available() -> None:
    series = a_series(a_point(0), a_point(5, state="NOT_OFFERED"))
    (found,) = summarize_stock(a_history(series), hours(0, 20))
    assert (found.share, found.current_state) == (
        Decimal("0.25"),
        AvailabilityState.NOT_OFFERED,
    )


def test_what_left_the_page_before_the_window_is_not_told_of() -> None:
    series = a_series(a_point(-50), a_point(-20, state="NOT_OFFERED"))
    assert summarize_stock(a_history(series), hours(0, 10)) == ()
    assert len(summarize_stock(a_history(series), hours(-30, 10))) == 1


def test_a_provisional_offer_counts_for_nothing() -> None:
    series = a_series(a_point(0, is_provisional=True), a_point(8, state="SOLD_OUT"))
    (found,) = summarize_stock(a_history(series), hours(0, 10))
    assert (found.share, found.watched, found.observation_count) == (Decimal(0), 2 * HOUR, 1)
    only = a_series(a_point(0, is_provisional=True))
    assert summarize_stock(a_history(only), hours(0, 10)) == ()


def test_a_streak_is_older_than_the_window() -> None:
    series = a_series(a_point(-500), a_point(-400, state="SOLD_OUT"))
    (found,) = summarize_stock(a_history(series), hours(0, 10))
    assert found.streak == 410 * HOUR
    assert found.last_available_time is None


def test_a_streak_of_several_offers_is_not_cut_where_one_of_them_last_changed() -> None:
    steady = a_series(a_point(-500, state="SOLD_OUT"))
    other = a_series(a_point(-300), a_point(-200, state="SOLD_OUT"), offer_id="b")
    new = a_series(a_point(-100, state="SOLD_OUT"), offer_id="c")
    for group in ((steady, other, new), (new, other, steady)):
        (found,) = summarize_stock(a_history(*group), hours(0, 10))
        assert found.streak == 210 * HOUR


def test_a_streak_bridges_a_night_without_looks_but_not_a_week() -> None:
    series = a_series(a_point(0, state="SOLD_OUT"))
    night = a_history(series, nimbus=[hours(0, 10), hours(22, 300)])
    week = a_history(series, nimbus=[hours(0, 10), hours(178, 190), hours(200, 300)])
    assert summarize_stock(night, hours(0, 240))[0].streak == 240 * HOUR
    assert summarize_stock(week, hours(0, 240))[0].streak == (240 - 178) * HOUR


def test_a_streak_ends_with_the_last_look() -> None:
    history = a_history(a_series(a_point(0)), nimbus=[hours(0, 6)])
    (found,) = summarize_stock(history, hours(0, 100))
    assert (found.streak, found.last_available_time) == (6 * HOUR, NOW + 6 * HOUR)


STATES = st.sampled_from(list(AvailabilityState))
CHANGES = st.lists(
    st.tuples(st.integers(min_value=0, max_value=40), STATES, st.booleans()), max_size=6
)


@given(st.lists(CHANGES, min_size=1, max_size=3), st.integers(min_value=1, max_value=48))
def test_periods_tell_of_every_hour_what_its_offers_say(
    given_changes: list[list[tuple[int, AvailabilityState, bool]]], end: int
) -> None:
    group = [
        a_series(
            *(
                a_point(hour, state=state, is_provisional=is_provisional)
                for hour, state, is_provisional in sorted(changes, key=lambda change: change[0])
            ),
            offer_id=f"{at}",
        )
        for at, changes in enumerate(given_changes)
    ]
    told = periods_of(group, until=NOW + end * HOUR)
    states_stock = any(
        point.state.value in {"AVAILABLE", "LIMITED", "SOLD_OUT"}
        for one in group
        for point in one.points
    )
    for hour in range(end):
        moment = NOW + hour * HOUR + timedelta(minutes=30)
        now = [
            [p for p in one.points if p.change_time <= moment][-1]
            for one in group
            if any(p.change_time <= moment for p in one.points)
        ]
        found = [period.stock for period in told if period.start <= moment < period.end]
        if not now:
            assert found == []
            continue
        states = {point.state.value for point in now if not point.is_provisional}
        if states & {"AVAILABLE", "LIMITED"}:
            expected = Stock.IN
        elif "SOLD_OUT" in states or (states == {"NOT_OFFERED"} and states_stock):
            expected = Stock.OUT
        else:
            expected = Stock.UNKNOWN
        assert found == [expected]


def test_watched_lengths_add_up() -> None:
    series = a_series(*(a_point(h, state="SOLD_OUT" if h % 2 else "AVAILABLE") for h in range(24)))
    window = Span(NOW, NOW + 24 * HOUR)
    (found,) = summarize_stock(a_history(series, nimbus=[hours(1, 5), hours(6, 9)]), window)
    assert found.watched == 7 * HOUR
    assert found.share is not None
    assert round(found.share * 7, 6) == 4
