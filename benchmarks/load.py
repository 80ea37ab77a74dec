"""Load for the serving benchmark: a gRPC client of our own, and `wrk` for REST."""

import itertools
import re
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc

CONNECTIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What a client saw: calls a second, and how much longer the slow ones take."""

    rate: float
    p50_ms: float
    p99_ms: float


def grpc_calls(port: int, method: str, requests: Iterator[bytes], seconds: float) -> Calls:
    """Call one method over and over from one thread, each time with the next request."""
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    call: Callable[..., bytes] = channel.unary_unary(method)
    call(next(requests), timeout=5)
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        request = next(requests)
        started = time.perf_counter()
        call(request, timeout=5)
        times.append(time.perf_counter() - started)
    channel.close()
    times.sort()
    return Calls(
        rate=len(times) / sum(times),
        p50_ms=times[len(times) // 2] * 1000,
        p99_ms=times[len(times) * 99 // 100] * 1000,
    )


def rest_rate(url: str, seconds: float, *options: str) -> float:
    """Return the requests a second that wrk gets. Raises when any answer is an error."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", *options, url]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([0-9.]+)", printed)
    if not found or re.search(r"Non-2xx or 3xx|Socket errors", printed):
        raise RuntimeError(printed)
    return float(found.group(1))


def write_misses(path: Path, query: str) -> None:
    """Write a wrk script whose every request is another query, so that no cache can answer.

    The number starts from the clock: a second run does not repeat the first.
    """
    path.write_text(
        "local n = os.time() * 100000\n"
        f'request = function()\n  n = n + 1\n  return wrk.format("GET", "/v1/offers?{query}'
        '&maxPricePerGpuHour=" .. string.format("%d.%09d", 1 + n % 8, n % 1000000000))\nend\n'
    )


def prices() -> Iterator[str]:
    """Give prices from 1 to 9 dollars, none of them twice."""
    for number in itertools.count():
        yield f"{1 + number % 8}.{number:09d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A path against its ceiling, over rounds that alternate."""

    low: float
    median: float
    high: float


def alternate(rounds: int, ours: Callable[[], float], ceiling: Callable[[], float]) -> Ratio:
    """Measure a path and its ceiling in turn."""
    ratios = sorted(ours() / ceiling() for _ in range(rounds))
    return Ratio(low=ratios[0], median=statistics.median(ratios), high=ratios[-1])
