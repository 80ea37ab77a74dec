"""The value of money over time, and what follows from it.

NPV = sum of CF(t) / (1 + r)^(t/12) over months t = 0 .. T with the yearly rate r, as
numpy-financial's `npv` with the monthly rate (1 + r)^(1/12) - 1.
"""

import numpy as np

from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.units import MONTHS_PER_YEAR


def discount_factors(annual_rate: Floats, months: int) -> Floats:
    """Return 1 / (1 + r)^(t/12) for t = 0 .. months, from a column of yearly rates."""
    years = np.arange(months + 1) / MONTHS_PER_YEAR
    return np.exp(-np.log1p(annual_rate) * years)


def present_value(flows: Floats, factors: Floats) -> Floats:
    """Return the discounted sum of each row, shape (draws,)."""
    return np.asarray(np.einsum("dt,dt->d", *np.broadcast_arrays(flows, factors)))


def levelized_cost(npv_of_costs: Floats, present_hours: Floats) -> Floats:
    """Return PV(costs) / PV(useful GPU-hours); costs are negative flows, the answer is positive.

    Draws without any hours have no such cost and are left out: the answer may be shorter.
    """
    costs, hours = np.broadcast_arrays(-npv_of_costs, present_hours)
    return np.asarray(costs[hours > 0] / hours[hours > 0])


def cash_peak(flows: Floats) -> float:
    """Return the most that one row of flows has been out of pocket at any time, positive."""
    return float(max(0.0, -np.min(np.cumsum(flows))))
