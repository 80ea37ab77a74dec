"""A deadline that really ends: a timer which shuts the socket, whatever it is waiting for.

Timeouts of a socket start anew with every byte, so that a server which sends one byte a second
holds a client for ever; and a TLS handshake or dripping headers never come back to our code.
"""

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Deadline:
    """Time for one request with all its redirects and repetitions; runs from the first `start`.

    What is waited out of politeness before the first byte is sent does not count.
    """

    def __init__(self, seconds: float, *, monotonic: Callable[[], float]) -> None:
        self.seconds = seconds
        self._monotonic = monotonic
        self._ends: float | None = None

    def start(self) -> None:
        """Let the time run, if it does not yet."""
        if self._ends is None:
            self._ends = self._monotonic() + self.seconds

    @property
    def has_started(self) -> bool:
        """Whether the time runs."""
        return self._ends is not None

    @property
    def remaining_seconds(self) -> float:
        """What is left, never below zero."""
        if self._ends is None:
            return self.seconds
        return max(self._ends - self._monotonic(), 0.0)


class Watchdog:
    """Shuts every socket given to `guard` when its time is up; used as a context manager."""

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._bite)
        self._timer.daemon = True
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self.has_bitten = False

    def guard(self, connected: socket.socket) -> None:
        """Watch a connected socket from now on."""
        # TLS takes the descriptor away from this object before its handshake; a duplicate
        # reaches the same connection at any time.
        with self._lock:
            self._sockets.append(connected.dup())
            if self.has_bitten:
                _shut(self._sockets[-1])

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for connected in self._sockets:
                connected.close()
            self._sockets.clear()

    def _bite(self) -> None:
        with self._lock:
            self.has_bitten = True
            for connected in self._sockets:
                _shut(connected)


def _shut(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other end was faster
        connected.shutdown(socket.SHUT_RDWR)
