"""What plans are compared by: the upper quartile of cost and of time.

A run, and a load of so many requests or users, costs what its placement costs. A load without
either (offline) does more on a faster GPU, so of that the cost of a token counts.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.compare.questions import WorkloadQuestion
from service.compare.spot import AnyPlan
from service.estimate.band import Band
from service.estimate.plan import NoPlan, ServingPlan, TrainingPlan
from service.market.answers import InferenceQuestion

_NOTHING = Band.exact(0.0)


def counts_by_output(question: WorkloadQuestion) -> bool:
    """Tell whether the cost of what is made counts, and not that of a month."""
    return isinstance(question, InferenceQuestion) and question.workload.is_offline


def weights(question: WorkloadQuestion, plans: Sequence[AnyPlan]) -> NDArray[np.float64] | None:
    """Return by plan what a cost counts times, in its upper quartile; None where all count once."""
    if not counts_by_output(question):
        return None
    return np.array(
        [
            plan.serving_capacity.inverse().p75 if isinstance(plan, ServingPlan) else np.inf
            for plan in plans
        ]
    )


def cost_that_counts(question: WorkloadQuestion, plan: AnyPlan, cost: Band) -> Band:
    """Return a cost, or where that counts, the cost of what is made a second of the month."""
    if counts_by_output(question) and isinstance(plan, ServingPlan) and cost.p10 > 0:
        return cost.combined(plan.serving_capacity.inverse())
    return cost


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
