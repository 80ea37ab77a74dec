"""Builds the object graph of the service; the only place that chooses implementations."""

import atexit
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from prometheus_client import REGISTRY

from service.business_case.serving_gpus import ServingPlanner
from service.catalog.feed import ChangeFeed
from service.catalog.lasting import Encode
from service.catalog.replica import Replica
from service.catalog.revisions import Revisions
from service.compare.gpu_models import GpuModelComparison
from service.compare.offers import OfferComparison
from service.compare.planners import Planners
from service.compare.providers import ProviderComparison
from service.config import VERSION, Settings
from service.encoding import OfferEncoder
from service.estimate.calibration import load_calibration
from service.facts.accelerators import load_accelerators
from service.facts.baseline import load_baseline, load_baseline_statuses
from service.facts.model_prices import load_model_prices
from service.facts.models import load_models
from service.facts.tables import load_exchange_rates, load_gpu_registry
from service.local_transport import LocalTransport
from service.market.serving import ServingEstimator
from service.market.training import TrainingEstimator
from service.rest.app import create_app
from service.rest.caching import Wsgi, middleware
from service.rest.contract import services
from service.rest.grpc_transport import GrpcTransport
from service.rest.routes import routes_of
from service.rest.transport import Transport
from service.rest.turns import Turns
from service.rpc.calculator import Calculator
from service.rpc.dispatch import Dispatcher
from service.rpc.methods import Servicers, method_table
from service.rpc.seats import WAITERS, WATCHERS, Seats
from service.rpc.servicers.build_vs_buy import BuildVsBuyServicer
from service.rpc.servicers.catalog import CatalogServicer
from service.rpc.servicers.changes import ChangesServicer
from service.rpc.servicers.collection import CollectionServicer
from service.rpc.servicers.compare import CompareServicer
from service.rpc.servicers.estimate import EstimateServicer
from service.rpc.servicers.history import HistoryServicer
from service.rpc.servicers.model_prices import ModelPricesServicer
from service.rpc.servicers.models import ModelsServicer
from service.rpc.servicers.quarantine import QuarantineServicer
from service.rpc.servicers.quotes import QuotesServicer, calculators_of
from service.rpc.servicers.refresh import RefreshServicer
from service.rpc.signing import StoreSigner
from service.storage import open_store, utc_now
from service.store.newest_model_prices import NewestModelPrices
from service.store.newest_rates import NewestRates, RateNumbers
from service.store.ports import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What both faces need: the catalogue in memory and the chain that answers from it."""

    replica: Replica
    feed: ChangeFeed
    dispatcher: Dispatcher

    def start(self) -> None:
        """Follow the store, from threads of their own; returns at once."""
        self.replica.start()
        self.feed.start()

    def stop(self) -> None:
        """Stop following; every wait and every stream ends."""
        self.feed.stop()
        self.replica.stop()


def build_service(settings: Settings, store: Store, *, encode: Encode) -> Service:
    """Build the replica and the chain that answers; nothing runs before it is started."""
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
    gpus = load_gpu_registry()
    feed = ChangeFeed(store, store.page_token_key)
    exchange_rates = NewestRates(store, bundled=load_exchange_rates(), clock=utc_now)
    rates = RateNumbers(exchange_rates)
    waiters = Seats(WAITERS, kind="wait")
    catalog = CatalogServicer(
        replica,
        gpus=gpus,
        signer=signer,
        rates=rates,
        now=utc_now,
    )
    models = load_models()
    accelerators, calibration = load_accelerators(), load_calibration()
    train = TrainingEstimator(
        accelerators=accelerators, calibration=calibration.training, rates=lambda: rates
    )
    serve = ServingEstimator(
        accelerators=accelerators, calibration=calibration.serving, rates=lambda: rates
    )
    revisions = Revisions(utc_now)
    calculator = Calculator(
        source=replica,
        models=models,
        gpus=gpus,
        rates=exchange_rates,
        revisions=revisions,
        now=utc_now,
    )
    estimate = EstimateServicer(calculator, train=train.answer, serve=serve.answer)
    planners = Planners(train=train, serve=serve)
    compare = CompareServicer(
        calculator,
        offers=OfferComparison(planners=planners, rates=lambda: rates, history=store.model_history),
        gpu_models=GpuModelComparison(
            planners=planners,
            gpus=gpus,
            measured_families=(
                calibration.training.families | calibration.serving.measured_families
            ),
            rates=lambda: rates,
        ),
        providers=ProviderComparison(rates=lambda: rates, history=store.model_history),
    )
    token_prices = NewestModelPrices(store, baseline=() if replays else load_model_prices())
    build_vs_buy = BuildVsBuyServicer(
        calculator,
        token_prices=token_prices,
        planner=ServingPlanner(accelerators=accelerators, calibration=calibration.serving),
    )
    servicers = Servicers(
        build_vs_buy=build_vs_buy,
        catalog=catalog,
        changes=ChangesServicer(
            feed, rates=rates, watchers=Seats(WATCHERS, kind="watch"), waiters=waiters
        ),
        collection=CollectionServicer(store, replica, signer=signer, now=utc_now),
        compare=compare,
        estimate=estimate,
        history=HistoryServicer(replica, store, gpus=gpus, signer=signer, now=utc_now),
        model_prices=ModelPricesServicer(token_prices, signer=signer, now=utc_now),
        models=ModelsServicer(replica, models=models, signer=signer),
        quarantine=QuarantineServicer(store, store, replica, signer=signer, now=utc_now),
        quotes=QuotesServicer(
            store,
            calculator,
            calculators=calculators_of(
                build_vs_buy=build_vs_buy, compare=compare, estimate=estimate
            ),
            kept_for=timedelta(days=settings.quote_days),
            signer=signer,
        ),
        refresh=RefreshServicer(
            store, replica, waiters=waiters, stopping=feed.stopping, now=utc_now
        ),
    )
    return Service(replica=replica, feed=feed, dispatcher=Dispatcher(method_table(servicers)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The gateway; `stop` ends its streams and waits, while short calls still get their answer."""

    app: Wsgi
    stop: Callable[[], None]


def build_gateway(settings: Settings, store_dir: Path) -> Gateway:
    """Build the gateway: over the hop when a gRPC service is named, else with its own replica."""
    transport, stop = _transport(settings, store_dir)
    app = create_app(transport, version=VERSION, registry=REGISTRY)
    turns = Turns(middleware(app, transport), routes_of(services()), turns=settings.gateway_threads)
    return Gateway(app=turns, stop=stop)


def _transport(settings: Settings, store_dir: Path) -> tuple[Transport, Callable[[], None]]:
    if settings.grpc_target:
        hop = GrpcTransport(settings.grpc_target)
        return hop, hop.end_streams
    # The store and the replica's thread live as long as this worker process.
    until_exit = ExitStack()
    atexit.register(until_exit.close)
    store = until_exit.enter_context(open_store(settings, store_dir))
    service = build_service(settings, store, encode=OfferEncoder(with_json=True))
    service.start()
    return LocalTransport(service.dispatcher, service.replica), service.feed.stop
