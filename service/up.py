"""`make run`: a supervisor over the store, the collector, gRPC and REST."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from service import metrics
from service.config import Settings, environ_of
from service.greeting import greet
from service.stopping import stop_on_signals, stop_with_make
from service.store.embedded import DataDirBusy, DataDirLock, ServerFailed, open_embedded
from service.store.ports import StoreUnreachable
from service.store.redis_link import BadStoreUrl, UnsuitableStore
from service.store.redis_store import RedisStore
from service.supervisor import Supervisor

PORT_FREE_WITHIN_SECONDS = 2.0
ASK_EVERY_SECONDS = 0.1


class CannotStart(Exception):
    """Something is in the way; the message says what, and what to change."""


FAULTS = (BadStoreUrl, CannotStart, DataDirBusy, ServerFailed, UnsuitableStore)


def run(settings: Settings, *, store_dir: Path, environ: Mapping[str, str]) -> int:
    """Run everything until a signal comes. Raises CannotStart and the other FAULTS."""
    if settings.replay and settings.redis_url:
        raise CannotStart(
            "GPUQUOTE_REPLAY keeps its prices in a store of its own; unset GPUQUOTE_REDIS_URL"
        )
    for port, variable in (
        (settings.rest_port, "GPUQUOTE_REST_PORT"),
        (settings.grpc_port, "GPUQUOTE_GRPC_PORT"),
        (settings.metrics_port, "GPUQUOTE_METRICS_PORT"),
    ):
        check_port(settings.host, port, variable)
    store_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with DataDirLock(store_dir), _store_url(settings, store_dir) as url:
        shared_folder = store_dir / "metrics"
        metrics.clear(shared_folder)
        inner = replace(settings, redis_url=url, metrics_port=0)
        child_environ = {
            **{name: value for name, value in environ.items() if not name.startswith("GPUQUOTE_")},
            **environ_of(inner),
            metrics.SHARED_FOLDER_VARIABLE: str(shared_folder),
        }
        supervisor = Supervisor(child_environ)
        stop_on_signals(supervisor.stopping)
        if "MAKELEVEL" in environ:
            stop_with_make(supervisor.stopping)
        stop_metrics = metrics.serve(settings.metrics_port, shared_folder=shared_folder)
        supervisor.start("collector", "scrapers", "run")
        supervisor.start("grpc", "service", "grpc")
        supervisor.start("gateway", "service", "gateway")
        greeter = threading.Thread(target=greet, args=(settings, supervisor.stopping), daemon=True)
        greeter.start()
        try:
            supervisor.watch()
        finally:
            supervisor.stop()
            stop_metrics()
    with contextlib.suppress(OSError):  # the terminal may be gone
        print("stopped", flush=True)
    return 0


@contextlib.contextmanager
def _store_url(settings: Settings, store_dir: Path) -> Iterator[str]:
    if settings.redis_url:
        with RedisStore.connect(settings.redis_url) as store, contextlib.suppress(StoreUnreachable):
            store.check_policy()
        yield settings.redis_url
        return
    with open_embedded(store_dir, binary=settings.valkey_bin) as server:
        yield server.url


def check_port(host: str, port: int, variable: str) -> None:
    """Raise CannotStart when a port is taken, naming the setting that changes it.

    Waits a little first: an earlier run that was killed may still be ending.
    """
    deadline = time.monotonic() + PORT_FREE_WITHIN_SECONDS
    while port and (fault := _bind_fault(host, port)):
        if time.monotonic() > deadline:
            raise CannotStart(
                f"port {port} of {host} cannot be used ({fault}); set {variable} to another one"
            )
        time.sleep(ASK_EVERY_SECONDS)


def _bind_fault(host: str, port: int) -> str:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return ""
