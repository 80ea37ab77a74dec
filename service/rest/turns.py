"""A fixed share of the threads for calls that stay, and turns for those that do not.

A stream holds a thread of the server for minutes and a long poll for seconds, so there are many
more threads than can do anything at once. Short calls therefore take turns: as many as there were
threads before, whatever else is going on. Calls that may stay take a place at once or are refused,
so that there is always a thread left for a short one.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from queue import SimpleQueue
from typing import Any, Final

from service.rest.problem import Problem, problem_response
from service.rest.request_id import request_id_of
from service.rest.routes import Route

# As many as the service has seats for streams and for waits together, and some to be refused.
PLACES: Final = 336
SPARE_THREADS: Final = 32
_RETRY_AFTER_SECONDS: Final = 5

_Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Turns:
    """A WSGI application around another one. `turns` short calls run at once."""

    def __init__(
        self, app: _Wsgi, routes: Iterable[Route], *, turns: int, places: int = PLACES
    ) -> None:
        self._app = app
        self._turns: SimpleQueue[None] = SimpleQueue()
        for _ in range(turns):
            self._turns.put(None)
        self._place_count = places
        self._places = threading.BoundedSemaphore(places)
        staying = [route.pattern for route in routes if route.may_wait or route.is_stream]
        patterns = (re.sub(r"\\\{\w+\\\}", "[^/:]+", re.escape(each)) for each in staying)
        self._may_stay = re.compile("|".join(patterns) or r"(?!)")

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request, when its turn comes or in a place of its own."""
        if self._may_stay.fullmatch(environ.get("PATH_INFO", "")):
            return self._stay(environ, start_response)
        turn = self._turns.get()
        try:
            return self._app(environ, start_response)
        finally:
            self._turns.put(turn)

    def _stay(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not self._places.acquire(blocking=False):
            response = problem_response(self._refusal(), request_id=request_id_of(environ))
            return response(environ, start_response)
        try:
            body = self._app(environ, start_response)
        except BaseException:
            self._places.release()
            raise
        if isinstance(body, list):
            self._places.release()
            return body
        return _Staying(body, self._places.release)

    def _refusal(self) -> Problem:
        return Problem(
            http_status=HTTPStatus.TOO_MANY_REQUESTS,
            code="RESOURCE_EXHAUSTED",
            reason="TOO_MANY_STREAMS",
            detail=f"{self._place_count} calls wait or watch already; come back in a few seconds.",
            metadata={"limit": str(self._place_count)},
            headers={"Retry-After": str(_RETRY_AFTER_SECONDS)},
        )


class _Staying:
    """A body that holds a place until the server closes it."""

    def __init__(self, body: Iterable[bytes], leave: Callable[[], None]) -> None:
        self._body = body
        self._chunks = iter(body)
        self._leave: Callable[[], None] | None = leave

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._chunks)

    def close(self) -> None:
        leave, self._leave = self._leave, None
        if leave is None:
            return
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            leave()
