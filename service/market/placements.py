"""Which offers a workload is best placed at: proven capacity first, then by the upper quartile.

The cheapest of many uncertain costs is biased low, hence the upper quartile. A plan that rests on
no measured row comes before another one only by a lower quartile, never by a tie.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.catalog.columns import Mask
from service.market.charges import Charges
from service.market.sheet import NANOS, Pick

SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A row by its number in the pick, and whether its capacity is proven."""

    number: int
    is_proven: bool


def lacks_fabric(pick: Pick, node_counts: NDArray[np.int64], *, least_gbps: float) -> Mask:
    """Tell which rows need several nodes and do not state `least_gbps` between them for a GPU.

    `node_counts` is by lot. Nothing is asked of the fabric when `least_gbps` is 0.
    """
    if not least_gbps:
        return np.zeros(pick.at.size, np.bool_)
    is_slow = pick.column("fabric_gbps_per_gpu") < round(least_gbps * NANOS)
    return np.asarray(pick.spread(node_counts > 1) & is_slow)


def proven_capacity(charges: Charges) -> Mask:
    """Tell which rows are known to hold the workload.

    One node holds it, or the source states a fabric and as many GPUs, free now or in one cluster.
    """
    pick = charges.pick
    several = charges.node_counts > 1
    if not several.any():
        return np.ones(pick.at.size, np.bool_)
    needed = pick.spread(np.where(several, charges.gpu_counts, 0))
    return np.asarray(pick.sheet.joined_gpus[pick.at] >= needed)


def ranked(charges: Charges, is_proven: Mask, *, one_for_each: str) -> list[Ranked]:
    """Return the best rows of three providers or GPU models, as `one_for_each` names the field.

    One with a proven row comes before all others. Of equal costs those with a measured plan come
    first, then the first by name.
    """
    dollars, groups = charges.dollars("p75"), charges.pick.rule(one_for_each)
    found: list[Ranked] = []
    taken: list[int] = []
    for mask, proven in ((is_proven, True), (~is_proven, False)):
        if len(found) == SHOWN or not mask.any():
            continue
        values = dollars if mask.all() else np.where(mask, dollars, np.inf)
        for group, number in _leaders(charges, values, groups, besides=taken):
            if len(found) < SHOWN:
                taken.append(group)
                found.append(Ranked(number=number, is_proven=proven))
    return found


def _leaders(
    charges: Charges, values: NDArray[np.float64], groups: NDArray[Any], *, besides: Sequence[int]
) -> list[tuple[int, int]]:
    """Return the best three groups in order, each with its best row; infinite values are no rows.

    `groups` is by lot. `besides` are groups to pass over. Of more groups that are equal all are
    returned.
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
    leaders: list[tuple[float, bool, int, int, int]] = []
    for group in np.flatnonzero(lowest <= last).tolist():
        value = float(lowest[group])
        runs = np.flatnonzero((of_runs == group) & (lowest_of_runs == value)).tolist()
        equal = [
            _place(charges, int(starts[run] + at))
            for run in runs
            for at in np.flatnonzero(values[starts[run] : ends[run]] == value)
        ]
        leaders.append((value, *min(equal), group))
    return [(group, number) for _, _, _, number, group in sorted(leaders)]


def _place(charges: Charges, number: int) -> tuple[bool, int, int]:
    """Return where a row stands among those that cost as much."""
    pick = charges.pick
    return (
        not charges.need_of(number).is_measured,
        int(pick.sheet.rows[pick.at[number]]),
        number,
    )
