"""The rules of the gate on a whole run: R6, R8 and R10 of the table in `rules.py`."""

from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from scrapers.market import MIN_MODELS, Level

_FACTOR_BEYOND = Decimal("0.02")
_FACTOR_WITHIN = Decimal("0.004")
_FACTOR_ROWS = 5
_FACTOR_SHARE = Decimal("0.60")

_FAILED_SHARE = Decimal("0.25")
_FAILED_OF_AT_LEAST = 4

_LOWEST_LEVEL = Decimal("0.4")
# Hosts ask for what would stand idle: Vast's level was 0.33 beside list prices.
_LOWEST_LEVEL_OF_HOSTS = Decimal("0.2")
_HIGHEST_LEVEL = Decimal("4.5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What the rules on runs look at.

    `ratios` are those of all rows that are known from before. `is_cold`: nothing of the provider
    was ever accepted.
    """

    row_count: int
    failed_count: int
    ratios: tuple[Decimal, ...]
    level: Level
    is_cold: bool
    is_marketplace: bool

    @property
    def common_factor(self) -> Decimal | None:
        """The ratio that most of the changed rows share; None where they share none."""
        changed = sorted(ratio for ratio in self.ratios if abs(ratio - 1) > _FACTOR_BEYOND)
        best: list[Decimal] = []
        start = 0
        for end, ratio in enumerate(changed):
            while ratio > changed[start] * (1 + 2 * _FACTOR_WITHIN):
                start += 1
            if end + 1 - start > len(best):
                best = changed[start : end + 1]
        if len(best) < _FACTOR_ROWS or len(best) < _FACTOR_SHARE * len(self.ratios):
            return None
        return median(best)


def common_factor(run: Run) -> str:
    """R6: say that most prices moved by one and the same factor."""
    factor = run.common_factor
    return f"most of {len(run.ratios)} prices are {factor:.3f} times the last" if factor else ""


def too_many_failed(run: Run) -> str:
    """R8: say that too many rows failed."""
    if run.row_count < _FAILED_OF_AT_LEAST or run.failed_count <= _FAILED_SHARE * run.row_count:
        return ""
    return f"{run.failed_count} of {run.row_count} rows failed"


def off_level(run: Run) -> str:
    """R10: say that a provider that is not known yet is dear or cheap beyond belief."""
    level = run.level
    if not run.is_cold or level.model_count < MIN_MODELS:
        return ""
    lowest = _LOWEST_LEVEL_OF_HOSTS if run.is_marketplace else _LOWEST_LEVEL
    if lowest <= level.factor <= _HIGHEST_LEVEL:
        return ""
    return f"{level.factor:.2f} times what others ask, over {level.model_count} GPU models"
