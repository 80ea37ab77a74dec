"""Snapshots that calculators answered from, so that a request may ask for the same prices again."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from service.catalog.snapshot import Snapshot
from service.domain.errors import Precondition, Reason

KEPT_FOR = timedelta(hours=24)
MOST_ROWS = 1_000_000
"""Rows of all snapshots that are kept, some 160 MB; beyond them the oldest are dropped earlier.

Snapshots share their segments, so a kept one costs its joined columns, its orders by price and
what calculators laid out of it: 1.5 to 1.7 MB with 10,000 offers. One of the same offers with
other states of providers costs nothing.
"""


class Revisions:
    """Keeps each snapshot for 24 hours after the last answer from it; safe between threads."""

    def __init__(self, clock: Callable[[], datetime], *, most_rows: int = MOST_ROWS) -> None:
        self._clock = clock
        self._most_rows = most_rows
        self._lock = Lock()
        self._pinned: OrderedDict[str, tuple[datetime, Snapshot]] = OrderedDict()

    def pin(self, snapshot: Snapshot) -> None:
        """Keep a snapshot that was answered from; the newest is always kept."""
        now = self._clock()
        with self._lock:
            is_new = snapshot.revision not in self._pinned
            self._pinned[snapshot.revision] = (now, snapshot)
            self._pinned.move_to_end(snapshot.revision)
            while is_new and len(self._pinned) > 1 and self._is_too_much(now):
                self._pinned.popitem(last=False)

    def find(self, revision: str, current: Snapshot) -> Snapshot:
        """Return the snapshot of a revision, the current one for "".

        Raises Precondition REVISION_NOT_KEPT for one that is not kept, or not any more.
        """
        if revision in {"", current.revision}:
            return current
        with self._lock:
            pinned = self._pinned.get(revision)
        if pinned is None or self._clock() - pinned[0] > KEPT_FOR:
            raise Precondition(
                Reason.REVISION_NOT_KEPT,
                f"The catalogue's revision {revision[:40]} is not kept; those that were answered "
                f"from are, for {KEPT_FOR // timedelta(hours=1)} hours.",
                metadata={"catalog_revision": revision[:40], "current": current.revision},
            )
        return pinned[1]

    def _is_too_much(self, now: datetime) -> bool:
        oldest, _ = next(iter(self._pinned.values()))
        views = {id(kept.rows): len(kept.rows) for _, kept in self._pinned.values()}
        return now - oldest > KEPT_FOR or sum(views.values()) > self._most_rows
