"""Where a function is zero."""

from collections.abc import Callable

_MAX_HALVINGS = 200


def root(
    function: Callable[[float], float], low: float, high: float, *, tolerance: float = 1e-12
) -> float | None:
    """Return where a continuous function changes its sign in [low, high], None if it does not.

    Bisection: it cannot leave the bracket, and ends when the bracket is as narrow as `tolerance` of
    its larger end. Options have kinks (floors, whole servers), which is why no derivative is used.
    """
    at_low, at_high = function(low), function(high)
    if not at_low:
        return low
    if not at_high:
        return high
    if (at_low > 0) == (at_high > 0):
        return None
    for _ in range(_MAX_HALVINGS):
        middle = (low + high) / 2
        if high - low <= tolerance * max(abs(low), abs(high)) or middle in (low, high):
            break
        if (function(middle) > 0) == (at_low > 0):
            low = middle
        else:
            high = middle
    return (low + high) / 2
