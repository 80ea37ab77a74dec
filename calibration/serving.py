"""The calibration of serving: constants, bands, the weight of measured neighbours, the report.

`calibration.serving_rows` has the rows and which of them do not count, `serving_fit` the constants,
`serving_spread` the bands, `serving_first_token` the queue, `serving_near` the neighbours.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from calibration import serving_fit, serving_report
from calibration.result import Fit
from calibration.serving_band_report import Apart, Figure, Helped
from calibration.serving_first_token import FirstTokens, step_of_rows
from calibration.serving_fit import Table
from calibration.serving_near import Neighbours, blended, near_half_width
from calibration.serving_rows import load_rows
from calibration.serving_spread import (
    REGIMES,
    Unseen,
    further_deviation,
    rounded,
    spreads_of,
    symmetric_band,
)
from service.estimate.serving_calibration import CONCURRENCY, StepConstants

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
# Nobody's rows are of another vendor's GPUs, so what they add is assumed, not measured.
_OTHER_VENDOR_BAND = {"p10": 0.6, "p50": 1.0, "p90": 1.4}

# Constants, the architectures that they have not seen, and the rows that are asked about.
_ErrorsBy = Callable[[StepConstants, frozenset[str], Mask], Floats]


def fit() -> Fit:
    """Fit everything and report. The same tables give the same result."""
    rows, left_out = load_rows()
    table = serving_fit.table_of(rows)
    constants = serving_fit.fit(table)
    leaving = _Leaving(table)

    def rate_errors(by: StepConstants, _: frozenset[str], mask: Mask) -> Floats:
        return serving_fit.errors_of(table.rows(mask), by)

    token_seconds = np.array([row.token_seconds for row in rows])

    def token_errors(by: StepConstants, _: frozenset[str], mask: Mask) -> Floats:
        predicted = step_of_rows(table.rows(mask), by)
        return np.asarray(np.log(predicted / token_seconds[mask]), dtype=np.float64)

    first = FirstTokens(rows, table)

    def first_errors(by: StepConstants, without: frozenset[str], mask: Mask) -> Floats:
        return first.errors(by, first.fit(by, without), mask)

    all_rates = leaving.unseen(np.ones(len(rows), dtype=np.bool_), rate_errors)
    has_band = np.isin(table.regime, REGIMES)
    rates = all_rates.rows(has_band)
    times = leaving.unseen(has_band & (token_seconds > 0), token_errors)
    firsts = leaving.unseen(first.timed, first_errors)
    figures = {
        "output rate": Figure(unseen=rates, spreads=spreads_of(rates)),
        "time per output token": Figure(unseen=times, spreads=spreads_of(times)),
        "time to first token": Figure(unseen=firsts, spreads=spreads_of(firsts)),
    }
    rate_spreads = figures["output rate"].spreads

    apart = {
        name: _apart(table, kinds, has_band)
        for name, kinds in (
            ("GPU family", table.family),
            ("GPU generation", table.generation),
            ("engine", table.engine),
        )
    }

    additions = _additions(apart)

    errors = serving_fit.errors_of(table, constants)
    neighbours = Neighbours(rows)
    scale, prior = neighbours.best(errors)
    helped, weights = neighbours.helped(errors, scale=scale, prior=prior)
    far = rate_spreads.half_widths(rates)
    near = near_half_width(helped[has_band], weights[has_band], far)

    first_token = first.fit(constants)
    section: dict[str, object] = {
        "constants": asdict(constants),
        "first_token_factor": first_token.factor,
        "first_token_exponent": first_token.exponent,
        "rates": rate_spreads.bands(),
        "token_times": figures["time per output token"].spreads.bands(),
        "first_tokens": figures["time to first token"].spreads.bands(),
        "unseen_family": {
            regime: symmetric_band(added) for regime, added in additions["GPU family"].items()
        },
        "unseen_generation": symmetric_band(additions["GPU generation"][CONCURRENCY]),
        "unseen_engine": symmetric_band(additions["engine"][CONCURRENCY]),
        "unseen_vendor": _OTHER_VENDOR_BAND,
        "measured_families": _with_regime(table, table.family),
        "measured_generations": _with_regime(table, table.generation),
        "measured_engines": _with_regime(table, table.engine),
        "measured_vendors": sorted({row.accelerator.vendor for row in rows}),
        "neighbour_scale": scale,
        "neighbour_prior": prior,
        "neighbour_band": {
            "p10": rounded(math.exp(-near)),
            "p50": 1.0,
            "p90": rounded(math.exp(near)),
        },
    }
    report = serving_report.section(
        rows=rows,
        table=table,
        constants=constants,
        left_out=left_out,
        unseen=all_rates,
        by_model=serving_fit.left_out_errors(
            table, table.model, serving_fit.fits_without(table, table.model)
        ),
        half_to_half=serving_fit.half_to_half_errors(table),
        figures=figures,
        apart=apart,
        additions=additions,
        helped=Helped(
            plain=errors[has_band],
            errors=helped[has_band],
            weights=weights[has_band],
            half_widths=blended(far, near, weights[has_band]),
            scale=scale,
            prior=prior,
        ),
    )
    return Fit(constants=section, report=report)


class _Leaving:
    """The fits without each architecture, and without each two."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._without: Mapping[str, StepConstants] = serving_fit.fits_without(table, table.group)
        self._without_both = serving_fit.fits_without_pairs(table)

    def unseen(self, mask: Mask, errors_by: _ErrorsBy) -> Unseen:
        """Return errors of some rows by fits that have not seen their architecture."""
        table, groups = self._table, sorted(self._without)
        errors = np.full(len(mask), np.nan)
        without = {group: np.full(len(mask), np.nan) for group in groups}
        for group in groups:
            is_own = mask & (table.group == group)
            if not is_own.any():
                continue
            errors[is_own] = errors_by(self._without[group], frozenset({group}), is_own)
            for other in groups:
                if other != group:
                    by = self._without_both[group, other]
                    without[other][is_own] = errors_by(by, frozenset({group, other}), is_own)
        whole = Unseen(
            errors=errors,
            errors_without=without,
            group=table.group,
            regime=table.regime,
            is_mixture=table.step.is_mixture > 0,
        )
        return whole.rows(mask)


def _apart(table: Table, kinds: NDArray[np.str_], mask: Mask) -> Apart:
    """Leave every kind of GPU or engine out, alone and together with the row's architecture."""
    by_kind = serving_fit.left_out_errors(table, kinds, serving_fit.fits_without(table, kinds))
    return Apart(
        kinds=kinds[mask],
        regime=table.regime[mask],
        errors=by_kind[mask],
        errors_of_both=serving_fit.errors_without_both(table, kinds)[mask],
    )


def _additions(apart: Mapping[str, Apart]) -> Mapping[str, Mapping[str, float]]:
    """Return what kinds without rows add, by what they are and regime."""
    found: dict[str, Mapping[str, float]] = {}
    for name, part in apart.items():
        together = further_deviation(part.errors, part.kinds, part.regime)
        found[name] = dict.fromkeys(REGIMES, together)
        if name == "GPU family":
            found[name] = {
                regime: further_deviation(part.errors[mask], part.kinds[mask], part.regime[mask])
                for regime in REGIMES
                for mask in (part.regime == regime,)
            }
    return found


def _with_regime(table: Table, names: NDArray[np.str_]) -> list[str]:
    pairs = zip(table.regime.tolist(), names.tolist(), strict=True)
    return sorted({f"{regime} {name}" for regime, name in pairs if regime in REGIMES})
