"""What placements are compared by beside their cost: the upper quartile of the time."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.compare.planners import AnyPlan
from service.estimate.band import Band
from service.estimate.plan import NoPlan, ServingPlan, TrainingPlan

_NOTHING = Band.exact(0.0)


def times(plans: Sequence[AnyPlan]) -> NDArray[np.float64]:
    """Return the upper quartile of the time of each plan; infinite without a plan.

    That is the wall time in hours of a run, and the time in milliseconds of an output token, or
    of the whole answer where no tokens are written. It is 0 where nobody waits.
    """
    return np.array(
        [np.inf if isinstance(plan, NoPlan) else time_of(plan).p75 for plan in plans], np.float64
    )


def time_of(plan: TrainingPlan | ServingPlan) -> Band:
    """Return the time that a plan is compared by."""
    if isinstance(plan, TrainingPlan):
        return plan.wall_hours
    return plan.time_per_output_token_ms or plan.time_to_first_token_ms or _NOTHING
