"""How many calls may wait or watch at once, so that they cannot starve the short ones."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from service.domain.errors import Exhausted, Reason

WATCHERS = 256
WAITERS = 64
RETRY_AFTER_SECONDS = 5


class Seats:
    """So many seats of one kind, for a whole process. Thread-safe."""

    def __init__(self, count: int, *, kind: str) -> None:
        self._count = count
        self._kind = kind
        self._free = threading.BoundedSemaphore(count)

    def take(self) -> None:
        """Take a seat, to be given back once. Raises Exhausted (TOO_MANY_STREAMS)."""
        if not self._free.acquire(blocking=False):
            raise Exhausted(
                Reason.TOO_MANY_STREAMS,
                f"{self._count} calls {self._kind} already; come back in a few seconds.",
                retry_after_seconds=RETRY_AFTER_SECONDS,
                metadata={"limit": str(self._count)},
            )

    def give_back(self) -> None:
        """Give a seat back."""
        self._free.release()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold a seat for a block. Raises Exhausted (TOO_MANY_STREAMS)."""
        self.take()
        try:
            yield
        finally:
            self.give_back()
