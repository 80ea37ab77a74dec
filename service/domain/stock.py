"""How often a GPU model was in stock: shares of time, streaks, by provider and region.

An offer is in stock while it is AVAILABLE or LIMITED. A provider and region is in stock while any
of its offers is; while all of them are gone from the page it is not. Time in which nothing is known
of its stock counts neither way. Provisional points count nowhere.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple

from service.domain.history import ModelHistory, Point, Series, Span, held_of
from service.domain.money import divided
from service.domain.offer import EXPIRED_AFTER, AvailabilityState

_ZERO = timedelta(0)
_MICROSECOND = timedelta(microseconds=1)
_SHARE_DIGITS = 9
_BEST_FIRST = (
    AvailabilityState.AVAILABLE,
    AvailabilityState.LIMITED,
    AvailabilityState.SOLD_OUT,
    AvailabilityState.NOT_STATED,
    AvailabilityState.NOT_OFFERED,
)


class Stock(IntEnum):
    """What is known of the stock of some offers together."""

    UNKNOWN = 0
    OUT = 1
    IN = 2


class Period(NamedTuple):
    """A stretch of time of one stock; those of a list are ordered and touch."""

    start: datetime
    end: datetime
    stock: Stock


@dataclass(frozen=True, slots=True, kw_only=True)
class StockSummary:
    """One provider and region over a window.

    `share` is None where the stock was never stated; `watched` is then the time that was watched
    at all. `streak` is how long it has been in stock, or not, up to the last look; it is not cut
    by the window and bridges times without a look of up to 72 hours. None where nothing is known.
    """

    provider: str
    region_code: str
    share: Decimal | None
    current_state: AvailabilityState
    streak: timedelta | None
    last_available_time: datetime | None
    watched: timedelta
    observation_count: int
    offer_ids: frozenset[str]


def summarize_stock(history: ModelHistory, window: Span) -> tuple[StockSummary, ...]:
    """Summarise each provider and region that was on sale in a window, most available first."""
    groups: defaultdict[tuple[str, str], list[Series]] = defaultdict(list)
    for series in history.series:
        groups[series.provider, series.region_code].append(series)
    found: list[StockSummary] = []
    for (provider, _), group in groups.items():
        spans = history.watched_in(provider, window)
        summary = _summary(group, history.watched.get(provider, (window,)), spans, window.end)
        if summary is not None:
            found.append(summary)
    return tuple(
        sorted(
            found,
            key=lambda one: (one.share is None, -(one.share or 0), one.provider, one.region_code),
        )
    )


def periods_of(
    group: Sequence[Series], *, until: datetime, since: datetime | None = None
) -> tuple[Period, ...]:
    """Tell the stock of some offers together, whether watched or not.

    It begins with what holds at `since`, or with the first point of all.
    """
    points = [(at, point) for at, one in enumerate(group) for point in _from(one.points, since)]
    states_stock = any(_states_stock(point.state) for _, point in points)
    events = sorted(
        (
            (point.change_time, at, None if point.is_provisional else point.state)
            for at, point in points
            if point.change_time < until
        ),
        key=lambda event: event[0],
    )
    states: dict[int, AvailabilityState] = {}
    found: list[Period] = []
    for number, (start, at, state) in enumerate(events):
        states.pop(at, None)
        if state is not None:
            states[at] = state
        end = events[number + 1][0] if number + 1 < len(events) else until
        if start == end:
            continue
        stock = _together(states.values(), states_stock=states_stock)
        if found and found[-1].stock is stock:
            found[-1] = found[-1]._replace(end=end)
        else:
            found.append(Period(start, end, stock))
    return tuple(found)


def _summary(
    group: Sequence[Series], watched: Sequence[Span], spans: Sequence[Span], now: datetime
) -> StockSummary | None:
    held = {one.offer_id: _held_count(one, spans) for one in group}
    on_sale = frozenset(offer_id for offer_id, (_, is_listed) in held.items() if is_listed)
    if not on_sale:
        return None
    periods = periods_of(group, until=now, since=spans[0].start)
    lengths = dict.fromkeys(Stock, _ZERO)
    last_available: datetime | None = None
    for period in _watched_periods(periods, spans):
        lengths[period.stock] += period.end - period.start
        if period.stock is Stock.IN:
            last_available = period.end
    known = lengths[Stock.IN] + lengths[Stock.OUT]
    return StockSummary(
        provider=group[0].provider,
        region_code=group[0].region_code,
        share=_ratio(lengths[Stock.IN], known) if known else None,
        current_state=_best_state(group),
        streak=_streak(group, periods, watched, since=spans[0].start, now=now),
        last_available_time=last_available,
        watched=known or lengths[Stock.UNKNOWN],
        observation_count=sum(held[offer_id][0] for offer_id in on_sale),
        offer_ids=on_sale,
    )


def _held_count(series: Series, spans: Sequence[Span]) -> tuple[int, bool]:
    """Count the points that held within the spans, and tell whether one had it on the page."""
    points = {
        one.point.change_time: one.point
        for one in held_of(series.points, spans)
        if not one.point.is_provisional
    }
    listed = any(p.state is not AvailabilityState.NOT_OFFERED for p in points.values())
    return len(points), listed


def _watched_periods(periods: Sequence[Period], spans: Sequence[Span]) -> Iterator[Period]:
    at = 0
    for period in periods:
        while at < len(spans) and spans[at].end <= period.start:
            at += 1
        for span in spans[at:]:
            if span.start >= period.end:
                break
            yield Period(max(span.start, period.start), min(span.end, period.end), period.stock)


def _streak(
    group: Sequence[Series],
    periods: Sequence[Period],
    watched: Sequence[Span],
    *,
    since: datetime,
    now: datetime,
) -> timedelta | None:
    if not periods or not watched or periods[-1].stock is Stock.UNKNOWN:
        return None
    if periods[-1].start <= since:  # it began before what was looked at
        periods = periods_of(group, until=now)
    seen_until = min(watched[-1].end, now)
    begin = periods[-1].start
    for before, after in zip(watched[-2::-1], watched[:0:-1], strict=True):
        if after.start - before.end > EXPIRED_AFTER:
            begin = max(begin, after.start)
            break
    return max(seen_until - begin, _ZERO)


def _together(states: Collection[AvailabilityState], *, states_stock: bool) -> Stock:
    if AvailabilityState.AVAILABLE in states or AvailabilityState.LIMITED in states:
        return Stock.IN
    if AvailabilityState.SOLD_OUT in states:
        return Stock.OUT
    if not states or AvailabilityState.NOT_STATED in states:
        return Stock.UNKNOWN
    return Stock.OUT if states_stock else Stock.UNKNOWN


def _from(points: Sequence[Point], since: datetime | None) -> Sequence[Point]:
    if since is None:
        return points
    return points[max(bisect_right(points, since, key=lambda point: point.change_time) - 1, 0) :]


def _states_stock(state: AvailabilityState) -> bool:
    return state not in {AvailabilityState.NOT_STATED, AvailabilityState.NOT_OFFERED}


def _best_state(group: Sequence[Series]) -> AvailabilityState:
    last = {
        one.points[-1].state for one in group if one.points and not one.points[-1].is_provisional
    }
    return next((state for state in _BEST_FIRST if state in last), AvailabilityState.NOT_STATED)


def _ratio(part: timedelta, whole: timedelta) -> Decimal:
    return divided(
        Decimal(part // _MICROSECOND), Decimal(whole // _MICROSECOND), digits=_SHARE_DIGITS
    )
