"""What a plan of a training run takes for granted, and the words in which it says so."""

from service.domain.architecture import ModelKind
from service.domain.precision import Precision
from service.domain.workload import (
    Objective,
    Parallelism,
    Placement,
    Recompute,
    TrainingMethod,
    TrainingWorkload,
)
from service.estimate.memory_limits import STANDARD
from service.estimate.training_layouts import Fitting

# Typical over rated board power of H100 (0.65 / 0.70 kW), H200 (the same), B200 (0.9 / 1.0) and
# MI300X (0.70 / 0.75), as published in alpha-one-index, energy.json (2025): the median.
LOAD_FACTOR = 0.93
_GIGA = 1e9
# mosaicml/diffusion, README.md, on training Stable Diffusion 2.
_LATENTS_TEXT = "the denoiser's: latents computed along the way take 1.4 times as long"
_TUNED_ONLY = frozenset({Precision.FP8, Precision.FP4})


def given_count(given: Parallelism) -> int | None:
    """Return the GPUs of a parallelism that is given whole; None of one that is not."""
    if given.tensor is None or given.pipeline is None or given.data is None:
        return None
    return given.tensor * given.pipeline * given.data


def assumptions_of(
    workload: TrainingWorkload, placement: Placement, fitting: Fitting
) -> tuple[tuple[str, str], ...]:
    """Return what was assumed, as pairs of a name and a text; each name stands once."""
    kept_back = STANDARD.runtime_bytes / _GIGA
    found = {
        "memory": f"{STANDARD.usable_share:.0%} of the memory, less {kept_back} GB",
        "energy": f"{LOAD_FACTOR:.0%} of rated board power, no host, no PUE",
        "mfu": _mfu_text(workload),
    }
    if placement.gpu_count is None and given_count(workload.parallelism) is None:
        found["gpuCount"] = _count_text(placement, fitting)
    if workload.precision in _TUNED_ONLY and workload.mfu is None:
        found["precision"] = f"{workload.precision} at the MFU of tuned benchmarks, over BF16"
    if workload.recompute is None:
        found["recompute"] = _recompute_text(fitting)
    if workload.micro_batch_size is None:
        found["microBatchSize"] = "1: the least memory"
    if workload.architecture.kind is ModelKind.ENCODER_DECODER:
        found["flops"] = "each token goes through encoder and decoder: an upper bound"
    if workload.architecture.kind is ModelKind.DIFFUSION:
        found["flops"] = _LATENTS_TEXT
    return tuple(found.items())


def _mfu_text(workload: TrainingWorkload) -> str:
    """Return what runs the MFU is that of, and what it was not fitted to."""
    if workload.mfu is not None:
        return "as given, exact"
    runs = (
        "tuned benchmark, no restarts"
        if workload.is_benchmark
        else "full run: restarts and idle time of published runs are in it"
    )
    if workload.architecture.kind is ModelKind.DIFFUSION:
        return f"{runs}; fitted to the tuned rates of one model, Stable Diffusion 2"
    if workload.architecture.kind is not ModelKind.DECODER:
        return f"{runs}; that of decoders, nothing else was fitted"
    if workload.method is not TrainingMethod.FULL:
        return f"{runs}; that of full training, no fine-tuning run was fitted"
    return runs


def _count_text(placement: Placement, fitting: Fitting) -> str:
    if placement.objective is Objective.TIME:
        return "the most that may be used and have work"
    if placement.deadline is not None:
        return "the fewest whole nodes that meet the deadline"
    if fitting.layout.recompute is Recompute.FULL:
        return "the fewest whole nodes that hold it"
    return "the fewest whole nodes that hold it without recomputing whole layers"


def _recompute_text(fitting: Fitting) -> str:
    recompute, share = fitting.layout.recompute, fitting.recomputed_share
    if recompute is Recompute.FULL and share < 1.0:
        return f"{recompute} in {share:.0%} of the layers: the least that fits"
    return f"{recompute}: the least that fits"
