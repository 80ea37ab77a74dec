"""Serving loads and GPUs with good defaults."""

from typing import Any

from service.domain.accelerator import Accelerator
from service.domain.architecture import Architecture
from service.domain.precision import Precision
from service.domain.workload import InferenceWorkload, Placement
from service.estimate.calibration import load_calibration
from service.estimate.plan import NoPlan, ServingPlan
from service.estimate.serving import plan_serving
from service.facts.accelerators import load_accelerators
from service.facts.models import load_models

CALIBRATION = load_calibration().serving
H100 = "h100-sxm-80gb"


def sizes_of(name: str) -> Architecture:
    model = load_models().find(name)
    assert model is not None, name
    return model.architecture


def gpu(gpu_model_id: str) -> Accelerator:
    return load_accelerators()[gpu_model_id]


def a_load(model: str = "Llama-3.1-8B", **changed: Any) -> InferenceWorkload:
    """A load of 16 users, 1,000 tokens in and 500 out, unless it is given otherwise."""
    given: dict[str, Any] = {"input_tokens": 1000, "output_tokens": 500}
    if not {"concurrency", "requests_per_second", "is_offline"} & set(changed):
        given["concurrency"] = 16
    given |= changed
    return InferenceWorkload(architecture=sizes_of(model), model_id=model, **given)


def planned(
    load: InferenceWorkload,
    gpu_model_id: str = H100,
    *,
    gpus_per_node: int = 8,
    placement: Placement | None = None,
) -> ServingPlan | NoPlan:
    return plan_serving(
        load,
        gpu(gpu_model_id),
        gpus_per_node=gpus_per_node,
        placement=placement or Placement(),
        calibration=CALIBRATION,
    )


def a_plan(
    load: InferenceWorkload,
    gpu_model_id: str = H100,
    *,
    gpus_per_node: int = 8,
    placement: Placement | None = None,
) -> ServingPlan:
    plan = planned(load, gpu_model_id, gpus_per_node=gpus_per_node, placement=placement)
    assert isinstance(plan, ServingPlan), plan
    return plan


def no_plan(
    load: InferenceWorkload,
    gpu_model_id: str = H100,
    *,
    gpus_per_node: int = 8,
    placement: Placement | None = None,
) -> NoPlan:
    plan = planned(load, gpu_model_id, gpus_per_node=gpus_per_node, placement=placement)
    assert isinstance(plan, NoPlan), plan
    return plan


FP8 = {"precision": Precision.FP8, "kv_precision": Precision.FP8}
