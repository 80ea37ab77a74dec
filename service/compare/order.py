"""Orders of many rows, and which of them no other beats in both cost and time.

A row of surer capacity is never beaten by one of less sure capacity, so proven placements stand
before the others in every order.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.catalog.columns import Mask, Rows

Key = Callable[[Rows], NDArray[Any]]


def first_by(keys: Sequence[Key], at: Rows, count: int) -> Rows:
    """Return the first `count` of some rows in order, the first key deciding before the others.

    Later keys are only worked out where they decide.
    """
    if count <= 0 or not at.size:
        return at[:0]
    if at.size > count:
        values = keys[0](at)
        bound = np.partition(values, count - 1)[count - 1]
        sure, tied = at[values < bound], at[values == bound]
        if len(keys) > 1:
            tied = first_by(keys[1:], tied, count - sure.size)
        at = np.concatenate((sure, tied[: count - sure.size]))
    return at[np.lexsort([key(at) for key in reversed(keys)])]


def unbeaten(cost: NDArray[np.float64], time: NDArray[np.float64]) -> Mask:
    """Tell which points none is at least as good as in both, and better in one.

    Points that are equal do not beat each other; infinite ones stand for none.
    """
    there = np.flatnonzero(np.isfinite(cost))
    order = there[np.lexsort((time[there], cost[there]))]
    costs, times = cost[order], time[order]
    # Of equal costs only the fastest can be unbeaten, and only if nothing cheaper is as fast.
    starts = np.flatnonzero(np.diff(costs, prepend=-np.inf))
    group = np.searchsorted(starts, np.arange(order.size), side="right") - 1
    fastest = times[starts]
    before = np.minimum.accumulate(np.concatenate(([np.inf], fastest)))
    found = np.zeros(cost.shape, np.bool_)
    found[order] = (times == fastest[group]) & (times < before[group])
    return found


def beaten_by(
    cost: NDArray[np.float64],
    time: NDArray[np.float64],
    other_cost: NDArray[np.float64],
    other_time: NDArray[np.float64],
) -> Mask:
    """Tell which points one of the others is at least as good as in both.

    Infinite costs stand for no point.
    """
    there = np.flatnonzero(np.isfinite(other_cost))
    if not there.size:
        return np.zeros(cost.shape, np.bool_)
    order = there[np.argsort(other_cost[there], kind="stable")]
    fastest = np.minimum.accumulate(other_time[order])
    count = np.searchsorted(other_cost[order], cost, side="right")
    return np.asarray((count > 0) & (fastest[np.maximum(count, 1) - 1] <= time))
