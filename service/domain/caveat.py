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
    COLOCATION_NOT_LOCAL = "COLOCATION_NOT_LOCAL"
    COMMIT_PRICE_ASSUMED = "COMMIT_PRICE_ASSUMED"
    COMMITMENTS_NOT_RANKED = "COMMITMENTS_NOT_RANKED"
    EGRESS_NOT_PRICED = "EGRESS_NOT_PRICED"
    EXCHANGE_RATE_OLD = "EXCHANGE_RATE_OLD"
    GPUS_EXCEED_TOKENS = "GPUS_EXCEED_TOKENS"
    LAND_NOT_PRICED = "LAND_NOT_PRICED"
    LONG_RUN = "LONG_RUN"
    NAMED_OFFER_EXCLUDED = "NAMED_OFFER_EXCLUDED"
    NO_MATCHING_OFFERS = "NO_MATCHING_OFFERS"
    NO_MEASURED_ROWS = "NO_MEASURED_ROWS"
    OWN_NOT_PRICED = "OWN_NOT_PRICED"
    QUOTED_OFFERS_GONE = "QUOTED_OFFERS_GONE"
    QUOTE_EXPIRED = "QUOTE_EXPIRED"
    SNAPSHOT_HELD = "SNAPSHOT_HELD"
    SPOT_NOT_PRICED = "SPOT_NOT_PRICED"
    STARTS_LATER = "STARTS_LATER"
    STOCK_NOT_STATED = "STOCK_NOT_STATED"
    STOCK_PARTLY_STATED = "STOCK_PARTLY_STATED"
    STORAGE_NOT_PRICED = "STORAGE_NOT_PRICED"
    TAX_INCLUDED = "TAX_INCLUDED"
    TAX_NOT_STATED = "TAX_NOT_STATED"
    TOKENS_EXCEED_GPUS = "TOKENS_EXCEED_GPUS"
    TOKENS_NOT_JOINED = "TOKENS_NOT_JOINED"
    TUNED_BENCHMARK = "TUNED_BENCHMARK"
    UNPROVEN_CAPACITY = "UNPROVEN_CAPACITY"


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
