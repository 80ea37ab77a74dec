"""What nobody has measured: the figures of owning and renting that are our own judgement.

Where a figure has a range, it is as wide as we think it could be; where it has none, we have no
ground to say how far off it is.
"""

from service.domain.figure import Figure

_SOURCE = "our judgement, not measured"
_DATE = "2026-11"


def _judged(name: str, low: float, base: float, high: float, unit: str, *, why: str = "") -> Figure:
    source = f"{_SOURCE}: {why}" if why else _SOURCE
    return Figure(name=name, low=low, base=base, high=high, unit=unit, source=source, date=_DATE)


RENT_DRIFT = _judged(
    "rent_drift",
    -0.2,
    0,
    0.2,
    "share/year",
    why=(
        "matched list prices of single providers rose, fell and stayed; a steady fall of 30 % a"
        " year, which many articles assume, would have been wrong in 2026"
    ),
)
RENT_VOLATILITY = _judged("rent_volatility", 0.35, 0.35, 0.35, "1/sqrt(year) of the log price")
RENT_REVERSION = _judged("rent_reversion", 0.5, 0.5, 0.5, "1/year")
RENT_IDLE_SHARE = _judged("rent_idle_share", 0.15, 0.15, 0.15, "share of rented hours")
LOAD_POWER_SHARE = _judged("load_power_share", 0.75, 0.75, 0.75, "share of rated power")
IDLE_POWER_SHARE = _judged("idle_power_share", 0.3, 0.3, 0.3, "share of rated power")
RACK_COOLING_LIMIT_KW = _judged(
    "rack_cooling_limit", 40, 40, 40, "kW/rack", why="what air cools in one rack, about"
)
RESALE_AT_ONCE = _judged(
    "resale_at_once",
    0.85,
    0.85,
    0.85,
    "share of the purchase price",
    why="what a server still fetches the day after it was bought",
)
RESIDUAL_AT_48_MONTHS_AT_MOST = _judged(
    "residual_at_48_months_at_most",
    0.6,
    0.6,
    0.6,
    "share of the purchase price",
    why="used H100 fetched 63 to 71 % after 36 months in the first quarter of 2026",
)
MONTHS_TO_NO_VALUE = _judged(
    "months_to_no_value",
    24,
    24,
    24,
    "months",
    why="the worst case, a straight line over the shortest economic life that is argued for",
)
RESIDUAL_FLOOR = _judged(
    "residual_floor",
    0,
    0.05,
    0.1,
    "share of the purchase price",
    why="conservative accounting writes 0 to 10 % after 60 months",
)
SPOT_CHECKPOINT_INTERVAL_HOURS = _judged(
    "spot_checkpoint_interval", 1, 1, 1, "hours", why="half of it is lost with each interruption"
)
SPOT_RESTART_HOURS = _judged("spot_restart", 0.25, 0.25, 0.25, "hours", why="loading a checkpoint")
SPOT_REQUEUE_WAIT_HOURS = _judged(
    "spot_requeue_wait", 0.5, 0.5, 0.5, "hours", why="until there is another machine"
)
DISCOUNT_1Y = 0.25
"""What a year's commitment saves, as a share of the list price, where nothing better is known."""
DISCOUNT_3Y = 0.45
"""As DISCOUNT_1Y, for three years."""
STAFF_AT_LEAST_FTE = 0.5
"""The part of a person that any fleet takes; a few GPUs more then cost little more."""
GPUS_PER_FTE = (250, 150, 100)
"""GPUs that one more person looks after: the most, the usual, the fewest."""

JUDGEMENTS = (
    RENT_DRIFT,
    RENT_VOLATILITY,
    RENT_REVERSION,
    RENT_IDLE_SHARE,
    LOAD_POWER_SHARE,
    IDLE_POWER_SHARE,
    RACK_COOLING_LIMIT_KW,
    RESALE_AT_ONCE,
    RESIDUAL_AT_48_MONTHS_AT_MOST,
    MONTHS_TO_NO_VALUE,
    RESIDUAL_FLOOR,
    SPOT_CHECKPOINT_INTERVAL_HOURS,
    SPOT_RESTART_HOURS,
    SPOT_REQUEUE_WAIT_HOURS,
)
