"""ChangeService: the log of changes, read by cursor, waited for and watched."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import prometheus_client as prometheus
from gpuquote.v1 import change_service_pb2 as pb

from service.catalog.cursors import Mark
from service.catalog.feed import ChangeFeed, Logged, Wake
from service.catalog.watch import Passes, Seen, Watch
from service.domain.change import Change
from service.domain.filter import Node
from service.domain.matching import Rates, matcher
from service.rpc.call import Answer
from service.rpc.convert import change_to_proto
from service.rpc.faults import Faults
from service.rpc.pace import Pace
from service.rpc.requests import read_filter, read_max_wait, read_page_size
from service.rpc.seats import Seats

NOW = "now"
WATCHED_FOR_SECONDS = 600.0
# So that watchers who came together do not come back together.
WATCHED_FOR_SPREAD = 0.1
# A filter that nothing passes: so many changes are looked at in one call, then `more` says so.
LOOKED_AT = 4096
_READ_AT_ONCE = 256
_MESSAGES_KEPT = 512

_WATCHERS = prometheus.Gauge(
    "gpuquote_watchers", "Streams of changes that are open.", multiprocess_mode="livesum"
)
_CONFLATED = prometheus.Counter(
    "gpuquote_changes_conflated_total", "Changes folded into later ones for slow readers."
)


class ChangesServicer:
    """Converts, asks the feed, converts back. `watchers` and `waiters` bound who stays for long.

    `rates` are US dollars for one unit of a currency; `monotonic` is the clock of deadlines, in
    seconds; `spread` gives a number from -1 to 1.
    """

    def __init__(
        self,
        feed: ChangeFeed,
        *,
        rates: Rates,
        watchers: Seats,
        waiters: Seats,
        monotonic: Callable[[], float] = time.monotonic,
        spread: Callable[[], float] = lambda: random.uniform(-1, 1),  # noqa: S311 - no secret
    ) -> None:
        self._feed = feed
        self._rates = rates
        self._watchers = watchers
        self._waiters = waiters
        self._monotonic = monotonic
        self._spread = spread
        self._messages = _Messages()
        self._pace = Pace()

    def list_changes(self, request: pb.ListChangesRequest, deadline: float) -> Answer:
        """Answer ListChanges; waits for the first change while `max_wait` and `deadline` allow."""
        faults = Faults()
        page_size = read_page_size(request.page_size, faults)
        node = read_filter(request.filter, self._rates.keys(), faults)
        seconds = read_max_wait(request, faults)
        begin = self._begin(request.cursor, otherwise=self._feed.oldest, faults=faults)
        until = min(self._monotonic() + seconds, deadline)
        passes = self._passes(node)
        with ExitStack() as seat:
            found, mark, more = self._page(begin, passes, limit=page_size)
            wake, is_seated = Wake(), False
            while not found and not more:
                left = until - self._monotonic()
                if left <= 0 or self._feed.stopping.is_set():
                    break
                if not is_seated:
                    seat.enter_context(self._waiters.one())
                    is_seated = True
                self._feed.wait(mark, wake, seconds=left)
                found, mark, more = self._page(mark, passes, limit=page_size)
        message = pb.ListChangesResponse(
            changes=[self._message(one.mark, one.change) for one in found],
            next_cursor=self._feed.codec.text(mark),
            more=more,
        )
        return Answer(message)

    def watch_changes(self, request: pb.WatchChangesRequest, deadline: float) -> "Watching":
        """Answer WatchChanges: answers until the deadline, or for about ten minutes."""
        faults = Faults()
        node = read_filter(request.filter, self._rates.keys(), faults)
        begin = self._begin(request.cursor, otherwise=self._feed.end, faults=faults)
        self._feed.read(
            begin, limit=1
        )  # refused here, not after a first word that says all is well
        length = WATCHED_FOR_SECONDS * (1 + WATCHED_FOR_SPREAD * self._spread())
        self._watchers.take()
        try:
            watch = Watch(
                self._feed,
                begin=begin,
                passes=self._passes(node),
                ends_at=min(deadline, self._monotonic() + length),
                monotonic=self._monotonic,
            )
        except BaseException:
            self._watchers.give_back()
            raise
        return Watching(watch, self._told, self._watchers)

    def _begin(self, cursor: str, *, otherwise: Callable[[], Mark], faults: Faults) -> Mark:
        """Read a cursor; raises with everything that is wrong with the request."""
        end = self._feed.end()
        codec = self._feed.codec
        mark = end
        if cursor and cursor != NOW:
            mark = faults.attempt(lambda: codec.mark(cursor), end)
        faults.raise_if_any()
        return mark if cursor else otherwise()

    def _passes(self, node: Node) -> Passes:
        holds = matcher(node, dict(self._rates))

        def passes(change: Change) -> bool:
            offers = (change.before, change.after)
            return any(offer is not None and holds(offer) for offer in offers)

        return passes

    def _page(
        self, mark: Mark, passes: Passes, *, limit: int
    ) -> tuple[tuple[Logged, ...], Mark, bool]:
        """Return changes that pass, the place behind what was looked at, and if more lies there."""
        found: list[Logged] = []
        looked_at = 0
        while looked_at < LOOKED_AT:
            read, behind = self._feed.read(mark, limit=_READ_AT_ONCE)
            if behind == mark:
                return tuple(found), mark, False
            for one in read:
                if passes(one.change):
                    if len(found) == limit:
                        return tuple(found), mark, True
                    found.append(one)
                mark = one.mark
            looked_at += len(read)
            mark = behind
        return tuple(found), mark, True

    def _told(self, seen: Seen) -> Answer:
        cursor = self._feed.codec.text(seen.mark)
        if seen.change is None:
            return Answer(pb.WatchChangesResponse(cursor=cursor))
        if seen.logged:
            change = self._message(seen.mark, seen.change)
        else:
            count = seen.conflated_count
            change = change_to_proto(seen.change, cursor=cursor, conflated_count=count)
            _CONFLATED.inc(count)
        self._pace.keep()
        return Answer(pb.WatchChangesResponse(cursor=cursor, change=change))

    def _message(self, mark: Mark, change: Change) -> pb.Change:
        message = self._messages.find(mark)
        if message is None:
            message = change_to_proto(change, cursor=self._feed.codec.text(mark))
            self._messages.keep(mark, message)
        return message


class Watching:
    """The answers to one watcher; any thread may close it, which frees its seat at once."""

    def __init__(self, watch: Watch, told: Callable[[Seen], Answer], seats: Seats) -> None:
        self._watch = watch
        self._told = told
        self._seats = seats
        self._lock = threading.Lock()
        self._is_closed = False
        _WATCHERS.inc()

    def __iter__(self) -> Iterator[Answer]:
        """Return itself."""
        return self

    def __next__(self) -> Answer:
        """Return the next answer; waits for it."""
        try:
            return self._told(next(self._watch))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the stream; what waits in `__next__` stops."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
        self._watch.close()
        self._seats.give_back()
        _WATCHERS.dec()


class _Messages:
    """The newest changes as messages: many watchers are told the same. Threads may race."""

    def __init__(self) -> None:
        self._kept: dict[Mark, pb.Change] = {}
        self._lock = threading.Lock()

    def find(self, mark: Mark) -> pb.Change | None:
        return self._kept.get(mark)

    def keep(self, mark: Mark, message: pb.Change) -> None:
        with self._lock:
            while len(self._kept) >= _MESSAGES_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[mark] = message
