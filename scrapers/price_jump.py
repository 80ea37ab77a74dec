"""How a price compares with the last one that was accepted: rule R2 of the gate.

Prices are compared per GPU-hour and in the currency that the page prints, so that a move of the
exchange rate is no jump. A jump is held back. It is accepted by itself only when it is moderate,
the price is a list price, and three runs over six hours agree on it: a parser that misreads a
page is just as constant, so that repetition alone must not clear a gross error.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from service.domain.offer import Offer, PendingPrice, PurchaseModel, Standing

# Of 4,206 observed steps of offers no on-demand price moved by more than a third without notice;
# spot prices and market places do move by 2.
LIST_PRICE_BAND = Decimal("1.35")
VOLATILE_BAND = Decimal(3)
CONFIRMABLE_BAND = Decimal(2)
CONFIRMED_AFTER_RUNS = 3
CONFIRMED_AFTER = timedelta(hours=6)
_EQUAL_WITHIN = Decimal("0.005")
# What is left by rounding converted prices, to a millionth of a dollar per GPU-hour.
_ROUNDING = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A price just seen beside the last known one of the same offer."""

    seen: Offer
    last: Offer
    marketplace: bool
    now: datetime

    @property
    def price(self) -> Decimal:
        """The seen price per GPU-hour in US dollars at the exchange rate of the last one."""
        if self.seen.listed.amount.currency_code != self.last.listed.amount.currency_code:
            return self.seen.price_per_gpu_hour
        return self.seen.price_per_gpu_hour / _rate(self.seen) * _rate(self.last)

    @property
    def ratio(self) -> Decimal:
        """The seen price over the last one."""
        return self.price / self.last.price_per_gpu_hour

    @property
    def is_same_price(self) -> bool:
        """Whether the page prints the price that it printed before."""
        seen, last = self.seen, self.last
        if (seen.listed.amount, seen.listed.unit) == (last.listed.amount, last.listed.unit):
            return seen.gpu_count == last.gpu_count
        return abs(self.ratio - 1) <= _ROUNDING

    @property
    def is_near(self) -> bool:
        """Whether the price moved no further than prices of its kind do."""
        return self._is_within(VOLATILE_BAND if self._is_volatile else LIST_PRICE_BAND)

    @property
    def is_against_accepted(self) -> bool:
        """Whether the last price is one that the gate accepted and that is still served."""
        return self.last.is_listed and self.last.standing in {
            Standing.ACCEPTED,
            Standing.UNCONFIRMED,
        }

    @property
    def pending(self) -> PendingPrice:
        """The seen price as one that waits for confirmation, counted with the runs before."""
        before = self.last.pending
        if before is None or not _equal(self.price, before.price_per_gpu_hour):
            return PendingPrice(price_per_gpu_hour=self.price, first_seen_time=self.now)
        return replace(before, run_count=before.run_count + 1)

    @property
    def is_confirmed(self) -> bool:
        """Whether enough runs over enough hours agree on a moderate move of a list price."""
        # A jump of a volatile price is beyond this band, so it is never confirmed.
        return (
            self._is_within(CONFIRMABLE_BAND)
            and self.pending.run_count >= CONFIRMED_AFTER_RUNS
            and self.now - self.pending.first_seen_time >= CONFIRMED_AFTER
        )

    def _is_within(self, band: Decimal) -> bool:
        # Products, not the ratio: its rounding would refuse a move of exactly the band.
        before = self.last.price_per_gpu_hour
        return self.price <= band * before and before <= band * self.price

    @property
    def _is_volatile(self) -> bool:
        return self.marketplace or self.seen.purchase_model is PurchaseModel.SPOT


def _rate(offer: Offer) -> Decimal:
    return offer.exchange_rate.rate if offer.exchange_rate else Decimal(1)


def _equal(price: Decimal, other: Decimal) -> bool:
    return abs(price - other) <= _EQUAL_WITHIN * other
