"""What the reader of an answer has to know before relying on it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from service.domain.offer import ExchangeRate

RATES_LAST = timedelta(days=7)
_DAY = timedelta(days=1)
_EVER = datetime.min.replace(tzinfo=UTC)


class CaveatCode(StrEnum):
    """Stable codes; one is never reused for another matter."""

    BASELINE_PRICES = "BASELINE_PRICES"
    EXCHANGE_RATE_OLD = "EXCHANGE_RATE_OLD"
    SNAPSHOT_HELD = "SNAPSHOT_HELD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caveat:
    """A code for programs, and the same in words with names and dates."""

    code: CaveatCode
    message: str


def rate_is_old_from(rate: ExchangeRate) -> datetime:
    """Return when a rate is older than `RATES_LAST`, counted in whole UTC days from its date.

    A date that cannot be read is old.
    """
    try:
        day = date.fromisoformat(rate.date)
    except ValueError:
        return _EVER
    return datetime.combine(day, time(), UTC) + RATES_LAST + _DAY
