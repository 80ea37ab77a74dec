"""How rental prices moved: matched series of one provider and one GPU.

`rental_history.csv` mixes providers and classes of providers; a median over it moves because its
rows change, not because prices do. Only the on-demand list prices of one provider for one GPU are
compared here. Rows of Epoch AI are CC-BY.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from statistics import median

from service.domain.figure import Figure
from service.facts.periods import first_day
from service.facts.quantities import amount
from service.facts.rows import Row, parts, rows_of
from service.facts.spread import spread

_PATH = Path(__file__).with_name("rental_history.csv")
_ON_DEMAND = "on_demand"
_DAYS_PER_YEAR = 365.25
# A year at least for a drift; half of one for its range, or every step of a list would be made
# into a yearly rate.
_SHORTEST_SERIES_DAYS = 365
_SHORTEST_MOVE_DAYS = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class RentalPrice:
    """One row; `gpu_model_ids` is empty where it names no model, as averages do."""

    provider: str
    provider_class: str
    gpu_model_ids: tuple[str, ...]
    commitment: str
    usd_per_gpu_hour: float
    listed_on: date
    source: str
    left_out: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePoint:
    """A list price of one day: the median where a list had several, such as one a region."""

    day: date
    usd_per_gpu_hour: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedSeries:
    """The on-demand prices of one provider for one GPU, oldest first, one a day."""

    provider: str
    provider_class: str
    gpu_model_ids: tuple[str, ...]
    points: tuple[PricePoint, ...]
    sources: tuple[str, ...]

    @property
    def days(self) -> int:
        """The days from the first point to the last."""
        return (self.points[-1].day - self.points[0].day).days


@cache
def load_rental_history(path: Path = _PATH) -> tuple[RentalPrice, ...]:
    """Read the rows, oldest first, once in a process. Raises BadFacts."""
    return tuple(sorted((_price(row) for row in rows_of(path)), key=lambda one: one.listed_on))


def matched_series(history: Sequence[RentalPrice], *, today: date) -> tuple[MatchedSeries, ...]:
    """Return all series of what was known by `today`, by provider, class and GPU."""
    found: dict[tuple[str, str, tuple[str, ...]], list[RentalPrice]] = defaultdict(list)
    for one in history:
        is_list_price = one.commitment == _ON_DEMAND and one.provider and one.gpu_model_ids
        if is_list_price and not one.left_out and one.listed_on <= today:
            found[one.provider, one.provider_class, one.gpu_model_ids].append(one)
    return tuple(_series(found[key]) for key in sorted(found))


def drift_of(series: MatchedSeries) -> Figure | None:
    """Return how a price moved in a year, as a share: -0.2 is a fall of 20 %.

    The base is the compound rate from the first price to the last, the range that of all moves
    over half a year or more. None where the series does not span a year.
    """
    if series.days < _SHORTEST_SERIES_DAYS:
        return None
    first, last = series.points[0], series.points[-1]
    return spread(
        f"rent_drift, {series.provider} {'/'.join(series.gpu_model_ids)}",
        list(_moves(series.points)),
        base=_yearly(first, last),
        unit="share/year",
        sources=[
            f"{first.usd_per_gpu_hour:g} USD on {first.day}",
            f"{last.usd_per_gpu_hour:g} USD on {last.day}",
            f"{len(series.points)} dates",
            *series.sources,
        ],
        date=last.day.isoformat(),
    )


def _series(prices: Sequence[RentalPrice]) -> MatchedSeries:
    by_day: dict[date, list[float]] = defaultdict(list)
    for one in prices:
        by_day[one.listed_on].append(one.usd_per_gpu_hour)
    return MatchedSeries(
        provider=prices[0].provider,
        provider_class=prices[0].provider_class,
        gpu_model_ids=prices[0].gpu_model_ids,
        points=tuple(
            PricePoint(day=day, usd_per_gpu_hour=median(by_day[day])) for day in sorted(by_day)
        ),
        sources=tuple(dict.fromkeys(one.source for one in prices)),
    )


def _moves(points: Sequence[PricePoint]) -> Iterator[float]:
    for place, earlier in enumerate(points):
        for later in points[place + 1 :]:
            if (later.day - earlier.day).days >= _SHORTEST_MOVE_DAYS:
                yield _yearly(earlier, later)


def _yearly(earlier: PricePoint, later: PricePoint) -> float:
    years = (later.day - earlier.day).days / _DAYS_PER_YEAR
    return math.pow(later.usd_per_gpu_hour / earlier.usd_per_gpu_hour, 1 / years) - 1


def _price(row: Row) -> RentalPrice:
    return RentalPrice(
        provider=row.find("provider", str) or "",
        provider_class=row.read("provider_class", str),
        gpu_model_ids=row.find("gpu_models", parts) or (),
        commitment=row.read("commit", str),
        usd_per_gpu_hour=row.read("usd_per_gpu_hour", amount),
        listed_on=row.read("date", first_day),
        source=row.read("source", str),
        left_out=row.find("left_out", str) or "",
    )
