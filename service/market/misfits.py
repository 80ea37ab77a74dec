"""Workloads that have no plan: which refusal is nearest to fitting, and the error that tells it."""

import math
from collections.abc import Iterable, Sequence

from service.domain.errors import Precondition, Reason
from service.estimate.plan import Misfit, NoPlan
from service.market.answers import Rejection
from service.market.need import Shape
from service.market.rejections import counts_text

# In the order in which planners find them: what comes last has passed all the others.
_STAGES = (
    Misfit.NO_FIGURES,
    Misfit.PRECISION,
    Misfit.PARALLELISM,
    Misfit.MEMORY,
    Misfit.GPU_LIMIT,
    Misfit.LATENCY,
    Misfit.DEADLINE,
)


def nearest_to_fitting(refusals: Iterable[NoPlan]) -> NoPlan:
    """Return the refusal that one change mends, that passed most, and is nearest to its limit.

    Raises ValueError without any.
    """
    return min(refusals, key=_distance)


def does_not_fit(
    refusals: Sequence[tuple[Shape, NoPlan]], *, left_out: Sequence[Rejection] = ()
) -> Precondition:
    """Build the error of a workload without a plan, by the refusal that is nearest to fitting.

    `left_out` are offers that were not planned for, because they may not be used.
    """
    nearest = nearest_to_fitting([refusal for _, refusal in refusals])
    shape = next(shape for shape, refusal in refusals if refusal is nearest)
    metadata = {
        "constraint": nearest.misfit.value,
        "gpuModel": shape.gpu_model,
        "needed": f"{nearest.needed:.6g}" if nearest.unit else "",
        "limit": f"{nearest.limit:.6g}" if nearest.unit else "",
        "unit": nearest.unit,
        "smallestChange": nearest.smallest_change,
        "rejected": counts_text(left_out),
    }
    detail = f"{nearest.message} (gpuModels/{shape.gpu_model})"
    if nearest.smallest_change:
        detail += f"; the smallest change that fits: {nearest.smallest_change}"
    if left_out:
        detail += f"; offers that may not be used: {counts_text(left_out)}"
    return Precondition(
        Reason.DOES_NOT_FIT,
        detail,
        metadata={key: value for key, value in metadata.items() if value},
    )


def no_figures(gpu_model: str) -> NoPlan:
    """Say that a GPU model's bandwidth or peaks are not published."""
    return NoPlan(
        misfit=Misfit.NO_FIGURES,
        message=f"no bandwidth or peak of gpuModels/{gpu_model} is published",
    )


def _distance(refusal: NoPlan) -> tuple[bool, int, float]:
    excess = math.inf
    if refusal.needed > 0 and refusal.limit > 0:
        # What is needed may be above its limit or, as of a user's rate, below it.
        excess = abs(math.log(refusal.needed / refusal.limit))
    return not refusal.smallest_change, -_STAGES.index(refusal.misfit), excess
