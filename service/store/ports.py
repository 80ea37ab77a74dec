"""What the rest of gpuquote asks of a store; described by tests/service/store/contract.py.

Every method may raise `StoreUnreachable`; no other exception of a client library leaves the
implementations.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from service.domain.change import Change
from service.domain.exchange import KeptRates
from service.domain.history import ModelHistory, OfferHistory, Point
from service.domain.model_price import ModelPriceBook
from service.domain.outcome import OutcomeReport
from service.domain.provider import ProviderSnapshot, ProviderStatus
from service.domain.quarantine import QuarantinedOffer, Review
from service.domain.quote import KeptRequest, Quote, QuoteHead
from service.domain.run import CollectionRun
from service.store.offer_blocks import PackedSnapshot


class StoreUnreachable(Exception):
    """The store did not answer; the message says which store and why."""


class NewerSchema(Exception):
    """The stored data were written by a newer version; this one refuses to write.

    Raised by `register`, `publish`, `save_report`, `save_quarantine`, `review`, `request_run`,
    `save_run`, `create_quote` and `acquire`.
    """


class UnreadableSnapshot(Exception):
    """One provider's current snapshot is missing, damaged or of a newer version.

    Only that provider is concerned: a reader goes on with the others and with what it already
    holds; a publisher replaces the snapshot, with `previous_id` from `pointers()`. The store
    has logged it.
    """


class StoreFull(Exception):
    """There is no room left for quotes; nothing was kept. The message says how full it is."""


class UnreadableQuote(Exception):
    """A quote is there, but damaged or of a newer version; the message names it."""


CHANGES_KEPT_FOR = timedelta(days=30)
CHANGES_KEPT = 1_000_000
CHANGES_KEPT_BYTES = 256 * 1024 * 1024
"""The log of changes is cut at whichever is reached first; bytes are those of the packed log."""
CHANGES_PER_ENTRY = 256
"""So many changes at most are packed together: a page of a large publication is read alone."""
PAGE_TOKEN_KEY_BYTES = 32
REPORTS_KEPT = 1000
"""So many reports of buyers are kept for each GPU model and provider, the newest."""

LogPosition = tuple[int, int]
"""Where an entry stands in the log of changes; positions only grow. (0, 0) is before the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """Changes that were appended together, in their order; at most `CHANGES_PER_ENTRY`."""

    position: LogPosition
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogBounds:
    """The last entry that was dropped, and the last there is; (0, 0) where there is none."""

    dropped: LogPosition
    end: LogPosition


class PublishOutcome(StrEnum):
    """How a publication ended."""

    PUBLISHED = "published"
    FENCED = "fenced"
    OUTDATED = "outdated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to publish: the holder's name and its fencing token, which only ever grows."""

    holder: str
    fence: int


class CatalogStore(Protocol):
    """Snapshots of providers, their states, and the stream of changes."""

    def register(self, statuses: tuple[ProviderStatus, ...]) -> None:
        """Store the states of providers, each replacing what stood there."""

    def statuses(self) -> Mapping[str, ProviderStatus]:
        """Return the state of every provider that was ever registered."""

    def pointers(self) -> Mapping[str, str]:
        """Return the id of the current snapshot of every provider that has one."""

    def snapshot(self, provider: str) -> ProviderSnapshot | None:
        """Return the current snapshot, whole; None before the first publication.

        Raises UnreadableSnapshot.
        """

    def packed_snapshot(self, provider: str) -> PackedSnapshot | None:
        """Return the current snapshot with its offers packed, for whoever has most of them.

        Raises UnreadableSnapshot; offers that cannot be unpacked show when that is tried.
        """

    def publish(
        self,
        snapshot: ProviderSnapshot,
        *,
        previous_id: str,
        changes: tuple[Change, ...],
        fence: int,
    ) -> PublishOutcome:
        """Make `snapshot` current in one step; log its changes, add its history points.

        FENCED when a higher fencing token was seen, OUTDATED when the current snapshot is not
        `previous_id` ("" for none); nothing is written in both cases. After StoreUnreachable it
        may or may not have happened: `pointers()` tells.
        """

    def position(self) -> str:
        """Return the current end of the event stream."""

    def wait_for_event(self, *, after: str, timeout_seconds: float) -> str:
        """Block until something was published or registered after `after`; return the new end.

        Returns `after` itself when nothing happened in time. A stream that was lost or rolled
        back counts as an event.
        """

    def page_token_key(self) -> bytes:
        """Return the random key that all replicas sign page tokens with; made on first use."""


class HistoryStore(Protocol):
    """How prices and availability moved, written by `publish`, and what buyers reported.

    An offer has one point for each change of its price, its availability, or of whether its price
    is believed. A delisting is a point with the last price and NOT_OFFERED. Times are whole
    seconds. Points are kept for `GPUQUOTE_HISTORY_DAYS`; the one that held when they begin is
    kept with them.
    """

    def price_points(self, offer_id: str) -> tuple[Point, ...]:
        """Return the history of an offer, oldest first."""

    def offer_histories(self, offer_ids: Collection[str]) -> Mapping[str, OfferHistory]:
        """Return the histories of some offers; those without any are left out."""

    def model_history(self, gpu_model: str) -> ModelHistory:
        """Return the series of a GPU model, delisted ones too, and when providers were watched."""

    def models_with_history(self) -> tuple[str, ...]:
        """Return the GPU models that have series, by id; slow, not for requests."""

    def save_report(self, report: OutcomeReport) -> None:
        """Keep a report, of a GPU model and provider the newest `REPORTS_KEPT`."""

    def reports(self, gpu_model: str, *, since: datetime) -> tuple[OutcomeReport, ...]:
        """Return what buyers reported since a moment, oldest first."""


class ModelPriceStore(Protocol):
    """What the sources of token prices have said, one book each."""

    def model_price_books(self) -> tuple[ModelPriceBook, ...]:
        """Return the readable books, by source."""

    def save_model_prices(self, book: ModelPriceBook, *, fence: int) -> PublishOutcome:
        """Replace the book of a source; FENCED when a higher fencing token was seen."""


class RateStore(Protocol):
    """The exchange rates that the collector keeps."""

    def rates(self) -> KeptRates | None:
        """Return the rates that were saved last; None before, and when they cannot be read."""

    def save_rates(self, rates: KeptRates, *, fence: int) -> PublishOutcome:
        """Replace the rates; FENCED when a higher fencing token was seen."""


class QuarantineStore(Protocol):
    """What the gate holds back: entries written by the collector, decisions by people."""

    def quarantine(self, *, provider: str) -> tuple[QuarantinedOffer, ...]:
        """Return what is held of a provider, of all for "", newest first, with its decisions.

        What was last seen longer ago than `QUARANTINE_KEPT_FOR` is left out.
        """

    def save_quarantine(
        self, provider: str, entries: tuple[QuarantinedOffer, ...], *, fence: int
    ) -> PublishOutcome:
        """Replace what is held of a provider; FENCED when a higher fencing token was seen.

        Decisions about entries that are gone go with them; the others stand, whatever the entries
        say.
        """

    def review(
        self, quarantine_id: str, review: Review, *, instead_of: Review | None = None
    ) -> bool:
        """Keep a decision about an entry, in place of the one that is known, or of none.

        False, and nothing kept, when the decision that stands is another one.
        """


class ChangeLog(Protocol):
    """What every publication changed, in one order for all, written by `publish`.

    It outlives the processes and restarts of the store. An entry that cannot be read is logged
    and has no changes.
    """

    def log_bounds(self) -> LogBounds:
        """Return where the log begins and ends."""

    def log_entries(
        self, *, since: LogPosition, limit: int, enough: int = CHANGES_KEPT
    ) -> tuple[LogEntry, ...]:
        """Return the oldest entries at or after a position.

        At most `limit`, and none beyond the one with which they have `enough` changes.
        """

    def wait_for_log_entries(
        self, *, after: LogPosition, limit: int, timeout_seconds: float
    ) -> tuple[LogEntry, ...]:
        """Block until there are entries after a position; empty when none came in time."""


class RunStore(Protocol):
    """Collection runs and the requests for them."""

    def request_run(self, run: CollectionRun) -> CollectionRun | None:
        """Store a PENDING run and queue it for the leading collector.

        Returns None when done, or the run of the same provider that is PENDING or RUNNING and
        younger than `NO_COLLECTOR_AFTER` (PENDING) or one hour (RUNNING).
        """

    def take_request(self, *, timeout_seconds: float) -> CollectionRun | None:
        """Take the oldest queued run; None when none came in time.

        Runs that have ended, or have waited longer than `NO_COLLECTOR_AFTER`, are passed over.
        """

    def save_run(self, run: CollectionRun) -> None:
        """Store a run, replacing what stood there; kept for `RUNS_KEPT_FOR`."""

    def find_run(self, run_id: str) -> CollectionRun | None:
        """Return a run; None when there is none of that id."""

    def runs(self, *, provider: str, before: str, limit: int) -> tuple[CollectionRun, ...]:
        """List runs, newest first, with an id below `before`; "" means all, for both."""


class QuoteStore(Protocol):
    """Quotes: written once, never changed, each kept until its own `purge_time`."""

    def create_quote(
        self, quote: Quote, *, request_id: str = "", digest: str = ""
    ) -> KeptRequest | None:
        """Keep a quote and what its request id stands for, in one step; "" is no request id.

        Returns None when done, or what the request id stands for already; then nothing is kept.
        `digest` (hex) is that of the request. After StoreUnreachable it may or may not have
        happened: the same request id again tells. Raises StoreFull.
        """

    def find_request(self, request_id: str) -> KeptRequest | None:
        """Return what a request id stands for; None when none came in `REQUEST_IDS_KEPT_FOR`."""

    def find_quote(self, quote_id: str) -> bytes | None:
        """Return the document of a quote, byte for byte; None when there is none of that id.

        Raises UnreadableQuote.
        """

    def quotes(self, *, before: str, limit: int) -> tuple[QuoteHead, ...]:
        """List the heads of quotes, newest first, with an id below `before`; "" means all."""


class LeaseStore(Protocol):
    """One lease: whoever holds it collects and publishes."""

    def acquire(self, *, holder: str, length: timedelta) -> Lease | None:
        """Take the lease if it is free or already ours; a new term gets a higher fencing token.

        `holder` must differ between processes and between restarts.
        """

    def renew(self, lease: Lease, *, length: timedelta) -> bool:
        """Extend a lease that is still ours; False when it is not."""

    def release(self, lease: Lease) -> None:
        """Give the lease up if it is still ours."""


class Store(
    CatalogStore,
    HistoryStore,
    ChangeLog,
    QuarantineStore,
    ModelPriceStore,
    RateStore,
    RunStore,
    QuoteStore,
    LeaseStore,
    Protocol,
):
    """Everything at once, as the implementations offer it."""
