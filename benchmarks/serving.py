"""The table of the serving targets: each path as a ratio to a ceiling measured in the same run.

    python -m benchmarks.serving [--offers 100000] [--rounds 5] [--seconds 2]

Starts a store, a gRPC service, a gateway in process and a gateway over the hop, each beside its
ceiling in a server of the same kind: an echo RPC in the same gRPC server, an empty Flask route
under the same granian. Rounds of a path and its ceiling alternate; the median ratio counts. REST
is driven by `wrk` (Debian package wrk), gRPC by one client thread in this process. Engine figures
are in `benchmarks.catalog`; Envoy, the peer of the path over the hop, is not measured here.
"""

import argparse
import http.client
import itertools
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import grpc
from flask import Flask
from gpuquote.v1 import catalog_service_pb2 as pb
from granian import Granian
from granian.constants import Interfaces

from benchmarks.load import Ratio, alternate, grpc_calls, prices, rest_rate, write_misses
from benchmarks.synthetic import publish_all, publish_one
from service import storage, wiring
from service.config import Settings
from service.domain.change import changes_between
from service.encoding import OfferEncoder
from service.memory import return_memory_early
from service.rpc.server import GrpcServer
from service.store.embedded import open_embedded
from service.store.redis_store import RedisStore

GRPC_PORT, REST_PORT, HOP_PORT, FLASK_PORT = 50951, 8951, 8952, 8953
ECHO = "/benchmark.Echo/Echo"
LIST = "/gpuquote.v1.CatalogService/ListOffers"
HOT_QUERY = "gpuFamily=H100&orderBy=pricePerGpuHour&pageSize=25"
# What a provider's page usually has, and what the largest have.
USUAL, USUAL_OFFERS = "provider-usual", 250
LARGE = "provider-00"
PUBLICATIONS = 50


class _Echo(grpc.GenericRpcHandler):
    def service(self, details: grpc.HandlerCallDetails) -> Any:
        if details.method != ECHO:
            return None
        return grpc.unary_unary_rpc_method_handler(lambda request, _: request)


def serve_grpc() -> None:
    """Run the gRPC service with an echo RPC beside ours; a process of the benchmark."""
    return_memory_early()
    settings = Settings.from_env(os.environ)
    with storage.open_store(settings, settings.data_dir) as store:
        service = wiring.build_service(settings, store, encode=OfferEncoder(with_json=False))
        service.start()
        server = GrpcServer(
            service.dispatcher, service.replica.readiness, host="127.0.0.1", port=GRPC_PORT
        )
        server._server.add_generic_rpc_handlers((_Echo(),))  # noqa: SLF001 - the ceiling lives in the same server
        server.start()
        while True:
            time.sleep(60)


def empty_app() -> Flask:
    """Build the ceiling of REST: a route that answers two bytes."""
    app = Flask("empty")
    app.add_url_rule("/", view_func=lambda: "ok")
    return app


def serve_flask() -> None:
    """Run the ceiling of REST under the same server and settings as the gateway."""
    Granian(
        "benchmarks.serving:empty_app",
        factory=True,
        port=FLASK_PORT,
        interface=Interfaces.WSGI,
        blocking_threads=Settings.from_env({}).gateway_threads,
        log_enabled=False,
        websockets=False,
    ).serve()


@contextmanager
def process(*arguments: str, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of our modules until the end of the block."""
    command = (sys.executable, "-m", *arguments)
    child = subprocess.Popen(command, env=os.environ | environ)
    try:
        yield child
    finally:
        child.terminate()
        child.wait(timeout=20)


def wait_ready(url: str, *, offers: int) -> None:
    """Wait until a gateway serves every offer that was published."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/v1/providers?pageSize=1000", timeout=5) as answer:
                counts = re.findall(rb'"offerCount":([0-9]+)', answer.read())
            if sum(map(int, counts)) >= offers:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise TimeoutError(f"{url} does not serve {offers} offers")


def resident_mb(child: subprocess.Popen[bytes]) -> float:
    """Return the memory of `child` or of the largest process below it, in MB."""

    def of(pid: int) -> float:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", text)
        return int(found.group(1)) / 1024 if found else 0.0

    below = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
    return max(map(of, [child.pid, *map(int, below)]))


def publish_to_visible_ms(store: RedisStore, provider: str) -> list[float]:
    """Time from publications to their first answers over REST, in milliseconds, sorted.

    Every publication has seen each offer again, and one at another price.
    """
    waits = []
    fence = int(time.time() * 1000) + 10**9
    connection = http.client.HTTPConnection("127.0.0.1", REST_PORT, timeout=5)
    for number in range(PUBLICATIONS):
        before = store.snapshot(provider)
        if before is None:
            raise RuntimeError("nothing was published")
        seen = [
            replace(offer, observe_time=offer.observe_time + timedelta(seconds=1))
            for offer in before.offers
        ]
        price = seen[0].price_per_gpu_hour + 1
        seen[0] = replace(
            seen[0], price_per_gpu_hour=price, price_per_hour=price * seen[0].gpu_count
        )
        name = f"v-{fence}-{number}"
        after = replace(before, snapshot_id=name, content_revision=name, offers=tuple(seen))
        changes = changes_between(before.offers, after.offers, now=storage.utc_now())
        wanted = f'"amount":"{price:.6f}'.rstrip("0").encode()
        started = time.perf_counter()
        store.publish(after, previous_id=before.snapshot_id, changes=changes, fence=fence)
        while True:
            connection.request("GET", f"/v1/offers/{seen[0].offer_id}")
            if wanted in connection.getresponse().read():
                break
            time.sleep(0.001)
        waits.append((time.perf_counter() - started) * 1000)
        time.sleep(0.1)  # as publications do not follow each other at once
    connection.close()
    return sorted(waits)


class Table:
    """The lines that are printed at the end, each beside its target."""

    def __init__(self) -> None:
        self._lines: list[tuple[str, str, str]] = []

    def ratio(self, path: str, found: Ratio, *, least: float) -> None:
        """Add a path that should reach a share of its ceiling."""
        figure = f"{found.median:.2f} ({found.low:.2f}-{found.high:.2f})"
        self._add(path, figure, f">= {least:.2f}", is_met=found.median >= least)

    def most(self, path: str, found: float, *, most: float, unit: str = "", note: str = "") -> None:
        """Add a figure that should not be above `most`."""
        figure = f"{found:.3g}{unit}{note}"
        self._add(path, figure, f"<= {most:g}{unit}", is_met=found <= most)

    def _add(self, path: str, figure: str, target: str, *, is_met: bool) -> None:
        self._lines.append((path, figure, f"{target} {'met' if is_met else 'MISSED'}"))

    def print(self) -> None:
        """Print everything."""
        width = max(len(path) for path, _, _ in self._lines)
        for path, figure, target in self._lines:
            print(f"{path:<{width}}  {figure:<28}  {target}")


def measure_grpc(table: Table, *, rounds: int, seconds: float) -> None:
    """Measure ListOffers against an echo RPC in the same server."""
    hot = pb.ListOffersRequest(gpu_family=["H100"], order_by="price_per_gpu_hour", page_size=25)
    given = prices()

    def queries() -> Iterator[bytes]:
        for price in given:
            hot.max_price_per_gpu_hour = price
            yield hot.SerializeToString()

    tails: list[float] = []

    def rate(requests: Iterator[bytes]) -> float:
        calls = grpc_calls(GRPC_PORT, LIST, requests, seconds)
        tails.append(calls.p99_ms / calls.p50_ms)
        return calls.rate

    def echo() -> float:
        return grpc_calls(GRPC_PORT, ECHO, itertools.repeat(b""), seconds).rate

    repeated = hot.SerializeToString()
    found = alternate(rounds, lambda: rate(queries()), echo)
    table.ratio("gRPC ListOffers top 25, every query new / echo RPC", found, least=0.70)
    table.most("   its p99 / p50", statistics.median(tails), most=2)
    found = alternate(rounds, lambda: rate(itertools.repeat(repeated)), echo)
    table.ratio("gRPC ListOffers top 25, repeated / echo RPC", found, least=0.90)


def measure_rest(table: Table, folder: Path, *, rounds: int, seconds: float) -> None:
    """Measure the gateway against an empty Flask route under the same server."""
    query = f"http://127.0.0.1:{REST_PORT}/v1/offers?{HOT_QUERY}"
    with urllib.request.urlopen(query, timeout=5) as answer:
        etag = answer.headers["ETag"]
    script = folder / "misses.lua"
    write_misses(script, HOT_QUERY)
    empty = partial(rest_rate, f"http://127.0.0.1:{FLASK_PORT}/", seconds)

    def missed(port: int) -> float:
        return rest_rate(f"http://127.0.0.1:{port}/", seconds, "-s", str(script))

    found = alternate(rounds, lambda: rest_rate(query, seconds), empty)
    table.ratio("REST GET repeated, 200 / empty Flask route", found, least=2.5)
    condition = ("-H", f"If-None-Match: {etag}")
    found = alternate(rounds, lambda: rest_rate(query, seconds, *condition), empty)
    table.ratio("REST conditional GET, 304 / empty Flask route", found, least=3.0)
    found = alternate(rounds, lambda: missed(REST_PORT), empty)
    table.ratio("REST miss, in process / empty Flask route", found, least=0.5)
    found = alternate(rounds, lambda: missed(HOP_PORT), empty)
    table.ratio("REST miss, over the hop / empty Flask route", found, least=0.15)


def measure(offers: int, rounds: int, seconds: float) -> None:
    """Start everything, measure, print the table."""
    if not shutil.which("wrk"):
        sys.exit("needs wrk (Debian package wrk)")
    table = Table()
    with ExitStack() as stack:
        enter = stack.enter_context
        folder = Path(enter(tempfile.TemporaryDirectory()))
        server = enter(open_embedded(folder))
        store = enter(RedisStore.connect(server.url, op_timeout_seconds=10))
        publish_all(store, offers - USUAL_OFFERS)
        publish_one(store, USUAL, USUAL_OFFERS)
        environ = {"GPUQUOTE_REDIS_URL": server.url, "GPUQUOTE_METRICS_PORT": "0"}
        hop = {"GPUQUOTE_GRPC_TARGET": f"127.0.0.1:{GRPC_PORT}", "GPUQUOTE_METRICS_PORT": "0"}
        gateway = partial(process, "service", "gateway")
        grpc_child = enter(process("benchmarks.serving", "--serve-grpc", **environ))
        rest_child = enter(gateway(GPUQUOTE_REST_PORT=str(REST_PORT), **environ))
        enter(gateway(GPUQUOTE_REST_PORT=str(HOP_PORT), **hop))
        enter(process("benchmarks.serving", "--serve-flask"))
        for port in (REST_PORT, HOP_PORT):
            wait_ready(f"http://127.0.0.1:{port}", offers=offers)
        loaded = [resident_mb(child) for child in (grpc_child, rest_child)]
        measure_grpc(table, rounds=rounds, seconds=seconds)
        measure_rest(table, folder, rounds=rounds, seconds=seconds)
        for provider in (USUAL, LARGE):
            waits = publish_to_visible_ms(store, provider)
            held = store.snapshot(provider)
            size = len(held.offers) if held else 0
            note = f", p50 {statistics.median(waits):.3g} ms"
            p99 = waits[min(len(waits) - 1, len(waits) * 99 // 100)]
            path = f"publish to visible, provider of {size:,}, p99 of {len(waits)}"
            table.most(path, p99, most=50, unit=" ms", note=note)
        for name, child, before in zip(
            ("gRPC", "gateway"), (grpc_child, rest_child), loaded, strict=True
        ):
            note = f", {before:.0f} MB once loaded"
            path = f"resident memory at {offers:,} offers, {name}, after all this"
            table.most(path, resident_mb(child), most=200, unit=" MB", note=note)
    table.print()


def main() -> None:
    """Measure, or be one of the processes that are measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--serve-grpc", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--serve-flask", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve_grpc:
        serve_grpc()
    elif given.serve_flask:
        serve_flask()
    else:
        measure(given.offers, given.rounds, given.seconds)


if __name__ == "__main__":
    main()
