"""How prices moved: what was asked for how long, its percentiles, and an index by day.

A price counts for the time in which it was asked, as far as its provider was watched; while an
offer is sold out its price is still asked. Percentiles are of the nearest rank, so every figure is
a price that somebody asked. Provisional prices count nowhere.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple

from service.domain.money import divided
from service.domain.offer import AvailabilityState, PurchaseModel

_PER_GPU_DIGITS = 6
_RATIO_DIGITS = 6
_ZERO = timedelta(0)
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)


class Point(NamedTuple):
    """What began to hold of an offer; `price_nanos` is the whole offer's, nano-dollars an hour."""

    change_time: datetime
    price_nanos: int
    state: AvailabilityState
    is_provisional: bool = False


class Span(NamedTuple):
    """A stretch of time."""

    start: datetime
    end: datetime


class Held(NamedTuple):
    """A point, and a stretch of time in which it held and was watched."""

    start: datetime
    end: datetime
    point: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferHistory:
    """The points of one offer, oldest first; `gpu_count` is None where an old store lacks it."""

    offer_id: str
    gpu_count: Decimal | None
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The history of one offer with what it was; the offer may be delisted since long ago."""

    offer_id: str
    provider: str
    purchase_model: PurchaseModel
    gpu_count: Decimal
    region_code: str = ""
    country_code: str = ""
    points: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelHistory:
    """Every series of one GPU model, and when each provider was watched.

    Spans are ordered and apart; the last one may end in the future, since a look holds for two
    collection intervals. A provider without spans has been watched all the time: its history is
    older than the notes about watching.
    """

    series: tuple[Series, ...] = ()
    watched: Mapping[str, tuple[Span, ...]]

    def watched_in(self, provider: str, window: Span) -> tuple[Span, ...]:
        """Return when a provider was watched in a window."""
        spans = self.watched.get(provider, (window,))
        cut = (Span(max(s.start, window.start), min(s.end, window.end)) for s in spans)
        return tuple(span for span in cut if span.start < span.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSummary:
    """Prices per GPU-hour by percentile (0 is the lowest, 100 the highest); empty without any."""

    percentiles: Mapping[int, Decimal]
    offer_count: int
    provider_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPoint:
    """The prices per GPU-hour of one UTC day, where each provider counts once."""

    day: date
    percentiles: Mapping[int, Decimal]
    provider_count: int
    offer_count: int
    spread: Decimal


def held_of(points: Sequence[Point], spans: Sequence[Span]) -> Iterator[Held]:
    """Give the points that held within some spans, with the time they did; all kinds of points."""
    if not spans:
        return
    first = max(bisect_right(points, spans[0].start, key=lambda point: point.change_time) - 1, 0)
    at = 0
    for number in range(first, len(points)):
        point = points[number]
        is_last = number + 1 == len(points)
        end = spans[-1].end if is_last else points[number + 1].change_time
        while at < len(spans) and spans[at].end <= point.change_time:
            at += 1
        if at == len(spans):
            return
        for span in spans[at:]:
            if span.start >= end:
                break
            start, stop = max(span.start, point.change_time), min(span.end, end)
            if start < stop:
                yield Held(start, stop, point)


def is_price(point: Point) -> bool:
    """Whether a point's price counts: it is believed, and the offer was on the page."""
    return not point.is_provisional and point.state is not AvailabilityState.NOT_OFFERED


def weighted_percentiles(
    weights: Mapping[Decimal, timedelta], percents: Iterable[int]
) -> dict[int, Decimal]:
    """Return percentiles of the nearest rank; empty without weight.

    That is the least value which, with all below it, has so much of the weight.
    """
    values = sorted(value for value, weight in weights.items() if weight > _ZERO)
    if not values:
        return {}
    # In whole numbers: a hundred times the weight of many offers is more than a timedelta holds.
    reached = list(accumulate(weights[value] // _MICROSECOND * 100 for value in values))
    return {q: values[bisect_left(reached, reached[-1] // 100 * q)] for q in percents}


def ranked_percentiles(values: Iterable[Decimal], percents: Iterable[int]) -> dict[int, Decimal]:
    """Return percentiles of the nearest rank where every value counts the same."""
    ordered = sorted(values)
    if not ordered:
        return {}
    return {q: ordered[max(-(-q * len(ordered) // 100), 1) - 1] for q in percents}


def summarize_prices(
    history: ModelHistory, window: Span, *, percents: Iterable[int]
) -> PriceSummary:
    """Summarise the prices of some series over a window, weighted by the time each was asked."""
    weights: defaultdict[Decimal, timedelta] = defaultdict(timedelta)
    offers: set[str] = set()
    providers: set[str] = set()
    for series, held, price in _prices(history, window):
        weights[price] += held.end - held.start
        offers.add(series.offer_id)
        providers.add(series.provider)
    return PriceSummary(
        percentiles=weighted_percentiles(weights, percents),
        offer_count=len(offers),
        provider_count=len(providers),
    )


def index_of_days(
    history: ModelHistory, window: Span, *, percents: Iterable[int]
) -> tuple[IndexPoint, ...]:
    """Give the price level of each UTC day of a window, oldest first; days without a price not.

    A provider's price of a day is the time-weighted median of its offers on that day.
    """
    weights: defaultdict[date, defaultdict[str, defaultdict[Decimal, timedelta]]]
    weights = defaultdict(lambda: defaultdict(lambda: defaultdict(timedelta)))
    offers: defaultdict[date, set[str]] = defaultdict(set)
    for series, held, price in _prices(history, window):
        for day, length in _by_day(held.start, held.end):
            weights[day][series.provider][price] += length
            offers[day].add(series.offer_id)
    wanted = (0, *percents, 100)
    found: list[IndexPoint] = []
    for day in sorted(weights):
        medians = [weighted_percentiles(each, (50,))[50] for each in weights[day].values()]
        percentiles = ranked_percentiles(medians, wanted)
        found.append(
            IndexPoint(
                day=day,
                percentiles=percentiles,
                provider_count=len(medians),
                offer_count=len(offers[day]),
                spread=divided(percentiles[100], percentiles[0], digits=_RATIO_DIGITS),
            )
        )
    return tuple(found)


def price_per_gpu(price_nanos: int, gpu_count: Decimal) -> Decimal:
    """Return dollars per GPU-hour, to 6 digits, of a whole offer's nano-dollars an hour."""
    return divided(Decimal(price_nanos).scaleb(-9), gpu_count, digits=_PER_GPU_DIGITS)


def _prices(history: ModelHistory, window: Span) -> Iterator[tuple[Series, Held, Decimal]]:
    for series in history.series:
        known: dict[int, Decimal] = {}
        for held in held_of(series.points, history.watched_in(series.provider, window)):
            if not is_price(held.point):
                continue
            nanos = held.point.price_nanos
            price = known.get(nanos)
            if price is None:
                price = known[nanos] = price_per_gpu(nanos, series.gpu_count)
            yield series, held, price


def _by_day(start: datetime, end: datetime) -> Iterator[tuple[date, timedelta]]:
    while start < end:
        day = start.date()
        stop = min(end, datetime.combine(day, time(), UTC) + _DAY)
        yield day, stop - start
        start = stop
