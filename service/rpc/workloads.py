"""Requests of EstimateService to questions: every violation is found before any is reported.

What does not belong to the kind of model, or to what else is asked, is refused and never ignored;
what is left open becomes a default that the answer shows.
"""

from dataclasses import dataclass, replace
from typing import Generic, TypeVar, cast

from gpuquote.v1 import estimate_service_pb2 as pb

from service.domain.workload import TrainingMethod
from service.market.answers import InferenceQuestion, TrainingQuestion
from service.rpc.architectures import read_subject
from service.rpc.assumed import Assumed
from service.rpc.faults import Faults
from service.rpc.inference_workloads import read_inference_workload
from service.rpc.numbers import Range, is_set, read_count, read_double
from service.rpc.terms import (
    EstimateRequest,
    Known,
    read_answer_currency,
    read_placement,
    read_terms,
)
from service.rpc.training_workloads import read_training_workload

_GIGABYTES = Range(low=0, high=1_000_000_000)
_CHECKPOINTS = Range(low=1, high=1000)
_HOURS_PER_MONTH = Range(low=1, high=744)
_USUAL_CHECKPOINTS = 3
_USUAL_HOURS = 730.0
# What a baseline may not have: it is answered with the request that it belongs to.
_OF_THE_REQUEST = ("currency_code", "catalog_revision", "baseline")

_Question = TypeVar("_Question", TrainingQuestion, InferenceQuestion)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Generic[_Question]):
    """A question, and the currency that its answer is wanted in."""

    question: _Question
    currency_code: str


def read_estimate_training(
    request: pb.EstimateTrainingRequest, known: Known
) -> Asked[TrainingQuestion]:
    """Read an EstimateTrainingRequest. Raises InvalidRequest with every violation."""
    faults = Faults()
    currency_code = read_answer_currency(request, known.market, faults)
    question = _training(request, known, faults)
    baseline = None
    if request.HasField("baseline"):
        under = faults.under("baseline")
        _check_baseline(request.baseline, under)
        baseline = _training(request.baseline, known, under)
    faults.raise_if_any()
    complete = cast("TrainingQuestion", question)  # it is None only where there are faults
    return Asked(question=replace(complete, baseline=baseline), currency_code=currency_code)


def read_estimate_inference(
    request: pb.EstimateInferenceRequest, known: Known
) -> Asked[InferenceQuestion]:
    """Read an EstimateInferenceRequest. Raises InvalidRequest with every violation."""
    faults = Faults()
    currency_code = read_answer_currency(request, known.market, faults)
    question = _inference(request, known, faults)
    baseline = None
    if request.HasField("baseline"):
        under = faults.under("baseline")
        _check_baseline(request.baseline, under)
        baseline = _inference(request.baseline, known, under)
    faults.raise_if_any()
    complete = cast("InferenceQuestion", question)  # it is None only where there are faults
    return Asked(question=replace(complete, baseline=baseline), currency_code=currency_code)


def _training(
    request: pb.EstimateTrainingRequest, known: Known, faults: Faults
) -> TrainingQuestion | None:
    assumed = Assumed()
    subject = read_subject(request, known.models, assumed, faults)
    placement = read_placement(request, known, assumed, faults)
    workload = read_training_workload(
        request, subject, assumed, faults, gpu_count=placement.gpu_count
    )
    dataset_gb = read_double(request, "dataset_gb", _GIGABYTES, faults)
    egress_gb = read_double(request, "egress_gb", _GIGABYTES, faults)
    kept = read_count(request, "kept_checkpoint_count", _CHECKPOINTS, faults)
    if request.HasField("price_per_gpu_hour"):
        _refuse_transfer(request, ("dataset_gb", "egress_gb", "kept_checkpoint_count"), faults)
    else:
        dataset_gb = assumed.unless_given(dataset_gb, "datasetGb", 0.0, unit="GB")
        kept = assumed.unless_given(kept, "keptCheckpointCount", _USUAL_CHECKPOINTS)
        if egress_gb is None:
            is_full = workload is None or workload.method is TrainingMethod.FULL
            assumed.note("egressGb", f"the {'final weights' if is_full else 'adapters'}, once")
    terms = read_terms(request, placement, known, assumed, faults, egress_gb=egress_gb)
    if workload is None:
        return None
    return TrainingQuestion(
        workload=workload,
        placement=placement,
        terms=terms,
        dataset_gb=dataset_gb or 0.0,
        kept_checkpoint_count=kept or _USUAL_CHECKPOINTS,
    )


def _inference(
    request: pb.EstimateInferenceRequest, known: Known, faults: Faults
) -> InferenceQuestion | None:
    assumed = Assumed()
    subject = read_subject(request, known.models, assumed, faults)
    placement = read_placement(request, known, assumed, faults)
    workload = read_inference_workload(
        request, subject, assumed, faults, gpu_count=placement.gpu_count
    )
    hours = assumed.unless_given(
        read_double(request, "hours_per_month", _HOURS_PER_MONTH, faults),
        "hoursPerMonth",
        _USUAL_HOURS,
        unit="hours",
    )
    egress_gb = read_double(request, "egress_gb_per_month", _GIGABYTES, faults)
    if request.HasField("price_per_gpu_hour"):
        _refuse_transfer(request, ("egress_gb_per_month",), faults)
    elif egress_gb is None and subject is not None and subject.generates:
        assumed.note("egressGbPerMonth", "4 bytes for each output token")
    terms = read_terms(request, placement, known, assumed, faults, egress_gb=egress_gb)
    if workload is None:
        return None
    return InferenceQuestion(
        workload=workload, placement=placement, terms=terms, hours_per_month=hours
    )


def _check_baseline(baseline: EstimateRequest, faults: Faults) -> None:
    for name in _OF_THE_REQUEST:
        if is_set(baseline, name):
            faults.add(name, "cannot be given in a baseline")


def _refuse_transfer(request: EstimateRequest, names: tuple[str, ...], faults: Faults) -> None:
    for name in names:
        if is_set(request, name):
            faults.add(name, "is priced by offers, which price_per_gpu_hour is used instead of")
