"""Demand hour by hour, as a load-duration curve: which levels occur, for which share of the time.

The order of hours within a week changes no cost here, so the 168 values are kept as distinct levels
with their shares: one for a constant load, two for a peaked day. All sums are exact.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.inputs import ConstantLoad, PeakedLoad, Serving, WeeklyLoad
from service.build_vs_buy.units import HOURS_PER_DAY, HOURS_PER_WEEK

# A level that is a whole number of units but for rounding errors needs no unit more.
_ROUNDING_SLACK = 1e-9
# Levels are counted together while their arrays stay in the processor's cache.
_CELLS_AT_A_TIME = 32_768


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadDuration:
    """Distinct numbers of GPUs, ascending, shape (levels,), and the share of hours of each.

    GPUs that serve a model are wanted in whole replicas, with the spare ones beside them.
    """

    gpus: Floats
    shares: Floats
    serving: Serving | None = None

    @property
    def peak_gpus(self) -> float:
        """The most that is wanted in any hour."""
        return float(self.wanted()[-1])

    @property
    def mean_gpus(self) -> float:
        """The mean over all hours."""
        return float(self.wanted() @ self.shares)

    def wanted(self, growth: float | Floats = 1.0, *, some: slice = slice(None)) -> Floats:
        """Return the GPUs of some levels at factors on them, (levels,) or (levels, *growth)."""
        levels = self.gpus[some]
        gpus = np.multiply.outer(levels, growth) if np.ndim(growth) else levels * growth
        if self.serving is None:
            return np.asarray(gpus)
        unit = self.serving.gpus_per_replica
        replicas = np.maximum(whole_units(gpus, unit), 1)
        return np.where(gpus > 0, unit * replicas + self.serving.spare_gpus, 0.0)

    def exceedance(self) -> Floats:
        """Return e_k for k = 1 .. peak: the share of hours in which at least k GPUs are wanted.

        A fraction of a GPU wants a whole one, so the curve steps at whole numbers.
        """
        units = whole_units(self.wanted(), 1)
        k = np.arange(1, int(units[-1]) + 1)
        above = np.cumsum(self.shares[::-1])[::-1]
        return np.asarray(above[np.searchsorted(units, k)], dtype=np.float64)


def load_duration(
    load: ConstantLoad | WeeklyLoad | PeakedLoad, serving: Serving | None = None
) -> LoadDuration:
    """Return the curve of a load that has been checked."""
    hours = _hours_by_level(load)
    total = sum(hours.values())
    levels = sorted(hours)
    return LoadDuration(
        gpus=np.array(levels, dtype=np.float64),
        shares=np.array([hours[level] / total for level in levels], dtype=np.float64),
        serving=serving,
    )


def _hours_by_level(load: ConstantLoad | WeeklyLoad | PeakedLoad) -> Mapping[float, int]:
    match load:
        case ConstantLoad():
            return {load.gpus: HOURS_PER_WEEK}
        case WeeklyLoad():
            return Counter(load.gpus)
        case PeakedLoad():
            peak = load.mean_gpus * load.peak_factor
            quiet_hours = HOURS_PER_DAY - load.peak_hours_per_day
            if not quiet_hours:
                return {peak: HOURS_PER_DAY}
            rest = (load.mean_gpus * HOURS_PER_DAY - peak * load.peak_hours_per_day) / quiet_hours
            return Counter({peak: load.peak_hours_per_day}) + Counter({rest: quiet_hours})


def whole_units(gpus: Floats, unit: int) -> Floats:
    """Return how many units of `unit` GPUs hold so many GPUs."""
    return np.ceil(gpus / unit - _ROUNDING_SLACK)


def growth_by_month(monthly_growth: Floats, months: int) -> Floats:
    """Return the factor on demand of each month, shape (draws, months + 1).

    Month t has grown t - 1 times; column 0 is no month and has 0.
    """
    grown = np.maximum(np.arange(months + 1) - 1, 0)
    return np.asarray(np.power(1 + monthly_growth, grown) * (np.arange(months + 1) > 0))


def peak_above(load: LoadDuration, growth: Floats, *, covered_gpus: float | Floats) -> Floats:
    """Return by how many GPUs each month's peak exceeds what is covered."""
    highest = load.wanted(growth, some=slice(-1, None))[0]
    return np.asarray(np.maximum(highest - covered_gpus, 0))


def mean_above(
    load: LoadDuration, growth: Floats, *, covered_gpus: float | Floats, unit: int | None = None
) -> Floats:
    """Return the mean over hours of the GPUs beyond what is covered, in the shape of `growth`.

    With `unit` each hour is rounded up to whole units: what is charged; without, what is wanted.
    `covered_gpus` may be a column, one number a row.
    """
    is_linear = load.serving is None and unit is None
    if is_linear and np.ndim(covered_gpus) == 0 and not covered_gpus:
        return growth * load.mean_gpus
    covers = np.shape(covered_gpus)
    # Rows that begin and end alike have grown alike, and so have months of one factor: each counts
    # once.
    ends = growth[:, :2].sum(axis=1) + 1j * growth[:, -1]
    _, rows, back = np.unique(ends, return_index=True, return_inverse=True)
    if len(rows) < len(growth) and covers[:1] in {(), (1,)}:
        distinct = mean_above(load, growth[rows], covered_gpus=covered_gpus, unit=unit)
        return distinct[back]
    factors, months = np.unique(growth[0], return_inverse=True)
    if len(factors) < growth.shape[1] and len(growth) == 1 and covers[1:] in {(), (1,)}:
        distinct = mean_above(load, factors[np.newaxis], covered_gpus=covered_gpus, unit=unit)
        return distinct[:, months]
    mean: Floats = np.zeros(np.broadcast_shapes(growth.shape, covers))
    at_once = max(1, _CELLS_AT_A_TIME // mean.size)
    for start in range(0, len(load.gpus), at_once):
        some = slice(start, start + at_once)
        shares = load.shares[some, np.newaxis, np.newaxis]
        above = np.maximum(load.wanted(growth, some=some) - covered_gpus, 0)
        mean += (shares * (above if unit is None else unit * whole_units(above, unit))).sum(axis=0)
    return mean
