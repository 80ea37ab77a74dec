"""EstimateService: what training and serving take and cost, from the catalogue in memory."""

from datetime import datetime
from typing import Protocol

from gpuquote.v1 import estimate_service_pb2 as pb

from service.catalog.snapshot import Snapshot
from service.market.answers import (
    InferenceAnswer,
    InferenceQuestion,
    TrainingAnswer,
    TrainingQuestion,
)
from service.rpc.calculator import Calculator, currency_of
from service.rpc.call import Answer
from service.rpc.estimates import inference_to_proto, training_to_proto
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
    """Converts, asks the use case, converts back."""

    def __init__(self, calculator: Calculator, *, train: Train, serve: Serve) -> None:
        self._calculator = calculator
        self._train = train
        self._serve = serve

    def estimate_training(self, request: pb.EstimateTrainingRequest) -> Answer:
        """Answer EstimateTraining."""
        known = self._calculator.known(request.catalog_revision)
        asked = read_estimate_training(request, known)
        now = self._calculator.now()
        answer = self._train(asked.question, snapshot=known.snapshot, now=now)
        currency = currency_of(asked.currency_code, known)
        message = training_to_proto(answer, currency=currency, snapshot=known.snapshot)
        return self._calculator.answered(message, known.snapshot)

    def estimate_inference(self, request: pb.EstimateInferenceRequest) -> Answer:
        """Answer EstimateInference."""
        known = self._calculator.known(request.catalog_revision)
        asked = read_estimate_inference(request, known)
        now = self._calculator.now()
        answer = self._serve(asked.question, snapshot=known.snapshot, now=now)
        currency = currency_of(asked.currency_code, known)
        message = inference_to_proto(answer, currency=currency, snapshot=known.snapshot)
        return self._calculator.answered(message, known.snapshot)
