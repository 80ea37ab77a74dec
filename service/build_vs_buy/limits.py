"""What a figure may be at all, wherever its range lies.

Narrow enough that a percentage in the place of a fraction, or watts in that of kilowatts, is out of
bounds.
"""

import math
from dataclasses import dataclass
from types import MappingProxyType

MAX_HORIZON_MONTHS = 600
MAX_SERVER_KW = 500.0
MAX_PUE = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers that make sense: finite, from low to high, with or without either end."""

    low: float
    high: float = math.inf
    is_low_excluded: bool = False
    is_high_excluded: bool = False

    @property
    def least(self) -> float:
        """The lowest number that makes sense."""
        return math.nextafter(self.low, math.inf) if self.is_low_excluded else self.low

    @property
    def most(self) -> float:
        """The highest number that makes sense, infinity where there is no highest."""
        return math.nextafter(self.high, -math.inf) if self.is_high_excluded else self.high

    def hold(self, value: float) -> bool:
        """Whether a number makes sense."""
        return math.isfinite(value) and self.least <= value <= self.most

    def __str__(self) -> str:
        low = f"{'more than' if self.is_low_excluded else 'at least'} {self.low:,g}"
        if self.high == math.inf:
            return low
        return f"{low} and {'less than' if self.is_high_excluded else 'at most'} {self.high:,g}"


FRACTION = Limits(0, 1)
LESS_THAN_ALL = Limits(0, 1, is_high_excluded=True)
NEVER_NEGATIVE = Limits(0)
_MORE_THAN_NONE = Limits(0, 1, is_low_excluded=True)

_LIMITS = MappingProxyType(
    {
        "demand.monthly_growth": Limits(-1, 1),
        "demand.utilization": _MORE_THAN_NONE,
        "demand.serving.tokens_per_second_per_gpu": Limits(0, is_low_excluded=True),
        "discount_rate": LESS_THAN_ALL,
        "residual_rent_correlation": FRACTION,
        "rent.price_per_gpu_hour": Limits(0, is_low_excluded=True),
        "rent.drift": Limits(-1, is_low_excluded=True),
        "rent.goodput": _MORE_THAN_NONE,
        "rent.idle_share": LESS_THAN_ALL,
        "rent.uplift": FRACTION,
        "own.goodput": _MORE_THAN_NONE,
        "own.resale_at_once": _MORE_THAN_NONE,
        "own.residual_fraction": FRACTION,
        "own.residual_floor": FRACTION,
        "own.lead_time_months": Limits(0, MAX_HORIZON_MONTHS),
        "own.servers.hidden_fraction": FRACTION,
        "own.servers.install_fraction": FRACTION,
        "own.servers.spares_fraction": FRACTION,
        "own.servers.sales_tax_rate": FRACTION,
        "own.running.power_kw_per_server": Limits(0, MAX_SERVER_KW),
        "own.running.load_fraction": FRACTION,
        "own.running.idle_fraction": FRACTION,
        "own.running.pue": Limits(1, MAX_PUE),
        "own.running.maintenance_fraction": FRACTION,
        "own.running.failure_rate": FRACTION,
        "building.pue": Limits(1, MAX_PUE),
        "building.upkeep_fraction": FRACTION,
        "spot.discount": FRACTION,
        "spot.interruption_per_month": LESS_THAN_ALL,
    }
)


def limits_of(field: str) -> Limits:
    """Return the least and the most that the figure in a field of `Inputs` may be.

    What has no limits of its own may be anything but negative.
    """
    return _LIMITS.get(field, NEVER_NEGATIVE)
