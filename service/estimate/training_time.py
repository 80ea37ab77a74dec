"""FLOPs of a training run and how long a layout takes for them."""

from dataclasses import dataclass

from service.domain.accelerator import Accelerator
from service.domain.architecture import ModelKind
from service.domain.workload import Recompute, TrainingMethod, TrainingWorkload
from service.estimate import flops, mfu
from service.estimate.calibration import TrainingCalibration
from service.estimate.training_layouts import Fitting

SECONDS_AN_HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """What a layout takes in time; hours are of all GPUs together."""

    flops: float
    expected_gpu_hours: float
    mfu: float


def duration(
    workload: TrainingWorkload,
    accelerator: Accelerator,
    fitting: Fitting,
    *,
    calibration: TrainingCalibration,
) -> Duration:
    """Return FLOPs and the middle of the hours.

    A given MFU is taken at its word: recomputation and unpacking of weights are in it.
    """
    peak = accelerator.peak_flops[workload.precision]
    total = model_flops(workload, recomputed_share=fitting.recomputed_share)
    reached = workload.mfu or mfu.expected_mfu(_case(workload, accelerator, fitting), calibration)
    seconds = total / (peak * reached)
    if workload.method is TrainingMethod.QLORA and workload.mfu is None:
        moved = calibration.dequantization_bytes_per_param * workload.architecture.params
        batches = _micro_batches(workload, fitting.layout.micro_batch_size)
        seconds += batches * moved / accelerator.memory_bytes_per_second
    return Duration(
        flops=total,
        expected_gpu_hours=seconds / SECONDS_AN_HOUR,
        mfu=total / (peak * seconds),
    )


def model_flops(workload: TrainingWorkload, *, recomputed_share: float = 0.0) -> float:
    """Return FLOPs of the run; the share of recomputed layers counts with frozen weights only."""
    if workload.flops_per_image_step is not None and workload.images:
        return flops.image_training_flops(workload.flops_per_image_step) * workload.images
    kept, again = (
        flops.training_flops_per_token(
            workload.architecture,
            workload.sequence_length,
            method=workload.method,
            recompute=recompute,
        )
        for recompute in (Recompute.NONE, Recompute.FULL)
    )
    return workload.tokens * ((1.0 - recomputed_share) * kept + recomputed_share * again)


def rule_of_thumb_flops(workload: TrainingWorkload) -> float:
    """Return 6 N D; for images, whose tokens nobody counts, three times a forward step."""
    if workload.images:
        return model_flops(workload)
    return flops.rule_of_thumb_training_flops(workload.architecture, workload.tokens)


def _attention_share(workload: TrainingWorkload) -> float:
    if workload.images:
        return 0.0
    return flops.attention_share(workload.architecture, workload.sequence_length)


def _case(workload: TrainingWorkload, accelerator: Accelerator, fitting: Fitting) -> mfu.MfuCase:
    architecture = workload.architecture
    is_full = workload.method is TrainingMethod.FULL
    return mfu.MfuCase(
        accelerator=accelerator,
        precision=workload.precision,
        gpu_count=fitting.layout.gpu_count,
        active_params=architecture.active_params,
        attention_share=_attention_share(workload),
        is_mixture=architecture.experts is not None,
        is_diffusion=architecture.kind is ModelKind.DIFFUSION,
        is_full_run=not workload.is_benchmark,
        # With frozen weights the FLOPs have the recomputation in them already.
        recomputed_share=fitting.recomputed_share if is_full else 0.0,
    )


def _micro_batches(workload: TrainingWorkload, micro_batch_size: int) -> float:
    if workload.images:
        return workload.images / micro_batch_size
    return workload.tokens / (micro_batch_size * workload.sequence_length)
