"""Holds the lease that lets one of several collectors lead; the others stand by.

The lease only keeps two collectors from doing the same work. That nothing old is ever published
rests on its fencing token, which the store checks: clocks jump and processes are suspended.
"""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from scrapers import metrics
from service.store.ports import Lease, LeaseStore, NewerSchema, StoreUnreachable

log = logging.getLogger(__name__)

_JOIN_SECONDS = 3.0
_TRY_EVERY_SECONDS = 1.0


def new_holder() -> str:
    """Name this process, so that people can find it; no two are called the same."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


class Leadership:
    """Takes the lease within a second of its being free, renews it every third of its length.

    `on_elected` is called before the first use of a lease, `on_lost` after the last; both from
    the same thread. An `on_elected` that finds the store gone gives the lease up again.
    """

    def __init__(
        self,
        *,
        store: LeaseStore,
        holder: str,
        length: timedelta,
        on_elected: Callable[[], None] = lambda: None,
        on_lost: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._holder = holder
        self._length = length
        self._on_elected = on_elected
        self._on_lost = on_lost
        self._monotonic = monotonic
        self._lease: Lease | None = None
        self._ends_at = 0.0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def find_lease(self) -> Lease | None:
        """Return the lease while it holds by our own clock, None when another may lead."""
        lease = self._lease
        return lease if lease and self._monotonic() < self._ends_at else None

    def start(self) -> None:
        """Try for the lease from now on, in a thread of its own."""
        self._thread = threading.Thread(target=self._keep, name="leadership", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give the lease up, so that another collector need not wait for its end."""
        self._stopping.set()
        if self._thread:
            self._thread.join(_JOIN_SECONDS)
        lease = self._lease
        if lease:
            self._lose("stopping")
            try:
                self._store.release(lease)
            except StoreUnreachable as error:
                log.warning("lease not released", extra={"detail": str(error)})

    def step(self) -> None:
        """Take or renew the lease once."""
        asked_at = self._monotonic()
        try:
            if self._lease is None:
                self._acquire(asked_at)
            elif self._store.renew(self._lease, length=self._length):
                self._ends_at = asked_at + self._length.total_seconds()
            else:
                self._lose("another collector leads")
        except (StoreUnreachable, NewerSchema) as error:
            log.warning("lease not renewed", extra={"detail": str(error)})
            if self._lease and self._monotonic() >= self._ends_at:
                self._lose("the store did not answer in time")

    def _acquire(self, asked_at: float) -> None:
        lease = self._store.acquire(holder=self._holder, length=self._length)
        if lease is None:
            return
        self._ends_at = asked_at + self._length.total_seconds()
        self._lease = lease
        log.info("leading", extra={"holder": self._holder, "fence": lease.fence})
        metrics.leading(is_leader=True)
        try:
            self._on_elected()
        except Exception:
            self._lose("could not begin")
            raise

    def _lose(self, why: str) -> None:
        self._lease = None
        log.info("not leading", extra={"holder": self._holder, "detail": why})
        metrics.leading(is_leader=False)
        self._on_lost()

    def _keep(self) -> None:
        third = self._length.total_seconds() / 3
        while True:
            try:
                self.step()
            except Exception:
                # Without this thread no collector would ever lead again.
                log.exception("leadership failed; trying again")
            if self._stopping.wait(third if self._lease else min(third, _TRY_EVERY_SECONDS)):
                return
