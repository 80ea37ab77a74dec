"""The threads of the gRPC server: each kind of call has its own, so that none starves another."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from service.rpc.methods import Method
from service.rpc.seats import WAITERS, WATCHERS

WORKERS = 8
MAX_SHORT_CALLS = 32
# Reflection streams stay open as long as a client likes, a health check must be answered while
# all workers are busy, and so must the word that there are too many calls.
SIDE_WORKERS = 4
# Beyond the seats: calls that are being refused one, or that find what they would wait for.
SPARE_WORKERS = 8
MAX_CONCURRENT_CALLS = MAX_SHORT_CALLS + WAITERS + WATCHERS + 3 * SPARE_WORKERS


class CountingPool(ThreadPoolExecutor):
    """A pool that knows how many calls it has, in work or in line; threads start when needed."""

    def __init__(self, workers: int, *, most: int, name: str) -> None:
        super().__init__(workers, thread_name_prefix=name)
        self._most = most
        self._count = 0
        self._lock = threading.Lock()

    @property
    def is_full(self) -> bool:
        """Whether another call had better be refused."""
        return self._count >= self._most

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Put a call in line, and count it until it has ended."""
        with self._lock:
            self._count += 1
        try:
            future = super().submit(fn, *args, **kwargs)
        except RuntimeError:
            self._end(None)
            raise
        future.add_done_callback(self._end)
        return future

    def _end(self, _: "Future[Any] | None") -> None:
        with self._lock:
            self._count -= 1


class Pools:
    """The pools of one server. A stream and a call that waits hold a thread as long as they last.

    A thread that sleeps costs some 40 kB; the number of seats bounds them.
    """

    def __init__(self, workers: int) -> None:
        self.calls = CountingPool(workers, most=max(MAX_SHORT_CALLS, workers), name="grpc")
        self.side = ThreadPoolExecutor(SIDE_WORKERS, thread_name_prefix="grpc-side")
        self._waits = _pool_of(WAITERS, name="grpc-wait")
        self._streams = _pool_of(WATCHERS, name="grpc-stream")

    def of(self, method: Method) -> CountingPool:
        """Return the pool that a method is answered in."""
        if method.is_streaming:
            return self._streams
        return self._waits if method.is_waiting else self.calls

    def close(self) -> None:
        """Let no more calls in."""
        for pool in (self.calls, self.side, self._waits, self._streams):
            pool.shutdown(wait=False, cancel_futures=True)


def _pool_of(seats: int, *, name: str) -> CountingPool:
    workers = seats + SPARE_WORKERS
    return CountingPool(workers, most=workers, name=name)
