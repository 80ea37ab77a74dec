"""`python -m service gateway`: the REST gateway alone, Flask under granian."""

from collections.abc import Mapping
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings

from service import metrics, wiring
from service.config import Settings
from service.launch import end_with_parent
from service.rest.caching import Wsgi

FAULTS: tuple[type[Exception], ...] = ()
HEADERS_WITHIN_MILLISECONDS = 5_000
MOST_CONNECTIONS_WAITING = 512


def run(settings: Settings, *, store_dir: Path, environ: Mapping[str, str]) -> int:  # noqa: ARG001 - as all commands
    """Serve until a signal comes; a worker process builds the application."""
    stop_metrics = metrics.serve(settings.metrics_port)
    Granian(
        "service.__main__:build_gateway",
        factory=True,
        address=settings.host,
        port=settings.rest_port,
        interface=Interfaces.WSGI,
        blocking_threads=settings.gateway_threads,
        backpressure=MOST_CONNECTIONS_WAITING,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_WITHIN_MILLISECONDS),
        websockets=False,
        log_enabled=settings.log_level == "DEBUG",
        respawn_failed_workers=True,
    ).serve()
    stop_metrics()
    return 0


def build(settings: Settings, store_dir: Path) -> Wsgi:
    """Build the application of one worker, which must not outlive the process above it."""
    end_with_parent()
    return wiring.build_gateway(settings, store_dir)
