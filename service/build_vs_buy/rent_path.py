"""The rental price over time: a median path with a drift, and disturbances that fade.

    ln P(t) = ln m(t) + X(t),   m(t) = P(0) (1 + drift)^t,   dX = -kappa X dt + sigma dW

an Ornstein-Uhlenbeck process in logarithms around a moving median (t in years, X(0) = 0). m is the
median of P, not its mean, so that the path without disturbances is the middle of all paths and
"drift" means what it says: half of all paths have fallen by more.
"""

import math

import numpy as np

from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.inputs import Rent
from service.build_vs_buy.sample import Sample
from service.build_vs_buy.units import MONTHS_PER_YEAR

SHOWN_DRIFTS = (-0.2, 0.0, 0.2)
"""Yearly drifts whose consequences every answer shows."""


def price_by_month(rent: Rent, sample: Sample, months: int, *, floor: Floats) -> Floats:
    """Return the price a GPU-hour of each month, which holds from the month's first day.

    Shape (draws, months + 1); column 0 is today's price, and so is month 1's. `floor` is the cash
    cost of running that GPU, below which nobody rents it out; today's price is taken as it is.
    """
    years = np.maximum(np.arange(months + 1) - 1, 0) / MONTHS_PER_YEAR
    log_path = years * np.log1p(sample.of(rent.drift))
    if sample.shocks is not None:
        log_path = log_path + log_deviations(rent, sample, months)
    today = sample.of(rent.price_per_gpu_hour)
    return np.maximum(today * np.exp(log_path), np.minimum(floor, today))


def log_deviations(rent: Rent, sample: Sample, months: int) -> Floats:
    """Return X of each month, shape (draws, months + 1); needs the sample's shocks.

    The exact step of the process over dt: X' = a X + s Z with a = exp(-kappa dt) and
    s^2 = sigma^2 (1 - a^2) / (2 kappa), which is sigma^2 dt without reversion.
    """
    if sample.shocks is None:
        raise ValueError("a sample without shocks has no deviations")
    step = 1 / MONTHS_PER_YEAR
    kappa = sample.of(rent.reversion)[:, 0]
    sigma = sample.of(rent.volatility)[:, 0]
    keep = np.exp(-kappa * step)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(kappa > 0, -np.expm1(-2 * kappa * step) / (2 * kappa), step)
    spread = sigma * np.sqrt(variance)
    deviation: Floats = np.zeros((months + 1, sample.draws))
    for month in range(2, months + 1):
        deviation[month] = keep * deviation[month - 1] + spread * sample.shocks[month - 2]
    return deviation.T


def implied_drift(*, one_year: float, three_years: float) -> float:
    """Return the yearly drift that reserved prices imply, both a GPU-hour, in (-1, inf).

    A seller who is indifferent between three one-year terms at P1, P1 r, P1 r^2 and one of three
    years at P3 sets P1 (1 + r + r^2) = 3 P3; the drift is r - 1. Raises ValueError where no r > 0
    does, which is when three years cost a third of one or less.
    """
    ratio = 3 * three_years / one_year
    if ratio <= 1:
        raise ValueError(f"no drift makes {three_years} for three years equal {one_year} for one")
    return (math.sqrt(4 * ratio - 3) - 1) / 2 - 1
