"""Every model on every accelerator, in five workloads: a plan or a reason, and nothing else.

One test an accelerator, so that they spread over processes.
"""

import math
from collections.abc import Iterator
from itertools import product

import pytest

from service.domain.accelerator import Accelerator
from service.domain.architecture import Model, ModelKind
from service.domain.precision import Precision
from service.domain.workload import (
    InferenceWorkload,
    Placement,
    TrainingMethod,
    TrainingWorkload,
)
from service.estimate.calibration import load_calibration
from service.estimate.plan import NoPlan, ServingPlan, TrainingPlan
from service.estimate.serving import plan_serving
from service.estimate.training import plan_training
from service.facts.accelerators import load_accelerators
from service.facts.models import load_models

# Tracing some 70,000 plannings would double their time.
pytestmark = pytest.mark.no_cover
CALIBRATION = load_calibration()
# The widest format first: what a chip lacks would be refused before anything is computed.
PREFERRED = (Precision.BF16, Precision.FP16, Precision.FP32)
TRAINING = ((TrainingMethod.FULL, 64), (TrainingMethod.LORA, 1), (TrainingMethod.QLORA, 1))


def preferred(gpu: Accelerator) -> Precision:
    return next(one for one in PREFERRED if one in gpu.peak_flops)


def trained(
    model: Model, gpu: Accelerator, method: TrainingMethod, gpu_count: int
) -> TrainingPlan | NoPlan:
    is_diffusion = model.architecture.kind is ModelKind.DIFFUSION
    workload = TrainingWorkload(
        architecture=model.architecture,
        model_id=model.model_id,
        tokens=0 if is_diffusion else 10**9,
        images=10**6 if is_diffusion else 0,
        flops_per_image_step=model.flops_per_step,
        sequence_length=model.training_sequence_length or 4096,
        method=method,
        precision=preferred(gpu),
    )
    return plan_training(
        workload,
        gpu,
        gpus_per_node=min(gpu_count, 8),
        placement=Placement(gpu_count=gpu_count),
        calibration=CALIBRATION.training,
    )


def served(model: Model, gpu: Accelerator, *, is_offline: bool) -> ServingPlan | NoPlan:
    is_diffusion = model.architecture.kind is ModelKind.DIFFUSION
    workload = InferenceWorkload(
        architecture=model.architecture,
        model_id=model.model_id,
        precision=preferred(gpu),
        input_tokens=0 if is_diffusion else 1000,
        output_tokens=0 if is_diffusion else 300,
        concurrency=None if is_offline else 32,
        is_offline=is_offline,
        flops_per_image_step=model.flops_per_step,
        image_steps=30 if is_diffusion else 0,
    )
    return plan_serving(
        workload,
        gpu,
        gpus_per_node=8,
        placement=Placement(),
        calibration=CALIBRATION.serving,
    )


def figures(value: object) -> Iterator[float]:
    """Yield every float in a tree of dataclasses and tuples."""
    if isinstance(value, float):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from figures(one)
    else:
        # As dataclasses.fields would, which is too slow for millions of fields.
        for name in getattr(value, "__dataclass_fields__", ()):
            yield from figures(getattr(value, name))


def check(plan: TrainingPlan | ServingPlan | NoPlan, name: str) -> None:
    """Hold a plan to be finite, to fit and to take time, a refusal to say why."""
    for figure in figures(plan):
        assert 0 <= figure < math.inf, f"{name}: {plan}"
    if isinstance(plan, NoPlan):
        assert plan.message, name
        return
    assert plan.gpu_count > 0, name
    assert 0 < plan.memory.total <= plan.memory_limit_bytes * (1 + 1e-9), name
    if isinstance(plan, TrainingPlan):
        assert 0 < plan.ideal_gpu_hours <= plan.gpu_hours.p10, name
        assert 0 < plan.mfu.p90 <= 1, name
        assert plan.gpu_count == plan.tensor * plan.pipeline * plan.data, name
    else:
        assert plan.output_per_second.p10 > 0, name


@pytest.mark.parametrize("gpu_model_id", sorted(load_accelerators()))
def test_every_model_has_a_plan_or_a_reason(gpu_model_id: str) -> None:
    gpu = load_accelerators()[gpu_model_id]
    for model in load_models().models:
        name = f"{model.model_id} on {gpu_model_id}"
        for method, gpu_count in TRAINING:
            check(trained(model, gpu, method, gpu_count), f"{method} of {name}")
        for is_offline in (False, True):
            check(served(model, gpu, is_offline=is_offline), f"serving of {name}")


def test_most_of_it_has_a_plan() -> None:
    # What only refuses would pass the test above.
    found = [load_models().find(one) for one in ("llama-3.1-8b", "bert-base", "mixtral-8x7b")]
    models = [one for one in found if one is not None]
    assert len(models) == 3
    gpus = [load_accelerators()[one] for one in ("h100-sxm-80gb", "mi300x-192gb", "b200-sxm-180gb")]
    for model, gpu in product(models, gpus):
        for method, gpu_count in TRAINING[::2]:
            assert isinstance(trained(model, gpu, method, gpu_count), TrainingPlan)
        assert model.architecture.kind is ModelKind.ENCODER or isinstance(
            served(model, gpu, is_offline=False), ServingPlan
        )
