"""Whether a discount still applies: it belongs to the list price of its day."""

_MAX_MOVE = 0.1


def near_range(list_usd_per_gpu_hour: float) -> tuple[float, float]:
    """Return the list prices, in USD for a GPU and hour, whose discounts apply to today's.

    They are within 10 % of it. Raises ValueError for a price that is not above zero.
    """
    if not list_usd_per_gpu_hour > 0:
        raise ValueError("a list price is above zero")
    return (1 - _MAX_MOVE) * list_usd_per_gpu_hour, (1 + _MAX_MOVE) * list_usd_per_gpu_hour
