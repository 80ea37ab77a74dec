"""What people decided about held prices and runs, as the gate asks for it. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from scrapers.price_jump import are_equal, printed_per_gpu_hour
from service.domain.money import Money
from service.domain.offer import Offer
from service.domain.quarantine import QuarantinedOffer, QuarantineState

RUN_ACCEPTED_FOR = timedelta(hours=24)
"""An accepted run lets its rule pass for a day: enough for single rows to be decided about."""

_FACTOR_TOLERANCE = Decimal("0.004")
_DECIDED = frozenset({QuarantineState.ACCEPTED, QuarantineState.REJECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    """The decisions about one provider, the newest of each value first."""

    by_offer: Mapping[str, tuple[QuarantinedOffer, ...]] = field(
        default_factory=dict[str, tuple[QuarantinedOffer, ...]]
    )
    runs: tuple[QuarantinedOffer, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[QuarantinedOffer]) -> "Reviews":
        """Take the decisions out of a provider's quarantine."""
        decided = sorted(
            (e for e in entries if e.state in _DECIDED and e.review_time),
            key=lambda e: (e.review_time or e.first_seen_time, e.quarantine_id),
            reverse=True,
        )
        by_offer: defaultdict[str, tuple[QuarantinedOffer, ...]] = defaultdict(tuple)
        for entry in decided:
            if not entry.is_run:
                by_offer[entry.offer_id] += (entry,)
        return cls(by_offer=by_offer, runs=tuple(entry for entry in decided if entry.is_run))

    def find_of_offer(self, offer: Offer, *, observed: Decimal) -> QuarantinedOffer | None:
        """Return the newest decision about the price that an offer has on its page."""
        printed = printed_per_gpu_hour(offer)
        return next(
            (
                entry
                for entry in self.by_offer.get(offer.offer_id, ())
                if is_same_price(entry, observed=observed, printed=printed)
            ),
            None,
        )

    def find_acceptance(
        self, rule: str, *, factor: Decimal | None, now: datetime
    ) -> QuarantinedOffer | None:
        """Return what lets a run pass that this rule holds: a person's decision of the last day.

        A common factor (R6) is accepted for one publication: what moves by it again moves anew.
        """
        newest = next(
            (
                entry
                for entry in self.runs
                if entry.rule == rule and is_same_factor(entry.ratio, factor)
            ),
            None,
        )
        if newest is None or newest.state is not QuarantineState.ACCEPTED:
            return None
        decided = newest.review_time
        if decided is None or now - decided > RUN_ACCEPTED_FOR:
            return None
        is_used_up = factor is not None and newest.last_seen_time > decided
        return None if is_used_up else newest


def is_same_price(
    entry: QuarantinedOffer, *, observed: Decimal | None, printed: Money | None
) -> bool:
    """Say whether an entry is about this price, within half a percent of what the page prints."""
    if printed and entry.printed:
        is_same_currency = printed.currency_code == entry.printed.currency_code
        return is_same_currency and are_equal(printed.amount, entry.printed.amount)
    if printed or entry.printed or observed is None or entry.observed is None:
        return False
    return are_equal(observed, entry.observed)


def is_same_factor(one: Decimal | None, other: Decimal | None) -> bool:
    """Say whether two common factors are one; a rule without a factor is always the same."""
    if one is None or other is None:
        return one is other
    return abs(one - other) <= _FACTOR_TOLERANCE * other


NO_REVIEWS = Reviews()
