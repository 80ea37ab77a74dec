"""The open streams of a gRPC server: ended when it stops, cut where a client does not read."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import grpc

from service.rpc.call import Answers

SEND_SECONDS = 10.0
"""So long may one message take: a client that reads nothing must not hold a thread for ever."""


@dataclass(slots=True, kw_only=True, eq=False)
class OpenStream:
    """One stream. `sending_since` is None while no message is under way."""

    answers: Answers
    context: grpc.ServicerContext
    sending_since: float | None = None

    def sends(self) -> None:
        """Note that a message is handed over now."""
        self.sending_since = time.monotonic()

    def has_sent(self) -> None:
        """Note that the message has left."""
        self.sending_since = None


class OpenStreams:
    """All of them. Thread-safe."""

    def __init__(self) -> None:
        self._open: set[OpenStream] = set()
        self._lock = threading.Lock()

    @contextmanager
    def opened(self, answers: Answers, context: grpc.ServicerContext) -> Iterator[OpenStream]:
        """Know a stream for a block, at whose end it is closed."""
        stream = OpenStream(answers=answers, context=context)
        with self._lock:
            self._open.add(stream)
        try:
            # The callback also comes when the client cancels: what waits for a change stops.
            if not context.add_callback(answers.close):
                answers.close()
            yield stream
        finally:
            with self._lock:
                self._open.discard(stream)
            answers.close()

    def cut_stuck(self, now: float) -> None:
        """Cancel streams whose client has not taken a message for `SEND_SECONDS`."""
        for stream in self._all():
            since = stream.sending_since
            if since is not None and now - since > SEND_SECONDS:
                stream.context.cancel()

    def end(self) -> None:
        """End every stream with OK: its client resumes elsewhere."""
        for stream in self._all():
            stream.answers.close()

    def _all(self) -> tuple[OpenStream, ...]:
        with self._lock:
            return tuple(self._open)
