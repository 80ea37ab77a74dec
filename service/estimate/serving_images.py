"""Plans of diffusion models: a request is one image, and compute alone decides.

No published row calibrates this, so its band is assumed and wide, and no plan is measured.
"""

import math

from service.domain.accelerator import Accelerator
from service.domain.precision import Precision
from service.domain.workload import InferenceWorkload, Placement
from service.estimate.band import Band
from service.estimate.memory_limits import reserve_of
from service.estimate.plan import Misfit, NoPlan, ServingMemory, ServingPlan
from service.estimate.serving_calibration import ServingCalibration
from service.estimate.serving_load import LoadKind, load_of
from service.estimate.weights import weight_bytes

ASSUMED_BAND = Band(p10=0.5, p50=1.0, p90=2.0)
"""Assumed: a rate may be half of what the share of the peak of language models says, or twice."""

_MILLISECONDS = 1e3
_GIGA = 1e9
_REGIME = "images"


def plan_images(
    workload: InferenceWorkload,
    accelerator: Accelerator,
    *,
    compute: Precision,
    gpus_per_node: int,
    placement: Placement,
    calibration: ServingCalibration,
) -> ServingPlan | NoPlan:
    """Return how many GPUs make the images; each works on whole images by itself.

    seconds = steps x (2 with classifier-free guidance) x FLOPs of a step / (peak x share).
    """
    if not workload.flops_per_image_step or not workload.image_steps:
        return NoPlan(
            misfit=Misfit.NO_FIGURES,
            message="the FLOPs of a denoising step or the number of steps are not known",
        )
    weights = weight_bytes(workload.architecture, workload.precision).total
    reserve = reserve_of(workload.engine)
    limit_bytes = reserve.usable_share * accelerator.memory_bytes
    if weights + reserve.runtime_bytes > limit_bytes:
        return NoPlan(
            misfit=Misfit.MEMORY,
            message=(
                f"the model takes {(weights + reserve.runtime_bytes) / _GIGA:.1f} GB; "
                f"{limit_bytes / _GIGA:.1f} GB of a GPU are usable"
            ),
            needed=(weights + reserve.runtime_bytes) / _GIGA,
            limit=limit_bytes / _GIGA,
            unit="GB",
        )
    passes = workload.image_steps * (2 if workload.guidance else 1)
    ideal_seconds = passes * workload.flops_per_image_step / accelerator.peak_flops[compute]
    rate = ASSUMED_BAND.times(calibration.constants.compute_share / ideal_seconds)
    load = load_of(workload)
    most = placement.gpu_count or placement.max_gpu_count
    serving, spare = placement.gpu_count or 1, 0
    if load.kind is LoadKind.RATE:
        slow = rate.inverse().at(placement.confidence)
        needed = math.ceil(load.peak_requests_per_second * slow / workload.utilization)
        spare = 1 if placement.gpu_count is None or placement.gpu_count > needed else 0
        serving = needed if placement.gpu_count is None else max(needed, serving - spare)
    if serving + spare > most:
        field = "maxGpuCount" if placement.gpu_count is None else "gpuCount"
        return NoPlan(
            misfit=Misfit.GPU_LIMIT,
            message=f"the load takes {serving + spare} GPUs; {most} are allowed",
            needed=float(serving + spare),
            limit=float(most),
            unit="GPUs",
            smallest_change=f"{field}={serving + spare}",
        )
    at_once = math.ceil(load.concurrency / serving) if load.kind is LoadKind.CONCURRENCY else 1
    image_ms = rate.inverse(_MILLISECONDS * at_once)
    longest = workload.latency.max_time_to_first_token_ms
    is_offline = load.kind is LoadKind.OFFLINE
    if longest is not None and not is_offline and image_ms.at(placement.confidence) > longest:
        best = image_ms.at(placement.confidence)
        return NoPlan(
            misfit=Misfit.LATENCY,
            message=f"an image takes {best:.0f} ms; {longest:.0f} ms are allowed",
            needed=best,
            limit=longest,
            unit="ms",
            smallest_change=f"latency.maxTimeToFirstTokenMs={math.ceil(best)}",
        )
    output = rate.times(serving)
    capacity = output if is_offline else output.times(workload.utilization)
    power = accelerator.power_watts
    return ServingPlan(
        gpu_model_id=accelerator.gpu_model_id,
        gpu_count=serving + spare,
        gpus_per_node=gpus_per_node,
        gpus_per_replica=1,
        replica_count=serving + spare,
        spare_replica_count=spare,
        tensor=1,
        pipeline=1,
        expert=1,
        batch=at_once,
        max_batch=at_once,
        memory=ServingMemory(weights=weights, kv_cache=0.0, runtime=reserve.runtime_bytes),
        memory_limit_bytes=limit_bytes,
        kv_bytes_per_token=0.0,
        output_per_second=output,
        ideal_output_per_second=serving / ideal_seconds,
        output_per_second_per_user=rate.times(1 / at_once),
        time_to_first_token_ms=None if is_offline else image_ms,
        time_per_output_token_ms=None,
        serving_capacity=(
            Band.exact(load.requests_per_second) if load.kind is LoadKind.RATE else capacity
        ),
        prefill_share=0.0,
        power_watts=None if power is None else power * (serving + spare),
        regime=_REGIME,
        is_measured=False,
        assumptions=(
            (
                "imageEfficiency",
                f"{calibration.constants.compute_share:.0%} of the peak, as language models reach",
            ),
        ),
    )
