"""Exchange rates that are kept from day to day, and what a new file of them may change.

A rate is US dollars for one unit. A file gives units for one euro, so that every rate is the
quotient of two of its numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from service.domain.money import divided
from service.domain.offer import ExchangeRate

RATE_DIGITS = 10
MAX_DAILY_MOVE = Decimal("0.2")
"""A rate that moved by more than this share since the last one is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRates:
    """The newest accepted rate of each currency, and those of the last file that are held.

    Each rate carries the day it was published for: a currency that is held, or that the source
    dropped, keeps an older one. `check_time` is when the last file was read.
    """

    rates: tuple[ExchangeRate, ...]
    check_time: datetime
    held: tuple[ExchangeRate, ...] = ()


def dollars_for_one(*, units_per_euro: Decimal, dollars_per_euro: Decimal) -> Decimal:
    """Return US dollars for one unit of a currency, to ten digits."""
    return divided(dollars_per_euro, units_per_euro, digits=RATE_DIGITS).normalize()


def updated(
    known: Mapping[str, ExchangeRate],
    found: Mapping[str, ExchangeRate],
    *,
    held: Mapping[str, ExchangeRate],
    now: datetime,
) -> KeptRates:
    """Take a file of rates over the known ones.

    A rate older than the known one changes nothing. One that jumped is held, and taken when the
    file of a later day agrees with it: a misread number does not come again, a devaluation does.
    """
    kept, waiting = dict(known), dict[str, ExchangeRate]()
    for code, rate in found.items():
        last, before = known.get(code), held.get(code)
        if last is not None and rate.date < last.date:
            continue
        confirmed = before is not None and before.date < rate.date and _is_near(rate, before)
        if last is None or _is_near(rate, last) or confirmed:
            kept[code] = rate
        else:
            # The first day counts: the same file read again confirms nothing.
            is_known = before is not None and _is_near(rate, before)
            waiting[code] = before if before is not None and is_known else rate
    return KeptRates(
        rates=tuple(kept[code] for code in sorted(kept)),
        check_time=now,
        held=tuple(waiting[code] for code in sorted(waiting)),
    )


def by_code(rates: tuple[ExchangeRate, ...]) -> dict[str, ExchangeRate]:
    """Return rates by their currency."""
    return {rate.currency_code: rate for rate in rates}


def newer(
    one: Mapping[str, ExchangeRate], other: Mapping[str, ExchangeRate]
) -> dict[str, ExchangeRate]:
    """Return every currency of both at the rate of its later day."""
    merged = dict(one)
    for code, rate in other.items():
        if code not in merged or merged[code].date <= rate.date:
            merged[code] = rate
    return merged


def _is_near(rate: ExchangeRate, other: ExchangeRate) -> bool:
    return abs(rate.rate - other.rate) <= MAX_DAILY_MOVE * other.rate
