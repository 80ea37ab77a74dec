"""One watcher's way through the log: every change in order, or their sum for a slow reader."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from service.catalog.cursors import Mark
from service.catalog.feed import ChangeFeed, Logged, Wake
from service.domain.change import Change, folded

HEARTBEAT_SECONDS = 15.0
READ_AT_ONCE = 32
# A reader is slow when it has not been at the end for so long, and so much lies before it.
SLOW_AFTER_SECONDS = 5.0
SLOW_BEHIND = 256
FOLDED_AT_ONCE = 512

Passes = Callable[[Change], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a watcher is told: a change, or none in a heartbeat, and where to resume after it.

    `logged` says that the change stands in the log like this, `conflated_count` how many earlier
    ones are folded into it.
    """

    mark: Mark
    change: Change | None = None
    logged: bool = False
    conflated_count: int = 0


class Watch:
    """Iterates over what a watcher is told, beginning with its place; any thread may close it.

    Ends by itself at `ends_at`, in seconds of the monotonic clock, and when the feed stops. Raises
    what `ChangeFeed.read` raises. What was in the log when the watch began is told change by
    change; after that a slow reader gets changes of one offer folded into one.
    """

    def __init__(
        self,
        feed: ChangeFeed,
        *,
        begin: Mark,
        passes: Passes,
        ends_at: float,
        monotonic: Callable[[], float] = time.monotonic,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        self._feed = feed
        self._mark = begin
        self._passes = passes
        self._ends_at = ends_at
        self._monotonic = monotonic
        self._heartbeat_seconds = heartbeat_seconds
        self._told: deque[Seen] = deque((Seen(mark=begin),))
        self._wake = Wake()
        self._is_closed = False
        self._caught_up_from = feed.end()
        self._behind_since: float | None = None

    def close(self) -> None:
        """End at once, also where the watch is asleep."""
        self._is_closed = True
        self._wake.set()

    def __iter__(self) -> "Watch":
        """Return itself."""
        return self

    def __next__(self) -> Seen:
        """Return what is next; sleeps until there is something, at most to the next heartbeat."""
        beat_at = self._monotonic() + self._heartbeat_seconds
        while not (self._is_closed or self._feed.stopping.is_set()):
            now = self._monotonic()
            if now >= self._ends_at:
                break
            if self._told:
                return self._told.popleft()
            if now >= beat_at:
                return Seen(mark=self._mark)
            if self._read(now):
                continue
            self._feed.wait(self._mark, self._wake, seconds=min(beat_at, self._ends_at) - now)
        raise StopIteration

    def _read(self, now: float) -> bool:
        """Read on; False at the end of the log."""
        if self._is_slow(now):
            self._fold()
            return True
        found, mark = self._feed.read(self._mark, limit=READ_AT_ONCE)
        if mark == self._mark:
            self._behind_since = None
            return False
        if self._behind_since is None:
            self._behind_since = now
        for one in found:
            if self._passes(one.change):
                self._told.append(Seen(mark=one.mark, change=one.change, logged=True))
        self._mark = mark
        return True

    def _is_slow(self, now: float) -> bool:
        return (
            self._behind_since is not None
            and now - self._behind_since > SLOW_AFTER_SECONDS
            and self._mark >= self._caught_up_from
            and self._feed.lag(self._mark) > SLOW_BEHIND
        )

    def _fold(self) -> None:
        begin, found = self._mark, list[Logged]()
        while len(found) < FOLDED_AT_ONCE:
            more, mark = self._feed.read(self._mark, limit=FOLDED_AT_ONCE - len(found))
            if mark == self._mark:
                break
            found.extend(more)
            self._mark = mark
        self._told.extend(conflated(found, begin=begin, end=self._mark, passes=self._passes))


def conflated(
    found: Iterable[Logged], *, begin: Mark, end: Mark, passes: Passes
) -> tuple[Seen, ...]:
    """Fold the changes between two places, one for each offer, in the order of their last ones.

    Resuming after one of them brings everything that was not yet told, and may bring again some
    that was.
    """
    sums: dict[str, tuple[Change, Change, int, int]] = {}
    places: list[Mark] = [begin]
    for number, one in enumerate(found):
        places.append(one.mark)
        if passes(one.change):
            offer_id = one.change.offer_id
            first, _, began, count = sums.pop(offer_id, (one.change, one.change, number, -1))
            sums[offer_id] = (first, one.change, began, count + 1)
    seen: list[Seen] = []
    # From the last to the first: after each, one resumes before the first change not yet told.
    resume = end
    for first, last, began, count in reversed(sums.values()):
        change = folded(first, last) if count else last
        seen.append(Seen(mark=resume, change=change, conflated_count=count))
        resume = min(resume, places[began])
    return tuple(reversed(seen))
