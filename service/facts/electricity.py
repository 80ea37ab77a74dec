"""What a kilowatt-hour costs businesses, by US state and by country.

`electricity.csv` has averages of what customers paid, in the currency they were published in.
Industrial customers pay less than commercial ones; a fleet of GPUs may be either.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from service.domain.figure import Figure
from service.domain.geo import GEO_GROUPS
from service.domain.offer import ExchangeRate
from service.facts.periods import first_day
from service.facts.quantities import amount
from service.facts.rows import Row, rows_of
from service.facts.spread import joined

_PATH = Path(__file__).with_name("electricity.csv")
_USD = "USD"
_EU = "EU"
_UNIT = "USD/kWh"


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectricityPrice:
    """The averages of one place and period, for one kWh in `currency_code`.

    `code` is ISO 3166-2 for a US state, ISO 3166-1 alpha-2 for a country, EU for its average, and
    empty for parts of the world, which are too large to stand for any place in them.
    """

    place: str
    code: str
    commercial_per_kwh: float | None
    industrial_per_kwh: float | None
    currency_code: str
    period: str
    counts_from: date
    source: str


@cache
def load_electricity_prices(path: Path = _PATH) -> tuple[ElectricityPrice, ...]:
    """Read the prices, oldest first, once in a process.

    Raises BadFacts, also for a row with neither a commercial nor an industrial price.
    """
    return tuple(sorted((_price(row) for row in rows_of(path)), key=lambda one: one.counts_from))


def electricity_per_kwh(
    prices: Sequence[ElectricityPrice],
    code: str,
    *,
    today: date,
    rates: Mapping[str, ExchangeRate],
) -> Figure | None:
    """Return USD for one kWh at a place ("US-TX", "DE"), None where no row serves.

    The base is the newest industrial price, the newest commercial one where there is none; the
    source says which, and of what place. The range is that of all industrial and commercial
    prices of the place. A part of a country without rows takes its country's, a member of the EU
    without rows the EU's average with the range of all members; nothing else stands in for a
    place. `rates` are US dollars for one unit of a currency, by its code. Raises KeyError for a
    currency without a rate.
    """
    known = [one for one in prices if one.code and one.counts_from <= today]
    country = code.partition("-")[0]
    for name in dict.fromkeys((code, country)):
        own = [one for one in known if one.code == name]
        if own:
            return _figure(own, among=own, rates=rates)
    if country in GEO_GROUPS[_EU]:
        members = [one for one in known if one.code in GEO_GROUPS[_EU] or one.code == _EU]
        average = [one for one in members if one.code == _EU]
        if average:
            return _figure(average, among=members, rates=rates)
    return None


def _figure(
    own: Sequence[ElectricityPrice],
    *,
    among: Sequence[ElectricityPrice],
    rates: Mapping[str, ExchangeRate],
) -> Figure:
    kind, base, newest = _newest(own)
    values = [value * _dollars(one, rates) for one in among for value in _both(one)]
    converted = "" if newest.currency_code == _USD else _conversion(rates[newest.currency_code])
    return Figure(
        name="electricity_per_kwh",
        low=min(values),
        base=base * _dollars(newest, rates),
        high=max(values),
        unit=_UNIT,
        source=f"{kind} price, {newest.place}: {joined([newest.source])}{converted}",
        date=newest.period,
    )


def _newest(own: Sequence[ElectricityPrice]) -> tuple[str, float, ElectricityPrice]:
    for one in reversed(own):
        if one.industrial_per_kwh is not None:
            return "industrial", one.industrial_per_kwh, one
    newest = own[-1]
    return "commercial", next(_both(newest)), newest


def _both(price: ElectricityPrice) -> Iterator[float]:
    for value in (price.industrial_per_kwh, price.commercial_per_kwh):
        if value is not None:
            yield value


def _dollars(price: ElectricityPrice, rates: Mapping[str, ExchangeRate]) -> float:
    if price.currency_code == _USD:
        return 1.0
    return float(rates[price.currency_code].rate)


def _conversion(rate: ExchangeRate) -> str:
    return f"; 1 {rate.currency_code} = {rate.rate} USD on {rate.date} ({rate.source})"


def _price(row: Row) -> ElectricityPrice:
    price = ElectricityPrice(
        place=row.read("place", str),
        code=row.find("code", str) or "",
        commercial_per_kwh=row.find("commercial_per_kwh", amount),
        industrial_per_kwh=row.find("industrial_per_kwh", amount),
        currency_code=row.read("currency_code", str),
        period=row.read("date", str),
        counts_from=row.read("date", first_day),
        source=row.read("source", str),
    )
    if price.commercial_per_kwh is None and price.industrial_per_kwh is None:
        raise row.bad("industrial_per_kwh", "and commercial_per_kwh are both empty")
    return price
