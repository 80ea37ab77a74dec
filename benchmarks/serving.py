"""The table of the serving targets: each path as a ratio to a ceiling measured in the same run.

    python -m benchmarks.serving [--offers 100000] [--rounds 5] [--seconds 2]

Starts a store, a gRPC service, a gateway in process and a gateway over the hop, each beside its
ceiling in a server of the same kind: an echo RPC in the same gRPC server, an empty Flask route
under the same granian. Rounds of a path and its ceiling alternate; the median ratio counts. REST
is driven by `wrk` (Debian package wrk), gRPC by a client process of our own.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
from flask import Flask
from gpuquote.v1 import catalog_service_pb2 as pb
from granian import Granian
from granian.constants import Interfaces

from benchmarks.synthetic import publish_all
from service import storage, wiring
from service.config import Settings
from service.domain.change import changes_between
from service.rpc.server import GrpcServer
from service.store.embedded import open_embedded
from service.store.redis_store import RedisStore

GRPC_PORT, REST_PORT, HOP_PORT, FLASK_PORT = 50951, 8951, 8952, 8953
ECHO = "/benchmark.Echo/Echo"
LIST = "/gpuquote.v1.CatalogService/ListOffers"
HOT_QUERY = "gpuFamily=H100&orderBy=pricePerGpuHour&pageSize=25"
CONNECTIONS = 8


class _Echo(grpc.GenericRpcHandler):
    def service(self, details: grpc.HandlerCallDetails) -> Any:
        if details.method != ECHO:
            return None
        return grpc.unary_unary_rpc_method_handler(lambda request, _: request)


def serve_grpc() -> None:
    """Run the gRPC service with an echo RPC beside ours; a process of the benchmark."""
    settings = Settings.from_env(os.environ)
    with storage.open_store(settings, settings.data_dir) as store:
        service = wiring.build_service(settings, store, encode=wiring.encode_for_grpc)
        service.replica.start()
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
        blocking_threads=8,
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


def grpc_rate(method: str, request: bytes, seconds: float) -> tuple[float, float, float]:
    """Call one method over and over; returns calls a second, p50 and p99 in milliseconds."""
    channel = grpc.insecure_channel(f"127.0.0.1:{GRPC_PORT}")
    call: Callable[..., bytes] = channel.unary_unary(method)
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        started = time.perf_counter()
        call(request, timeout=5)
        times.append(time.perf_counter() - started)
    channel.close()
    times.sort()
    p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
    return len(times) / sum(times), p50 * 1000, p99 * 1000


def rest_rate(url: str, seconds: float, *headers: str) -> float:
    """Return the requests a second that wrk gets. Raises when any answer is an error."""
    options = [part for header in headers for part in ("-H", header)]
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", *options, url]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if re.search(r"Non-2xx or 3xx|Socket errors", printed):
        raise RuntimeError(printed)
    found = re.search(r"Requests/sec:\s+([0-9.]+)", printed)
    if not found:
        raise RuntimeError(printed)
    return float(found.group(1))


def missing_queries(path: Path) -> None:
    """Write a wrk script whose every request is another query, so that no cache can answer."""
    path.write_text(
        'local n = 0\nrequest = function()\n  n = n + 1\n  return wrk.format("GET", '
        f'"/v1/offers?{HOT_QUERY}&maxPricePerGpuHour=" .. '
        'string.format("%d.%06d", 1 + n % 8, n % 1000000))\nend\n'
    )


def rest_miss_rate(port: int, seconds: float, script: Path) -> float:
    """Return the requests a second when no query was ever asked before."""
    url = f"http://127.0.0.1:{port}/"
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "-s", str(script), url]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([0-9.]+)", printed)
    if not found or "Non-2xx" in printed:
        raise RuntimeError(printed)
    return float(found.group(1))


def alternate(
    rounds: int, ours: Callable[[], float], ceiling: Callable[[], float]
) -> tuple[float, float, float]:
    """Measure both in turn; returns the lowest, the median and the highest ratio."""
    ratios = sorted(ours() / ceiling() for _ in range(rounds))
    return ratios[0], statistics.median(ratios), ratios[-1]


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
    return max(of(child.pid), *(of(int(pid)) for pid in below)) if below else of(child.pid)


def publish_to_visible_ms(store: RedisStore, url: str, rounds: int) -> list[float]:
    """Time from a publication to its first answer over REST, in milliseconds."""
    waits = []
    fence = int(time.time() * 1000)
    for number in range(rounds):
        provider = "provider-00"
        before = store.snapshot(provider)
        if before is None:
            raise RuntimeError("nothing was published")
        price = before.offers[0].price_per_gpu_hour + 1
        first = replace(
            before.offers[0],
            price_per_gpu_hour=price,
            price_per_hour=price * before.offers[0].gpu_count,
        )
        after = replace(
            before,
            snapshot_id=f"v-{fence}-{number}",
            content_revision=f"v-{fence}-{number}",
            offers=(first, *before.offers[1:]),
        )
        changes = changes_between(before.offers, after.offers, now=storage.utc_now())
        wanted = f'"amount":"{price:.6f}'.rstrip("0").encode()
        address = f"{url}/v1/offers/{first.offer_id}"
        started = time.perf_counter()
        store.publish(after, previous_id=before.snapshot_id, changes=changes, fence=fence + 10**9)
        while True:
            with urllib.request.urlopen(address, timeout=5) as answer:
                if wanted in answer.read():
                    break
        waits.append((time.perf_counter() - started) * 1000)
    return sorted(waits)


def measure(offers: int, rounds: int, seconds: float) -> None:
    """Start everything, measure, print the table."""
    if not shutil.which("wrk"):
        sys.exit("needs wrk (Debian package wrk)")
    rows: list[tuple[str, str, str]] = []

    def row(path: str, ratios: tuple[float, float, float], target: float) -> None:
        low, median, high = ratios
        mark = "met" if median >= target else "MISSED"
        rows.append((path, f"{median:.2f} ({low:.2f}-{high:.2f})", f">= {target:.2f} {mark}"))

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(open_embedded(folder))
        store = stack.enter_context(RedisStore.connect(server.url, op_timeout_seconds=10))
        publish_all(store, offers)
        environ = {"GPUQUOTE_REDIS_URL": server.url, "GPUQUOTE_METRICS_PORT": "0"}
        enter = stack.enter_context
        grpc_child = enter(process("benchmarks.serving", "--serve-grpc", **environ))
        rest_child = enter(
            process("service", "gateway", GPUQUOTE_REST_PORT=str(REST_PORT), **environ)
        )
        enter(
            process(
                "service",
                "gateway",
                GPUQUOTE_REST_PORT=str(HOP_PORT),
                GPUQUOTE_GRPC_TARGET=f"127.0.0.1:{GRPC_PORT}",
                GPUQUOTE_METRICS_PORT="0",
            )
        )
        enter(process("benchmarks.serving", "--serve-flask"))
        local, hop = f"http://127.0.0.1:{REST_PORT}", f"http://127.0.0.1:{HOP_PORT}"
        flask = f"http://127.0.0.1:{FLASK_PORT}/"
        for url in (local, hop):
            wait_ready(url, offers=offers)

        hot = pb.ListOffersRequest(
            gpu_family=["H100"], order_by="price_per_gpu_hour", page_size=25
        ).SerializeToString()
        tails: list[float] = []

        def hot_rate() -> float:
            rate, p50, p99 = grpc_rate(LIST, hot, seconds)
            tails.append(p99 / p50)
            return rate

        row(
            f"gRPC ListOffers, top 25 of {offers:,}, against an echo RPC",
            alternate(rounds, hot_rate, lambda: grpc_rate(ECHO, b"", seconds)[0]),
            0.70,
        )
        tail = statistics.median(tails)
        rows.append(("   its p99 / p50", f"{tail:.2f}", f"<= 2 {'met' if tail <= 2 else 'MISSED'}"))

        query = f"{local}/v1/offers?{HOT_QUERY}"
        with urllib.request.urlopen(query, timeout=5) as answer:
            etag = answer.headers["ETag"]
        empty = lambda: rest_rate(flask, seconds)  # noqa: E731 - one word for the ceiling
        row(
            "REST GET repeated, 200, against an empty Flask route",
            alternate(rounds, lambda: rest_rate(query, seconds), empty),
            2.5,
        )
        row(
            "REST conditional GET, 304, against an empty Flask route",
            alternate(rounds, lambda: rest_rate(query, seconds, f"If-None-Match: {etag}"), empty),
            3.0,
        )
        script = folder / "misses.lua"
        missing_queries(script)
        row(
            "REST miss, in process, against an empty Flask route",
            alternate(rounds, lambda: rest_miss_rate(REST_PORT, seconds, script), empty),
            0.5,
        )
        row(
            "REST miss, over the hop, against an empty Flask route",
            alternate(rounds, lambda: rest_miss_rate(HOP_PORT, seconds, script), empty),
            0.15,
        )
        waits = publish_to_visible_ms(store, local, 20)
        worst = waits[-1]
        rows.append(
            (
                f"publish to visible, {offers // 20:,} offers republished",
                f"p50 {waits[10]:.0f} ms, max {worst:.0f} ms",
                f"<= 50 ms {'met' if worst <= 50 else 'MISSED'}",
            )
        )
        for name, child in (("gRPC", grpc_child), ("gateway", rest_child)):
            used = resident_mb(child)
            mark = "met" if used <= 200 else "MISSED"
            rows.append((f"resident memory, {name}", f"{used:.0f} MB", f"<= 200 MB {mark}"))
    width = max(len(path) for path, _, _ in rows)
    for path, figure, target in rows:
        print(f"{path:<{width}}  {figure:<26}  {target}")


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
