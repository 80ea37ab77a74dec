"""`python -m service grpc`: the gRPC service alone."""

import threading
from collections.abc import Mapping
from pathlib import Path

from service import metrics, wiring
from service.config import Settings
from service.encoding import OfferEncoder
from service.memory import return_memory_early
from service.rpc.server import GrpcServer, PortTaken
from service.stopping import stop_on_signals
from service.storage import open_store
from service.store.embedded import ServerFailed
from service.store.redis_link import BadStoreUrl, UnsuitableStore

FAULTS = (BadStoreUrl, PortTaken, ServerFailed, UnsuitableStore)
NOTICE_SECONDS = 0.5
DRAIN_SECONDS = 5.0


def run(settings: Settings, *, store_dir: Path, environ: Mapping[str, str]) -> int:  # noqa: ARG001 - as all commands
    """Serve until a signal comes: then say NOT_SERVING, and let calls under way end."""
    return_memory_early()
    stop = threading.Event()
    stop_on_signals(stop)
    with open_store(settings, store_dir) as store:
        service = wiring.build_service(settings, store, encode=OfferEncoder(with_json=False))
        service.start()
        server = GrpcServer(
            service.dispatcher,
            service.replica.readiness,
            host=settings.host,
            port=settings.grpc_port,
        )
        server.start()
        stop_metrics = metrics.serve(settings.metrics_port)
        stop.wait()
        server.stop(DRAIN_SECONDS, pause=NOTICE_SECONDS, end_waits=service.feed.stop)
        service.stop()
        stop_metrics()
    return 0
