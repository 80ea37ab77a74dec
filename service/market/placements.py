"""Which offers a workload is best placed at: the surest capacity first, then the upper quartile.

That is of the cost of the same work, or of the time where time is what is looked for: the least of
many uncertain figures is biased low, hence no median. A plan that rests on no measured row comes
before another one only by a lower quartile, never by a tie.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.catalog.columns import Mask
from service.domain.workload import Objective
from service.market.charges import Charges
from service.market.merit import upper_quartiles
from service.market.sheet import NANOS, Pick

SHOWN = 3


class Capacity(IntEnum):
    """How sure it is that an offer holds a workload, the surest first.

    PROVEN: one node holds it, or the source states a fabric and as many GPUs, free now or in one
    cluster. APART: several nodes each do their own part, so only their number is in doubt.
    UNPROVEN: nodes have to be joined, and the source does not state both how and how many.
    """

    PROVEN = 0
    APART = 1
    UNPROVEN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A row by its number in the pick, and how sure its capacity is."""

    number: int
    capacity: Capacity


def lacks_fabric(pick: Pick, node_counts: NDArray[np.int64], *, least_gbps: float) -> Mask:
    """Tell which rows need several nodes and do not state `least_gbps` between them for a GPU.

    `node_counts` is by lot.
    """
    is_slow = pick.column("fabric_gbps_per_gpu") < round(least_gbps * NANOS)
    return np.asarray(pick.spread(node_counts > 1) & is_slow)


def capacities(charges: Charges) -> NDArray[np.int8]:
    """Return the `Capacity` of each row."""
    pick = charges.pick
    several = charges.node_counts > 1
    if not several.any():
        return np.full(pick.at.size, Capacity.PROVEN, np.int8)
    needed = pick.spread(np.where(several, charges.gpu_counts, 0).astype(np.int32))
    doubt = np.where(charges.joins_nodes, Capacity.UNPROVEN, Capacity.APART).astype(np.int8)
    is_unproven = pick.sheet.joined_gpus[pick.at] < needed
    # PROVEN is 0.
    return pick.spread(doubt) * is_unproven


def ranked(
    charges: Charges,
    capacity: NDArray[np.int8],
    *,
    one_for_each: str,
    objective: Objective = Objective.COST,
) -> list[Ranked]:
    """Return the best rows of three providers or GPU models, as `one_for_each` names the field.

    One with a row of surer capacity comes before all others. Of equal costs those with a measured
    plan come first, then the first by name; of equal times those that cost less.
    """
    costs = upper_quartiles(charges, charges.dollars)
    merit = costs if objective is Objective.COST else charges.hours("p75")
    groups = charges.pick.rule(one_for_each)
    found: list[Ranked] = []
    taken: list[int] = []
    for kind in Capacity:
        mask = capacity == np.int8(kind)
        if len(found) == SHOWN or not mask.any():
            continue
        values = merit if mask.all() else np.where(mask, merit, np.inf)
        for group, number in _leaders(charges, values, costs, groups, besides=taken):
            if len(found) < SHOWN:
                taken.append(group)
                found.append(Ranked(number=number, capacity=kind))
    return found


def _leaders(
    charges: Charges,
    values: NDArray[np.float64],
    costs: NDArray[np.float64],
    groups: NDArray[Any],
    *,
    besides: Sequence[int],
) -> list[tuple[int, int]]:
    """Return the best three groups in order, each with its best row; infinite values are no rows.

    `costs` decide between equal values. `groups` is by lot. `besides` are groups to pass over. Of
    more groups that are equal all are returned.
    """
    # Runs of lots of one group: of GPU models there is one each, of providers there are some.
    heads = np.flatnonzero(np.diff(groups, prepend=-1))
    starts, of_runs = charges.pick.starts[heads], groups[heads]
    lowest_of_runs = np.minimum.reduceat(values, starts)
    lowest = np.full(int(of_runs.max()) + 1, np.inf)
    np.minimum.at(lowest, of_runs, lowest_of_runs)
    lowest[list(besides)] = np.inf
    best = np.sort(lowest)[:SHOWN]
    last = best[np.isfinite(best)].max(initial=-np.inf)
    ends = np.append(starts[1:], values.size)
    leaders: list[tuple[float, float, bool, int, int, int]] = []
    for group in np.flatnonzero(lowest <= last).tolist():
        value = float(lowest[group])
        runs = np.flatnonzero((of_runs == group) & (lowest_of_runs == value)).tolist()
        equal = [
            _place(charges, costs, int(starts[run] + at))
            for run in runs
            for at in np.flatnonzero(values[starts[run] : ends[run]] == value)
        ]
        leaders.append((value, *min(equal), group))
    return [(group, number) for *_, number, group in sorted(leaders)]


def _place(
    charges: Charges, costs: NDArray[np.float64], number: int
) -> tuple[float, bool, int, int]:
    """Return where a row stands among those that are as good."""
    pick = charges.pick
    return (
        float(costs[number]),
        not charges.need_of(number).is_measured,
        int(pick.sheet.rows[pick.at[number]]),
        number,
    )
