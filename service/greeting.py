"""What `make run` prints once it is ready: addresses, examples, one line per provider."""

import json
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator

from service import metrics
from service.config import Settings

READY_WITHIN_SECONDS = 60.0
FIRST_RUNS_WITHIN_SECONDS = 20.0
ASK_EVERY_SECONDS = 0.1
HTTP_OK = 200

_FILTER = 'filter=gpu_family = "H100" AND price_per_gpu_hour <= 3.50'
EXAMPLES = (
    "curl '{rest}/v1/offers?gpuFamily=H100&orderBy=pricePerGpuHour&pageSize=3'",
    f"curl -G '{{rest}}/v1/offers' --data-urlencode '{_FILTER}'",
    "open {rest}/docs",
)


def greet(settings: Settings, stopping: threading.Event) -> None:
    """Print, once ready, where we listen, what to paste, and how each provider stands."""
    rest = f"http://{settings.host}:{settings.rest_port}"
    started = time.monotonic()
    if not _wait(lambda: _answers(f"{rest}/readyz"), READY_WITHIN_SECONDS, stopping):
        if not stopping.is_set():
            print(f"not ready after {READY_WITHIN_SECONDS} s; see {rest}/readyz", file=sys.stderr)
        return
    print(f"\ngpuquote is ready after {time.monotonic() - started:.1f} s")
    print(f"  REST     {rest}")
    print(f"  gRPC     {settings.host}:{settings.grpc_port}")
    if settings.metrics_port:
        print(f"  metrics  http://{metrics.LOOPBACK}:{settings.metrics_port}/metrics")
    print("\ntry")
    for example in EXAMPLES:
        print("  " + example.format(rest=rest))
    print("\nproviders (first runs)", flush=True)
    _wait(lambda: _none_pending(rest), FIRST_RUNS_WITHIN_SECONDS, stopping)
    for line in provider_lines(_providers(rest)):
        print(f"  {line}")
    print("\nCtrl-C stops everything", flush=True)


def provider_lines(providers: list[dict[str, object]]) -> Iterator[str]:
    """Write one line per provider: id, state, number of offers, and why where it is not OK."""
    for provider in providers:
        name = str(provider["name"]).removeprefix("providers/")
        origin = " from the bundled baseline" if provider["baseline"] else ""
        detail = f"  {provider['stateDetail']}" if provider["stateDetail"] else ""
        offers = f"{provider['offerCount']:>5} offers{origin}"
        yield f"{name:<16} {provider['state']:<10} {offers}{detail}"


def _none_pending(rest: str) -> bool:
    return all(provider["state"] != "PENDING" for provider in _providers(rest))


def _providers(rest: str) -> list[dict[str, object]]:
    try:
        with urllib.request.urlopen(f"{rest}/v1/providers?pageSize=1000", timeout=2) as answer:
            found: list[dict[str, object]] = json.load(answer)["providers"]
    except (OSError, ValueError):
        return []
    return found


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP OK
    except OSError:
        return False


def _wait(condition: Callable[[], bool], seconds: float, stopping: threading.Event) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not stopping.is_set():
        if condition():
            return True
        time.sleep(ASK_EVERY_SECONDS)
    return False
