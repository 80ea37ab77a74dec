"""Workloads, accelerators and constants for the tests of training."""

import dataclasses
from typing import Any

from service.domain.accelerator import Accelerator
from service.domain.architecture import Architecture
from service.domain.workload import Placement, TrainingWorkload
from service.estimate.calibration import TrainingCalibration, load_calibration
from service.estimate.plan import NoPlan, TrainingPlan
from service.estimate.training import plan_training
from service.facts.accelerators import load_accelerators
from service.facts.models import load_models

A100, H100, T4 = "a100-sxm-80gb", "h100-sxm-80gb", "t4-16gb"


def the_gpu(gpu_model_id: str, **changes: Any) -> Accelerator:
    return dataclasses.replace(load_accelerators()[gpu_model_id], **changes)


def the_model(name: str) -> Architecture:
    model = load_models().find(name)
    assert model is not None
    return model.architecture


def a_run(model: str = "Llama-3.1-8B", **changes: Any) -> TrainingWorkload:
    values: dict[str, Any] = {"architecture": the_model(model), "tokens": 1_000_000_000}
    return TrainingWorkload(**(values | changes))


def constants() -> TrainingCalibration:
    return load_calibration().training


def outcome(
    workload: TrainingWorkload,
    gpu: Accelerator | str = H100,
    *,
    gpus_per_node: int = 8,
    **placement: Any,
) -> TrainingPlan | NoPlan:
    return plan_training(
        workload,
        the_gpu(gpu) if isinstance(gpu, str) else gpu,
        gpus_per_node=gpus_per_node,
        placement=Placement(**placement),
        calibration=constants(),
    )


def a_plan(*args: Any, **kwargs: Any) -> TrainingPlan:
    found = outcome(*args, **kwargs)
    assert isinstance(found, TrainingPlan), found
    return found


def no_plan(*args: Any, **kwargs: Any) -> NoPlan:
    found = outcome(*args, **kwargs)
    assert isinstance(found, NoPlan), found
    return found
