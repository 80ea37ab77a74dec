"""Follows the store from a thread of its own and swaps whole snapshots under the readers."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from service.catalog.lasting import Encode
from service.catalog.segment import Segment, aged, segment_of
from service.catalog.snapshot import Snapshot
from service.domain.provider import ProviderSnapshot, ProviderStatus
from service.store.ports import CatalogStore, StoreUnreachable

log = logging.getLogger(__name__)


class ReadyStatus(StrEnum):
    """Whether this process can answer price calls, as `/readyz` says it."""

    OK = "ok"
    DEGRADED = "degraded"
    UNAVAILABLE = "unavailable"


class ReadyReason(StrEnum):
    """Why a replica is not simply ready."""

    STARTING = "STARTING"
    STORE_UNREACHABLE = "STORE_UNREACHABLE"
    NO_PRICES = "NO_PRICES"
    ALL_PRICES_EXPIRED = "ALL_PRICES_EXPIRED"
    BASELINE_PRICES = "BASELINE_PRICES"
    STALE_PRICES = "STALE_PRICES"
    UNREADABLE_SNAPSHOT = "UNREADABLE_SNAPSHOT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """`reasons` are values of `ReadyReason`; empty when the status is "ok"."""

    status: ReadyStatus
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patient a replica is; lengths in seconds.

    `recheck` is how often it compares everything with the store although no event came: a store
    that was restored from older data has an older stream and would never wake us.
    """

    first_retry: float = 0.1
    last_retry: float = 5.0
    wait: float = 1.0
    recheck: float = 10.0
    between_ageing: float = 1.0


class Replica:
    """Holds the current snapshot; only its own thread talks to the store.

    Providers without a live snapshot are served from `baseline`. When the store is lost, the
    last known prices are served, `degraded`; after `max_stale` the replica calls itself
    unavailable. What one provider has broken stays with that provider.
    """

    def __init__(
        self,
        store: CatalogStore,
        *,
        baseline: tuple[ProviderSnapshot, ...] = (),
        baseline_statuses: tuple[ProviderStatus, ...] = (),
        encode: Encode,
        clock: Callable[[], datetime],
        max_stale: timedelta = timedelta(hours=24),
        pace: Pace | None = None,
    ) -> None:
        self._store = store
        self._encode = encode
        self._clock = clock
        self._max_stale = max_stale
        self._pace = pace or Pace()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._was_reached = False
        self._lost_since: datetime | None = None
        self._unreadable: Mapping[str, str] = MappingProxyType({})
        self._aged_at = time.monotonic()
        self._retry = self._pace.first_retry
        self._segments: dict[str, Segment] = {
            snapshot.provider: segment_of(snapshot, encode=encode, now=clock(), is_baseline=True)
            for snapshot in baseline
        }
        self._statuses = {status.provider: status for status in baseline_statuses}
        self._current = Snapshot(self._segments.values(), statuses=self._statuses, now=clock())

    def start(self) -> None:
        """Start to follow the store; returns at once, whether the store answers or not."""
        self._thread = threading.Thread(target=self._run, name="replica", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop following; what was loaded can still be read."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=self._pace.wait + self._pace.last_retry)

    def current(self) -> Snapshot:
        """Return the newest snapshot; never waits."""
        return self._current

    def readiness(self) -> Readiness:
        """Say whether usable prices are in memory, and what is wrong with them."""
        snapshot, lost_since = self._current, self._lost_since
        reasons: list[str] = []
        if lost_since is not None:
            reasons.append(ReadyReason.STORE_UNREACHABLE)
        if not self._was_reached:
            return Readiness(
                status=ReadyStatus.UNAVAILABLE,
                reasons=tuple(reasons) or (ReadyReason.STARTING,),
            )
        is_out_of_date = lost_since is not None and self._clock() - lost_since > self._max_stale
        if not snapshot.usable_offer_count:
            expired = snapshot.offer_count > 0
            reasons.append(ReadyReason.ALL_PRICES_EXPIRED if expired else ReadyReason.NO_PRICES)
        elif not snapshot.has_live_rows:
            reasons.append(ReadyReason.BASELINE_PRICES)
        elif set(snapshot.unreachable) - snapshot.baseline_providers:
            reasons.append(ReadyReason.STALE_PRICES)
        if self._unreadable:
            reasons.append(ReadyReason.UNREADABLE_SNAPSHOT)
        if is_out_of_date or not snapshot.usable_offer_count:
            return Readiness(status=ReadyStatus.UNAVAILABLE, reasons=tuple(reasons))
        status = ReadyStatus.DEGRADED if reasons else ReadyStatus.OK
        return Readiness(status=status, reasons=tuple(reasons))

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
            except StoreUnreachable as error:
                self._note_loss(error)
            except Exception:
                # Whatever it is, readers keep the last snapshot and the next round tries again.
                log.exception("replica failed")
            if self._stopping.wait(self._retry):
                return
            self._retry = min(self._retry * 2, self._pace.last_retry)
            self._grow_older()

    def _follow(self) -> None:
        position = self._store.position()
        self._load()
        checked_at = time.monotonic()
        while not self._stopping.is_set():
            end = self._store.wait_for_event(
                after=position, timeout_seconds=self._seconds_to_wait()
            )
            is_due = time.monotonic() - checked_at >= self._pace.recheck
            if is_due or end != position:
                position = self._store.position() if is_due else end
                self._load()
                checked_at = time.monotonic()
            else:
                self._grow_older()

    def _load(self) -> None:
        """Read the snapshots that are new. Raises StoreUnreachable."""
        pointers = self._store.pointers()
        statuses = self._store.statuses()
        unreadable: dict[str, str] = {}
        is_changed = False
        for provider, snapshot_id in sorted(pointers.items()):
            held = self._segments.get(provider)
            if held is not None and not held.is_baseline and held.snapshot_id == snapshot_id:
                continue
            segment = self._read(provider, held)
            if segment is None:
                unreadable[provider] = snapshot_id
                if self._unreadable.get(provider) != snapshot_id:
                    detail = {"provider": provider, "snapshot_id": snapshot_id}
                    log.error("snapshot unreadable, keeping the last one", extra=detail)
                continue
            self._segments[provider] = segment
            is_changed = True
        self._unreadable = MappingProxyType(unreadable)
        self._statuses |= statuses
        self._lost_since = None
        self._retry = self._pace.first_retry
        self._swap(is_changed=is_changed)
        self._was_reached = True

    def _read(self, provider: str, held: Segment | None) -> Segment | None:
        try:
            snapshot = self._store.packed_snapshot(provider)
            if snapshot is None:
                return None
            return segment_of(snapshot, encode=self._encode, now=self._clock(), previous=held)
        except StoreUnreachable:
            raise
        except Exception as error:
            log.debug("snapshot unreadable", exc_info=error, extra={"provider": provider})
            return None

    def _note_loss(self, error: StoreUnreachable) -> None:
        if self._lost_since is None:
            self._lost_since = self._clock()
            log.warning("store unreachable", extra={"detail": str(error)})
            self._swap(is_changed=False)

    def _grow_older(self) -> None:
        now, moment = self._clock(), time.monotonic()
        if self._current.next_change >= now or moment - self._aged_at < self._pace.between_ageing:
            return
        self._aged_at = moment
        for provider, held in self._segments.items():
            if held.next_change < now:
                self._segments[provider] = aged(held, encode=self._encode, now=now)
        self._swap(is_changed=True)

    def _swap(self, *, is_changed: bool) -> None:
        now, is_lost = self._clock(), self._lost_since is not None
        if is_changed:
            made = Snapshot(
                self._segments.values(),
                statuses=self._statuses,
                now=now,
                is_store_lost=is_lost,
                previous=self._current,
            )
        else:
            made = self._current.renewed(statuses=self._statuses, now=now, is_store_lost=is_lost)
        if made.revision != self._current.revision:
            self._current = made
            log.info(
                "snapshot swapped",
                extra={"revision": made.revision, "offer_count": made.offer_count},
            )

    def _seconds_to_wait(self) -> float:
        until_change = (self._current.next_change - self._clock()).total_seconds()
        return min(self._pace.wait, max(until_change, 0.0) + 0.001)
