"""What a server still fetches after some months, as a share of its price.

`residual_values.csv` has curves of vendors (unaudited), moves of list prices, and prices of used
GPUs; they disagree by a factor of three at the same age, so that the range is wide on purpose.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from statistics import median

from service.domain.figure import Figure
from service.facts.judgements import (
    MONTHS_TO_NO_VALUE,
    RESALE_AT_ONCE,
    RESIDUAL_AT_48_MONTHS_AT_MOST,
    RESIDUAL_FLOOR,
)
from service.facts.periods import first_day
from service.facts.quantities import share_from_percent
from service.facts.rows import Row, rows_of, whole
from service.facts.spread import joined

_PATH = Path(__file__).with_name("residual_values.csv")
_ENOUGH_FOR_A_FAMILY = 5
_SLOWEST_DECAY_PER_MONTH = math.log(RESALE_AT_ONCE.base / RESIDUAL_AT_48_MONTHS_AT_MOST.base) / 48


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualValue:
    """One row: the share of a price that is left at an age; a rule of thumb has no `family`."""

    family: str
    age_months: int
    low: float
    high: float
    period: str
    counts_from: date | None
    source: str

    @property
    def decay_per_month(self) -> float:
        """The rate at which 0.85 of the price would have fallen to the middle of the row."""
        middle = (self.low + self.high) / 2
        return math.log(RESALE_AT_ONCE.base / middle) / self.age_months


@cache
def load_residual_values(path: Path = _PATH) -> tuple[ResidualValue, ...]:
    """Read the rows, oldest first, once in a process. Raises BadFacts."""
    return tuple(
        sorted((_value(row) for row in rows_of(path)), key=lambda one: one.counts_from or date.min)
    )


def residual_fraction(
    values: Sequence[ResidualValue], family: str, *, age_months: float, today: date
) -> Figure | None:
    """Return the share of its price that a server of a GPU family still fetches at an age.

    R(t) = max(floor, 0.85 exp(-k t)). The base's k is the median of what the rows of the family
    imply, of all families where it has fewer than five. The high end falls to 0.60 in 48 months,
    the low end on a straight line to nothing in 24. None where no row serves. Raises ValueError
    for an age below zero.
    """
    if not age_months >= 0:
        raise ValueError("an age is not below zero")
    known = [one for one in values if one.family and (one.counts_from or date.min) <= today]
    own = [one for one in known if one.family == family]
    serving = own if len(own) >= _ENOUGH_FOR_A_FAMILY else known
    if not serving:
        return None
    decay_per_month = median(one.decay_per_month for one in serving)
    line = RESALE_AT_ONCE.base * (1 - age_months / MONTHS_TO_NO_VALUE.base)
    return Figure(
        name="residual_fraction",
        low=max(RESIDUAL_FLOOR.low, line),
        base=max(RESIDUAL_FLOOR.base, _left(decay_per_month, age_months)),
        high=max(RESIDUAL_FLOOR.high, _left(_SLOWEST_DECAY_PER_MONTH, age_months)),
        unit="share of the purchase price",
        source=(
            f"median decay of {len(serving)} rows of"
            f" {family if serving is own else 'all families'}:"
            f" {joined(one.source for one in serving)} | range: {MONTHS_TO_NO_VALUE.source};"
            f" {RESIDUAL_AT_48_MONTHS_AT_MOST.source}"
        ),
        date=serving[-1].period,
    )


def _left(decay_per_month: float, age_months: float) -> float:
    return RESALE_AT_ONCE.base * math.exp(-decay_per_month * age_months)


def _value(row: Row) -> ResidualValue:
    value = ResidualValue(
        family=row.find("family", str) or "",
        age_months=row.read("age_months", whole),
        low=row.read("low_percent", share_from_percent),
        high=row.read("high_percent", share_from_percent),
        period=row.find("date", str) or "",
        counts_from=row.find("date", first_day),
        source=row.read("source", str),
    )
    if value.low > value.high or not value.high:
        raise row.bad("high_percent", "is below low_percent, or zero")
    return value
