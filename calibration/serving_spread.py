"""How far predictions are off for an architecture that no row is of, and what unseen GPUs add.

The spread of a kind of model (dense, mixture of experts) is that of a hierarchical model: errors of
one architecture in one regime share a part, and rows differ around it,

    spread^2 = mean over cells (median^2) + mean over cells (mean (error - median)^2),

where a cell is an architecture in a regime and all cells of a kind have equal say. The 80 % band
is +- 1.2816 spread x factor. The factor of a regime is the 80 % quantile of |error| over what the
band would be, each row judged by the spread of the other architectures: a conformal calibration
(Papadopoulos et al., 2002) that leaves architectures out whole, for rows of one are no independent
draws. A factor for each kind too would rest on two or three architectures, and held only 76 % of
the rows at a concurrency. Bands are symmetric in logarithms: eleven architectures tell no skew.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.estimate.serving_calibration import CONCURRENCY, OFFLINE, SINGLE

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
REGIMES = (CONCURRENCY, OFFLINE, SINGLE)
"""Regimes that have a band. MLPerf's tuned runs do not: nobody can ask for them."""
HELD_SHARE = 0.8
_Z90 = 1.2815515655446004
_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """ln(predicted / measured) of rows whose architecture the prediction has not seen.

    `errors` are by the fit without the row's own architecture. `errors_without[g]` are by the fit
    without g as well; they say what would be believed of a row of g if g had no rows.
    """

    errors: Floats
    errors_without: Mapping[str, Floats]
    group: NDArray[np.str_]
    regime: NDArray[np.str_]
    is_mixture: Mask

    def rows(self, mask: Mask) -> "Unseen":
        """Return some of the rows."""
        return Unseen(
            errors=self.errors[mask],
            errors_without={name: part[mask] for name, part in self.errors_without.items()},
            group=self.group[mask],
            regime=self.regime[mask],
            is_mixture=self.is_mixture[mask],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spreads:
    """Deviations of logarithms whose 80 % bands hold, by regime: of dense models, of mixtures."""

    dense: Mapping[str, float]
    mixture: Mapping[str, float]

    def bands(self) -> dict[str, dict[str, dict[str, float]]]:
        """Return the bands as they are written: by regime and kind."""
        return {
            regime: {
                "dense": symmetric_band(self.dense[regime]),
                "mixture": symmetric_band(self.mixture[regime]),
            }
            for regime in self.dense
        }

    def half_widths(self, unseen: Unseen) -> Floats:
        """Return the way from the middle to p90 of every row, in logarithms; NaN if unknown."""
        deviations = [
            (self.mixture if is_mixture else self.dense).get(regime, math.nan)
            for regime, is_mixture in zip(unseen.regime, unseen.is_mixture, strict=True)
        ]
        return _Z90 * np.array(deviations)


def symmetric_band(deviation: float) -> dict[str, float]:
    """Return the band of a factor whose logarithm has a mean of 0, rounded as it is written."""
    return {
        "p10": rounded(math.exp(-_Z90 * deviation)),
        "p50": 1.0,
        "p90": rounded(math.exp(_Z90 * deviation)),
    }


def rounded(value: float) -> float:
    """Return a number to the digits of calibration.json."""
    return float(f"{value:.{_DIGITS}g}")


def spreads_of(unseen: Unseen) -> Spreads:
    """Return the spreads that all rows tell, times factors that hold 80 % of rows not seen."""
    scores = np.empty(len(unseen.errors))
    for group in sorted(set(unseen.group.tolist())):
        is_own = unseen.group == group
        others = unseen.errors_without[group]
        scores[is_own] = _scores(unseen, unseen.errors, is_own, others, ~is_own)
    return _with_factors(unseen, unseen.errors, scores, np.ones(len(scores), dtype=np.bool_))


def is_held(unseen: Unseen) -> Floats:
    """Say of every row whether the band that the other architectures tell holds it: 1, 0 or NaN.

    Neither the constants nor the spread nor the factor have seen the row's architecture. NaN where
    no other architecture is in the regime.
    """
    held = np.full(len(unseen.errors), np.nan)
    for group in sorted(set(unseen.group.tolist())):
        is_own = unseen.group == group
        errors = unseen.errors_without[group]
        scores = np.full(len(errors), np.nan)
        for other in sorted(set(unseen.group[~is_own].tolist())):
            is_other = unseen.group == other
            scores[is_other] = _scores(unseen, errors, is_other, errors, ~is_own & ~is_other)
        found = _with_factors(unseen, errors, scores, ~is_own)
        widths = found.half_widths(unseen)[is_own]
        is_inside = np.abs(unseen.errors[is_own]) <= widths
        held[is_own] = np.where(np.isfinite(widths), is_inside, np.nan)
    return held


def further_deviation(errors: Floats, kinds: NDArray[np.str_], regime: NDArray[np.str_]) -> float:
    """Return what a kind of GPU or engine without rows adds, as a deviation of logarithms.

    `errors` are by fits without the row's kind. The root mean square over kinds and regimes of the
    medians: how far a whole kind is off.
    """
    cells = sorted(set(zip(kinds.tolist(), regime.tolist(), strict=True)))
    medians = [float(np.median(errors[(kinds == kind) & (regime == one)])) for kind, one in cells]
    return math.sqrt(float(np.mean(np.square(medians))))


def _with_factors(unseen: Unseen, errors: Floats, scores: Floats, mask: Mask) -> Spreads:
    spreads = _spreads(unseen, errors, mask)
    regimes = [regime for regime in REGIMES if (mask & (unseen.regime == regime)).any()]
    factors = {
        regime: float(np.quantile(scores[mask & (unseen.regime == regime)], HELD_SHARE))
        for regime in regimes
    }
    dense, mixture = (
        {regime: spread * factor for regime, factor in factors.items()} for spread in spreads
    )
    return Spreads(dense=dense, mixture=mixture)


def _scores(
    unseen: Unseen, errors: Floats, rows: Mask, others_errors: Floats, others: Mask
) -> Floats:
    """Return |error| of rows over the half-width that the others' spread gives."""
    dense, mixture = _spreads(unseen, others_errors, others)
    widths = _Z90 * np.where(unseen.is_mixture[rows], mixture, dense)
    return np.asarray(np.abs(errors[rows]) / widths, dtype=np.float64)


def _spreads(unseen: Unseen, errors: Floats, mask: Mask) -> tuple[float, float]:
    return (
        _spread(_cells(unseen, errors, mask & ~unseen.is_mixture)),
        _spread(_cells(unseen, errors, mask & unseen.is_mixture)),
    )


def _cells(unseen: Unseen, errors: Floats, mask: Mask) -> list[Floats]:
    keys = sorted(set(zip(unseen.group[mask].tolist(), unseen.regime[mask].tolist(), strict=True)))
    return [
        errors[mask & (unseen.group == group) & (unseen.regime == regime)] for group, regime in keys
    ]


def _spread(cells: Sequence[Floats]) -> float:
    if not cells:
        return math.nan
    medians = [float(np.median(cell)) for cell in cells]
    within = [
        float(np.mean(np.square(cell - median)))
        for cell, median in zip(cells, medians, strict=True)
    ]
    return math.sqrt(float(np.mean(np.square(medians))) + float(np.mean(within)))
