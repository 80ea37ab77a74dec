"""What keeps a training run from being planned at all, before any layout is looked for."""

from collections.abc import Iterator

from service.domain.accelerator import Accelerator
from service.domain.architecture import ModelKind
from service.domain.precision import Precision
from service.domain.workload import Parallelism, TrainingWorkload
from service.estimate.plan import Misfit, NoPlan
from service.estimate.training_time import model_flops

# Precisions that training runs in, and what weights rest in: masters of FP8 and FP4 stay wider.
_TRAINING_PRECISIONS = frozenset(
    {
        Precision.FP32,
        Precision.TF32,
        Precision.BF16,
        Precision.FP16,
        Precision.FP8,
        Precision.FP4,
    }
)


def precision_fault(workload: TrainingWorkload, accelerator: Accelerator) -> NoPlan | None:
    """Return that a GPU lacks the precision, and what it has; None when it has it."""
    precision = workload.precision
    has = [one for one in accelerator.peak_flops if one in _TRAINING_PRECISIONS]
    if precision in _TRAINING_PRECISIONS and precision in accelerator.peak_flops:
        return None
    preferred = (Precision.BF16, Precision.FP16, Precision.TF32, Precision.FP32)
    instead = next((one for one in preferred if one in has), None)
    return NoPlan(
        misfit=Misfit.PRECISION,
        message=f"{accelerator.gpu_model_id} trains in {', '.join(has)}, not in {precision}",
        smallest_change=f"precision={instead}" if instead is not None else "",
    )


def figures_fault(workload: TrainingWorkload) -> NoPlan | None:
    """Return what is missing for FLOPs; None when they can be counted."""
    is_diffusion = workload.architecture.kind is ModelKind.DIFFUSION
    if is_diffusion and not (workload.images and workload.flops_per_image_step):
        return NoPlan(
            misfit=Misfit.NO_FIGURES,
            message="a diffusion model needs images and the FLOPs of a denoising step",
        )
    if model_flops(workload) <= 0:
        return NoPlan(misfit=Misfit.NO_FIGURES, message="the sizes of the model give no FLOPs")
    return None


def parallelism_fault(
    workload: TrainingWorkload, *, gpus_per_node: int, gpu_count: int | None
) -> str:
    """Return why the given parallelism cannot be, in figures; "" when it can."""
    found = _faults(workload, gpus_per_node=gpus_per_node, gpu_count=gpu_count)
    return next(found, "")


def _faults(
    workload: TrainingWorkload, *, gpus_per_node: int, gpu_count: int | None
) -> Iterator[str]:
    given, architecture = workload.parallelism, workload.architecture
    tensor, pipeline = given.tensor or 1, given.pipeline or 1
    is_diffusion = architecture.kind is ModelKind.DIFFUSION
    if is_diffusion and tensor * pipeline > 1:
        yield "a diffusion model is trained data-parallel: tensor and pipeline have to be 1"
    elif architecture.heads % tensor:
        yield f"tensor={tensor} does not divide {architecture.heads} heads"
    elif architecture.layers % pipeline:
        yield f"pipeline={pipeline} does not divide {architecture.layers} layers"
    if tensor > gpus_per_node:
        yield f"tensor={tensor} has to stay in a node, which has {gpus_per_node} GPUs"
    if gpu_count is not None:
        yield from _count_faults(given, gpu_count)
    yield from _expert_faults(workload, gpu_count)


def _count_faults(given: Parallelism, gpu_count: int) -> Iterator[str]:
    tensor, pipeline, data = given.tensor or 1, given.pipeline or 1, given.data or 1
    product = tensor * pipeline * data
    named = f"tensor {tensor} x pipeline {pipeline} x data {data} = {product}"
    if None not in {given.tensor, given.pipeline, given.data} and product != gpu_count:
        yield f"{named}, not gpuCount={gpu_count}"
    elif gpu_count % product:
        yield f"gpuCount={gpu_count} is no multiple of {named}"


def _expert_faults(workload: TrainingWorkload, gpu_count: int | None) -> Iterator[str]:
    given = workload.parallelism
    expert = given.expert or 1
    experts = workload.architecture.experts
    count = experts.count if experts is not None else 1
    if count % expert:
        yield f"expert={expert} does not divide {count} experts"
    data = given.data
    if data is None and gpu_count is not None and None not in {given.tensor, given.pipeline}:
        data = gpu_count // ((given.tensor or 1) * (given.pipeline or 1))
    if data is not None and data % expert:
        yield f"expert={expert} does not divide data={data}"
