"""The store in the memory of one process: for tests and for looking without a server."""

import secrets
import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice

from service.domain.change import Change
from service.domain.exchange import KeptRates
from service.domain.model_price import ModelPriceBook
from service.domain.provider import ProviderSnapshot, ProviderStatus
from service.domain.quarantine import (
    QuarantinedOffer,
    Review,
    kept_entries,
    newest_first,
)
from service.domain.run import RUNS_KEPT_FOR, CollectionRun
from service.store.history_writes import HISTORY_KEPT_FOR
from service.store.memory_history import MemoryHistory
from service.store.memory_quotes import MemoryQuotes
from service.store.offer_blocks import PackedSnapshot, pack_snapshot
from service.store.ports import (
    CHANGES_KEPT,
    CHANGES_KEPT_FOR,
    CHANGES_PER_ENTRY,
    PAGE_TOKEN_KEY_BYTES,
    Lease,
    LogBounds,
    LogEntry,
    LogPosition,
    PublishOutcome,
)
from service.store.run_rules import is_waiting, open_until


def _utc_now() -> datetime:
    return datetime.now(UTC)


class MemoryStore(MemoryHistory, MemoryQuotes):
    """A `Store` that any number of threads share; gone with the process."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = _utc_now,
        history_kept_for: timedelta = HISTORY_KEPT_FOR,
    ) -> None:
        MemoryHistory.__init__(self, clock=clock, history_kept_for=history_kept_for)
        MemoryQuotes.__init__(self, clock=clock)
        self._clock = clock
        self._happened = threading.Condition()
        self._event_count = 0
        self._statuses: dict[str, ProviderStatus] = {}
        self._snapshots: dict[str, ProviderSnapshot] = {}
        self._log: list[tuple[datetime, LogEntry]] = []
        self._log_bounds = LogBounds(dropped=(0, 0), end=(0, 0))
        self._model_prices: dict[str, ModelPriceBook] = {}
        self._rates: KeptRates | None = None
        self._quarantine: dict[str, tuple[QuarantinedOffer, ...]] = {}
        self._reviews: dict[str, Review] = {}
        self._page_token_key = secrets.token_bytes(PAGE_TOKEN_KEY_BYTES)
        self._runs: dict[str, CollectionRun] = {}
        self._open_runs: dict[str, str] = {}
        self._requests: deque[str] = deque()
        self._fence = 0
        self._lease: tuple[Lease, datetime] | None = None

    def register(self, statuses: tuple[ProviderStatus, ...]) -> None:
        """Store the states of providers, each replacing what stood there."""
        if not statuses:
            return
        with self._happened:
            self._statuses |= {status.provider: status for status in statuses}
            self._add_event()

    def statuses(self) -> Mapping[str, ProviderStatus]:
        """Return the state of every provider that was ever registered."""
        with self._happened:
            return dict(self._statuses)

    def pointers(self) -> Mapping[str, str]:
        """Return the id of the current snapshot of every provider that has one."""
        with self._happened:
            return {name: snapshot.snapshot_id for name, snapshot in self._snapshots.items()}

    def snapshot(self, provider: str) -> ProviderSnapshot | None:
        """Return the current snapshot, whole; None before the first publication."""
        with self._happened:
            return self._snapshots.get(provider)

    def packed_snapshot(self, provider: str) -> PackedSnapshot | None:
        """Return the current snapshot with its offers packed; None before the first."""
        found = self.snapshot(provider)
        return None if found is None else pack_snapshot(found)

    def publish(
        self,
        snapshot: ProviderSnapshot,
        *,
        previous_id: str,
        changes: tuple[Change, ...],
        fence: int,
    ) -> PublishOutcome:
        """Make `snapshot` current in one step, with its changes and its history points."""
        with self._happened, self._writing:
            if fence < self._fence:
                return PublishOutcome.FENCED
            current = self._snapshots.get(snapshot.provider)
            if (current.snapshot_id if current else "") != previous_id:
                return PublishOutcome.OUTDATED
            self._fence = fence
            self._snapshots[snapshot.provider] = snapshot
            self._append_to_log(changes)
            self._add_to_history(snapshot, changes, previous_id=previous_id)
            self._add_event()
            return PublishOutcome.PUBLISHED

    def log_bounds(self) -> LogBounds:
        """Return where the log begins and ends."""
        with self._happened:
            return self._log_bounds

    def log_entries(
        self, *, since: LogPosition, limit: int, enough: int = CHANGES_KEPT
    ) -> tuple[LogEntry, ...]:
        """Return the oldest entries at or after a position, until they have `enough` changes."""
        chosen: list[LogEntry] = []
        with self._happened:
            found = (entry for _, entry in self._log if entry.position >= since)
            for entry in islice(found, limit):
                chosen.append(entry)
                enough -= len(entry.changes)
                if enough <= 0:
                    break
        return tuple(chosen)

    def wait_for_log_entries(
        self, *, after: LogPosition, limit: int, timeout_seconds: float
    ) -> tuple[LogEntry, ...]:
        """Block until there are entries after a position; empty when none came in time."""
        with self._happened:
            self._happened.wait_for(lambda: self._log_bounds.end > after, timeout=timeout_seconds)
        return self.log_entries(since=(after[0], after[1] + 1), limit=limit)

    def position(self) -> str:
        """Return the current end of the event stream."""
        with self._happened:
            return self._position()

    def wait_for_event(self, *, after: str, timeout_seconds: float) -> str:
        """Block until something was published or registered after `after`; return the new end."""
        with self._happened:
            self._happened.wait_for(lambda: self._position() != after, timeout=timeout_seconds)
            return self._position()

    def model_price_books(self) -> tuple[ModelPriceBook, ...]:
        """Return the books, by source."""
        with self._happened:
            return tuple(book for _, book in sorted(self._model_prices.items()))

    def save_model_prices(self, book: ModelPriceBook, *, fence: int) -> PublishOutcome:
        """Replace the book of a source; FENCED when a higher fencing token was seen."""
        with self._happened:
            if fence < self._fence:
                return PublishOutcome.FENCED
            self._fence = fence
            self._model_prices[book.source] = book
            return PublishOutcome.PUBLISHED

    def rates(self) -> KeptRates | None:
        """Return the rates that were saved last; None before."""
        with self._happened:
            return self._rates

    def save_rates(self, rates: KeptRates, *, fence: int) -> PublishOutcome:
        """Replace the rates; FENCED when a higher fencing token was seen."""
        with self._happened:
            if fence < self._fence:
                return PublishOutcome.FENCED
            self._fence = fence
            self._rates = rates
            return PublishOutcome.PUBLISHED

    def quarantine(self, *, provider: str) -> tuple[QuarantinedOffer, ...]:
        """Return what is held of a provider, of all for "", newest first, with its decisions."""
        with self._happened:
            now = self._clock()
            return newest_first(
                entry.reviewed(self._reviews[entry.quarantine_id])
                if entry.quarantine_id in self._reviews
                else entry
                for name, entries in self._quarantine.items()
                if provider in {"", name}
                for entry in kept_entries(entries, now=now)
            )

    def save_quarantine(
        self, provider: str, entries: tuple[QuarantinedOffer, ...], *, fence: int
    ) -> PublishOutcome:
        """Replace what is held of a provider; decisions about what is gone go with it."""
        with self._happened:
            if fence < self._fence:
                return PublishOutcome.FENCED
            left = {entry.quarantine_id for entry in entries}
            for entry in self._quarantine.get(provider, ()):
                if entry.quarantine_id not in left:
                    self._reviews.pop(entry.quarantine_id, None)
            self._quarantine[provider] = entries
            return PublishOutcome.PUBLISHED

    def review(
        self, quarantine_id: str, review: Review, *, instead_of: Review | None = None
    ) -> bool:
        """Keep a decision; False when another one stands than `instead_of`."""
        with self._happened:
            if self._reviews.get(quarantine_id) != instead_of:
                return False
            self._reviews[quarantine_id] = review
            return True

    def page_token_key(self) -> bytes:
        """Return the random key that page tokens are signed with."""
        return self._page_token_key

    def request_run(self, run: CollectionRun) -> CollectionRun | None:
        """Store a PENDING run and queue it for the leading collector, unless one is open."""
        with self._happened:
            current = self._runs.get(self._open_runs.get(run.provider, ""))
            end = open_until(current) if current else None
            if end is not None and self._clock() < end:
                return current
            self._save(run)
            self._requests.append(run.run_id)
            self._happened.notify_all()
            return None

    def take_request(self, *, timeout_seconds: float) -> CollectionRun | None:
        """Take the oldest queued run; None when none came in time."""
        with self._happened:
            self._happened.wait_for(self._drop_ended_requests, timeout=timeout_seconds)
            return self._runs[self._requests.popleft()] if self._requests else None

    def save_run(self, run: CollectionRun) -> None:
        """Store a run, replacing what stood there; kept for `RUNS_KEPT_FOR`."""
        with self._happened:
            self._save(run)

    def find_run(self, run_id: str) -> CollectionRun | None:
        """Return a run; None when there is none of that id."""
        with self._happened:
            return self._runs.get(run_id)

    def runs(self, *, provider: str, before: str, limit: int) -> tuple[CollectionRun, ...]:
        """List runs, newest first, with an id below `before`; "" means all, for both."""
        with self._happened:
            chosen = [
                run
                for run_id, run in sorted(self._runs.items(), reverse=True)
                if (not before or run_id < before) and provider in {"", run.provider}
            ]
        return tuple(chosen[:limit])

    def acquire(self, *, holder: str, length: timedelta) -> Lease | None:
        """Take the lease if it is free or already ours; a new term gets a higher token."""
        with self._happened:
            now = self._clock()
            lease = self._held_at(now)
            if lease is not None and lease.holder != holder:
                return None
            if lease is None:
                self._fence = max(self._fence + 1, int(now.timestamp() * 1000))
                lease = Lease(holder=holder, fence=self._fence)
            self._lease = (lease, now + length)
            return lease

    def renew(self, lease: Lease, *, length: timedelta) -> bool:
        """Extend a lease that is still ours; False when it is not."""
        with self._happened:
            now = self._clock()
            if self._held_at(now) != lease:
                return False
            self._lease = (lease, now + length)
            return True

    def release(self, lease: Lease) -> None:
        """Give the lease up if it is still ours."""
        with self._happened:
            if self._held_at(self._clock()) == lease:
                self._lease = None

    def close(self) -> None:
        """Do nothing: there is nothing to close."""

    def _add_event(self) -> None:
        self._event_count += 1
        self._happened.notify_all()

    def _append_to_log(self, changes: tuple[Change, ...]) -> None:
        now, (number, _) = self._clock(), self._log_bounds.end
        for at in range(0, len(changes), CHANGES_PER_ENTRY):
            number += 1
            entry = LogEntry(position=(number, 0), changes=changes[at : at + CHANGES_PER_ENTRY])
            self._log.append((now, entry))
        dropped, oldest = self._log_bounds.dropped, now - CHANGES_KEPT_FOR
        held = sum(len(entry.changes) for _, entry in self._log)
        while self._log and (self._log[0][0] < oldest or held > CHANGES_KEPT):
            gone = self._log.pop(0)[1]
            held -= len(gone.changes)
            dropped = gone.position
        self._log_bounds = LogBounds(dropped=dropped, end=(number, 0))

    def _position(self) -> str:
        return f"{self._event_count}-0"

    def _held_at(self, now: datetime) -> Lease | None:
        if self._lease is None or self._lease[1] <= now:
            return None
        return self._lease[0]

    def _save(self, run: CollectionRun) -> None:
        oldest = self._clock() - RUNS_KEPT_FOR
        self._runs = {i: kept for i, kept in self._runs.items() if kept.create_time >= oldest}
        self._runs[run.run_id] = run
        if open_until(run) is not None:
            self._open_runs[run.provider] = run.run_id
        elif self._open_runs.get(run.provider) == run.run_id:
            del self._open_runs[run.provider]

    def _drop_ended_requests(self) -> bool:
        """Return whether a request that may still be taken is first in the queue."""
        while self._requests:
            run = self._runs.get(self._requests[0])
            if run is not None and is_waiting(run, now=self._clock()):
                return True
            self._requests.popleft()
        return False
