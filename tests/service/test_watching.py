"""Streams through both transports of the gateway: in process, and over the hop."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import ErrorInfo
from gpuquote.v1 import change_service_pb2 as pb

from service.catalog.feed import ChangeFeed
from service.local_transport import LocalTransport
from service.rest.grpc_transport import GrpcTransport
from service.rest.transport import Messages, RpcFailed, Transport
from service.rpc.server import GrpcServer
from tests.fakes import OK, FakeSource, a_catalog, a_dispatcher, detail
from tests.service.catalog.test_feed import SECONDS, Fragile, Publisher, following, until

WATCH = "/gpuquote.v1.ChangeService/WatchChanges"


@pytest.fixture
def store() -> Fragile:
    return Fragile()


@pytest.fixture
def feed(store: Fragile) -> Iterator[ChangeFeed]:
    with following(store) as one:
        one.end()
        yield one


@pytest.fixture(params=["in process", "over the hop"])
def transport(
    request: pytest.FixtureRequest, store: Fragile, feed: ChangeFeed
) -> Iterator[Transport]:
    source = FakeSource(a_catalog())
    chain = a_dispatcher(source, runs=store, feed=feed, watchers=1)
    if request.param == "in process":
        yield LocalTransport(chain, source)
        return
    server = GrpcServer(chain, lambda: OK, host="127.0.0.1", port=0)
    hop = GrpcTransport(f"127.0.0.1:{server.start()}")
    yield hop
    hop.close()
    server.stop(0)


def watch(transport: Transport, **asked: str) -> Messages:
    return transport.stream(WATCH, pb.WatchChangesRequest(**asked), metadata={})


def first_word(transport: Transport, **asked: str) -> Any:
    messages = watch(transport, **asked)
    try:
        return next(messages)
    finally:
        messages.close()


def test_changes_come_as_messages(transport: Transport, store: Fragile) -> None:
    messages = watch(transport)
    first: Any = next(messages)
    assert first.cursor
    Publisher(store).price(3)
    change: Any = next(messages)
    assert change.change.after.price_per_hour.amount == "3.00"
    messages.close()


def test_a_stream_that_is_refused_fails_with_the_details(transport: Transport) -> None:
    with pytest.raises(RpcFailed) as failed:
        first_word(transport, cursor="c_x")
    assert failed.value.status.code == Code.INVALID_ARGUMENT
    assert detail(failed.value.status, ErrorInfo).reason == "BAD_CURSOR"


def test_closing_ends_the_stream_and_frees_its_seat(transport: Transport) -> None:
    messages = watch(transport)
    next(messages)
    with pytest.raises(RpcFailed) as full:
        first_word(transport)
    assert detail(full.value.status, ErrorInfo).reason == "TOO_MANY_STREAMS"
    with ThreadPoolExecutor(1) as pool:
        rest = pool.submit(list, messages)
        time.sleep(0.05)
        messages.close()
        messages.close()
        assert rest.result(timeout=SECONDS / 2) == []

    def is_free() -> bool:
        try:
            return bool(first_word(transport).cursor)
        except RpcFailed:
            return False

    until(is_free)


def test_a_service_that_stops_ends_the_stream(transport: Transport, feed: ChangeFeed) -> None:
    messages = watch(transport)
    next(messages)
    threading.Timer(0.05, feed.stop).start()
    assert list(messages) == []


def test_a_gateway_that_stops_ends_its_streams_over_the_hop(
    store: Fragile, feed: ChangeFeed
) -> None:
    chain = a_dispatcher(FakeSource(a_catalog()), runs=store, feed=feed)
    server = GrpcServer(chain, lambda: OK, host="127.0.0.1", port=0)
    hop = GrpcTransport(f"127.0.0.1:{server.start()}")
    messages = hop.stream(WATCH, pb.WatchChangesRequest(), metadata={})
    next(messages)
    threading.Timer(0.05, hop.end_streams).start()
    assert list(messages) == []
    hop.close()
    server.stop(0)
