"""Questions to the real estimators, and small markets that they are asked on."""

from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

from service.catalog.snapshot import Snapshot
from service.domain.accelerator import Accelerator
from service.domain.constraints import OfferConstraints
from service.domain.offer import Availability, AvailabilityState, Fabric, Offer
from service.domain.workload import InferenceWorkload, Placement, TrainingWorkload
from service.estimate.calibration import load_calibration
from service.facts.accelerators import load_accelerators
from service.facts.models import load_models
from service.market.answers import (
    InferenceAnswer,
    InferenceQuestion,
    Terms,
    TrainingAnswer,
    TrainingQuestion,
)
from service.market.serving import ServingEstimator
from service.market.training import TrainingEstimator
from tests.builders import NOW, an_offer
from tests.fakes import RATES, a_catalog

_Question = TypeVar("_Question", TrainingQuestion, InferenceQuestion)
H100 = "h100-sxm-80gb"
A100 = "a100-sxm-80gb"
L4 = "l4-24gb"
FAMILIES = {H100: "H100", A100: "A100", L4: "L4"}
IN_STOCK = Availability(state=AvailabilityState.AVAILABLE, observe_time=NOW)


def a_node(provider: str, gpu_model: str, gpus: int, price: str, **overrides: Any) -> Offer:
    """Build an offer in stock; `price` is US dollars per GPU-hour."""
    values: dict[str, Any] = {
        "offer_id": f"{provider}-{gpu_model}-{gpus}x",
        "provider": provider,
        "gpu_model": gpu_model,
        "gpu_family": FAMILIES[gpu_model],
        "availability": IN_STOCK,
    }
    return an_offer(price=price, gpu_count=str(gpus), **(values | overrides))


def a_cluster(provider: str, gpu_model: str, price: str) -> Offer:
    """Build nodes of eight that are known to make a cluster of 1,024 GPUs."""
    return a_node(
        provider,
        gpu_model,
        8,
        price,
        offer_id=f"{provider}-{gpu_model}-cluster",
        fabric=Fabric.INFINIBAND,
        fabric_gbps_per_gpu=400,
        max_cluster_gpu_count=1024,
    )


MARKET = a_catalog(
    a_node("one", L4, 1, "0.80"),
    a_node("one", A100, 1, "1.60"),
    a_node("one", A100, 8, "1.90"),
    a_node("one", H100, 1, "2.80"),
    a_node("one", H100, 8, "3.00"),
    a_node("two", H100, 8, "2.50"),
    a_node("three", H100, 8, "4.20"),
    a_cluster("two", A100, "2.10"),
    a_cluster("three", H100, "3.60"),
)


class Counted(dict[str, Accelerator]):
    """Accelerators, with a count of the shapes that were planned with them."""

    planned = 0

    def get(self, key: str, default: Any = None) -> Any:
        """Return an accelerator, as a planner is about to be given it."""
        self.planned += 1
        return super().get(key, default)


@cache
def trainer() -> TrainingEstimator:
    """Return the estimator of training as the service has it."""
    return TrainingEstimator(
        accelerators=load_accelerators(),
        calibration=load_calibration().training,
        rates=lambda: RATES,
    )


@cache
def server() -> ServingEstimator:
    """Return the estimator of serving as the service has it."""
    return ServingEstimator(
        accelerators=load_accelerators(),
        calibration=load_calibration().serving,
        rates=lambda: RATES,
    )


def terms(**constraints: Any) -> Terms:
    """Build terms from constraints."""
    return Terms(constraints=OfferConstraints(**constraints))


def a_run(model: str = "llama-3.1-8b", **fields: Any) -> TrainingQuestion:
    """Ask for a run of a model of the registry; fields go to the workload or the placement."""
    own = {name: fields.pop(name) for name in tuple(fields) if name in _OF_RUNS}
    placement = {name: fields.pop(name) for name in tuple(fields) if name in _OF_PLACEMENTS}
    found = load_models().by_id[model]
    workload: dict[str, Any] = {
        "architecture": found.architecture,
        "model_id": model,
        "flops_per_image_step": found.flops_per_step,
    } | fields
    if not {"tokens", "images"} & fields.keys():
        workload["tokens"] = 10**10
    return TrainingQuestion(
        workload=TrainingWorkload(**workload),
        placement=Placement(**placement),
        **({"terms": terms()} | own),
    )


def a_load(model: str = "llama-3.1-8b", **fields: Any) -> InferenceQuestion:
    """Ask for two requests a second of a model of the registry, as `a_run` does."""
    own = {name: fields.pop(name) for name in tuple(fields) if name in _OF_LOADS}
    placement = {name: fields.pop(name) for name in tuple(fields) if name in _OF_PLACEMENTS}
    found = load_models().by_id[model]
    workload: dict[str, Any] = {
        "architecture": found.architecture,
        "model_id": model,
        "flops_per_image_step": found.flops_per_step,
    } | fields
    if found.flops_per_step is None:
        workload = {"input_tokens": 1000, "output_tokens": 200} | workload
    else:
        workload = {"image_steps": 50} | workload
    if not {"concurrency", "requests_per_second", "is_offline"} & fields.keys():
        workload["requests_per_second"] = 2.0
    return InferenceQuestion(
        workload=InferenceWorkload(**workload),
        placement=Placement(**placement),
        **({"terms": terms()} | own),
    )


_OF_PLACEMENTS = {
    "gpu_model", "gpu_count", "max_gpu_count", "objective", "deadline", "confidence"
}  # fmt: skip
_OF_RUNS = {"terms", "baseline", "dataset_gb", "kept_checkpoint_count"}
_OF_LOADS = {"terms", "baseline", "hours_per_month"}


def train(question: TrainingQuestion, snapshot: Snapshot = MARKET) -> TrainingAnswer:
    """Answer a question of training."""
    return trainer().answer(question, snapshot=snapshot, now=NOW)


def serve(question: InferenceQuestion, snapshot: Snapshot = MARKET) -> InferenceAnswer:
    """Answer a question of serving."""
    return server().answer(question, snapshot=snapshot, now=NOW)


def changed(question: _Question, change: str) -> _Question:
    """Make the change of a request that an error advises, such as "gpuCount=16"."""
    path, value = change.split("=")
    field = "".join(f"_{one.lower()}" if one.isupper() else one for one in path.split(".")[-1])
    if path in {"gpuCount", "maxGpuCount"}:
        count: dict[str, Any] = {field: int(value)}
        return replace(question, placement=replace(question.placement, **count))
    workload: Any = question.workload
    if path.startswith("latency."):
        new: Any = replace(workload.latency, **{field: float(value)})
        field = "latency"
    else:
        kind = type(getattr(workload, field))
        new = kind(value)
    return replace(question, workload=replace(workload, **{field: new}))
