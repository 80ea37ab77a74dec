"""CompareService: offers, GPU models and providers side by side, from the catalogue in memory."""

from datetime import datetime
from typing import Protocol

from gpuquote.v1 import compare_service_pb2 as pb

from service.catalog.snapshot import Snapshot
from service.compare.answers import GpuModelsAnswer, OffersAnswer, ProvidersAnswer
from service.compare.questions import (
    GpuModelsQuestion,
    HourlyQuestion,
    OffersQuestion,
    ProvidersQuestion,
)
from service.rpc.calculator import Calculator, currency_of
from service.rpc.call import Answer
from service.rpc.comparison_requests import (
    read_compare_gpu_models,
    read_compare_offers,
    read_compare_providers,
    revision_of,
)
from service.rpc.comparisons import gpu_models_to_proto, offers_to_proto, providers_to_proto


class ComparesOffers(Protocol):
    """The use case of placements. Raises QuoteError."""

    def answer(
        self, question: OffersQuestion, *, snapshot: Snapshot, now: datetime
    ) -> OffersAnswer:
        """Answer a question from one snapshot."""
        ...


class ComparesGpuModels(Protocol):
    """The use case of GPU models. Raises QuoteError."""

    def for_workload(
        self, question: GpuModelsQuestion, *, snapshot: Snapshot, now: datetime
    ) -> GpuModelsAnswer:
        """Compare for a workload, from one snapshot."""
        ...

    def by_hour(
        self, question: HourlyQuestion, *, snapshot: Snapshot, now: datetime
    ) -> GpuModelsAnswer:
        """Compare by the prices of hours, from one snapshot."""
        ...


class ComparesProviders(Protocol):
    """The use case of providers. Raises QuoteError."""

    def answer(
        self, question: ProvidersQuestion, *, snapshot: Snapshot, now: datetime
    ) -> ProvidersAnswer:
        """Answer a question from one snapshot."""
        ...


class CompareServicer:
    """Converts, asks the use cases, converts back."""

    def __init__(
        self,
        calculator: Calculator,
        *,
        offers: ComparesOffers,
        gpu_models: ComparesGpuModels,
        providers: ComparesProviders,
    ) -> None:
        self._calculator = calculator
        self._offers = offers
        self._gpu_models = gpu_models
        self._providers = providers

    def compare_offers(self, request: pb.CompareOffersRequest) -> Answer:
        """Answer CompareOffers."""
        known = self._calculator.known(revision_of(request.workload))
        asked = read_compare_offers(request, known)
        now = self._calculator.now()
        answer = self._offers.answer(asked.question, snapshot=known.snapshot, now=now)
        currency = currency_of(asked.currency_code, known)
        message = offers_to_proto(answer, currency=currency, snapshot=known.snapshot)
        return self._calculator.answered(message, known.snapshot)

    def compare_gpu_models(self, request: pb.CompareGpuModelsRequest) -> Answer:
        """Answer CompareGpuModels."""
        revision = revision_of(request.workload) or request.catalog_revision
        known = self._calculator.known(revision)
        asked = read_compare_gpu_models(request, known)
        now, snapshot = self._calculator.now(), known.snapshot
        if isinstance(asked.question, HourlyQuestion):
            answer = self._gpu_models.by_hour(asked.question, snapshot=snapshot, now=now)
        else:
            answer = self._gpu_models.for_workload(asked.question, snapshot=snapshot, now=now)
        currency = currency_of(asked.currency_code, known)
        message = gpu_models_to_proto(answer, currency=currency, snapshot=snapshot)
        return self._calculator.answered(message, snapshot)

    def compare_providers(self, request: pb.CompareProvidersRequest) -> Answer:
        """Answer CompareProviders."""
        known = self._calculator.known(request.catalog_revision)
        question = read_compare_providers(request, known)
        now = self._calculator.now()
        answer = self._providers.answer(question, snapshot=known.snapshot, now=now)
        message = providers_to_proto(answer, snapshot=known.snapshot)
        return self._calculator.answered(message, known.snapshot)
