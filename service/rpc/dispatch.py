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
from service.rpc.call import Answer, Call
from service.rpc.methods import Method
from service.rpc.status import code_name, status_of

__all__ = ["Answer", "Call", "Dispatcher", "RpcError"]

REQUEST_ID = "x-request-id"
DEFAULT_TIMEOUT_SECONDS = 5.0
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
        started = self._monotonic()
        request_id = _request_id(call)
        known = self.methods.get(method)
        label = UNKNOWN_METHOD if known is None else known.label
        try:
            answer = self._answer(known, request, call, started)
        except Exception as error:
            status = status_of(error, request_id=request_id)
            _add_request_info(status, request_id)
            self._record(label, code_name(status), started, request_id)
            raise RpcError(status, {REQUEST_ID: request_id}) from error
        answer.metadata[REQUEST_ID] = request_id
        self._record(label, "OK", started, request_id)
        return answer

    def _answer(
        self, method: Method | None, request: Message | bytes, call: Call, now: float
    ) -> Answer:
        if method is None:
            raise QuoteError(Reason.UNIMPLEMENTED, "There is no such method.")
        deadline = now + DEFAULT_TIMEOUT_SECONDS if call.deadline is None else call.deadline
        if deadline - RETURN_SECONDS - now < LEAST_SECONDS:
            raise QuoteError(Reason.DEADLINE_EXCEEDED, "The deadline leaves no time for an answer.")
        message = _decoded(method, request) if isinstance(request, bytes) else request
        check_behaviors(message)
        return method.handler(message)

    def _record(self, label: str, code: str, started: float, request_id: str) -> None:
        seconds = self._monotonic() - started
        child = self._children.get((label, code))
        if child is None:
            child = self._children[label, code] = self._durations.labels(label, code)
        child.observe(seconds)
        level = logging.WARNING if seconds >= SLOW_SECONDS else logging.DEBUG
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
