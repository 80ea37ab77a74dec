"""What the gate starts from beside a run, what it comes to, and how that is said."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from scrapers.market import NO_MARKET, Market
from scrapers.provider import Reject
from scrapers.reviews import NO_REVIEWS, Reviews
from service.domain.offer import Offer, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What is known beside the run itself and the offers before it.

    `page_digest` is the structure of the pages of this run, `last_page_digest` that of the last
    publication; "" where unknown. `first_standing` is that of new offers on a provider's first run:
    live ones are PROVISIONAL until a second run shows them, those of a recording are ACCEPTED, as
    somebody chose it.
    """

    market: Market = NO_MARKET
    reviews: Reviews = NO_REVIEWS
    page_digest: str = ""
    last_page_digest: str = ""
    first_standing: Standing = Standing.PROVISIONAL


NO_BACKGROUND = Background()


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """A row for the quarantine: not believed, or published on trial.

    `last` is what was accepted of it before; the offer may be gone since. `observed` is its price
    per GPU-hour as `Comparison.price` has it.
    """

    offer: Offer
    last: Offer | None
    rule: str
    reason: str
    evidence: str
    observed: Decimal
    ratio: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRun:
    """Why a whole run is held; `factor` is the common one of R6."""

    rule: str
    reason: str
    evidence: str
    factor: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a run comes to.

    `offers` is the complete next set: accepted, provisional, last good ones kept, and delisted
    ones. `accepted_count` counts the rows of this run among them. When `held_by` is there, nothing
    of the run is used and `offers` is the previous set as it was; `detail` says why. `row_count`
    counts all rows, those that could not be read too.
    `reviewed_ids` are the decisions of people that were applied, about rows and about the run.
    """

    offers: tuple[Offer, ...]
    accepted_count: int
    rejects: tuple[Reject, ...]
    held_by: HeldRun | None
    detail: str
    row_count: int
    held_rows: tuple[HeldRow, ...] = ()
    reviewed_ids: frozenset[str] = frozenset()

    @property
    def held(self) -> bool:
        """Whether the whole run is held."""
        return self.held_by is not None


def tally_of(rejects: Iterable[Reject]) -> str:
    """Count rejects by reason, in words."""
    counts = Counter(reject.reason for reject in rejects)
    return ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items()))


def summary_of(offers: Collection[Offer], *, rejects: tuple[Reject, ...], now: datetime) -> str:
    """Say what was out of the ordinary, "" for an ordinary run."""
    listed = Counter(offer.standing for offer in offers if offer.is_listed)
    gone = sum(offer.delist_time == now for offer in offers)
    words = (
        (len(rejects), f"rows rejected ({tally_of(rejects)})"),
        (listed[Standing.UNCONFIRMED], "offers unconfirmed"),
        (listed[Standing.PROVISIONAL], "offers provisional"),
        (gone, "offers delisted"),
    )
    return ", ".join(f"{count} {word}" for count, word in words if count)
