"""A figure and what it may be instead: 10 %, 50 % and 90 % quantiles."""

import math
from dataclasses import dataclass

# Standard normal quantiles.
_Z90 = 1.2815515655446004
_Z75 = 0.6744897501960817


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Quantiles of a positive figure, ascending and finite. Between them it is log-normal."""

    p10: float
    p50: float
    p90: float

    def __post_init__(self) -> None:
        """Refuse what is no band. Raises ValueError."""
        if not (0 <= self.p10 <= self.p50 <= self.p90 < math.inf):
            raise ValueError(f"{self.p10} / {self.p50} / {self.p90} is no band")

    @classmethod
    def exact(cls, value: float) -> "Band":
        """Return the band of a figure that is known."""
        return cls(p10=value, p50=value, p90=value)

    @property
    def p75(self) -> float:
        """The upper quartile: a share of the way, in logarithms, from the median to p90."""
        if not self.p50:
            return 0.0
        return self.p50 * math.pow(self.p90 / self.p50, _Z75 / _Z90)

    def at(self, confidence: float) -> float:
        """Return the figure that holds with `confidence`: 0.5, 0.75 or 0.9."""
        return {0.5: self.p50, 0.75: self.p75, 0.9: self.p90}[confidence]

    def times(self, factor: float) -> "Band":
        """Return the band of the figure times a factor that is known."""
        return Band(p10=self.p10 * factor, p50=self.p50 * factor, p90=self.p90 * factor)

    def inverse(self, numerator: float = 1.0) -> "Band":
        """Return the band of `numerator` over the figure. Raises ZeroDivisionError."""
        return Band(p10=numerator / self.p90, p50=numerator / self.p50, p90=numerator / self.p10)

    def combined(self, other: "Band") -> "Band":
        """Return the band of the product of two independent figures: log quadrature by side."""
        middle = self.p50 * other.p50
        if not middle:
            return Band.exact(0.0)
        low = math.hypot(_log_ratio(self.p50, self.p10), _log_ratio(other.p50, other.p10))
        high = math.hypot(_log_ratio(self.p90, self.p50), _log_ratio(other.p90, other.p50))
        return Band(p10=middle * math.exp(-low), p50=middle, p90=middle * math.exp(high))


def _log_ratio(upper: float, lower: float) -> float:
    return math.log(upper / lower) if upper > lower else 0.0
