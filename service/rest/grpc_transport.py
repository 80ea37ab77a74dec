"""The transport of a gateway that runs apart: a gRPC channel to the service."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2
from grpc_status import rpc_status

from service.rest.transport import Messages, Readiness, Reply, RpcFailed

_READY_STATUS: Final = "gpuquote-status"
_READY_REASONS: Final = "gpuquote-reasons"
_HEALTH_CHECK: Final = "/grpc.health.v1.Health/Check"
_READY_TIMEOUT_SECONDS: Final = 1.0
_RETRY_AFTER_SECONDS: Final = 1
# The service ends a stream after some ten minutes: this is for one that has forgotten to.
_STREAM_SECONDS: Final = 900.0
_OPTIONS: Final = (
    # A page of 1,000 offers is about 1 MB.
    ("grpc.max_receive_message_length", 32 * 1024 * 1024),
    # A service that restarts should be found again within a second or two, not after minutes.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2000),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.enable_http_proxy", 0),
)
# Texts for statuses that the runtime makes; its own texts tell addresses.
_RUNTIME_CAUSES: Final = {
    code_pb2.UNAVAILABLE: ("SERVICE_UNREACHABLE", "The service is out of reach."),
    code_pb2.DEADLINE_EXCEEDED: ("DEADLINE_EXCEEDED", "The service did not answer in time."),
    code_pb2.RESOURCE_EXHAUSTED: ("OVERLOADED", "The service has too many calls at once."),
    code_pb2.UNIMPLEMENTED: ("UNIMPLEMENTED", "The service does not know this method."),
}
_RETRIED: Final = frozenset({code_pb2.UNAVAILABLE, code_pb2.RESOURCE_EXHAUSTED})


class GrpcTransport:
    """Calls the service at `target`, such as "127.0.0.1:50051". Connects at the first call."""

    def __init__(self, target: str) -> None:
        self._channel = grpc.insecure_channel(target, options=_OPTIONS)
        self._calls: dict[str, Any] = {}
        self._streams: set[_GrpcMessages] = set()

    def close(self) -> None:
        """Close the channel; calls under way are cancelled."""
        self._channel.close()

    def call(
        self,
        method: str,
        request: Message,
        *,
        timeout_seconds: float,
        metadata: Mapping[str, str],
    ) -> Reply:
        """Make one call; raises RpcFailed, with the service's own details where it sent any."""
        try:
            message, call = self._stub(method, self._channel.unary_unary).with_call(
                request, timeout=timeout_seconds, metadata=tuple(metadata.items())
            )
        except grpc.RpcError as error:
            raise RpcFailed(_status_of(error), _texts(error.trailing_metadata())) from None
        return Reply(
            message=message,
            metadata=_texts(call.initial_metadata()) | _texts(call.trailing_metadata()),
        )

    def stream(self, method: str, request: Message, *, metadata: Mapping[str, str]) -> Messages:
        """Begin a stream; the first message raises RpcFailed where it is refused."""
        stub = self._stub(method, self._channel.unary_stream)
        call = stub(request, timeout=_STREAM_SECONDS, metadata=tuple(metadata.items()))
        messages = _GrpcMessages(call, self._streams.discard)
        self._streams.add(messages)
        return messages

    def end_streams(self) -> None:
        """End every stream; other calls go on."""
        for messages in tuple(self._streams):
            messages.close()

    def revision(self) -> str | None:
        """Return None: over the hop the revision is not known without a call."""
        return None

    def readiness(self) -> Readiness:
        """Ask gRPC health; "degraded" and the reasons come in its trailing metadata."""
        check = self._channel.unary_unary(
            _HEALTH_CHECK,
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        try:
            response, call = check.with_call(
                health_pb2.HealthCheckRequest(), timeout=_READY_TIMEOUT_SECONDS
            )
        except grpc.RpcError:
            return Readiness(status="unavailable", reasons=("service_unreachable",))
        sent = _texts(call.trailing_metadata())
        reasons = _reasons(sent.get(_READY_REASONS, ""))
        if response.status != health_pb2.HealthCheckResponse.SERVING:
            return Readiness(status="unavailable", reasons=reasons or ("service_not_serving",))
        if sent.get(_READY_STATUS) == "degraded":
            return Readiness(status="degraded", reasons=reasons)
        return Readiness(status="ok", reasons=reasons)

    def _stub(self, method: str, make: Callable[..., Any]) -> Any:
        # Two threads may build the same call at once; both are good, one is kept.
        call = self._calls.get(method)
        if call is None:
            name = method.removeprefix("/").replace("/", ".")
            descriptor = descriptor_pool.Default().FindMethodByName(name)
            call = self._calls[method] = make(
                method,
                request_serializer=GetMessageClass(descriptor.input_type).SerializeToString,
                response_deserializer=GetMessageClass(descriptor.output_type).FromString,
            )
        return call


class _GrpcMessages:
    """The messages of a gRPC stream."""

    def __init__(self, call: Any, forget: Callable[["_GrpcMessages"], None]) -> None:
        self._call = call
        self._forget = forget
        self._is_closed = False

    def __iter__(self) -> "_GrpcMessages":
        return self

    def __next__(self) -> Message:
        try:
            message: Message = next(self._call)
        except grpc.RpcError as error:
            if self._is_closed:
                raise StopIteration from None
            raise RpcFailed(_status_of(error), _texts(error.trailing_metadata())) from None
        return message

    def close(self) -> None:
        self._is_closed = True
        self._forget(self)
        self._call.cancel()


def _reasons(text: str) -> tuple[str, ...]:
    """Split "a; b", or "a,b" where no semicolon says that commas are part of the text."""
    parts = text.split(";" if ";" in text else ",")
    return tuple(part.strip() for part in parts if part.strip())


def _status_of(error: Any) -> status_pb2.Status:
    untyped: Any = rpc_status
    try:
        sent: status_pb2.Status | None = untyped.from_call(error)
    except ValueError:
        sent = None  # details that disagree with the call's own code are not to be believed
    if sent is not None:
        return sent
    code = error.code().value[0]
    reason, text = _RUNTIME_CAUSES.get(code, ("", error.details() or ""))
    status = status_pb2.Status(code=code, message=text)
    if reason:
        info = error_details_pb2.ErrorInfo(reason=reason, domain="gpuquote")
        status.details.add().Pack(info)
    if code in _RETRIED:
        delay = Duration(seconds=_RETRY_AFTER_SECONDS)
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    return status


def _texts(metadata: Iterable[Any] | None) -> dict[str, str]:
    """Text entries of metadata; binary ones (`-bin`) are left out."""
    return {key: value for key, value in metadata or () if isinstance(value, str)}
