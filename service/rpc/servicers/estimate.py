"""EstimateService: what training and serving take and cost, from the catalogue in memory."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from gpuquote.v1 import estimate_service_pb2 as pb

from service.catalog.revisions import Revisions
from service.catalog.snapshot import Snapshot
from service.domain.gpu import GpuRegistry
from service.domain.models import ModelRegistry
from service.domain.offer import ExchangeRate
from service.market.answers import (
    InferenceAnswer,
    InferenceQuestion,
    TrainingAnswer,
    TrainingQuestion,
)
from service.rpc.caching import REVISION
from service.rpc.call import Answer
from service.rpc.constraints import USD, Market
from service.rpc.estimates import inference_to_proto, training_to_proto
from service.rpc.figures import Currency
from service.rpc.source import Source, loaded
from service.rpc.terms import EstimateRequest, Known
from service.rpc.workloads import read_estimate_inference, read_estimate_training


class Train(Protocol):
    """The use case of training. Raises QuoteError."""

    def __call__(
        self, question: TrainingQuestion, *, snapshot: Snapshot, now: datetime
    ) -> TrainingAnswer:
        """Answer a question from one snapshot."""
        ...


class Serve(Protocol):
    """The use case of serving. Raises QuoteError."""

    def __call__(
        self, question: InferenceQuestion, *, snapshot: Snapshot, now: datetime
    ) -> InferenceAnswer:
        """Answer a question from one snapshot."""
        ...


class EstimateServicer:
    """Converts, asks the use case, converts back.

    `revisions` keeps the snapshots that were answered from, so that a request can name one.
    `rates` are those of other currencies than US dollars.
    """

    def __init__(
        self,
        source: Source,
        *,
        train: Train,
        serve: Serve,
        models: ModelRegistry,
        gpus: GpuRegistry,
        rates: Mapping[str, ExchangeRate],
        revisions: Revisions,
        now: Callable[[], datetime],
    ) -> None:
        self._source = source
        self._train = train
        self._serve = serve
        self._models = models
        self._gpus = gpus
        self._rates = rates
        self._revisions = revisions
        self._now = now

    def estimate_training(self, request: pb.EstimateTrainingRequest) -> Answer:
        """Answer EstimateTraining."""
        known = self._known(request)
        asked = read_estimate_training(request, known)
        snapshot = known.snapshot
        answer = self._train(asked.question, snapshot=snapshot, now=self._now())
        currency = _currency(asked.currency_code, known)
        message = training_to_proto(answer, currency=currency, snapshot=snapshot)
        return self._answered(message, snapshot)

    def estimate_inference(self, request: pb.EstimateInferenceRequest) -> Answer:
        """Answer EstimateInference."""
        known = self._known(request)
        asked = read_estimate_inference(request, known)
        snapshot = known.snapshot
        answer = self._serve(asked.question, snapshot=snapshot, now=self._now())
        currency = _currency(asked.currency_code, known)
        message = inference_to_proto(answer, currency=currency, snapshot=snapshot)
        return self._answered(message, snapshot)

    def _known(self, request: EstimateRequest) -> Known:
        """Return what a request is read with. Raises Precondition for a revision that is gone."""
        snapshot = self._revisions.find(request.catalog_revision, loaded(self._source))
        # Rates may be replaced while a request is answered; one answer has one set of them.
        market = Market(
            gpus=self._gpus,
            providers=snapshot.statuses.keys() | snapshot.segments.keys(),
            rates=dict(self._rates),
        )
        return Known(models=self._models, market=market, snapshot=snapshot)

    def _answered(
        self,
        message: pb.EstimateTrainingResponse | pb.EstimateInferenceResponse,
        snapshot: Snapshot,
    ) -> Answer:
        self._revisions.pin(snapshot)
        return Answer(message, metadata={REVISION: snapshot.revision})


def _currency(code: str, known: Known) -> Currency:
    return Currency() if code == USD else Currency(rate=known.market.rates[code])
