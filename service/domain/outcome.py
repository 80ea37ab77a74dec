"""What came of an attempt to buy an offer, as its buyer reported it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from service.domain.money import Money


class Outcome(StrEnum):
    """How the attempt ended."""

    BOUGHT = "BOUGHT"
    NO_CAPACITY = "NO_CAPACITY"
    PRICE_DIFFERED = "PRICE_DIFFERED"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeReport:
    """One report. `price_per_hour` is what was asked instead, for the whole offer."""

    offer_id: str
    provider: str
    gpu_model: str
    outcome: Outcome
    report_time: datetime
    price_per_hour: Money | None = None

    def __post_init__(self) -> None:
        """Refuse a price without a difference. Raises ValueError."""
        if self.price_per_hour is not None and self.outcome is not Outcome.PRICE_DIFFERED:
            raise ValueError(f"{self.offer_id}: only PRICE_DIFFERED has another price")
