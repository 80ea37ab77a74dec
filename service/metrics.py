"""Metrics of this process, or of all processes under `up`, on a port of their own."""

from collections.abc import Callable, Iterable
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, start_http_server
from prometheus_client.core import InfoMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from service.config import VERSION

LOOPBACK = "127.0.0.1"
# The client library reads this variable itself, when it is first imported.
SHARED_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


class BuildInfo(Collector):
    """The metric `gpuquote_build_info`; it can also be read where processes share figures."""

    def collect(self) -> Iterable[InfoMetricFamily]:
        """Say which version runs."""
        yield InfoMetricFamily("gpuquote_build", "What runs.", value={"version": VERSION})


REGISTRY.register(BuildInfo())


def serve(port: int, *, shared_folder: Path | None = None) -> Callable[[], None]:
    """Answer /metrics on loopback; returns what stops it. Port 0 answers nothing.

    With a shared folder the figures of every process that writes there are added up. Raises
    OSError when the port is taken.
    """
    if port == 0:
        return lambda: None
    registry = REGISTRY
    if shared_folder:
        registry = CollectorRegistry()
        registry.register(BuildInfo())
        MultiProcessCollector(registry, path=str(shared_folder))  # type: ignore[no-untyped-call]
    try:
        server, thread = start_http_server(port, addr=LOOPBACK, registry=registry)
    except OSError as error:
        raise OSError(
            f"port {port} of {LOOPBACK} cannot be used for metrics ({error.strerror});"
            " set GPUQUOTE_METRICS_PORT to another one, or to 0"
        ) from error

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop


def clear(shared_folder: Path) -> None:
    """Make an empty shared folder: figures of earlier runs would be added to today's."""
    shared_folder.mkdir(parents=True, exist_ok=True)
    for stale in shared_folder.glob("*.db"):
        stale.unlink()
