"""Follows the log of changes from one thread and wakes whoever waits for more.

The newest changes are kept in memory, so that callers who keep up cost the store nothing; who is
further behind reads from the store. A caller is no more than a place in the log: nothing is
queued for it, so however slow it is, it holds up nobody and takes no memory.
"""

import logging
import threading
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service.catalog.cursors import WHOLE, CursorCodec, Mark, mark_after
from service.domain.change import Change
from service.domain.errors import OutOfRange, Reason, Unavailable
from service.store.ports import ChangeLog, LogEntry, StoreUnreachable

CHANGES_IN_MEMORY = 2048
ENTRIES_READ = 8
"""So many entries are read from the store at once; each has up to 256 changes."""
FIRST_CONTACT_SECONDS = 2.0
RETRY_AFTER_SECONDS = 2
# All who wait would wake up at once, and short calls would stand in line behind them.
WOKEN_AT_ONCE = 8
BETWEEN_WAKING_SECONDS = 0.002
_FIRST_RETRY_SECONDS, _LAST_RETRY_SECONDS, _WAIT_SECONDS = 0.1, 5.0, 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A change with the place just after it."""

    mark: Mark
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """The end of the log: every change after `floor` is there. Replaced whole, never changed."""

    floor: Mark
    end: Mark
    marks: tuple[Mark, ...] = ()
    logged: tuple[Logged, ...] = ()

    def grown(self, entries: Sequence[LogEntry]) -> "_View":
        added = [one for entry in entries for one in logged_of(entry)]
        logged = (*self.logged, *added)
        kept = logged[-CHANGES_IN_MEMORY:]
        floor = logged[-len(kept) - 1].mark if len(kept) < len(logged) else self.floor
        return _View(
            floor=floor,
            end=mark_after(entries[-1].position),
            marks=tuple(one.mark for one in kept),
            logged=kept,
        )


def logged_of(entry: LogEntry) -> tuple[Logged, ...]:
    """Return the changes of an entry with their places."""
    last = len(entry.changes)
    return tuple(
        Logged(mark=(*entry.position, WHOLE if number == last else number), change=change)
        for number, change in enumerate(entry.changes, start=1)
    )


class Wake:
    """What one caller sleeps on; thread-safe. Setting it ends the sleep, or the next one."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """End the sleep."""
        self._event.set()

    def sleep(self, seconds: float) -> None:
        """Sleep until it is set or the time is over."""
        self._event.wait(seconds)
        self._event.clear()


class ChangeFeed:
    """The log of changes for every caller of this process. Thread-safe.

    `read_key` gives the key that cursors are signed with.
    """

    def __init__(self, store: ChangeLog, read_key: Callable[[], bytes]) -> None:
        self._store = store
        self._read_key = read_key
        self._view: _View | None = None
        self._codec: CursorCodec | None = None
        self._was_reached = threading.Event()
        self._lock = threading.Lock()
        self._sleepers: dict[Wake, None] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start to follow the log; returns at once, whether the store answers or not."""
        self._thread = threading.Thread(target=self._run, name="changes", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop following, and end every wait."""
        self._stopping.set()
        with self._lock:
            sleepers, self._sleepers = self._sleepers, {}
        for wake in sleepers:
            wake.set()
        if self._thread is not None:
            self._thread.join(timeout=_WAIT_SECONDS * 2)

    @property
    def stopping(self) -> threading.Event:
        """Set when the process is ending: then nothing is to be waited for any more."""
        return self._stopping

    @property
    def codec(self) -> CursorCodec:
        """What writes and reads cursors. Raises Unavailable before the store was first reached."""
        self._known_view()
        if self._codec is None:  # it is set before the view is
            raise AssertionError("a view without a codec")
        return self._codec

    def end(self) -> Mark:
        """Return the end of the log, as far as it is known here. Raises Unavailable."""
        return self._known_view().end

    def oldest(self) -> Mark:
        """Return the place before the oldest change kept. Raises StoreUnreachable."""
        return mark_after(self._store.log_bounds().dropped)

    def lag(self, mark: Mark) -> int:
        """Return how many changes in memory lie after a place."""
        view = self._known_view()
        return len(view.marks) - bisect_right(view.marks, mark)

    def read(self, mark: Mark, *, limit: int) -> tuple[Sequence[Logged], Mark]:
        """Return changes after a place, oldest first, and the place behind them.

        About `limit` changes: from the store come whole entries, of which the last may have more.
        Nothing is there to read when that is the place itself. Raises Unavailable,
        StoreUnreachable, and OutOfRange (CURSOR_EXPIRED) where changes after the place have been
        dropped.
        """
        view = self._known_view()
        if mark >= view.floor:
            at = bisect_right(view.marks, mark)
            found = view.logged[at : at + limit]
            is_last = at + limit >= len(view.logged)
            return found, max(mark, view.end) if is_last else found[-1].mark
        return self._read_stored(mark, limit=limit)

    def wait(self, mark: Mark, wake: Wake, *, seconds: float) -> None:
        """Sleep until there is something after a place, the feed stops or the time is over."""
        with self._lock:
            if self._stopping.is_set() or self._known_view().end > mark:
                return
            self._sleepers[wake] = None
        wake.sleep(seconds)
        with self._lock:
            self._sleepers.pop(wake, None)

    def _read_stored(self, mark: Mark, *, limit: int) -> tuple[Sequence[Logged], Mark]:
        milliseconds, number, count = mark
        since = (milliseconds, number + 1 if count == WHOLE else number)
        entries = self._store.log_entries(since=since, limit=ENTRIES_READ, enough=limit)
        oldest = self.oldest()  # asked last: what was dropped meanwhile is noticed
        if mark < oldest:
            text = self.codec.text(oldest)
            raise OutOfRange(
                Reason.CURSOR_EXPIRED,
                f"Changes after this cursor are not kept any more; the oldest cursor is {text}.",
                metadata={"oldest_cursor": text},
            )
        found = [one for entry in entries for one in logged_of(entry) if one.mark > mark]
        return found, mark_after(entries[-1].position) if entries else mark

    def _known_view(self) -> _View:
        view = self._view
        if view is None:
            self._was_reached.wait(FIRST_CONTACT_SECONDS)
            view = self._view
        if view is None:
            raise Unavailable(
                Reason.STORE_UNREACHABLE,
                "The store has not answered yet.",
                retry_after_seconds=RETRY_AFTER_SECONDS,
            )
        return view

    def _run(self) -> None:
        retry, is_lost = _FIRST_RETRY_SECONDS, False
        while not self._stopping.is_set():
            try:
                self._connect()
                retry, is_lost = _FIRST_RETRY_SECONDS, False
                while not self._stopping.is_set():
                    self._follow()
            except StoreUnreachable as error:
                if not is_lost:
                    is_lost = True
                    log.warning("log of changes unreachable", extra={"cause": str(error)})
            except Exception:
                # Whatever it is, who waits goes on waiting, and the next round tries again.
                log.exception("following the log of changes failed")
            if self._stopping.wait(retry):
                return
            retry = min(retry * 2, _LAST_RETRY_SECONDS)

    def _connect(self) -> None:
        self._codec = CursorCodec(self._read_key())
        if self._view is None:
            end = mark_after(self._store.log_bounds().end)
            self._view = _View(floor=end, end=end)
            self._was_reached.set()

    def _follow(self) -> None:
        view = self._known_view()
        entries = self._store.wait_for_log_entries(
            after=view.end[:2], limit=ENTRIES_READ, timeout_seconds=_WAIT_SECONDS
        )
        if not entries:
            return
        with self._lock:
            self._view = view.grown(entries)
            sleepers, self._sleepers = self._sleepers, {}
        for number, wake in enumerate(sleepers, start=1):
            wake.set()
            if number % WOKEN_AT_ONCE == 0:
                self._stopping.wait(BETWEEN_WAKING_SECONDS)
