"""The chain that every call goes through, over gRPC and in process alike.

In order: request id, deadline, decoding, declared field behaviours, the handler; around them error
translation, one metric and one log line. A servicer therefore only converts and answers.
"""

import logging
import random
import re
import time
from collections.abc import Callable, Mapping

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import RequestInfo
from google.rpc.status_pb2 import Status
from prometheus_client import REGISTRY, CollectorRegistry, Histogram

from service.domain.errors import InvalidRequest, QuoteError, Reason
from service.rpc.behaviors import check_behaviors
from service.rpc.call import Answer, Answers, Call
from service.rpc.methods import Method
from service.rpc.requests import MAX_WAIT_SECONDS
from service.rpc.status import code_name, status_of

__all__ = ["Answer", "Answers", "Call", "Dispatcher", "RpcError"]

REQUEST_ID = "x-request-id"
DEFAULT_TIMEOUT_SECONDS = 5.0
"""Of a call without a deadline; one that may wait has as long as it may wait on top."""
ENDLESS_SECONDS = 1e9
# The way back takes time too; below the least time an answer would come too late anyway.
RETURN_SECONDS = 0.020
LEAST_SECONDS = 0.050
SLOW_SECONDS = 0.5
# Label of calls to methods that do not exist: their names are the caller's, and without bound.
UNKNOWN_METHOD = "_OTHER"

_REQUEST_ID_TEXT = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_BUCKETS = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075),
    *(0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0),
)

log = logging.getLogger(__name__)


class RpcError(Exception):
    """A call that did not succeed: its `google.rpc.Status`, and the metadata that go with it."""

    def __init__(self, status: Status, metadata: Mapping[str, str]) -> None:
        super().__init__(status.message)
        self.status = status
        self.metadata = dict(metadata)


class Dispatcher:
    """Answers calls from the method table. Thread-safe; one for each process.

    `registry` receives the metric `rpc_server_call_duration_seconds`; `monotonic` is the clock of
    deadlines, in seconds.
    """

    def __init__(
        self,
        methods: Mapping[str, Method],
        *,
        registry: CollectorRegistry = REGISTRY,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.methods = methods
        self._monotonic = monotonic
        self._durations = Histogram(
            "rpc_server_call_duration_seconds",
            "Time to answer a call, by method and code.",
            ("method", "code"),
            buckets=_BUCKETS,
            registry=registry,
        )
        self._children: dict[
            tuple[str, str], Histogram
        ] = {}  # looking labels up costs microseconds

    def call(self, method: str, request: Message | bytes, call: Call) -> Answer:
        """Answer one call; `request` may still be in its serialised form.

        Raises RpcError, and nothing else.
        """
        chain = _Chain(self, method, call)
        try:
            answer = self._answer(chain.method, request, call, chain.started)
        except Exception as error:
            raise chain.failed(error) from error
        if not isinstance(answer, Answer):
            answer.close()
            raise chain.failed(QuoteError(Reason.UNIMPLEMENTED, "This method streams."))
        answer.metadata[REQUEST_ID] = chain.request_id
        chain.record("OK")
        return answer

    def stream(self, method: str, request: Message | bytes, call: Call) -> Answers:
        """Begin to answer a call to a streaming method; it ends with the answers.

        Raises RpcError, here for a call that is refused, and from the answers later; nothing else.
        """
        chain = _Chain(self, method, call)
        try:
            answers = self._answer(chain.method, request, call, chain.started)
        except Exception as error:
            raise chain.failed(error) from error
        if isinstance(answers, Answer):
            raise chain.failed(QuoteError(Reason.UNIMPLEMENTED, "This method does not stream."))
        return _Streamed(answers, chain)

    def _answer(
        self, method: Method | None, request: Message | bytes, call: Call, now: float
    ) -> Answer | Answers:
        if method is None:
            raise QuoteError(Reason.UNIMPLEMENTED, "There is no such method.")
        deadline = now + _default_timeout(method) if call.deadline is None else call.deadline
        if deadline - RETURN_SECONDS - now < LEAST_SECONDS:
            raise QuoteError(Reason.DEADLINE_EXCEEDED, "The deadline leaves no time for an answer.")
        message = _decoded(method, request) if isinstance(request, bytes) else request
        check_behaviors(message)
        if method.is_waiting:
            return method.handler(message, deadline - RETURN_SECONDS)
        return method.handler(message)

    def now(self) -> float:
        """Return the time on the clock of deadlines."""
        return self._monotonic()

    def record(
        self, label: str, code: str, started: float, request_id: str, *, may_wait: bool
    ) -> None:
        """Note how a call ended."""
        seconds = self._monotonic() - started
        child = self._children.get((label, code))
        if child is None:
            child = self._children[label, code] = self._durations.labels(label, code)
        child.observe(seconds)
        is_slow = seconds >= SLOW_SECONDS and not may_wait
        level = logging.WARNING if is_slow else logging.DEBUG
        if log.isEnabledFor(level):
            log.log(
                level,
                "call",
                extra={
                    "method": label,
                    "code": code,
                    "duration_ms": round(seconds * 1000, 3),
                    "request_id": request_id,
                },
            )


class _Chain:
    """What is known of a call from its beginning to its end."""

    def __init__(self, dispatcher: Dispatcher, method: str, call: Call) -> None:
        self._dispatcher = dispatcher
        self.method = dispatcher.methods.get(method)
        self.started = dispatcher.now()
        self.request_id = _request_id(call)

    def record(self, code: str) -> None:
        label = UNKNOWN_METHOD if self.method is None else self.method.label
        may_wait = self.method is not None and self.method.is_waiting
        self._dispatcher.record(label, code, self.started, self.request_id, may_wait=may_wait)

    def failed(self, error: Exception) -> RpcError:
        """Translate an error, and note it."""
        status = status_of(error, request_id=self.request_id)
        _add_request_info(status, self.request_id)
        self.record(code_name(status))
        return RpcError(status, {REQUEST_ID: self.request_id})


class _Streamed:
    """Answers of a stream, with the error translation, the metric and the log line around them."""

    def __init__(self, answers: Answers, chain: _Chain) -> None:
        self._answers = answers
        self._chain = chain
        self._has_ended = False

    def __iter__(self) -> "_Streamed":
        return self

    def __next__(self) -> Answer:
        try:
            answer = next(self._answers)
        except StopIteration:
            self._end("OK")
            raise
        except Exception as error:
            self._has_ended = True
            raise self._chain.failed(error) from error
        answer.metadata[REQUEST_ID] = self._chain.request_id
        return answer

    def close(self) -> None:
        self._answers.close()
        self._end("CANCELLED")

    def _end(self, code: str) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._chain.record(code)


def _default_timeout(method: Method) -> float:
    if method.is_streaming:
        return ENDLESS_SECONDS  # the servicer ends it
    return DEFAULT_TIMEOUT_SECONDS + (MAX_WAIT_SECONDS if method.is_waiting else 0)


def _request_id(call: Call) -> str:
    """Take the caller's id where it is harmless in a header and a log line, else make one."""
    for given in (call.request_id, call.metadata.get(REQUEST_ID, "")):
        if _REQUEST_ID_TEXT.fullmatch(given):
            return given
    # Not from the system: that gives away the interpreter's lock for each.
    return f"{random.getrandbits(80):020x}"


def _decoded(method: Method, request: bytes) -> Message:
    message = method.request()
    try:
        message.ParseFromString(request)
    except DecodeError as error:
        raise InvalidRequest(
            Reason.BAD_MESSAGE, f"The request is not a {method.request.DESCRIPTOR.name}."
        ) from error
    return message


def _add_request_info(status: Status, request_id: str) -> None:
    packed = AnyMessage()
    packed.Pack(RequestInfo(request_id=request_id))
    status.details.append(packed)
