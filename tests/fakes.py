"""Stand-ins that behave: small classes instead of mocks."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TypeVar

from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from prometheus_client import CollectorRegistry

from service.business_case.serving_gpus import ServingPlanner
from service.catalog.feed import ChangeFeed
from service.catalog.lasting import Encode
from service.catalog.paging import PageTokenSigner
from service.catalog.replica import Readiness, ReadyStatus
from service.catalog.revisions import Revisions
from service.catalog.segment import segment_of
from service.catalog.snapshot import Snapshot
from service.compare.gpu_models import GpuModelComparison
from service.compare.offers import OfferComparison
from service.compare.planners import Planners
from service.compare.providers import ProviderComparison
from service.domain.architecture import Experts, ModelKind
from service.domain.gpu import GpuModel, GpuRegistry
from service.domain.models import ModelRegistry
from service.domain.offer import ExchangeRate, Offer
from service.domain.provider import ProviderStatus
from service.encoding import OfferEncoder
from service.estimate.calibration import load_calibration
from service.facts.accelerators import load_accelerators
from service.market.serving import ServingEstimator
from service.market.training import TrainingEstimator
from service.rpc.calculator import Calculator
from service.rpc.dispatch import Dispatcher
from service.rpc.methods import Servicers, method_table
from service.rpc.seats import WAITERS, WATCHERS, Seats
from service.rpc.servicers.build_vs_buy import BuildVsBuyServicer
from service.rpc.servicers.catalog import CatalogServicer
from service.rpc.servicers.changes import ChangesServicer
from service.rpc.servicers.collection import CollectionServicer
from service.rpc.servicers.compare import CompareServicer
from service.rpc.servicers.estimate import EstimateServicer, Serve, Train
from service.rpc.servicers.history import HistoryServicer
from service.rpc.servicers.model_prices import ModelPricesServicer
from service.rpc.servicers.models import ModelsServicer
from service.rpc.servicers.quarantine import QuarantineServicer
from service.rpc.servicers.quotes import QuotesServicer, calculators_of
from service.rpc.servicers.refresh import RefreshServicer
from service.store.memory_store import MemoryStore
from service.store.newest_model_prices import NewestModelPrices
from service.store.ports import Store
from tests.builders import NOW, a_language_model, a_snapshot, a_status, an_architecture
from tests.estimates import FakeServing, FakeTraining

CALIBRATION = load_calibration()
_Detail = TypeVar("_Detail", bound=Message)
RATES: Mapping[str, Decimal] = MappingProxyType({"USD": Decimal(1), "EUR": Decimal("1.25")})
EXCHANGE_RATES: Mapping[str, ExchangeRate] = MappingProxyType(
    {
        "EUR": ExchangeRate(
            currency_code="EUR",
            rate=RATES["EUR"],
            source="European Central Bank",
            date="2026-10-07",
        )
    }
)
OK = Readiness(status=ReadyStatus.OK)
QUOTES_KEPT_FOR = timedelta(days=2557)


@dataclass
class FakeClock:
    """A clock that only moves when it is told to."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, span: timedelta) -> None:
        """Move on."""
        self.now += span


@dataclass
class FakeSource:
    """A catalogue that is what the test says."""

    snapshot: Snapshot
    ready: Readiness = field(default=OK)

    def current(self) -> Snapshot:
        """Return the snapshot of the test."""
        return self.snapshot

    def readiness(self) -> Readiness:
        """Return the readiness of the test."""
        return self.ready


def a_catalog(
    *offers: Offer,
    statuses: Iterable[ProviderStatus] | None = None,
    baseline: frozenset[str] = frozenset(),
    now: datetime = NOW,
    encoder: Encode | None = None,
    is_store_lost: bool = False,
    snapshot_id: str = "s1",
) -> Snapshot:
    """Build the catalogue of these offers, with a status for each of their providers."""
    providers = sorted({offer.provider for offer in offers})
    segments = [
        segment_of(
            a_snapshot(
                *(o for o in offers if o.provider == provider),
                provider=provider,
                snapshot_id=snapshot_id,
            ),
            encode=encoder or OfferEncoder(with_json=True),
            now=now,
            is_baseline=provider in baseline,
        )
        for provider in providers
    ]
    known = [a_status(provider) for provider in providers] if statuses is None else statuses
    return Snapshot(
        segments,
        statuses={status.provider: status for status in known},
        now=now,
        is_store_lost=is_store_lost,
    )


def a_gpu(gpu_model_id: str = "h100-sxm-80gb", family: str = "H100", vram_gb: int = 80) -> GpuModel:
    """Build a GPU model."""
    return GpuModel(
        gpu_model_id=gpu_model_id,
        display_name=gpu_model_id.replace("-", " ").title(),
        vendor="NVIDIA",
        family=family,
        form_factor="SXM5",
        announce_year=2022,
        vram_gb=vram_gb,
        interconnect="NVLink4",
        source="the vendor's datasheet",
    )


GPUS = GpuRegistry(
    (
        a_gpu(),
        a_gpu("h100-pcie-80gb"),
        a_gpu("a100-sxm-80gb", "A100"),
        a_gpu("l4-24gb", "L4", 24),
    )
)

_MIXTURE = Experts(count=8, per_token=2, ffn_size=14_336)
MODELS = ModelRegistry(
    (
        a_language_model(),
        a_language_model("llama-3.1-70b", aliases=("Meta-Llama-3.1-70B-Instruct",)),
        a_language_model("gpt-3-175b", architecture=an_architecture(context_length=2048)),
        a_language_model("mixtral-8x7b", architecture=an_architecture(experts=_MIXTURE)),
        a_language_model(
            "bert-large",
            architecture=an_architecture(kind=ModelKind.ENCODER, context_length=512),
        ),
        a_language_model(
            "stable-diffusion-1.5",
            architecture=an_architecture(
                kind=ModelKind.DIFFUSION,
                layers=0,
                heads=0,
                kv_heads=0,
                context_length=0,
                full_attention_layers=0,
            ),
            flops_per_step=0.4e12,
        ),
    )
)


def a_dispatcher(
    source: FakeSource,
    *,
    runs: Store | None = None,
    clock: Callable[[], datetime] | None = None,
    registry: CollectorRegistry | None = None,
    feed: ChangeFeed | None = None,
    watchers: int = WATCHERS,
    waiters: int = WAITERS,
    train: Train | None = None,
    serve: Serve | None = None,
) -> Dispatcher:
    """Build the chain with all servicers, over a catalogue and a store of runs and changes.

    Estimates are those of `train` and `serve`, which else answer the same to everybody. Who asks
    for changes has to start and stop the `feed`.
    """
    now = clock or FakeClock()
    signer = PageTokenSigner(b"a key of the tests")
    catalog = CatalogServicer(source, gpus=GPUS, signer=signer, rates=RATES, now=now)
    store = MemoryStore(clock=now) if runs is None else runs
    collection = CollectionServicer(store, source, signer=signer, now=now)
    feed = feed or ChangeFeed(store, store.page_token_key)
    seats = Seats(waiters, kind="wait")
    revisions = Revisions(now)
    planners = Planners(
        train=TrainingEstimator(
            accelerators=load_accelerators(), calibration=CALIBRATION.training, rates=lambda: RATES
        ),
        serve=ServingEstimator(
            accelerators=load_accelerators(), calibration=CALIBRATION.serving, rates=lambda: RATES
        ),
    )
    calculator = Calculator(
        source=source,
        models=MODELS,
        gpus=GPUS,
        rates=EXCHANGE_RATES,
        revisions=revisions,
        now=now,
    )
    estimate = EstimateServicer(
        calculator, train=train or FakeTraining(), serve=serve or FakeServing()
    )
    compare = CompareServicer(
        calculator,
        offers=OfferComparison(planners=planners, rates=lambda: RATES, history=store.model_history),
        gpu_models=GpuModelComparison(
            planners=planners,
            gpus=GPUS,
            measured_families=frozenset({"H100"}),
            rates=lambda: RATES,
        ),
        providers=ProviderComparison(rates=lambda: RATES, history=store.model_history),
    )
    token_prices = NewestModelPrices(store, baseline=())
    build_vs_buy = BuildVsBuyServicer(
        calculator,
        token_prices=token_prices,
        planner=ServingPlanner(accelerators=load_accelerators(), calibration=CALIBRATION.serving),
    )
    servicers = Servicers(
        build_vs_buy=build_vs_buy,
        catalog=catalog,
        changes=ChangesServicer(
            feed,
            rates=RATES,
            watchers=Seats(watchers, kind="watch"),
            waiters=seats,
            spread=lambda: 0.0,
        ),
        collection=collection,
        compare=compare,
        estimate=estimate,
        history=HistoryServicer(source, store, gpus=GPUS, signer=signer, now=now),
        model_prices=ModelPricesServicer(token_prices, signer=signer, now=now),
        models=ModelsServicer(source, models=MODELS, signer=signer),
        quarantine=QuarantineServicer(store, store, source, signer=signer, now=now),
        quotes=QuotesServicer(
            store,
            calculator,
            calculators=calculators_of(
                build_vs_buy=build_vs_buy, compare=compare, estimate=estimate
            ),
            kept_for=QUOTES_KEPT_FOR,
            signer=signer,
        ),
        refresh=RefreshServicer(store, source, waiters=seats, stopping=feed.stopping, now=now),
    )
    return Dispatcher(
        method_table(servicers),
        registry=CollectorRegistry() if registry is None else registry,
    )


def detail(status: Status, kind: type[_Detail]) -> _Detail:
    """Return the one detail of its kind."""
    found = [packed for packed in status.details if packed.Is(kind.DESCRIPTOR)]
    assert len(found) == 1, f"{kind.__name__} is there {len(found)} times"
    message = kind()
    found[0].Unpack(message)
    return message
