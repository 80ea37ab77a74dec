"""Builds the object graph of the service; the only place that chooses implementations."""

import atexit
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from prometheus_client import REGISTRY

from service.catalog.lasting import Encode
from service.catalog.replica import Replica
from service.config import VERSION, Settings
from service.encoding import OfferEncoder
from service.facts.baseline import load_baseline, load_baseline_statuses
from service.facts.tables import load_exchange_rates, load_gpu_registry
from service.local_transport import LocalTransport
from service.rest.app import create_app
from service.rest.caching import Wsgi, middleware
from service.rest.grpc_transport import GrpcTransport
from service.rest.transport import Transport
from service.rpc.dispatch import Dispatcher
from service.rpc.methods import method_table
from service.rpc.servicers.catalog import CatalogServicer
from service.rpc.servicers.collection import CollectionServicer
from service.rpc.signing import StoreSigner
from service.storage import open_store, utc_now
from service.store.ports import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What both faces need: the catalogue in memory and the chain that answers from it."""

    replica: Replica
    dispatcher: Dispatcher


def build_service(settings: Settings, store: Store, *, encode: Encode) -> Service:
    """Build the replica and the chain that answers; nothing runs before `replica.start()`."""
    replays = settings.replay is not None
    replica = Replica(
        store,
        baseline=() if replays else load_baseline(),
        baseline_statuses=() if replays else load_baseline_statuses(),
        encode=encode,
        clock=utc_now,
        max_stale=timedelta(hours=settings.max_stale_hours),
    )
    signer = StoreSigner(store.page_token_key)
    catalog = CatalogServicer(
        replica,
        gpus=load_gpu_registry(),
        signer=signer,
        rates={code: rate.rate for code, rate in load_exchange_rates().items()},
        now=utc_now,
    )
    collection = CollectionServicer(store, replica, signer=signer, now=utc_now)
    return Service(replica=replica, dispatcher=Dispatcher(method_table(catalog, collection)))


def build_gateway(settings: Settings, store_dir: Path) -> Wsgi:
    """Build the gateway: over the hop when a gRPC service is named, else with its own replica."""
    transport = _transport(settings, store_dir)
    app = create_app(transport, version=VERSION, registry=REGISTRY)
    return middleware(app, transport)


def _transport(settings: Settings, store_dir: Path) -> Transport:
    if settings.grpc_target:
        return GrpcTransport(settings.grpc_target)
    # The store and the replica's thread live as long as this worker process.
    until_exit = ExitStack()
    atexit.register(until_exit.close)
    store = until_exit.enter_context(open_store(settings, store_dir))
    service = build_service(settings, store, encode=OfferEncoder(with_json=True))
    service.replica.start()
    return LocalTransport(service.dispatcher, service.replica)
