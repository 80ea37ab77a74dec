"""What placements are compared by: the cost of the same work.

A run is one piece of work wherever it is placed. So is a month of a load with an objective: so many
requests a second, or so many users who each get what a limit says. A load without one (offline, or
so many requests at a time however fast they are answered) does more in a month on faster GPUs, so
what counts is the cost for each unit of what is made:

    merit = cost / work

The two are uncertain independently of each other, so their bands join in log quadrature.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from service.domain.workload import InferenceWorkload
from service.estimate.band import Band
from service.estimate.plan import ServingPlan
from service.estimate.serving_load import load_of
from service.market.charges import UPPER_QUARTILE, Charges
from service.market.need import SAME_WORK


def counts_by_output(workload: InferenceWorkload) -> bool:
    """Tell whether the cost of what is made counts, and not that of a month."""
    return not load_of(workload).has_objective


def work_of(workload: InferenceWorkload, plan: ServingPlan) -> Band:
    """Return the rate by which the plans of a load are compared; 1 where they all do the same."""
    return plan.serving_capacity if counts_by_output(workload) else SAME_WORK


def for_each(cost: Band, count: Band) -> Band:
    """Return the cost of one of `count` things that cost `cost` together.

    Credit, or GPUs that are paid for anyway, can make a side of the cost nothing; that side stays
    nothing, since it has no logarithm.
    """
    each = count.inverse()
    if cost.p10:
        return cost.combined(each)
    if not cost.p50:
        return cost.times(each.p50)
    upper = Band(p10=cost.p50, p50=cost.p50, p90=cost.p90).combined(each)
    return Band(p10=0.0, p50=upper.p50, p90=upper.p90)


def middles(charges: Charges, dollars: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each row what a unit of work costs when all of it costs `dollars`."""
    if charges.does_same_work:
        return dollars
    return np.asarray(dollars / charges.spread([work.p50 for work in charges.works]))


def upper_quartiles(
    charges: Charges, dollars: Callable[[str], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return for each row the upper quartile of what a unit of work costs.

    `dollars` gives the costs of all of it, by row, at a quantile of the hours.
    """
    high = dollars("p75")
    if charges.does_same_work:
        return high
    # The slow side of the work is the dear side of its cost.
    middle = np.array([work.p50 for work in charges.works])
    of_work = UPPER_QUARTILE * np.log(middle / [work.p10 for work in charges.works])
    if charges.has_exact_hours:
        return np.asarray(high * charges.spread(np.exp(of_work) / middle))
    base = dollars("p50")
    of_hours = np.log(np.divide(high, base, out=np.ones(high.size), where=base > 0))
    both = np.hypot(of_hours, charges.spread(of_work)) - of_hours
    return np.asarray(high * charges.spread(1 / middle) * np.exp(both))
