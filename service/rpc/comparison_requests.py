"""Requests of CompareService to questions: every violation is found before any is reported."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from gpuquote.v1 import compare_service_pb2 as pb
from gpuquote.v1 import constraints_pb2
from gpuquote.v1 import estimate_service_pb2 as estimate_pb

from service.compare.questions import (
    DataSource,
    GpuModelsQuestion,
    HourlyQuestion,
    OffersQuestion,
    ProvidersQuestion,
    Ranking,
    WorkloadQuestion,
)
from service.domain.constraints import Adjustment, OfferConstraints
from service.domain.errors import Reason
from service.domain.precision import Precision
from service.domain.workload import Objective
from service.market.answers import InferenceQuestion, TrainingQuestion
from service.rpc.assumed import Assumed
from service.rpc.choices import read_choice
from service.rpc.constraints import USD, read_adjustments, read_constraints, read_gpu
from service.rpc.faults import Faults
from service.rpc.numbers import Range, is_set, read_count, read_double
from service.rpc.requests import MAX_VALUES, read_provider
from service.rpc.terms import Known
from service.rpc.workloads import Asked, read_estimate_inference, read_estimate_training

_PLACEMENTS = Range(low=1, high=1000)
_SKIPPED = Range(low=0, high=1_000_000)
_SHARE = Range(low=0, high=1)
_GIGABYTES = Range(low=0, high=1_000_000_000)
_USUAL_PLACEMENTS = 25
# What would leave nothing to compare.
_OF_ESTIMATES = ("offer", "price_per_gpu_hour", "baseline")
# What pays for a workload, and leaves the price of an hour as it is.
_OF_COSTS = ("credit_remaining", "committed_gpu_count")
# What only a workload can keep.
_OF_WORKLOADS = ("deadline", "budget", "min_fabric_gbps_per_gpu")

_Question = TypeVar("_Question")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedInCurrency(Generic[_Question]):
    """A question, and the currency that its answer is wanted in."""

    question: _Question
    currency_code: str = USD


def revision_of(workload: pb.Workload) -> str:
    """Return the revision that a workload is pinned to; "" for none."""
    return workload.training.catalog_revision or workload.inference.catalog_revision


def read_compare_offers(
    request: pb.CompareOffersRequest, known: Known
) -> AskedInCurrency[OffersQuestion]:
    """Read a CompareOffersRequest. Raises InvalidRequest with every violation."""
    faults, assumed = Faults(), Assumed()
    asked = _workload(request.workload, known, faults)
    ranking = read_choice(
        request, "objective", Ranking, assumed, faults, default=_looked_for(asked)
    )
    count = read_count(request, "max_placements", _PLACEMENTS, faults)
    skip = read_count(request, "skip", _SKIPPED, faults)
    share = read_double(request, "min_availability_share", _SHARE, faults)
    source = None
    if request.HasField("data_source"):
        workload = None if asked is None else asked.question
        source = _data_source(request.data_source, workload, known, faults.under("data_source"))
    if request.workload.inference.offline and ranking is not Ranking.COST:
        faults.add("objective", f"{ranking} has no meaning for an offline load, where nobody waits")
    faults.raise_if_any()
    workload, currency_code = _complete(asked)
    question = OffersQuestion(
        workload=workload,
        ranking=ranking,
        most_placements=assumed.unless_given(count, "maxPlacements", _USUAL_PLACEMENTS),
        skip=skip or 0,
        min_availability_share=share,
        data_source=source,
        assumptions=tuple(assumed),
    )
    return AskedInCurrency(question=question, currency_code=currency_code)


def read_compare_gpu_models(
    request: pb.CompareGpuModelsRequest, known: Known
) -> AskedInCurrency[GpuModelsQuestion] | AskedInCurrency[HourlyQuestion]:
    """Read a CompareGpuModelsRequest. Raises InvalidRequest with every violation."""
    faults, assumed = Faults(), Assumed()
    precision = read_choice(
        request, "precision", Precision, assumed, faults, default=Precision.BF16
    )
    if request.HasField("workload"):
        for name in ("constraints", "catalog_revision", "adjustments"):
            if is_set(request, name):
                faults.add(name, f"belongs into the workload, which has {name} of its own")
        asked = _workload(request.workload, known, faults)
        faults.raise_if_any()
        workload, currency_code = _complete(asked)
        question = GpuModelsQuestion(
            workload=workload, precision=precision, assumptions=tuple(assumed)
        )
        return AskedInCurrency(question=question, currency_code=currency_code)
    constraints = _constraints(request.constraints, known, assumed, faults)
    discounts = _discounts(request.adjustments, known, faults)
    faults.raise_if_any()
    return AskedInCurrency(
        question=HourlyQuestion(
            constraints=constraints,
            precision=precision,
            adjustments=discounts,
            assumptions=tuple(assumed),
        )
    )


def read_compare_providers(request: pb.CompareProvidersRequest, known: Known) -> ProvidersQuestion:
    """Read a CompareProvidersRequest. Raises InvalidRequest with every violation."""
    faults = Faults()
    gpu_model = None
    if request.gpu_model:
        gpu_model = read_gpu(request.gpu_model, known.market.gpus, faults)
    else:
        faults.add("gpu_model", "is required", Reason.FIELD_REQUIRED)
    constraints = _constraints(request.constraints, known, Assumed(), faults)
    discounts = _discounts(request.adjustments, known, faults)
    if gpu_model and constraints.gpu_models and gpu_model not in constraints.gpu_models:
        metadata = {"gpuModel": gpu_model}
        faults.add("gpu_model", f"the constraints leave {gpu_model!r} out", metadata=metadata)
    faults.raise_if_any()
    if not request.constraints.purchase_model:
        constraints = replace(constraints, purchase_models=frozenset())
    return ProvidersQuestion(
        gpu_model=gpu_model or "", constraints=constraints, adjustments=discounts
    )


def _workload(
    given: pb.Workload, known: Known, faults: Faults
) -> Asked[TrainingQuestion] | Asked[InferenceQuestion] | None:
    """Read a workload; None where it went to `faults`."""
    under = faults.under("workload")
    if given.HasField("training") and given.HasField("inference"):
        under.add("inference", "cannot be given together with training")
    if given.HasField("training"):
        request = _without_price(given.training, under.under("training"))
        return under.under("training").attempt(lambda: read_estimate_training(request, known), None)
    if given.HasField("inference"):
        load = _without_price(given.inference, under.under("inference"))
        return under.under("inference").attempt(lambda: read_estimate_inference(load, known), None)
    faults.add("workload", "exactly one of training and inference is needed", Reason.FIELD_REQUIRED)
    return None


_Request = TypeVar(
    "_Request", estimate_pb.EstimateTrainingRequest, estimate_pb.EstimateInferenceRequest
)


def _without_price(given: _Request, faults: Faults) -> _Request:
    """Refuse what says where a workload is bought, and return the request without it."""
    request = copy.deepcopy(given)
    for name in _OF_ESTIMATES:
        if is_set(given, name):
            faults.add(name, "cannot be given in a comparison, which chooses among all offers")
            request.ClearField(name)
    return request


def _complete(
    asked: Asked[TrainingQuestion] | Asked[InferenceQuestion] | None,
) -> tuple[WorkloadQuestion, str]:
    if asked is None:
        raise TypeError("a workload that is None has faults")
    return asked.question, asked.currency_code


def _looked_for(asked: Asked[TrainingQuestion] | Asked[InferenceQuestion] | None) -> Ranking:
    """Return the order that is meant where none is asked for: that of the estimate."""
    is_fast = asked is not None and asked.question.placement.objective is Objective.TIME
    return Ranking.TIME if is_fast else Ranking.COST


def _data_source(
    given: pb.DataSource, workload: WorkloadQuestion | None, known: Known, faults: Faults
) -> DataSource | None:
    provider = None
    if given.provider:
        provider = read_provider(given.provider, known.market.providers, faults)
    else:
        faults.add("provider", "is required", Reason.FIELD_REQUIRED)
    gb = read_double(given, "gb", _GIGABYTES, faults)
    if not given.gb:
        gb = workload.dataset_gb if isinstance(workload, TrainingQuestion) else 0.0
        if workload is not None and not gb:
            text = "is required, since the workload has no dataset_gb"
            faults.add("gb", text, Reason.FIELD_REQUIRED)
    if provider is None or gb is None:
        return None
    return DataSource(provider=provider, gb=gb)


def _constraints(
    given: constraints_pb2.OfferConstraints, known: Known, assumed: Assumed, faults: Faults
) -> OfferConstraints:
    """Read the constraints of a comparison without a workload."""
    under = faults.under("constraints")
    for name in _OF_WORKLOADS:
        if is_set(given, name):
            under.add(name, "belongs to a workload, and there is none")
    return read_constraints(given, known.market, assumed, under)


def _discounts(
    given: Iterable[constraints_pb2.Adjustment], known: Known, faults: Faults
) -> tuple[Adjustment, ...]:
    """Read what changes the price of an hour; credit and committed GPUs pay for a workload."""
    every = tuple(given)
    for at, one in enumerate(every[:MAX_VALUES]):
        under = faults.under(f"adjustments[{at}]")
        for name in _OF_COSTS:
            if is_set(one, name):
                under.add(name, "pays for a workload, and there is none")
    return read_adjustments(every, known.market, faults)
