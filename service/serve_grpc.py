"""`python -m service grpc`: the gRPC service alone."""

import signal
import threading
from collections.abc import Mapping
from pathlib import Path

from service import metrics, wiring
from service.config import Settings
from service.encoding import OfferEncoder
from service.rpc.server import GrpcServer, PortTaken
from service.storage import open_store
from service.store.embedded import ServerFailed
from service.store.redis_link import BadStoreUrl, UnsuitableStore

FAULTS = (BadStoreUrl, PortTaken, ServerFailed, UnsuitableStore)
NOTICE_SECONDS = 0.5
DRAIN_SECONDS = 5.0


def run(settings: Settings, *, store_dir: Path, environ: Mapping[str, str]) -> int:  # noqa: ARG001 - as all commands
    """Serve until a signal comes: then say NOT_SERVING, and let calls under way end."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with open_store(settings, store_dir) as store:
        service = wiring.build_service(settings, store, encode=OfferEncoder(with_json=False))
        service.replica.start()
        server = GrpcServer(
            service.dispatcher,
            service.replica.readiness,
            host=settings.host,
            port=settings.grpc_port,
        )
        server.start()
        stop_metrics = metrics.serve(settings.metrics_port)
        stop.wait()
        server.stop(DRAIN_SECONDS, pause=NOTICE_SECONDS)
        service.replica.stop()
        stop_metrics()
    return 0
