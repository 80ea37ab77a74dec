"""What colocation costs a kW and month, and what an own building costs a MW.

The units of `colo.csv` differ from row to row: per kW and month, per rack, per MW, multipliers.
A row with a reason in `left_out` prices nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from statistics import median

from service.domain.figure import Figure
from service.facts.periods import first_day, is_within_months
from service.facts.quantities import amount
from service.facts.rows import Row, rows_of
from service.facts.spread import joined

_PATH = Path(__file__).with_name("colo.csv")
# Asking prices rose by 6.5 to 19 % a year (CBRE): older rows are no part of today's range.
_ASKED_TOGETHER_MONTHS = 24


class SpaceUnit(StrEnum):
    """What the amounts of a row are paid for."""

    KW_MONTH = "usd_per_kw_month"
    KW_YEAR = "usd_per_kw_year"
    RACK_MONTH = "usd_per_rack_month"
    MW_BUILT = "usd_per_mw"
    MULTIPLIER = "multiplier"


class SpaceSource(StrEnum):
    """Whose figure a row is: a survey of many contracts, one market's page, a builder's."""

    SURVEY = "survey"
    MARKET = "market"
    BUILDING = "building"


class PowerTerms(StrEnum):
    """Whether the electricity is in the price."""

    METERED = "metered"
    INCLUDED = "included"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpacePrice:
    """One row; `country_code` is empty where the source names no country."""

    market: str
    country_code: str
    kind: SpaceSource
    unit: SpaceUnit
    power: PowerTerms | None
    low: float
    high: float
    period: str
    counts_from: date
    source: str
    left_out: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ColocationPrice:
    """USD for a kW and month; where `includes_power` is set, electricity costs nothing more."""

    per_kw_month: Figure
    includes_power: bool


@cache
def load_space_prices(path: Path = _PATH) -> tuple[SpacePrice, ...]:
    """Read the rows, oldest first, once in a process. Raises BadFacts."""
    return tuple(sorted((_price(row) for row in rows_of(path)), key=lambda one: one.counts_from))


def colocation_per_kw_month(
    prices: Sequence[SpacePrice], country_code: str, *, today: date
) -> ColocationPrice | None:
    """Return what colocation in a country costs, None where no row serves.

    Prices without electricity are preferred to those with it, and never mixed. The base is the
    newest survey, else the median of the markets' middles; the range is that of all rows of the
    24 months up to the newest.
    """
    country = [
        one
        for one in prices
        if one.unit is SpaceUnit.KW_MONTH
        and one.country_code == country_code
        and not one.left_out
        and one.counts_from <= today
    ]
    for terms in (PowerTerms.METERED, PowerTerms.INCLUDED):
        asked = _together([one for one in country if one.power is terms])
        if asked:
            surveys = [one for one in asked if one.kind is SpaceSource.SURVEY]
            return ColocationPrice(
                per_kw_month=_figure(
                    "colocation_per_kw_month",
                    asked,
                    base=surveys[-1:] or asked,
                    unit="USD/kW/month",
                ),
                includes_power=terms is PowerTerms.INCLUDED,
            )
    return None


def building_cost_per_mw(prices: Sequence[SpacePrice], *, today: date) -> Figure | None:
    """Return what an own building costs a MW of power, None where no row serves."""
    built = _together(
        [
            one
            for one in prices
            if one.unit is SpaceUnit.MW_BUILT and not one.left_out and one.counts_from <= today
        ]
    )
    if not built:
        return None
    return _figure("building_cost_per_mw", built, base=built, unit="USD/MW")


def _together(prices: Sequence[SpacePrice]) -> list[SpacePrice]:
    return [
        one
        for one in prices
        if is_within_months(one.counts_from, prices[-1].counts_from, months=_ASKED_TOGETHER_MONTHS)
    ]


def _figure(
    name: str, prices: Sequence[SpacePrice], *, base: Sequence[SpacePrice], unit: str
) -> Figure:
    return Figure(
        name=name,
        low=min(one.low for one in prices),
        base=median((one.low + one.high) / 2 for one in base),
        high=max(one.high for one in prices),
        unit=unit,
        source=joined(one.source for one in (*base, *prices)),
        date=base[-1].period,
    )


def _price(row: Row) -> SpacePrice:
    price = SpacePrice(
        market=row.read("market", str),
        country_code=row.find("country_code", str) or "",
        kind=row.read("kind", SpaceSource),
        unit=row.read("unit", SpaceUnit),
        power=row.find("power", PowerTerms),
        low=row.read("low", amount),
        high=row.read("high", amount),
        period=row.read("date", str),
        counts_from=row.read("date", first_day),
        source=row.read("source", str),
        left_out=row.find("left_out", str) or "",
    )
    if price.low > price.high:
        raise row.bad("low", "is above high")
    return price
