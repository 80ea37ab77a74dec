"""The importer of observations: what comes out of summaries is what stands in the file."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from benchmarks.history_import import GPU_MODELS, ImportClock, Importer, Look, looks_from, looks_of
from service.domain.history import Span, summarize_prices
from service.domain.stock import StockSummary, summarize_stock
from service.store.memory_store import MemoryStore

SHARED = Path(__file__).parents[3] / "shared" / "history"
HEADER = (
    "timestamp,provider,gpu,min_price_hr,median_price_hr,max_price_hr,on_demand_hr,"
    "spot_price_hr,num_offers,availability,top_regions\n"
)
HOUR = timedelta(hours=1)
START = datetime(2026, 3, 1, 6, tzinfo=UTC)
# Months of looks are published; tracing them would double the time.
pytestmark = pytest.mark.no_cover


def a_row(hour: int, gpu: str, price: str, *, is_there: bool, provider: str = "Lambda") -> str:
    stamp = f"{START + hour * HOUR:%Y-%m-%d %H:%M:%S}"
    stock = 'Available,"Utah, USA"' if is_there else "Unavailable,"
    return f"{stamp},{provider},{gpu},{price},{price},{price},{price},,{int(is_there)},{stock}\n"


# Two kinds of B200 and an A10: the dearer B200 is away at the third look, sold out are hours 2-5
# and 6-7, the price moves at hour 4; then a night without looks, longer than they hold.
SERIES = [
    HEADER,
    a_row(0, "B200", "5.00", is_there=True),
    a_row(0, "B200", "6.00", is_there=False),
    a_row(0, "A10", "0.80", is_there=False),
    a_row(0, "B200", "1.00", is_there=True, provider="Vast.ai"),
    a_row(2, "B200", "5.00", is_there=False),
    a_row(2, "B200", "6.00", is_there=False),
    a_row(2, "A10", "0.80", is_there=False),
    a_row(4, "B200", "5.10", is_there=False),
    a_row(5, "B200", "5.50", is_there=False),
    a_row(5, "B200", "6.00", is_there=True),
    a_row(6, "B200", "5.50", is_there=False),
    a_row(6, "B200", "6.00", is_there=False),
    a_row(7, "B200", "5.50", is_there=True),
    a_row(7, "B200", "6.00", is_there=False),
    a_row(20, "B200", "5.50", is_there=True),
    a_row(20, "B200", "6.00", is_there=True),
]


def imported(looks: Sequence[Look]) -> MemoryStore:
    clock = ImportClock()
    importer = Importer(store=(store := MemoryStore(clock=clock)), clock=clock)
    for look in looks:
        importer.publish(look)
    assert importer.count == len(looks)
    assert clock.now == looks[-1].time
    return store


def stock_of(store: MemoryStore, gpu: str, window: Span) -> StockSummary:
    (found,) = summarize_stock(store.model_history(GPU_MODELS[gpu][0]), window)
    return found


def test_a_row_that_is_missing_for_once_is_told_by_the_price_of_the_others() -> None:
    store = imported(list(looks_from(SERIES)))
    model = GPU_MODELS["B200"][0]
    first = store.price_points(f"lambda-{model}-0")
    assert [point.price_nanos // 10**7 for point in first] == [500, 500, 510, 550, 550]
    other = store.price_points(f"lambda-{model}-1")
    assert [(point.price_nanos // 10**7, point.state) for point in other] == [
        (600, "SOLD_OUT"),
        (600, "NOT_OFFERED"),
        (600, "AVAILABLE"),
        (600, "SOLD_OUT"),
        (600, "AVAILABLE"),
    ]


def test_sold_out_hours_come_out_as_they_went_in() -> None:
    store = imported(list(looks_from(SERIES)))
    shares = {
        (start, end): stock_of(store, "B200", Span(START + start * HOUR, START + end * HOUR)).share
        for start, end in ((0, 2), (2, 5), (5, 6), (6, 7), (7, 8), (0, 8))
    }
    assert [f"{share:.3f}" for share in shares.values() if share is not None] == [
        "1.000", "0.000", "1.000", "0.000", "1.000", "0.500",
    ]  # fmt: skip
    night = stock_of(store, "B200", Span(START + 7 * HOUR, START + 20 * HOUR))
    assert night.watched == 4 * HOUR
    whole = stock_of(store, "B200", Span(START, START + 21 * HOUR))
    assert whole.streak == 14 * HOUR
    assert stock_of(store, "A10", Span(START, START + 21 * HOUR)).share == 0


def test_prices_weigh_as_long_as_they_stood_in_the_file() -> None:
    store = imported(list(looks_from(SERIES)))
    history = store.model_history(GPU_MODELS["B200"][0])
    found = summarize_prices(history, Span(START, START + 4 * HOUR), percents=(0, 50, 51, 100))
    assert {q: f"{price}" for q, price in found.percentiles.items()} == {
        0: "5.000000",
        50: "5.000000",
        51: "6.000000",
        100: "6.000000",
    }


# The real months


@cache
def months() -> tuple[list[Look], MemoryStore]:
    """Import the months once, where coverage looks away: a fixture would be traced."""
    files = sorted(SHARED.glob("lambda_runpod_vast_*.csv.gz"))
    if not files:
        pytest.skip(f"{SHARED} has no recorded months")
    looks = list(looks_of(files[0]))
    return looks, imported(looks)


def shares_in_file(
    looks: Sequence[Look], window: Span, *, is_there: Callable[[Look], bool | None]
) -> tuple[timedelta, timedelta]:
    """Add up how long a window was watched and in stock, straight from the looks."""
    watched = in_stock = timedelta()
    for at, look in enumerate(looks):
        until = looks[at + 1].time if at + 1 < len(looks) else window.end
        start = max(look.time, window.start)
        end = min(until, look.time + 4 * HOUR, window.end)
        state = is_there(look)
        if state is None or end <= start:
            continue
        watched += end - start
        in_stock += (end - start) if state else timedelta()
    return watched, in_stock


@pytest.mark.parametrize("gpu", ["B200", "H100", "H200", "RTX A6000"])
def test_sold_out_periods_of_real_months_are_those_of_the_file(gpu: str) -> None:
    looks, store = months()
    history = store.model_history(GPU_MODELS[gpu][0])
    begun = next(at for at, look in enumerate(looks) if any(r.gpu == gpu for r in look.rows))

    def is_there(look: Look) -> bool | None:
        if look.time < looks[begun].time:
            return None
        return any(row.gpu == gpu and row.availability == "Available" for row in look.rows)

    compared = 0
    end = looks[-1].time
    while end > looks[begun].time + timedelta(days=1):
        for days in (1, 7, 30):
            window = Span(end - timedelta(days=days), end)
            watched, in_stock = shares_in_file(looks, window, is_there=is_there)
            found = summarize_stock(history, window)
            if not found:  # not on sale in the whole window
                assert in_stock == timedelta()
                continue
            assert found[0].watched == watched
            assert found[0].share is not None
            assert abs(float(found[0].share) - in_stock / watched) < 1e-8
            compared += 1
        end -= timedelta(days=11, hours=7)
    assert compared > 30


def test_the_last_streak_of_real_months_is_that_of_the_file() -> None:
    looks, store = months()
    last = looks[-1].time
    for gpu in ("B200", "H200", "RTX A6000"):
        sold_out_since = last
        for look in reversed(looks):
            if any(row.gpu == gpu and row.availability == "Available" for row in look.rows):
                break
            sold_out_since = look.time
        found = stock_of(store, gpu, Span(last - timedelta(days=1), last))
        assert found.streak == last - sold_out_since
