"""The gRPC server: threads, generic handlers from the method table, health and reflection."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

import grpc
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2
from grpc_status import rpc_status

from service.catalog.replica import Readiness
from service.domain.errors import Exhausted, Reason
from service.rpc.dispatch import Call, Dispatcher, RpcError
from service.rpc.health import ReadinessHealth
from service.rpc.pools import MAX_CONCURRENT_CALLS, WORKERS, Pools
from service.rpc.status import status_of
from service.rpc.streams import OpenStreams

MAX_REQUEST_BYTES = 256 * 1024
WATCH_SECONDS = 0.25

OWN_PREFIX = "/gpuquote."
# A call without a deadline has about 9.2e18 s left.
_ENDLESS_SECONDS = 1e9

_MethodHandler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
_Behavior = Callable[[Any, grpc.ServicerContext], Any]


class PortTaken(Exception):
    """Another program listens there; the message says where and which setting changes it."""


@dataclass(frozen=True)
class _Status(grpc.Status):
    """What `abort_with_status` takes."""

    code: grpc.StatusCode
    details: str
    trailing_metadata: tuple[tuple[str, str | bytes], ...]


class GrpcServer:
    """Serves a dispatcher over gRPC on one address; `port` 0 takes a free one.

    `reuse_port` lets several processes share the port; without it a taken port is an error.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        readiness: Callable[[], Readiness],
        *,
        host: str,
        port: int,
        reuse_port: bool = False,
        workers: int = WORKERS,
    ) -> None:
        self._host, self._port = host, port
        self._pools = Pools(workers)
        self._streams = OpenStreams()
        services = sorted({name.split("/")[1] for name in dispatcher.methods})
        self._health = ReadinessHealth(readiness, services)
        self._server = grpc.server(
            self._pools.calls,
            maximum_concurrent_rpcs=MAX_CONCURRENT_CALLS,
            options=(
                ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
                ("grpc.so_reuseport", int(reuse_port)),
            ),
        )
        self._server.add_generic_rpc_handlers(
            (
                _Calls(dispatcher, self._pools, self._streams),
                self._health_handler(),
                self._reflection_handler(services),
                _NoSuchMethod(dispatcher, self._pools.side),
            )
        )
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="grpc-health", daemon=True)

    def start(self) -> int:
        """Listen and answer; returns the port. Raises PortTaken."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        try:
            port: int = self._server.add_insecure_port(f"{host}:{self._port}")
        except RuntimeError as error:
            self._pools.close()
            raise PortTaken(
                f"cannot listen on {host}:{self._port}, it is taken or not an address of this "
                "machine; set GPUQUOTE_GRPC_PORT or GPUQUOTE_HOST"
            ) from error
        self._server.start()
        self._watcher.start()
        return port

    def stop(
        self,
        grace: float,
        *,
        pause: float = 0.0,
        end_waits: Callable[[], None] = lambda: None,
    ) -> None:
        """Say NOT_SERVING, wait `pause` for clients to notice, then end; all in seconds.

        New calls are refused after the pause; those under way have `grace` to end. Streams end
        with OK after the pause; `end_waits` is called then, to have waiting calls answer at once.
        """
        self._health.drain()
        time.sleep(pause)
        self._stopping.set()
        self._streams.end()
        end_waits()
        self._server.stop(grace).wait()
        if self._watcher.is_alive():
            self._watcher.join()
        self._pools.close()

    def _watch(self) -> None:
        while not self._stopping.wait(WATCH_SECONDS):
            self._health.refresh()
            self._streams.cut_stuck(time.monotonic())

    def _health_handler(self) -> grpc.GenericRpcHandler:
        messages: dict[str, Any] = {
            "request_deserializer": health_pb2.HealthCheckRequest.FromString,
            "response_serializer": health_pb2.HealthCheckResponse.SerializeToString,
        }
        check = _InPool(self._health.Check, self._pools.side)
        return grpc.method_handlers_generic_handler(
            health_pb2.DESCRIPTOR.services_by_name["Health"].full_name,
            {
                "Check": grpc.unary_unary_rpc_method_handler(check, **messages),
                "Watch": grpc.unary_stream_rpc_method_handler(self._health.Watch, **messages),
            },
        )

    def _reflection_handler(self, services: list[str]) -> grpc.GenericRpcHandler:
        names = (*services, "grpc.health.v1.Health", reflection.SERVICE_NAME)
        servicer: Any = reflection.ReflectionServicer(names)
        handler = grpc.stream_stream_rpc_method_handler(
            _InPool(servicer.ServerReflectionInfo, self._pools.side),
            request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
            response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
        )
        return grpc.method_handlers_generic_handler(
            reflection.SERVICE_NAME, {"ServerReflectionInfo": handler}
        )


class _InPool:
    """A behavior that grpc runs in another pool than its own."""

    def __init__(self, behavior: _Behavior, pool: ThreadPoolExecutor) -> None:
        self._behavior = behavior
        self.experimental_thread_pool = pool  # grpc looks for this name

    def __call__(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._behavior(request, context)


class _Calls(grpc.GenericRpcHandler):
    """The RPCs of the method table; requests and answers stay bytes here."""

    def __init__(self, dispatcher: Dispatcher, pools: Pools, streams: OpenStreams) -> None:
        self._pools = {name: pools.of(method) for name, method in dispatcher.methods.items()}
        self._handlers: Mapping[str, _MethodHandler] = {
            name: _stream_handler(dispatcher, name, pools.of(method), streams)
            if method.is_streaming
            else _handler(dispatcher, name, pools.of(method))
            for name, method in dispatcher.methods.items()
        }
        refuse = _InPool(_refuse, pools.side)
        self._refusal: _MethodHandler = grpc.unary_unary_rpc_method_handler(refuse)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "_MethodHandler | None":
        """Return the handler of a method of ours: a refusal where too many are in line."""
        pool = self._pools.get(handler_call_details.method)
        if pool is not None and pool.is_full:
            return self._refusal
        return self._handlers.get(handler_call_details.method)


class _NoSuchMethod(grpc.GenericRpcHandler):
    """Answers for methods that ours do not have, with details as every error has them."""

    def __init__(self, dispatcher: Dispatcher, pool: ThreadPoolExecutor) -> None:
        self._dispatcher = dispatcher
        self._pool = pool

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "_MethodHandler | None":
        """Return a handler that refuses, for names in our package."""
        if not handler_call_details.method.startswith(OWN_PREFIX):
            return None
        return _handler(self._dispatcher, handler_call_details.method, self._pool)


def _handler(dispatcher: Dispatcher, method: str, pool: ThreadPoolExecutor) -> _MethodHandler:
    def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            found = dispatcher.call(method, request, _call_of(context))
        except RpcError as error:
            _abort(context, error.status, error.metadata)
        context.set_trailing_metadata(tuple(found.metadata.items()))
        return found.to_proto_bytes()

    return grpc.unary_unary_rpc_method_handler(_InPool(answer, pool))


def _stream_handler(
    dispatcher: Dispatcher, method: str, pool: ThreadPoolExecutor, streams: OpenStreams
) -> _MethodHandler:
    def answers(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        try:
            found = dispatcher.stream(method, request, _call_of(context))
            with streams.opened(found, context) as stream:
                for answer in found:
                    context.set_trailing_metadata(tuple(answer.metadata.items()))
                    stream.sends()
                    yield answer.to_proto_bytes()
                    stream.has_sent()
        except RpcError as error:
            _abort(context, error.status, error.metadata)

    return grpc.unary_stream_rpc_method_handler(_InPool(answers, pool))


def _refuse(_: bytes, context: grpc.ServicerContext) -> NoReturn:
    text = "The service has too many calls at once."
    _abort(context, status_of(Exhausted(Reason.OVERLOADED, text, retry_after_seconds=1)), {})


def _call_of(context: grpc.ServicerContext) -> Call:
    metadata = {
        key: value for key, value in context.invocation_metadata() if isinstance(value, str)
    }
    remaining = context.time_remaining()
    if remaining > _ENDLESS_SECONDS:
        return Call(metadata=metadata)
    return Call(metadata=metadata, deadline=time.monotonic() + remaining)


def _abort(context: grpc.ServicerContext, status: Status, metadata: Mapping[str, str]) -> NoReturn:
    plain = rpc_status.to_status(status)  # pyright: ignore[reportUnknownMemberType] # untyped
    trailing = (*plain.trailing_metadata, *metadata.items())
    context.abort_with_status(_Status(plain.code, plain.details, trailing))
    raise AssertionError("abort_with_status always raises")
