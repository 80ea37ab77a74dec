"""One question for each calculator that can be quoted, and the chain with all of them real."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from types import MappingProxyType
from typing import Any

from google.protobuf import json_format
from gpuquote.v1 import quote_service_pb2 as pb

from service.domain.offer import PurchaseModel
from service.facts.accelerators import load_accelerators
from service.market.serving import ServingEstimator
from service.market.training import TrainingEstimator
from service.rpc.call import Call
from service.rpc.dispatch import Dispatcher
from service.store.ports import Store
from tests.builders import an_offer
from tests.fakes import CALIBRATION, RATES, FakeSource, a_catalog, a_dispatcher
from tests.service.market.joining import an_a100_node, an_h100_node

RUN = MappingProxyType({"model": "llama-3.1-8b", "tokens": "10000000000"})
LOAD = MappingProxyType(
    {"model": "llama-3.1-8b", "inputTokens": 1000, "outputTokens": 200, "concurrency": 64}
)
COMMITTED = MappingProxyType({"purchaseModel": ["ON_DEMAND", "RESERVED_1Y"]})
QUESTIONS: MappingProxyType[str, Any] = MappingProxyType(
    {
        "estimateTraining": dict(RUN),
        "estimateInference": dict(LOAD),
        "compareOffers": {"workload": {"training": dict(RUN) | {"constraints": dict(COMMITTED)}}},
        "compareGpuModels": {"workload": {"inference": dict(LOAD)}},
        "compareProviders": {"gpuModel": "h100-sxm-80gb"},
        "analyzeBuildVsBuy": {"demand": {"gpuModel": "h100-sxm-80gb", "constantGpus": 64}},
    }
)
METHODS: MappingProxyType[str, str] = MappingProxyType(
    {
        "estimateTraining": "EstimateService/EstimateTraining",
        "estimateInference": "EstimateService/EstimateInference",
        "compareOffers": "CompareService/CompareOffers",
        "compareGpuModels": "CompareService/CompareGpuModels",
        "compareProviders": "CompareService/CompareProviders",
        "analyzeBuildVsBuy": "BuildVsBuyService/AnalyzeBuildVsBuy",
    }
)


def a_market() -> FakeSource:
    """Build a market of two GPU models, with a dear provider, a single GPU and a commitment."""
    return FakeSource(
        a_catalog(
            an_h100_node("cheap", "3.00"),
            an_h100_node("a-dearer", "3.50", provider="cheap"),
            an_h100_node("dear", "6.00"),
            an_a100_node("old", "1.00"),
            an_offer(offer_id="one", provider="one"),
            an_h100_node("year", "1.00", purchase_model=PurchaseModel.RESERVED_1Y),
        )
    )


def calculators(
    source: FakeSource,
    *,
    store: Store | None = None,
    clock: Callable[[], datetime] | None = None,
) -> Dispatcher:
    """Build the chain over real estimators."""
    accelerators = load_accelerators()
    train = TrainingEstimator(
        accelerators=accelerators, calibration=CALIBRATION.training, rates=lambda: RATES
    )
    serve = ServingEstimator(
        accelerators=accelerators, calibration=CALIBRATION.serving, rates=lambda: RATES
    )
    return a_dispatcher(source, runs=store, clock=clock, train=train.answer, serve=serve.answer)


def request_of(kind: str, **fields: Any) -> pb.CreateQuoteRequest:
    """Build the request of a quote from the JSON name of its calculator."""
    body = json_format.ParseDict({kind: _prefixed(QUESTIONS[kind])}, pb.QuoteRequest())
    return pb.CreateQuoteRequest(request=body, **fields)


def quoted(chain: Dispatcher, kind: str, **fields: Any) -> pb.Quote:
    """Make a quote."""
    method = "/gpuquote.v1.QuoteService/CreateQuote"
    message: Any = chain.call(method, request_of(kind, **fields), Call()).message
    quote: pb.Quote = message.quote
    return quote


def digests() -> dict[str, str]:
    """Digest a quote of each kind, without its name."""
    found: dict[str, str] = {}
    for kind in QUESTIONS:
        quote = quoted(calculators(a_market()), kind)
        quote.ClearField("name")
        found[kind] = hashlib.sha256(quote.SerializeToString()).hexdigest()
    return found


def _prefixed(question: Any) -> Any:
    """Write ways of buying as protobuf's own JSON has them."""
    if isinstance(question, dict):
        return {
            name: [f"PURCHASE_MODEL_{way}" for way in part]
            if name == "purchaseModel"
            else _prefixed(part)
            for name, part in question.items()
        }
    return question
