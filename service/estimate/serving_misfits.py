"""Why a load of tokens has no plan: the constraint that failed, in figures, and what would help."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from service.domain.accelerator import Accelerator
from service.domain.precision import Precision
from service.domain.workload import InferenceWorkload, Placement
from service.estimate.plan import Misfit, NoPlan, ServingPlan
from service.estimate.serving_format import compute_precision
from service.estimate.serving_layouts import Spread, spreads_in_node, spreads_over_nodes
from service.estimate.serving_memory import ReplicaMemory
from service.estimate.weights import weight_bytes

Floats = NDArray[np.float64]
_MILLISECONDS = 1e3
_GIGA = 1e9
_SMALLER_FORMATS = (Precision.FP8, Precision.FP4, Precision.INT4)


def parallelism_fault(
    workload: InferenceWorkload, *, gpus_per_node: int, most_gpus: int
) -> NoPlan | None:
    """Return what is wrong with the parallelism that a request gives, if anything."""
    given = workload.parallelism
    heads = workload.architecture.heads
    replica = (given.tensor or 1) * (given.pipeline or 1)
    is_given = given.tensor is not None or given.pipeline is not None
    message = ""
    if given.tensor is not None and given.tensor > gpus_per_node:
        message = (
            f"tensor parallelism of {given.tensor} needs so many GPUs in a node; "
            f"there are {gpus_per_node}"
        )
    elif given.tensor is not None and heads % given.tensor:
        message = f"{heads} attention heads cannot be divided by {given.tensor} GPUs"
    elif is_given and replica * (given.data or 1) > most_gpus:
        message = (
            f"the given parallelism takes {replica * (given.data or 1)} GPUs, "
            f"{most_gpus} are allowed"
        )
    return NoPlan(misfit=Misfit.PARALLELISM, message=message) if message else None


def too_slow(
    workload: InferenceWorkload, placement: Placement, *, first: Floats, token: Floats
) -> NoPlan:
    """Say which latency limit nothing keeps.

    `first` and `token` are seconds to the first token and for each further one, at the confidence
    of the placement, of everything that was tried.
    """
    limit = workload.latency
    percent = f"{placement.confidence:.0%}"
    longest = limit.max_time_to_first_token_ms
    best_first = float(first.min()) * _MILLISECONDS
    slowest = limit.min_tokens_per_second_per_user
    in_time = first * _MILLISECONDS <= (longest or math.inf)
    if longest is not None and (slowest is None or not in_time.any()):
        return NoPlan(
            misfit=Misfit.LATENCY,
            message=(
                f"the first token comes after {best_first:.0f} ms at best with {percent} "
                f"confidence; {longest:.0f} ms are allowed"
            ),
            needed=best_first,
            limit=longest,
            unit="ms",
            smallest_change=f"latency.maxTimeToFirstTokenMs={math.ceil(best_first)}",
        )
    best_rate = float(1 / token[in_time].min())
    return NoPlan(
        misfit=Misfit.LATENCY,
        message=(
            f"a user gets {best_rate:.1f} tokens a second at best with {percent} confidence; "
            f"{slowest:g} are wanted"
        ),
        needed=slowest or 0.0,
        limit=best_rate,
        unit="tokens/s",
        smallest_change=(f"latency.minTokensPerSecondPerUser={math.floor(best_rate * 10) / 10:g}"),
    )


def too_many(placement: Placement, *, needed: float, most_gpus: int) -> NoPlan:
    """Say how many GPUs the load takes beyond what is allowed."""
    field = "maxGpuCount" if placement.gpu_count is None else "gpuCount"
    return NoPlan(
        misfit=Misfit.GPU_LIMIT,
        message=f"the load takes {needed:.0f} GPUs; {most_gpus} are allowed",
        needed=needed,
        limit=float(most_gpus),
        unit="GPUs",
        smallest_change=f"{field}={needed:.0f}",
    )


def too_big(
    workload: InferenceWorkload,
    accelerator: Accelerator,
    memory: ReplicaMemory,
    *,
    gpus_per_node: int,
    placement: Placement,
    plan_on: Callable[[int], ServingPlan | NoPlan],
) -> NoPlan:
    """Say what the memory lacks, on the most GPUs that one replica may have.

    `plan_on` plans the load on a given number of GPUs, to try what would help.
    """
    most = placement.gpu_count or placement.max_gpu_count
    in_node = spreads_in_node(workload, accelerator, gpus_per_node=gpus_per_node)
    over_nodes = spreads_over_nodes(workload, gpus_per_node=gpus_per_node, most_gpus=most)
    spreads = [*in_node, *over_nodes]
    allowed = [spread for spread in spreads if spread.gpus <= most] or spreads
    if not allowed:
        heads = workload.architecture.heads
        return NoPlan(
            misfit=Misfit.PARALLELISM,
            message=f"{heads} attention heads fit no group of {gpus_per_node} GPUs",
        )
    largest = max(allowed, key=lambda spread: (spread.gpus, -memory.copies(spread)))
    needed = (
        memory.held_weights(largest)
        + memory.request(largest)
        + memory.reserve.runtime_bytes * largest.gpus
    )
    limit = memory.limit_per_gpu * largest.gpus
    change = ""
    if placement.gpu_count is not None:
        wider = spreads_over_nodes(
            workload, gpus_per_node=gpus_per_node, most_gpus=placement.max_gpu_count
        )
        change = _more_gpus([*in_node, *wider], memory, plan_on)
    return NoPlan(
        misfit=Misfit.MEMORY,
        message=(
            f"weights and the cache of one request take {needed / _GIGA:.1f} GB on "
            f"{largest.gpus} GPUs; {limit / _GIGA:.1f} GB are usable"
        ),
        needed=needed / _GIGA,
        limit=limit / _GIGA,
        unit="GB",
        smallest_change=change or _smaller_format(workload, accelerator, memory, allowed),
    )


def _more_gpus(
    spreads: list[Spread],
    memory: ReplicaMemory,
    plan_on: Callable[[int], ServingPlan | NoPlan],
) -> str:
    enough = [spread.gpus for spread in spreads if memory.most(spread)]
    if not enough:
        return ""
    count = min(enough)
    tried = plan_on(count)
    if isinstance(tried, NoPlan) and tried.misfit is Misfit.GPU_LIMIT:
        # The model fits, and its load takes more replicas.
        count = round(tried.needed)
        tried = plan_on(count)
    return f"gpuCount={count}" if isinstance(tried, ServingPlan) else ""


def _smaller_format(
    workload: InferenceWorkload,
    accelerator: Accelerator,
    memory: ReplicaMemory,
    allowed: list[Spread],
) -> str:
    for precision in _SMALLER_FORMATS:
        is_smaller = weight_bytes(workload.architecture, precision).total < memory.weights.total
        if (
            is_smaller
            and compute_precision(precision, accelerator) is not None
            and any(memory.most(spread, precision) for spread in allowed)
        ):
            return f"precision={precision.value}"
    return ""
