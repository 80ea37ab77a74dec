"""The report of how often the bands of serving hold, as Markdown."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.scores import wilson_interval
from calibration.serving_spread import (
    HELD_SHARE,
    Spreads,
    Unseen,
    is_held,
)

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
_Z90 = 1.2815515655446004
# Below this a regime's coverage says nothing.
_ENOUGH_ROWS = 30
_WEIGHTS = ((0.9, 1.01), (0.75, 0.9), (0.5, 0.75), (1e-9, 0.5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure that is predicted, its errors on rows not seen, and the bands made of them."""

    unseen: Unseen
    spreads: Spreads


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Errors of rows whose kind of GPU or engine was left out, alone and with the architecture."""

    kinds: NDArray[np.str_]
    regime: NDArray[np.str_]
    errors: Floats
    errors_of_both: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Helped:
    """Errors before and after the help of neighbours, their weights, and the narrowed band."""

    plain: Floats
    errors: Floats
    weights: Floats
    half_widths: Floats
    scale: float
    prior: float


def band_lines(figures: Mapping[str, Figure]) -> Iterable[str]:
    """Return the table of coverage, the architecture seen by neither point nor band."""
    yield (
        "Coverage is that of rows whose architecture was in neither the constants nor the band: "
        "spread and factor are fitted anew on the other architectures "
        "(`calibration/serving_spread.py` has the method). The bands are those that are shipped, "
        "as factors of the prediction, dense models and mixtures of experts apart."
    )
    yield ""
    yield (
        "| figure | regime | dense | mixture | rows | nested coverage | Wilson 95 % | dense "
        "| mixtures | mean of architectures |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for name, figure in figures.items():
        unseen, bands = figure.unseen, figure.spreads.bands()
        held = is_held(unseen)
        for regime in figure.spreads.dense:
            mask = (unseen.regime == regime) & np.isfinite(held)
            if not mask.any():
                continue
            by_group = [
                float(np.mean(held[mask & (unseen.group == group)]))
                for group in sorted(set(unseen.group[mask].tolist()))
            ]
            yield (
                f"| {name} | {regime} | {_range(bands[regime]['dense'])} | "
                f"{_range(bands[regime]['mixture'])} | {_covered(held[mask])} | "
                f"{_share(held[mask & ~unseen.is_mixture])} | "
                f"{_share(held[mask & unseen.is_mixture])} | {_share(np.array(by_group))} |"
            )


def apart_lines(
    rates: Figure, apart: Mapping[str, Apart], additions: Mapping[str, Mapping[str, float]]
) -> Iterable[str]:
    """Return the table of what unseen GPUs and engines add, and whether that holds.

    `additions` are deviations by what is left out and regime.
    """
    yield (
        "What a GPU family, a generation or an engine without rows adds to the band of the output "
        "rate, as a deviation of the logarithm, in quadrature: the root mean square of the median "
        "errors of kinds that were left out. Families by regime; of generations and engines there "
        "are too few in one, so they are taken over all regimes, and a generation adds to its "
        "family. Coverage is of rows whose architecture and whose kind were both left out of the "
        "constants. A widened band that holds more than 80 % is left as it is: Hopper and "
        "Blackwell are more alike than what has no rows at all."
    )
    yield ""
    yield "| left out | regime | adds | rows | coverage | Wilson 95 % | without the addition |"
    yield "|---|---|---|---|---|---|---|"
    base = rates.spreads.half_widths(rates.unseen)
    for name, part in apart.items():
        off = np.abs(part.errors_of_both)
        for regime, added in additions[name].items():
            mask = part.regime == regime
            total = added
            if name == "GPU generation":
                total = math.hypot(added, additions["GPU family"][regime])
            widened = np.hypot(base, _Z90 * total)
            yield (
                f"| {name} | {regime} | {added:.3f} | "
                f"{_covered((off <= widened)[mask])} | {_share((off <= base)[mask])} |"
            )


def narrowed_lines(helped: Helped) -> Iterable[str]:
    """Return the table of coverage of the narrowed band, by the weight of the neighbours."""
    yield "| weight of the neighbours | rows | coverage of the narrowed 80 % band | Wilson 95 % |"
    yield "|---|---|---|---|"
    is_inside = np.abs(helped.errors) <= helped.half_widths
    for low, high in _WEIGHTS:
        mask = (helped.weights >= low) & (helped.weights < high)
        if mask.any():
            yield f"| {low:.2f} to {min(high, 1.0):.2f} | {_covered(is_inside[mask])} |"


def _range(band: Mapping[str, float]) -> str:
    return f"x{band['p10']:.2f} to x{band['p90']:.2f}"


def _share(held: Floats | Mask) -> str:
    return f"{100 * float(np.mean(held)):.0f} %" if len(held) else "none"


def _covered(held: Floats | Mask) -> str:
    """Three cells: rows, the share that is held, the interval of that share."""
    low, high = wilson_interval(int(np.sum(held)), len(held))
    is_out = len(held) >= _ENOUGH_ROWS and not low <= HELD_SHARE <= high
    verdict = ", 80 % OUTSIDE" if is_out else ""
    return f"{len(held)} | {_share(held)} | {100 * low:.1f} to {100 * high:.1f} %{verdict}"
