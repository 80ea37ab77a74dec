"""How a price compares with the last one that was accepted: rule R2 of the gate.

Prices are compared per GPU-hour and in the currency that the page prints, so that a move of the
exchange rate is no jump. A jump is held back. It is accepted by itself only when it is moderate,
the price is an on-demand list price, the page is built as it was before, and three runs over six
hours agree on it: a parser that misreads a page is just as constant, so that repetition alone
must not clear a gross error.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from service.domain.money import Money, rounded
from service.domain.offer import (
    ListedPrice,
    Offer,
    PendingPrice,
    PriceUnit,
    PurchaseModel,
    Standing,
)

# Of 4,206 observed steps of offers no on-demand price moved by more than a third without notice;
# spot prices and market places do move by 2.
LIST_PRICE_BAND = Decimal("1.35")
VOLATILE_BAND = Decimal(3)
CONFIRMABLE_BAND = Decimal(2)
CONFIRMED_AFTER_RUNS = 3
CONFIRMED_AFTER = timedelta(hours=6)
EQUAL_WITHIN = Decimal("0.005")
# What is left by rounding converted prices, to a millionth of a dollar per GPU-hour.
_ROUNDING = Decimal("0.0001")
_PRINTED_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A price just seen beside the last known one of the same offer.

    `page_digest` is the structure of the page now, `last_page_digest` at the last publication; ""
    where it is not known.
    """

    seen: Offer
    last: Offer
    marketplace: bool
    now: datetime
    page_digest: str = ""
    last_page_digest: str = ""

    @property
    def price(self) -> Decimal:
        """The seen price per GPU-hour in US dollars, at the exchange rate of the last one.

        At its own rate where the last one was in another currency.
        """
        if self.seen.listed.amount.currency_code != self.last.listed.amount.currency_code:
            return self.seen.price_per_gpu_hour
        return self.seen.price_per_gpu_hour / _rate(self.seen) * _rate(self.last)

    @property
    def ratio(self) -> Decimal:
        """The seen price over the last one."""
        return self.price / self.last.price_per_gpu_hour

    @property
    def is_same_key(self) -> bool:
        """Whether it is still the same GPU and the same number of them."""
        seen, last = self.seen, self.last
        return (seen.gpu_model, seen.gpu_count) == (last.gpu_model, last.gpu_count)

    @property
    def is_same_price(self) -> bool:
        """Whether the page prints the price that it printed before."""
        if not self.is_same_key:
            return False
        seen, last = self.seen.listed, self.last.listed
        if (seen.amount, seen.unit) == (last.amount, last.unit):
            return True
        return abs(self.ratio - 1) <= _ROUNDING

    @property
    def is_amount_in_other_unit(self) -> bool:
        """Whether the last amount stands there in another currency or unit, and so costs other.

        A price for one GPU and for a machine of one GPU is the same price.
        """
        seen, last = self.seen.listed, self.last.listed
        is_same_amount = seen.amount.amount == last.amount.amount
        is_same_unit = _unit(seen) == _unit(last)
        return is_same_amount and not is_same_unit and abs(self.ratio - 1) > _ROUNDING

    @property
    def is_near(self) -> bool:
        """Whether the price moved no further than prices of its kind do."""
        return self._is_within(VOLATILE_BAND if self._is_volatile else LIST_PRICE_BAND)

    @property
    def is_far_for_a_list_price(self) -> bool:
        """Whether an offer of a marketplace, not spot, moved further than list prices do.

        Markets do that, and so does a wrong column: it is believed when a second run agrees.
        """
        return self.seen.purchase_model is not PurchaseModel.SPOT and not self._is_within(
            LIST_PRICE_BAND
        )

    @property
    def is_against_accepted(self) -> bool:
        """Whether the last price is one that the gate accepted; the offer may be gone since."""
        return self.last.standing in {Standing.ACCEPTED, Standing.UNCONFIRMED}

    @property
    def pending(self) -> PendingPrice:
        """The seen price as one that waits for confirmation, counted with the runs before."""
        before = self.last.pending
        if before is None or not are_equal(self.price, before.price_per_gpu_hour):
            return PendingPrice(
                price_per_gpu_hour=self.price,
                first_seen_time=self.now,
                page_digest=self.last_page_digest or self.page_digest,
            )
        return replace(before, run_count=before.run_count + 1)

    @property
    def is_confirmed(self) -> bool:
        """Whether enough runs over enough hours agree on a moderate move of a list price.

        Never for spot, marketplaces and reserved prices, nor together with another GPU or count,
        nor while the page is built otherwise than before the move.
        """
        return (
            self.seen.purchase_model is PurchaseModel.ON_DEMAND
            and not self.marketplace
            and self.is_same_key
            and self._is_within(CONFIRMABLE_BAND)
            and self.page_digest == self.pending.page_digest
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


def _unit(listed: ListedPrice) -> tuple[str, PriceUnit]:
    return listed.amount.currency_code, listed.unit


def printed_per_gpu_hour(offer: Offer) -> Money | None:
    """Return the price in the currency of its page; None where that is the dollar."""
    if offer.exchange_rate is None or not offer.price_per_gpu_hour.is_finite():
        return None
    return Money(
        amount=rounded(offer.price_per_gpu_hour / _rate(offer), digits=_PRINTED_DIGITS),
        currency_code=offer.listed.amount.currency_code,
    )


def are_equal(price: Decimal, other: Decimal) -> bool:
    """Say whether two prices are the same price: within half a percent."""
    return abs(price - other) <= EQUAL_WITHIN * other
