"""When a provider is first asked after a start, and how long a run may take."""

from datetime import timedelta

import pytest

from scrapers.timetable import deadline_of, first_delay
from tests.scrapers.nimbus import NOW, a_provider

LONG = timedelta(hours=1)


def test_first_runs_of_stale_providers_are_spread_over_seconds() -> None:
    delays = {
        first_delay(f"p{n}", interval=LONG, published=NOW - 2 * LONG, now=NOW) for n in range(30)
    }
    assert len(delays) > 20
    assert max(delays) < timedelta(seconds=3)


def test_first_runs_of_fresh_providers_are_spread_over_the_time_they_stay_fresh() -> None:
    published = NOW - LONG / 2
    delays = [first_delay(f"p{n}", interval=LONG, published=published, now=NOW) for n in range(30)]
    assert max(delays) < LONG / 2
    assert max(delays) > LONG / 4
    assert delays[0] == first_delay("p0", interval=LONG, published=published, now=NOW)


def test_prices_from_the_future_do_not_put_a_run_off_for_ever() -> None:
    delay = first_delay("p", interval=LONG, published=NOW + 100 * LONG, now=NOW)
    assert delay <= LONG


@pytest.mark.parametrize(
    ("every", "limit"),
    [
        (timedelta(minutes=1), timedelta(minutes=2)),
        (timedelta(minutes=10), timedelta(minutes=10)),
        (timedelta(hours=6), timedelta(minutes=30)),
    ],
)
def test_a_run_may_take_its_interval_within_bounds(every: timedelta, limit: timedelta) -> None:
    assert deadline_of(a_provider(every=every)) == limit
