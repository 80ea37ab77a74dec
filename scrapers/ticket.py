"""Who decides how a run ends: the thread that collects, or the scheduler that loses patience."""

import threading


class Abandoned(Exception):
    """The scheduler gave the run up; it must not write anything more."""


class Ticket:
    """Settled once, by the first of `commit` and `abandon`.

    A thread cannot be ended from outside. One that comes back after its deadline must find out
    that it is late, and before it publishes, not after.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._committed = False
        self._abandoned = False

    def abandon(self) -> bool:
        """Forbid the run to publish; False when it has begun to."""
        with self._lock:
            self._abandoned = self._abandoned or not self._committed
            return self._abandoned

    def commit(self) -> None:
        """Take the right to write. Raises Abandoned."""
        with self._lock:
            if self._abandoned:
                raise Abandoned
            self._committed = True

    def check(self) -> None:
        """Raise Abandoned if the run was given up."""
        with self._lock:
            if self._abandoned:
                raise Abandoned
