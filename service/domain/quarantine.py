"""What the gate holds back, and what a person decided about it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from service.domain.money import Money

QUARANTINE_KEPT_FOR = timedelta(days=30)
QUARANTINED_PER_PROVIDER = 200
MAX_RAW_TEXT_BYTES = 4096


class QuarantineState(StrEnum):
    """How a quarantined offer stands."""

    WAITING = "WAITING"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    CLEARED = "CLEARED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A decision of a person: ACCEPTED or REJECTED, who, why, when."""

    state: QuarantineState
    reviewer: str
    note: str
    review_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedOffer:
    """A price, or with an empty `offer_id` a whole run, that the gate did not believe.

    Prices are US dollars per GPU-hour, at the exchange rate of the last accepted price where there
    is one. `printed` is `observed` in the currency of the page; None where that is the dollar.
    `ratio` is `observed` over `last_accepted`, or the common factor of a held run.
    `times_seen` counts runs in a row. `quarantine_id` sorts by `first_seen_time`. `review_time` is
    also when it cleared by itself.
    """

    quarantine_id: str
    provider: str
    rule: str
    reason: str
    evidence: str
    first_seen_time: datetime
    last_seen_time: datetime
    offer_id: str = ""
    raw_text: str = ""
    last_accepted: Decimal | None = None
    observed: Decimal | None = None
    printed: Money | None = None
    ratio: Decimal | None = None
    times_seen: int = 1
    page_digest: str = ""
    source_uri: str = ""
    state: QuarantineState = QuarantineState.WAITING
    reviewer: str = ""
    review_note: str = ""
    review_time: datetime | None = None

    @property
    def is_run(self) -> bool:
        """Whether a whole run is held, not one offer."""
        return not self.offer_id

    @property
    def review(self) -> Review | None:
        """The decision of a person; None where there is none."""
        if self.state not in {QuarantineState.ACCEPTED, QuarantineState.REJECTED}:
            return None
        if self.review_time is None:
            return None
        return Review(
            state=self.state,
            reviewer=self.reviewer,
            note=self.review_note,
            review_time=self.review_time,
        )

    def reviewed(self, review: Review) -> "QuarantinedOffer":
        """Return it with a person's decision, which stands above what the collector says."""
        return replace(
            self,
            state=review.state,
            reviewer=review.reviewer,
            review_note=review.note,
            review_time=review.review_time,
        )


def kept_entries(
    entries: Iterable[QuarantinedOffer], *, now: datetime
) -> tuple[QuarantinedOffer, ...]:
    """Drop what was last seen 30 days ago, and all but 200; newest first.

    Of too many, those go first that cleared, then those that were not seen for longest; of those
    seen last, the ones that a person decided about stay.
    """
    young = [e for e in entries if now - e.last_seen_time <= QUARANTINE_KEPT_FOR]
    by_worth = sorted(
        young,
        key=lambda e: (
            e.state is not QuarantineState.CLEARED,
            e.last_seen_time,
            e.review is not None,
            e.quarantine_id,
        ),
        reverse=True,
    )
    return newest_first(by_worth[:QUARANTINED_PER_PROVIDER])


def newest_first(entries: Iterable[QuarantinedOffer]) -> tuple[QuarantinedOffer, ...]:
    """Sort by the first sighting."""
    return tuple(sorted(entries, key=lambda entry: entry.quarantine_id, reverse=True))
