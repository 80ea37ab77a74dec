"""How sure the answer is: draws of all inputs at once, and what each option does in them.

Ranges: a figure's base is its mean, so that expected costs add up and the base case stays in the
middle of the draws however lopsided ranges are: the longer side is the less likely one. Nothing
lies outside the range, and either side falls evenly towards its end. A range on one side of its
base only cannot have it as mean: half of its draws are the base itself, so that it stays among
them, and the other half lie on that side. The drift is
the exception: its low and high are one standard deviation of a normal distribution, in the
logarithm of the yearly factor, with the base as median, as for the disturbances of the path. So is
the throughput of GPUs that serve: its low and high are the 10th and the 90th percentile.
Draws come in pairs of opposites (antithetic variates), which steadies their middle.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.inputs import OWNING, Inputs, OptionKind, figures_of
from service.build_vs_buy.rent_path import log_deviations
from service.build_vs_buy.sample import Sample
from service.build_vs_buy.units import MONTHS_PER_YEAR
from service.domain.figure import Figure

GROWTH_LEVELS = 32
"""What GPUs grow by is drawn from so many equally likely values, growth and throughput: billed
hours are counted once for each."""

_Z90 = 1.2815515655446004  # 90 % quantile of the normal distribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The 5th, 50th and 95th percentile of draws, ascending."""

    p5: float
    p50: float
    p95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What the draws say of one option.

    `probability_cheapest` adds up to 1 over the options that are a choice; `regret` is the mean of
    what the cheapest option of each draw would have saved.
    """

    kind: OptionKind
    npv: Band
    probability_cheapest: float
    regret: float


def at_quantile(figure: Figure, uniform: Floats) -> Floats:
    """Return the figure's values at uniform numbers in [0, 1).

    Two triangles that meet at the base. Their means lie a third of the way out, so that the base is
    the mean of both where the share below is (high - base) / (high - low). A side without width is
    the base itself, for half of the numbers.
    """
    down, up = figure.base - figure.low, figure.high - figure.base
    below = up / (down + up) if down and up else 0.5
    with np.errstate(divide="ignore", invalid="ignore"):  # a side may be all but without width
        lower = figure.low + down * np.sqrt(uniform / below)
        upper = figure.high - up * np.sqrt((1 - uniform) / (1 - below))
    return np.where(uniform < below, lower, upper)


def drift_at(drift: Figure, normal: Floats) -> Floats:
    """Return yearly drifts at standard normal numbers: at 1 it is the high, at -1 the low.

    Between and beyond them the logarithm of the yearly factor is normal on either side, so that no
    drift takes more than the whole price.
    """
    log_low, log_base, log_high = (np.log1p(x) for x in (drift.low, drift.base, drift.high))
    side = np.where(normal > 0, log_high - log_base, log_base - log_low)
    return np.asarray(np.expm1(log_base + side * normal))


def throughput_at(throughput: Figure, quantiles: Floats) -> Floats:
    """Return throughputs at quantiles: low is that of 10 %, the base of half, high of 90 %.

    Log-normal on either side, as the bands of the estimate are.
    """
    normal = NormalDist()
    scores, back = np.unique(quantiles, return_inverse=True)
    shifts = np.array([normal.inv_cdf(quantile) for quantile in scores.tolist()]) / _Z90
    log_low, log_base, log_high = np.log([throughput.low, throughput.base, throughput.high])
    side = np.where(shifts > 0, log_high - log_base, log_base - log_low)
    return np.asarray(np.exp(log_base + side * shifts)[back])


def _levels(uniform: Floats) -> Floats:
    """Return the middles of `GROWTH_LEVELS` equal steps, for uniform numbers in [0, 1)."""
    level = np.minimum(np.floor(uniform * GROWTH_LEVELS), GROWTH_LEVELS - 1)
    return (level + 0.5) / GROWTH_LEVELS


def draw(inputs: Inputs) -> Sample:
    """Return draws of every uncertain input; equal seeds give equal draws.

    A drawn residual goes with the rent at the end of the horizon, with `residual_rent_correlation`
    between their normal scores: what rents dearly also sells dearly.
    """
    chance = np.random.Generator(np.random.PCG64(inputs.seed))
    half = (inputs.draws + 1) // 2
    serving = inputs.demand.serving
    values: dict[str, Floats] = {}
    drift_score = _with_opposites(chance.standard_normal(half))[: inputs.draws]
    shocks = chance.standard_normal((max(inputs.horizon_months - 1, 0), half))
    shocks = np.concatenate((shocks, -shocks), axis=1)[:, : inputs.draws]
    for figure in figures_of(inputs):
        uniform = chance.random(half)
        # Opposite disturbances of the same size: their paths lie as far above the median as below.
        other = (
            uniform if figure in (inputs.rent.volatility, inputs.rent.reversion) else 1 - uniform
        )
        uniform = np.concatenate((uniform, other))[: inputs.draws]
        if figure.low == figure.high:
            continue
        if figure is inputs.rent.drift:
            values[figure.name] = drift_at(figure, drift_score)
        elif figure is inputs.demand.monthly_growth:
            values[figure.name] = at_quantile(figure, _levels(uniform))
        elif serving is not None and figure is serving.tokens_per_second_per_gpu:
            values[figure.name] = throughput_at(figure, _levels(uniform))
        else:
            values[figure.name] = at_quantile(figure, uniform)
    sample = Sample(draws=inputs.draws, values=values, shocks=shocks)
    own = inputs.own
    if own is not None and own.residual_fraction.name in values:
        noise = _with_opposites(chance.standard_normal(half))[: inputs.draws]
        uniform = _residual_quantiles(inputs, sample, noise)
        values[own.residual_fraction.name] = at_quantile(own.residual_fraction, uniform)
    return sample


def _with_opposites(normal: Floats) -> Floats:
    return np.concatenate((normal, -normal))


def _residual_quantiles(inputs: Inputs, sample: Sample, noise: Floats) -> Floats:
    """Return uniform numbers that go with the rent at the horizon: ranks of a mixed score."""
    months = inputs.horizon_months
    drift = np.log1p(sample.of(inputs.rent.drift)[:, 0]) * (months / MONTHS_PER_YEAR)
    path = drift + log_deviations(inputs.rent, sample, months)[:, -1]
    spread = float(np.std(path))
    score = (path - np.median(path)) / spread if spread else np.zeros(sample.draws)
    together = sample.of(inputs.residual_rent_correlation)[:, 0]
    mixed = together * score + np.sqrt(1 - together**2) * noise
    ranks = np.empty(sample.draws)
    ranks[np.argsort(mixed, kind="stable")] = np.arange(sample.draws)
    return (ranks + 0.5) / sample.draws


def band(values: Floats) -> Band:
    """Return the band of draws, shape (draws,)."""
    p5, p50, p95 = np.percentile(values, (5, 50, 95))
    return Band(p5=float(p5), p50=float(p50), p95=float(p95))


def prospects(
    values: Mapping[OptionKind, Floats], *, choices: frozenset[OptionKind]
) -> tuple[Prospect, ...]:
    """Return what the draws say of each option; only `choices` compete to be the cheapest."""
    competing = [kind for kind in values if kind in choices]
    table = np.stack([values[kind] for kind in competing])
    best = table.max(axis=0)
    # Options that are equal share the draw.
    ties = table == best
    shares = (ties / ties.sum(axis=0)).mean(axis=1)
    cheapest = dict(zip(competing, shares, strict=True))
    return tuple(
        Prospect(
            kind=kind,
            npv=band(value),
            probability_cheapest=float(cheapest.get(kind, 0.0)),
            regret=float(np.maximum(best - value, 0).mean()),
        )
        for kind, value in values.items()
    )


def probability_own_wins(found: tuple[Prospect, ...]) -> float:
    """Return the share of draws in which some way of owning is the cheapest choice."""
    return sum(prospect.probability_cheapest for prospect in found if prospect.kind in OWNING)
