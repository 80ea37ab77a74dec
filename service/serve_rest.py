"""`python -m service gateway`: the REST gateway alone, Flask under granian."""

import os
import signal
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings

from service import metrics, wiring
from service.config import Settings
from service.launch import end_with_parent
from service.listener import cut_who_do_not_read
from service.memory import return_memory_early
from service.rest.caching import Wsgi
from service.rest.turns import PLACES, SPARE_THREADS
from service.stopping import stop_on_signals

FAULTS: tuple[type[Exception], ...] = ()
HEADERS_WITHIN_MILLISECONDS = 5_000
MOST_CONNECTIONS_WAITING = 512
WORKERS_END_WITHIN_SECONDS = 5
WRITES_WITHIN_SECONDS = 10.0


def run(settings: Settings, *, store_dir: Path, environ: Mapping[str, str]) -> int:  # noqa: ARG001 - as all commands
    """Serve until a signal comes; a worker process builds the application."""
    stop_metrics = metrics.serve(settings.metrics_port)
    server = Granian(
        "service.__main__:build_gateway",
        factory=True,
        address=settings.host,
        port=settings.rest_port,
        interface=Interfaces.WSGI,
        blocking_threads=settings.gateway_threads + PLACES + SPARE_THREADS,
        backpressure=MOST_CONNECTIONS_WAITING + PLACES,
        # Over HTTP/2 a client could take data and withhold windows: no limit of ours would see it.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_WITHIN_MILLISECONDS),
        websockets=False,
        log_enabled=settings.log_level == "DEBUG",
        respawn_failed_workers=True,
        workers_kill_timeout=WORKERS_END_WITHIN_SECONDS,
    )
    server.on_startup(partial(_stop_on_signals, server.signal_handler_interrupt))
    server.serve()
    stop_metrics()
    return 0


def _stop_on_signals(interrupt: Callable[[], None]) -> None:
    """Stop granian by signals; its own handlers may never run (see `stop_on_signals`).

    SIGHUP stops it too; with granian it would start the workers anew.
    """
    stop = threading.Event()

    def pass_on() -> None:
        stop.wait()
        interrupt()

    threading.Thread(target=pass_on, name="stopping", daemon=True).start()
    stop_on_signals(stop)


def build(settings: Settings, store_dir: Path) -> Wsgi:
    """Build the application of one worker, which must not outlive the process above it."""
    end_with_parent(signal.SIGKILL)
    return_memory_early()
    gateway = wiring.build_gateway(settings, store_dir)
    _when_told_to_stop(gateway.stop)
    cut_who_do_not_read(settings.rest_port, seconds=WRITES_WITHIN_SECONDS)
    return gateway.app


def _when_told_to_stop(stop: Callable[[], None]) -> None:
    """Call `stop` on the first signal that granian handles in this worker.

    It waits for calls under way, and a stream would not end by itself. The descriptor also takes
    the place of the one of the process above, which must not be told of our signals.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def wait() -> None:
        os.read(reader, 1)
        stop()

    threading.Thread(target=wait, name="stopping", daemon=True).start()
