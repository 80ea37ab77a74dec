"""Streams over a real gRPC server: cancelled, stopped, cut, and out of everybody's way."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from gpuquote.v1 import change_service_pb2 as pb

from service.catalog.feed import ChangeFeed
from service.rpc import streams
from service.rpc.pools import CountingPool
from service.rpc.server import GrpcServer
from tests.builders import an_offer
from tests.fakes import OK, FakeSource, a_catalog, a_dispatcher, detail
from tests.service.catalog.test_feed import SECONDS, Fragile, Publisher, following, until
from tests.service.rpc.test_server import LIST_OFFERS, call, serving, status_in

WATCH = "/gpuquote.v1.ChangeService/WatchChanges"
LIST = "/gpuquote.v1.ChangeService/ListChanges"


@pytest.fixture
def store() -> Fragile:
    return Fragile()


@pytest.fixture
def feed(store: Fragile) -> Iterator[ChangeFeed]:
    with following(store) as one:
        one.end()
        yield one


def watch(channel: grpc.Channel, **asked: str) -> Any:
    request = pb.WatchChangesRequest(**asked).SerializeToString()
    stub: Any = channel.unary_stream(
        WATCH, response_deserializer=pb.WatchChangesResponse.FromString
    )
    return stub(request, timeout=SECONDS)


def test_changes_are_streamed_and_a_cancelled_stream_frees_its_seat_at_once(
    store: Fragile, feed: ChangeFeed
) -> None:
    source = FakeSource(a_catalog(an_offer()))
    chain = a_dispatcher(source, runs=store, feed=feed, watchers=1)
    with serving(chain) as channel:
        stream = watch(channel)
        assert next(stream).cursor
        Publisher(store).price(3)
        assert next(stream).change.after.price_per_hour.amount == "3.00"
        full = watch(channel)
        with pytest.raises(grpc.RpcError) as refused:
            next(full)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        stream.cancel()
        until(lambda: bool(_first_word(channel)))


def _first_word(channel: grpc.Channel) -> str:
    try:
        return str(next(watch(channel)).cursor)
    except grpc.RpcError:
        return ""


def test_a_request_that_cannot_be_watched_is_refused_with_details(
    store: Fragile, feed: ChangeFeed
) -> None:
    chain = a_dispatcher(FakeSource(a_catalog()), runs=store, feed=feed)
    with serving(chain) as channel:
        with pytest.raises(grpc.RpcError) as refused:
            next(watch(channel, cursor="c_x"))
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert detail(status_in(refused.value), ErrorInfo).reason == "BAD_CURSOR"


def test_a_server_that_stops_ends_its_streams_with_ok(store: Fragile, feed: ChangeFeed) -> None:
    chain = a_dispatcher(FakeSource(a_catalog()), runs=store, feed=feed)
    server = GrpcServer(chain, lambda: OK, host="127.0.0.1", port=0)
    with grpc.insecure_channel(f"127.0.0.1:{server.start()}") as channel:
        stream = watch(channel)
        next(stream)
        stopper = threading.Thread(target=server.stop, args=(SECONDS,))
        started = time.monotonic()
        stopper.start()
        assert list(stream) == []
        assert stream.code() is grpc.StatusCode.OK
        stopper.join()
        assert time.monotonic() - started < SECONDS / 2


def test_a_server_that_stops_has_waiting_calls_answer_at_once(
    store: Fragile, feed: ChangeFeed
) -> None:
    chain = a_dispatcher(FakeSource(a_catalog()), runs=store, feed=feed)
    server = GrpcServer(chain, lambda: OK, host="127.0.0.1", port=0)
    with grpc.insecure_channel(f"127.0.0.1:{server.start()}") as channel:
        request = pb.ListChangesRequest(cursor="now")
        request.max_wait.FromSeconds(30)
        stub: Any = channel.unary_unary(LIST)
        waiting = stub.future(request.SerializeToString(), timeout=2 * SECONDS)
        until(lambda: bool(feed._sleepers))
        server.stop(SECONDS, end_waits=feed.stop)
        assert pb.ListChangesResponse.FromString(waiting.result()).next_cursor


def test_a_stream_ends_with_ok_before_the_deadline_of_its_client(
    store: Fragile, feed: ChangeFeed
) -> None:
    chain = a_dispatcher(FakeSource(a_catalog()), runs=store, feed=feed)
    with serving(chain) as channel:
        stub: Any = channel.unary_stream(WATCH)
        stream = stub(b"", timeout=0.5)
        assert len(list(stream)) == 1
        assert stream.code() is grpc.StatusCode.OK


def test_streams_and_waits_leave_the_workers_to_short_calls(
    store: Fragile, feed: ChangeFeed
) -> None:
    source = FakeSource(a_catalog(an_offer()))
    with serving(a_dispatcher(source, runs=store, feed=feed), workers=2) as channel:
        open_ones = [watch(channel) for _ in range(12)]
        assert all(next(stream).cursor for stream in open_ones)
        request = pb.ListChangesRequest(cursor="now")
        request.max_wait.FromSeconds(20)
        stub: Any = channel.unary_unary(LIST)
        waiting = [stub.future(request.SerializeToString(), timeout=SECONDS) for _ in range(12)]
        started = time.monotonic()
        for _ in range(20):
            call(channel, LIST_OFFERS, b"")
        assert time.monotonic() - started < SECONDS / 2
        Publisher(store).price(3)
        assert all(pb.ListChangesResponse.FromString(one.result()).changes for one in waiting)
        assert all(next(stream).HasField("change") for stream in open_ones)


def test_who_does_not_read_is_cut_and_holds_up_nobody(
    store: Fragile, feed: ChangeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "SEND_SECONDS", 0.3)
    wide = "x" * 50_000
    offers = [an_offer(offer_id=f"o{at}", region_code=wide) for at in range(20)]
    chain = a_dispatcher(FakeSource(a_catalog()), runs=store, feed=feed)
    server = GrpcServer(chain, lambda: OK, host="127.0.0.1", port=0)
    address = f"127.0.0.1:{server.start()}"
    # Windows that do not grow: what is not read is soon not sent any more.
    options = (("grpc.http2.bdp_probe", 0), ("grpc.use_local_subchannel_pool", 1))
    with (
        grpc.insecure_channel(address, options) as one,
        grpc.insecure_channel(address, options) as other,
    ):
        idle, eager = watch(one), watch(other)
        next(idle)
        next(eager)
        Publisher(store).publish(*offers)
        assert [next(eager).change.offer for _ in offers] == sorted(
            f"offers/{offer.offer_id}" for offer in offers
        )
        with pytest.raises(grpc.RpcError) as cut:
            _read_slowly(idle, after=1.0)
        assert cut.value.code() is grpc.StatusCode.CANCELLED
    server.stop(grace=0)


def _read_slowly(stream: Any, *, after: float) -> None:
    time.sleep(after)
    for _ in stream:
        pass


def test_a_pool_counts_what_is_in_work_and_in_line() -> None:
    pool = CountingPool(1, most=2, name="test")
    go = threading.Event()
    first, second = pool.submit(go.wait, SECONDS), pool.submit(go.wait, SECONDS)
    assert pool.is_full
    go.set()
    assert first.result()
    assert second.result()
    until(lambda: not pool.is_full)
    pool.shutdown()
    with pytest.raises(RuntimeError):
        pool.submit(go.wait)
    assert not pool.is_full
