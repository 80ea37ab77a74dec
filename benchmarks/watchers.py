"""What watchers cost: memory and the latency of short calls, with 200 of them and without.

    python -m benchmarks.watchers [--watchers 200] [--seconds 20] [--changes 5]

One service over gRPC, then one gateway over REST (server-sent events), each with its own replica.
Prices change all the time, before the watchers come as well as while they are there; at the end
comes a burst that nobody could follow. Half of the watchers read what they are sent, the other
half never reads.
Short calls are made at a fixed pace, one at a time, so that only waiting shows in their times.
"""

import argparse
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import grpc
from gpuquote.v1 import catalog_service_pb2, change_service_pb2

from benchmarks.serving import process, resident_mb
from benchmarks.synthetic import publish_all, publish_one
from service import storage
from service.domain.change import changes_between
from service.store.embedded import open_embedded
from service.store.redis_store import RedisStore

GRPC_PORT, REST_PORT = 50961, 8961
OFFERS, MOVING, MOVING_OFFERS = 10_000, "provider-moving", 250
LIST = "/gpuquote.v1.CatalogService/ListOffers"
WATCH = "/gpuquote.v1.ChangeService/WatchChanges"
CALLS_PER_SECOND = 100
BURST_SECONDS = 15.0
_REQUEST = b"GET /v1/changes:watch HTTP/1.1\r\nHost: localhost\r\n\r\n"
_FIRST_FENCE = 10**15


class Tally:
    """What the watchers of one process have seen, together."""

    def __init__(self, count: int) -> None:
        self.got = [0] * count
        self.cut = 0
        self.began = threading.Semaphore(0)


Hold = Callable[[int, Tally], None]


def be_watchers(count: int, hold: Hold) -> None:
    """Hold `count` streams from threads; prints what they got when stdin ends."""
    tally = Tally(count)

    def keep(number: int) -> None:
        while True:
            with suppress(OSError, grpc.RpcError, StopIteration):
                hold(number, tally)
            tally.cut += 1
            time.sleep(0.5)

    for number in range(count):
        threading.Thread(target=keep, args=(number,), daemon=True).start()
    for _ in range(count):
        tally.began.acquire()
    print("ready", flush=True)
    sys.stdin.read()
    got = {"fewest": min(tally.got), "most": max(tally.got), "cut or ended": tally.cut}
    print(json.dumps(got), flush=True)
    os._exit(0)


def hold_grpc(number: int, tally: Tally, *, reads: bool) -> None:
    """Hold one gRPC stream until it ends."""
    # A window that does not grow: what is not read is soon not sent any more.
    options = (("grpc.use_local_subchannel_pool", 1), ("grpc.http2.bdp_probe", 0))
    with grpc.insecure_channel(f"127.0.0.1:{GRPC_PORT}", options=options) as channel:
        watch: Callable[..., Any] = channel.unary_stream(WATCH)
        call = watch(change_service_pb2.WatchChangesRequest().SerializeToString())
        next(call)
        tally.began.release()
        if reads:
            for _ in call:
                tally.got[number] += 1
        ended = threading.Event()
        if call.add_callback(ended.set):
            ended.wait()


def hold_sse(number: int, tally: Tally, *, reads: bool) -> None:
    """Hold one stream of events until it ends."""
    with socket.socket() as made:
        if not reads:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        made.connect(("127.0.0.1", REST_PORT))
        made.sendall(_REQUEST)
        made.recv(1024)
        tally.began.release()
        while reads and (data := made.recv(1 << 16)):
            tally.got[number] += data.count(b"event: ")
        while not reads and not made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            time.sleep(1)


class Market:
    """Moves prices of one provider, so many a second, from a thread of its own."""

    def __init__(self, store: RedisStore, changes_per_second: int) -> None:
        self._store = store
        self.changes_per_second = changes_per_second
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.change_count = 0
        self._thread.start()

    def stop(self) -> None:
        """Let prices rest."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        before = self._store.snapshot(MOVING)
        if before is None:
            raise RuntimeError("nothing was published")
        at = 0
        while not self._stop.wait(1.0):
            offers = list(before.offers)
            for _ in range(self.changes_per_second):
                at = (at + 1) % len(offers)
                offer = offers[at]
                price = offer.price_per_gpu_hour + 1
                offers[at] = replace(
                    offer, price_per_gpu_hour=price, price_per_hour=price * offer.gpu_count
                )
            name = f"m-{time.time_ns()}"
            after = replace(before, snapshot_id=name, content_revision=name, offers=tuple(offers))
            changes = changes_between(before.offers, after.offers, now=storage.utc_now())
            self._store.publish(
                after, previous_id=before.snapshot_id, changes=changes, fence=_FIRST_FENCE
            )
            self.change_count += len(changes)
            before = after


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long short calls took, in milliseconds."""

    p50: float
    p99: float
    most: float


def paced(call: Callable[[], None], seconds: float) -> Times:
    """Call at a fixed pace, one call at a time, and time each."""
    times: list[float] = []
    begin = time.perf_counter()
    for number in range(int(seconds * CALLS_PER_SECOND)):
        due = begin + number / CALLS_PER_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    times.sort()
    return Times(p50=times[len(times) // 2], p99=times[len(times) * 99 // 100], most=times[-1])


def grpc_call() -> Callable[[], None]:
    """Make the short call over gRPC: 25 offers, every query new."""
    channel = grpc.insecure_channel(f"127.0.0.1:{GRPC_PORT}")
    stub: Callable[..., bytes] = channel.unary_unary(LIST)

    def call() -> None:
        request = catalog_service_pb2.ListOffersRequest(
            gpu_family=["H100"], page_size=25, max_price_per_gpu_hour=f"8.{time.time_ns()}"[:12]
        )
        stub(request.SerializeToString(), timeout=10)

    return call


def rest_call() -> Callable[[], None]:
    """Make the short call over REST."""
    connection = http.client.HTTPConnection("127.0.0.1", REST_PORT, timeout=10)

    def ask() -> None:
        price = f"8.{time.time_ns()}"[:12]
        connection.request(
            "GET", f"/v1/offers?gpuFamily=H100&pageSize=25&maxPricePerGpuHour={price}"
        )
        connection.getresponse().read()

    def call() -> None:
        try:
            ask()
        except http.client.RemoteDisconnected:  # it was idle for long
            ask()
        except (OSError, http.client.HTTPException):
            connection.close()  # else it would wait for the answer for ever
            raise

    return call


@contextmanager
def watching(kind: str, count: int, *, reads: bool) -> Iterator[subprocess.Popen[str]]:
    """Run a process with `count` watchers until the end of the block."""
    mode = "read" if reads else "ignore"
    command = (sys.executable, "-m", "benchmarks.watchers", "--be", f"{kind}-{mode}-{count}")
    pipe = subprocess.PIPE
    child = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def wait_until(call: Callable[[], None]) -> None:
    """Wait until a service answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            call()
        except (OSError, grpc.RpcError, http.client.HTTPException):
            time.sleep(0.2)
        else:
            time.sleep(2)  # the catalogue loads
            return
    raise TimeoutError("the service does not answer")


def measure(
    kind: str, server: subprocess.Popen[bytes], market: Market, *, watchers: int, seconds: float
) -> None:
    """Measure one face without watchers and with them, and print both."""
    call = {"grpc": grpc_call, "sse": rest_call}[kind]()
    wait_until(call)
    paced(call, seconds / 4)
    without, memory = paced(call, seconds), resident_mb(server)
    with (
        watching(kind, watchers // 2, reads=True) as readers,
        watching(kind, watchers - watchers // 2, reads=False) as ignorers,
    ):
        for child in (readers, ignorers):
            if child.stdout is None or child.stdout.readline() != "ready\n":
                raise RuntimeError("the watchers have not begun")
        early, sent = resident_mb(server), market.change_count
        beside = paced(call, seconds)
        late, sent = resident_mb(server), market.change_count - sent
        usual, market.changes_per_second = market.changes_per_second, MOVING_OFFERS
        rushed = paced(call, BURST_SECONDS)
        market.changes_per_second = usual
        burst = resident_mb(server)
        said = [child.communicate("", timeout=30)[0].strip() for child in (readers, ignorers)]
    time.sleep(2)
    after = resident_mb(server)
    print(f"{kind}: {watchers} watchers, half of them not reading; {sent} changes meanwhile")
    print(f"  short calls without: p50 {without.p50:.2f} ms, p99 {without.p99:.2f} ms")
    print(f"  short calls beside:  p50 {beside.p50:.2f} ms, p99 {beside.p99:.2f} ms")
    print(f"  while {MOVING_OFFERS} prices move every second, for {BURST_SECONDS:.0f} s:")
    print(
        f"                       p50 {rushed.p50:.2f} ms, p99 {rushed.p99:.2f} ms, {burst:.0f} MB"
    )
    print(f"  memory: {memory:.0f} MB without, {early:.0f} MB with, {late:.0f} MB at the end,")
    print(f"          {after:.0f} MB when they are gone")
    print(f"  readers {said[0]}, ignorers {said[1]}", flush=True)


def main() -> None:
    """Measure, or be a process full of watchers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watchers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--changes", type=int, default=5, help="changes a second")
    parser.add_argument("--be", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.be:
        kind, mode, count = given.be.split("-")
        hold = {"grpc": hold_grpc, "sse": hold_sse}[kind]
        be_watchers(int(count), partial(hold, reads=mode == "read"))
        return
    with ExitStack() as stack:
        enter = stack.enter_context
        server = enter(open_embedded(Path(enter(tempfile.TemporaryDirectory()))))
        store = enter(RedisStore.connect(server.url, op_timeout_seconds=10))
        publish_all(store, OFFERS - MOVING_OFFERS)
        publish_one(store, MOVING, MOVING_OFFERS)
        environ = {"GPUQUOTE_REDIS_URL": server.url, "GPUQUOTE_METRICS_PORT": "0"}
        market = Market(store, given.changes)
        enter(_stopping(market))
        for kind, command, port in (
            ("grpc", "grpc", {"GPUQUOTE_GRPC_PORT": str(GRPC_PORT)}),
            ("sse", "gateway", {"GPUQUOTE_REST_PORT": str(REST_PORT)}),
        ):
            with process("service", command, **environ, **port) as child:
                measure(kind, child, market, watchers=given.watchers, seconds=given.seconds)


@contextmanager
def _stopping(market: Market) -> Iterator[None]:
    try:
        yield
    finally:
        market.stop()


if __name__ == "__main__":
    main()
