"""Model FLOPs utilisation (MFU) of training: the share of the dense peak that a run gets.

The model is linear in logarithms, so that every term is a factor that people can read. Its form
follows published runs; its coefficients are fitted by `calibration.training` and read from
`service/facts/calibration.json`. The fit and the planner call the very same functions: on columns
of numpy arrays there, on numbers here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from service.domain.accelerator import Accelerator
from service.domain.architecture import ModelKind
from service.domain.precision import Precision
from service.domain.workload import TrainingMethod, TrainingWorkload
from service.estimate.band import Band
from service.estimate.calibration import LogBand, TrainingCalibration

Column = TypeVar("Column", float, NDArray[np.float64])

# Where the logarithmic terms are zero: a tuned run of 10 billion parameters on 64 A100.
_REFERENCE_GPUS = 64
_REFERENCE_PARAMS = 1e10
_TINY_PARAMS = 1e9
# A100s of 40 GB run smaller micro-batches than those of 80 GB.
_SMALL_AMPERE_BYTES = 48e9
# The coefficient of a generation, by its name.
FITTED_GENERATIONS = {"Volta": "volta", "Hopper": "hopper", "Blackwell": "blackwell", "TPU": "tpu"}
_REFERENCE_GENERATION = "Ampere"
_Z90 = 1.2815515655446004


@dataclass(frozen=True, slots=True, kw_only=True)
class MfuCase:
    """What the MFU of a run depends on.

    `attention_share` is the share of the FLOPs that attention has; `recomputed_share` that of the
    layers whose full recomputation costs time which the FLOPs do not have in them.
    """

    accelerator: Accelerator
    precision: Precision
    gpu_count: float
    active_params: float
    attention_share: float
    is_mixture: bool
    is_diffusion: bool
    is_full_run: bool
    recomputed_share: float


def features(case: MfuCase, *, reference_matmul_share: float) -> dict[str, float]:
    """Return what multiplies each coefficient, by its name.

    A generation without a coefficient is placed by the share of its peak that a large matrix
    product was measured to reach, against that of the A100; by nothing where nobody measured.
    Attention runs slower than matrix products, and long sequences have more of it.
    """
    gpu = case.accelerator
    size = math.log10(max(case.active_params, 1.0) / _REFERENCE_PARAMS)
    tiny = math.log10(max(case.active_params, 1.0) / _TINY_PARAMS)
    found = {
        "base": 1.0,
        "volta": 0.0,
        "hopper": 0.0,
        "blackwell": 0.0,
        "tpu": 0.0,
        "matmul_share": 0.0,
        "small_ampere": float(
            gpu.generation == _REFERENCE_GENERATION and gpu.memory_bytes < _SMALL_AMPERE_BYTES
        ),
        "fp8": float(case.precision is Precision.FP8),
        "fp4": float(case.precision is Precision.FP4),
        "full_run": float(case.is_full_run),
        "recompute": case.recomputed_share,
        "log10_gpus": math.log10(case.gpu_count / _REFERENCE_GPUS),
        "log10_params_below_10b": min(0.0, size),
        "log10_params_below_1b": min(0.0, tiny),
        "log10_params_above_10b": max(0.0, size),
        "attention": math.log1p(case.attention_share),
        "mixture": float(case.is_mixture),
        "diffusion": float(case.is_diffusion),
    }
    name = FITTED_GENERATIONS.get(gpu.generation)
    if name is not None:
        found[name] = 1.0
    elif gpu.generation != _REFERENCE_GENERATION and gpu.matmul_share is not None:
        found["matmul_share"] = math.log(gpu.matmul_share / reference_matmul_share)
    return found


def mfu(
    found: Mapping[str, Column], coefficients: Mapping[str, float], *, cap: float
) -> NDArray[np.float64]:
    """Return the share of the dense peak, of one run or of columns of runs; at most `cap`."""
    total = sum(coefficient * found[name] for name, coefficient in coefficients.items())
    share: NDArray[np.float64] = np.minimum(np.exp(total), cap)
    return share


def expected_mfu(case: MfuCase, calibration: TrainingCalibration) -> float:
    """Return the middle of the MFU of one run."""
    found = features(case, reference_matmul_share=calibration.reference_matmul_share)
    return float(mfu(found, calibration.coefficients, cap=calibration.mfu_cap))


def hours_band(
    workload: TrainingWorkload, accelerator: Accelerator, calibration: TrainingCalibration
) -> Band:
    """Return the band of actual over expected hours.

    Its quantiles are residuals of pre-training language models that the fit had not seen. What the
    fit had no rows of adds its own spread, in log quadrature: a strange GPU, and a strange kind of
    work.
    """
    spread = calibration.benchmark if workload.is_benchmark else calibration.full_run
    extras = (gpu_spread(accelerator, calibration), work_spread(workload, calibration))
    return Band(
        p10=math.exp(-math.hypot(spread.p10, *(extra.p10 for extra in extras))),
        p50=1.0,
        p90=math.exp(math.hypot(spread.p90, *(extra.p90 for extra in extras))),
    )


def gpu_spread(accelerator: Accelerator, calibration: TrainingCalibration) -> LogBand:
    """Return what a GPU without rows adds to the band of hours; nothing with rows.

    Another family of a generation with rows adds the spread between families; a generation that
    only a prior places adds the prior's. Of another generation see `_strange`. So are cards without
    a link that joins their node: all rows are of GPUs that have one.
    """
    generation = accelerator.generation
    if not accelerator.has_node_link:
        return _strange(calibration)
    if accelerator.family in calibration.families:
        return LogBand(p10=0.0, p90=0.0)
    if generation in calibration.generations:
        return _symmetric(calibration.other_family_log_sd)
    if generation in calibration.prior_log_sd:
        return _symmetric(calibration.prior_log_sd[generation])
    return _strange(calibration)


def work_spread(workload: TrainingWorkload, calibration: TrainingCalibration) -> LogBand:
    """Return what work other than pre-training a decoder adds to the band of hours.

    Adapters have a few rows, which nothing was fitted to. Diffusion models have those of one model,
    encoders none.
    """
    if workload.architecture.kind is not ModelKind.DECODER:
        return _strange(calibration)
    if workload.method is not TrainingMethod.FULL:
        return _symmetric(calibration.fine_tuning_log_sd)
    return LogBand(p10=0.0, p90=0.0)


def has_rows(accelerator: Accelerator, calibration: TrainingCalibration) -> bool:
    """Tell whether runs on this family, with a link that joins the node, were measured."""
    return accelerator.has_node_link and accelerator.family in calibration.families


def _symmetric(log_sd: float) -> LogBand:
    return LogBand(p10=-_Z90 * log_sd, p90=_Z90 * log_sd)


def _strange(calibration: TrainingCalibration) -> LogBand:
    """Return the spread of what nothing places.

    Every generation that can be left out took longer than it was placed, none was faster: above
    the middle it is the spread between generations, below it no more than that between families.
    """
    return LogBand(
        p10=-_Z90 * calibration.other_family_log_sd,
        p90=_Z90 * calibration.other_generation_log_sd,
    )
