"""Spreads the messages of all streams over time, so that a burst does not hold up short calls.

A change goes to every watcher at once: 200 of them and five changes are a thousand messages, which
would keep every thread of the process busy for a quarter of a second.
"""

import threading
import time
from collections.abc import Callable

MESSAGES_PER_SECOND = 2000
"""A message costs about a quarter of a millisecond: this leaves half of a core to short calls."""


class Pace:
    """Lets messages through one after the other, evenly. Thread-safe."""

    def __init__(
        self,
        *,
        per_second: float = MESSAGES_PER_SECOND,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gap = 1 / per_second
        self._monotonic = monotonic
        self._sleep = sleep
        self._next = 0.0
        self._lock = threading.Lock()

    def keep(self) -> None:
        """Wait for the turn of one message."""
        with self._lock:
            now = self._monotonic()
            turn = max(self._next, now)
            self._next = turn + self._gap
        if turn > now:
            self._sleep(turn - now)
