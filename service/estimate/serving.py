"""Serving: the plan of a load on GPUs of one kind, and what would make it cheaper."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from service.domain.accelerator import Accelerator
from service.domain.architecture import ModelKind
from service.domain.precision import Precision
from service.domain.workload import InferenceWorkload, LatencyLimit, Placement, Speculative
from service.estimate.kv_cache import KV_BYTES
from service.estimate.plan import Misfit, NoPlan, ServingPlan
from service.estimate.serving_calibration import ServingCalibration
from service.estimate.serving_format import compute_precision
from service.estimate.serving_images import plan_images
from service.estimate.serving_plan import TokenPlanner
from service.estimate.weights import BYTES_PER_WEIGHT

# What a lever is taken to be when the request says nothing of it.
LEVER_HIT_RATE = 0.5
LEVER_SPECULATIVE = Speculative(acceptance=0.7, draft_tokens=3)


def plan_serving(
    workload: InferenceWorkload,
    accelerator: Accelerator,
    *,
    gpus_per_node: int,
    placement: Placement,
    calibration: ServingCalibration,
) -> ServingPlan | NoPlan:
    """Return the cheapest plan that keeps every limit, or what keeps the load from going.

    A replica is one layout inside a node, across nodes only where no layout inside holds the
    model. Cheapest is by cost per token: fewest GPUs for a given rate, most tokens a GPU else; for
    the objective TIME it is the fastest. With a rate or a latency limit there is one spare replica.
    """
    compute = compute_precision(workload.precision, accelerator)
    if compute is None:
        return _no_format(workload.precision, accelerator)
    if workload.architecture.kind is ModelKind.DIFFUSION:
        return plan_images(
            workload,
            accelerator,
            compute=compute,
            gpus_per_node=gpus_per_node,
            placement=placement,
            calibration=calibration,
        )
    return TokenPlanner(
        workload,
        accelerator,
        compute=compute,
        gpus_per_node=gpus_per_node,
        placement=placement,
        calibration=calibration,
    ).plan()


def serving_levers(
    workload: InferenceWorkload,
    accelerator: Accelerator,
    plan: ServingPlan,
    *,
    gpus_per_node: int,
    placement: Placement,
    calibration: ServingCalibration,
) -> tuple[tuple[str, float], ...]:
    """Return what single changes would do to the cost per token on these GPUs, as a share.

    Each is planned anew: -0.41 is 41 % cheaper. What cannot be planned is left out. For a load with
    a rate the GPUs before rounding to whole replicas are compared, without the spare: whole ones
    change in steps that hide or exaggerate what a change is worth. RELAXED_LATENCY drops the
    latency limits, BATCH doubles the concurrency of a load without any; PREFIX_CACHE is a hit rate
    of one half, SPECULATIVE three proposed tokens of which each is accepted with 0.7.
    """
    gpus_per_rate = partial(
        _gpus_per_rate,
        accelerator=accelerator,
        gpus_per_node=gpus_per_node,
        placement=placement,
        calibration=calibration,
    )
    if workload.architecture.kind is ModelKind.DIFFUSION:
        return ()
    before = gpus_per_rate(workload, plan=plan)
    found: list[tuple[str, float]] = []
    for name, changed in _changes(workload, accelerator):
        other = plan_serving(
            changed,
            accelerator,
            gpus_per_node=gpus_per_node,
            placement=placement,
            calibration=calibration,
        )
        if isinstance(other, ServingPlan):
            found.append((name, gpus_per_rate(changed, plan=other) / before - 1))
    return tuple(found)


def _changes(
    workload: InferenceWorkload, accelerator: Accelerator
) -> Iterator[tuple[str, InferenceWorkload]]:
    has_fp4 = Precision.FP4 in accelerator.peak_flops
    for precision in (Precision.FP8, Precision.FP4 if has_fp4 else Precision.INT4):
        if BYTES_PER_WEIGHT[precision] < BYTES_PER_WEIGHT[workload.precision]:
            yield precision.value, replace(workload, precision=precision)
    if workload.latency != LatencyLimit():
        yield "RELAXED_LATENCY", replace(workload, latency=LatencyLimit())
    elif workload.concurrency is not None:
        yield "BATCH", replace(workload, concurrency=2 * workload.concurrency)
    if not workload.prefix_cache_hit_rate and workload.input_tokens:
        yield "PREFIX_CACHE", replace(workload, prefix_cache_hit_rate=LEVER_HIT_RATE)
    if not workload.output_tokens + workload.reasoning_tokens:
        return
    if KV_BYTES[workload.kv_precision] > KV_BYTES[Precision.FP8]:
        yield "KV_FP8", replace(workload, kv_precision=Precision.FP8)
    if workload.speculative is None:
        yield "SPECULATIVE", replace(workload, speculative=LEVER_SPECULATIVE)


def _gpus_per_rate(
    workload: InferenceWorkload,
    *,
    accelerator: Accelerator,
    plan: ServingPlan,
    gpus_per_node: int,
    placement: Placement,
    calibration: ServingCalibration,
) -> float:
    """GPUs for one token a second: before rounding where GPUs follow a rate, else of all output."""
    compute = compute_precision(workload.precision, accelerator)
    follows_rate = workload.requests_per_second is not None and placement.gpu_count is None
    if not follows_rate or workload.parallelism.data is not None or compute is None:
        return plan.gpu_count / plan.output_per_second.p50
    planner = TokenPlanner(
        workload,
        accelerator,
        compute=compute,
        gpus_per_node=gpus_per_node,
        placement=placement,
        calibration=calibration,
    )
    return planner.gpus_before_rounding() / plan.serving_capacity.p50


def _no_format(precision: Precision, accelerator: Accelerator) -> NoPlan:
    has = ", ".join(sorted(known.value for known in accelerator.peak_flops))
    others = (Precision.FP16, Precision.FP8, Precision.BF16, Precision.FP32)
    instead = next((other.value for other in others if other in accelerator.peak_flops), "")
    return NoPlan(
        misfit=Misfit.PRECISION,
        message=f"{accelerator.gpu_model_id} has no {precision.value}; it has {has}",
        smallest_change=f"precision={instead}" if instead else "",
    )
