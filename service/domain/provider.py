"""A provider: its facts, how its collection stands, and what it published last."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from service.domain.offer import Offer


class ProviderState(StrEnum):
    """How the collection of one provider stands."""

    PENDING = "PENDING"
    OK = "OK"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    HELD = "HELD"
    NEEDS_KEY = "NEEDS_KEY"
    DISABLED = "DISABLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectCount:
    """How many rows of a run were not used for one reason, with up to five of their texts."""

    reason: str
    row_count: int
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderStatus:
    """Facts of a provider and the state of its collection; written by the collector."""

    provider: str
    title: str
    home: str
    state: ProviderState
    interval: timedelta
    detail: str = ""
    missing_variable: str = ""
    rejects: tuple[RejectCount, ...] = ()
    last_attempt_time: datetime | None = None
    last_success_time: datetime | None = None
    next_attempt_time: datetime | None = None
    opt_in: bool = False
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSnapshot:
    """Everything that one provider offers, published as a whole and never changed.

    `snapshot_id` differs with every publication. `content_revision` differs only when a price,
    an availability or the set of offers differs. Delisted offers stay in `offers` for 30 days,
    with their `delist_time`. `page_digest` tells a changed page from changed prices.
    """

    provider: str
    snapshot_id: str
    content_revision: str
    publish_time: datetime
    interval: timedelta
    offers: tuple[Offer, ...]
    replayed: bool = False
    page_digest: str = ""
