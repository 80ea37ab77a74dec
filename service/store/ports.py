"""What the rest of gpuquote asks of a store; described by tests/service/store/contract.py.

Every method may raise `StoreUnreachable`; no other exception of a client library leaves the
implementations.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from service.domain.change import Change
from service.domain.provider import ProviderSnapshot, ProviderStatus
from service.domain.run import CollectionRun


class StoreUnreachable(Exception):
    """The store did not answer; the message says which store and why."""


class NewerSchema(Exception):
    """The stored data were written by a newer version; this one refuses to write.

    Raised by `register`, `publish`, `request_run`, `save_run` and `acquire`.
    """


class UnreadableSnapshot(Exception):
    """One provider's current snapshot is missing, damaged or of a newer version.

    Only that provider is concerned: a reader goes on with the others and with what it already
    holds; a publisher replaces the snapshot, with `previous_id` from `pointers()`. The store
    has logged it.
    """


CHANGES_KEPT_FOR = timedelta(hours=24)
PAGE_TOKEN_KEY_BYTES = 32

PricePoint = tuple[datetime, int, str]
"""A moment in the history of an offer: time, nano-dollars an hour, availability."""


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

    def publish(
        self,
        snapshot: ProviderSnapshot,
        *,
        previous_id: str,
        changes: tuple[Change, ...],
        fence: int,
    ) -> PublishOutcome:
        """Make `snapshot` current in one step, with its changes and its history points.

        FENCED when a higher fencing token was seen, OUTDATED when the current snapshot is not
        `previous_id` ("" for none); nothing is written in both cases. After StoreUnreachable it
        may or may not have happened: `pointers()` tells.
        """

    def changes(self, *, provider: str, snapshot_id: str) -> tuple[Change, ...]:
        """Return what the publication of a snapshot changed.

        Empty once that is longer ago than `CHANGES_KEPT_FOR`.
        """

    def position(self) -> str:
        """Return the current end of the event stream."""

    def wait_for_event(self, *, after: str, timeout_seconds: float) -> str:
        """Block until something was published or registered after `after`; return the new end.

        Returns `after` itself when nothing happened in time. A stream that was lost or rolled
        back counts as an event.
        """

    def price_points(self, offer_id: str) -> tuple[PricePoint, ...]:
        """Return the history of an offer, oldest first.

        One point per change of price or availability; the newest few thousand are kept. A
        delisting is a point with the last price and NOT_OFFERED.
        """

    def page_token_key(self) -> bytes:
        """Return the random key that all replicas sign page tokens with; made on first use."""


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


class Store(CatalogStore, RunStore, LeaseStore, Protocol):
    """Everything at once, as the implementations offer it."""
