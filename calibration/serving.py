"""The calibration of serving: constants, bands, the weight of a measured neighbour, the report.

Bands come from rows whose architecture was left out of the fit. `calibration.serving_fit` has the
method, `calibration.serving_rows` the rows and which of them do not count.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from calibration import serving_fit, serving_report
from calibration.result import Fit
from calibration.serving_fit import Table
from calibration.serving_rows import Row, load_rows
from service.estimate.neighbours import OTHER_ENGINE, architecture_key, place
from service.estimate.serving_calibration import (
    CONCURRENCY,
    OFFLINE,
    SINGLE,
    TUNED_OFFLINE,
    TUNED_SERVER,
    StepConstants,
)
from service.estimate.serving_step import step_seconds

Floats = NDArray[np.float64]
# Nobody's rows are of another vendor's GPUs, so what they add is assumed, not measured.
_OTHER_VENDOR_BAND = {"p10": 0.6, "p50": 1.0, "p90": 1.4}
_REGIMES = (CONCURRENCY, OFFLINE, SINGLE, TUNED_OFFLINE, TUNED_SERVER)
_DIGITS = 4
_QUANTILES = (0.1, 0.5, 0.9)
# Distances at which a neighbour may count for half; the best of them by the mean error.
_SCALES = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0)
_WEIGHTS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FirstToken:
    factor: float
    exponent: float


def fit() -> Fit:
    """Fit everything and report. The same tables give the same result."""
    rows, left_out = load_rows()
    table = serving_fit.table_of(rows)
    constants = serving_fit.fit(table)
    by_group = serving_fit.fits_without(table, table.group)
    by_model = serving_fit.fits_without(table, table.model)
    by_generation = serving_fit.fits_without(table, table.generation)
    by_family = serving_fit.fits_without(table, table.family)
    unseen = serving_fit.left_out_errors(table, table.group, by_group)
    unseen_generation = serving_fit.left_out_errors(table, table.generation, by_generation)
    unseen_family = serving_fit.left_out_errors(table, table.family, by_family)
    errors = serving_fit.errors_of(table, constants)

    timed = np.array([row.first_token_seconds > 0 for row in rows])
    loaded = timed & (table.regime == CONCURRENCY)
    loaded &= ~np.array([row.is_limited_by_memory for row in rows])
    first_token = _fit_first_token(rows, table, constants, loaded)
    alone = timed & (table.regime == SINGLE)
    first_errors = _first_token_errors(rows, table, by_group, fitted=loaded, asked=loaded | alone)
    first_by_regime = {CONCURRENCY: first_errors[loaded], SINGLE: first_errors[alone]}
    token_errors = _token_errors(rows, table, by_group)

    neighbours = _Neighbours(rows)
    weight, scale = neighbours.best(errors)
    with_neighbour, nearness = neighbours.corrected(errors, weight, scale)
    near = nearness > weight / 2
    neighbour_band = _band(with_neighbour[near])
    rates = {regime: _band(unseen[table.regime == regime]) for regime in _REGIMES}
    section: dict[str, object] = {
        "constants": asdict(constants),
        "first_token_factor": first_token.factor,
        "first_token_exponent": first_token.exponent,
        "rates": rates,
        "token_times": {
            regime: _band(token_errors[timed & (table.regime == regime)])
            for regime in (CONCURRENCY, SINGLE)
        },
        "first_tokens": {name: _band(part) for name, part in first_by_regime.items()},
        "unseen_gpu": _further_band(unseen, unseen_family, table.family),
        "unseen_vendor": _OTHER_VENDOR_BAND,
        "measured_families": sorted({row.accelerator.family for row in rows}),
        "measured_vendors": sorted({row.accelerator.vendor for row in rows}),
        "measured_loads": sorted({f"{row.engine.value} {row.regime}" for row in rows}),
        "neighbour_weight": weight,
        "neighbour_scale": scale,
        "neighbour_band": neighbour_band,
    }
    report = serving_report.section(
        rows=rows,
        table=table,
        constants=constants,
        left_out=left_out,
        errors={
            "architecture left out": unseen,
            "model left out": serving_fit.left_out_errors(table, table.model, by_model),
            "GPU family left out": unseen_family,
            "GPU generation left out": unseen_generation,
        },
        half_to_half=serving_fit.half_to_half_errors(table),
        rates=rates,
        first_token_errors=first_by_regime,
        token_errors=token_errors,
        plain_errors=errors,
        with_neighbour=with_neighbour,
        neighbour_weights=nearness,
        near=near,
        neighbour=(weight, scale),
        neighbour_band=neighbour_band,
    )
    return Fit(constants=section, report=report)


def _band(errors: Floats) -> dict[str, float]:
    """Quantiles of measured over predicted."""
    p10, p50, p90 = np.quantile(np.exp(-errors), _QUANTILES)
    return {"p10": _rounded(p10), "p50": _rounded(p50), "p90": _rounded(p90)}


def _further_band(unseen: Floats, farther: Floats, kinds: NDArray[np.str_]) -> dict[str, float]:
    """Return what a kind of GPU without rows adds, in log quadrature, to a model without rows.

    By side; where leaving the kind out is not worse than leaving an architecture out, the spread
    between the medians of the kinds stands in.
    """
    medians = [float(np.median(farther[kinds == kind])) for kind in sorted(set(kinds.tolist()))]
    spread = 1.2816 * float(np.std(medians, ddof=1))
    low, middle, high = np.quantile(-unseen, _QUANTILES)
    low_far, middle_far, high_far = np.quantile(-farther, _QUANTILES)
    below = math.sqrt(max((middle_far - low_far) ** 2 - (middle - low) ** 2, spread**2))
    above = math.sqrt(max((high_far - middle_far) ** 2 - (high - middle) ** 2, spread**2))
    return {"p10": _rounded(math.exp(-below)), "p50": 1.0, "p90": _rounded(math.exp(above))}


def _lone_prefill(table: Table, rows: Sequence[Row], constants: StepConstants) -> Floats:
    prompts = np.array([float(row.input_tokens) for row in rows])
    nothing = np.zeros(len(rows))
    return step_seconds(table.step, constants, sequences=nothing, prompt_tokens=prompts)


def _step(table: Table, constants: StepConstants) -> Floats:
    """Seconds of a step, which is the time between two tokens of one sequence."""
    return table.batch / np.exp(serving_fit.log_rates(table, constants))


def _fit_first_token(
    rows: Sequence[Row], table: Table, constants: StepConstants, mask: NDArray[np.bool_]
) -> _FirstToken:
    """Fit TTFT = step + factor * prefill * batch^exponent: prompts wait for other prompts.

    Least absolute logarithms, each model the same, over a grid that is narrowed twice.
    """
    part = table.rows(mask)
    chosen = [row for row, is_in in zip(rows, mask.tolist(), strict=True) if is_in]
    alone, step = _lone_prefill(part, chosen, constants), _step(part, constants)
    measured = np.array([row.first_token_seconds for row in chosen])
    counts = Counter(part.model.tolist())
    weights = np.array([1 / math.sqrt(counts[model]) for model in part.model.tolist()])
    centre, width = np.array([0.0, 0.5]), np.array([1.5, 0.5])
    for _ in range(3):
        grid = [
            (centre[0] + width[0] * i / 10, centre[1] + width[1] * j / 10)
            for i in range(-10, 11)
            for j in range(-10, 11)
        ]
        losses = [
            float(weights @ np.abs(np.log((step + math.exp(f) * alone * part.batch**e) / measured)))
            for f, e in grid
        ]
        centre, width = np.array(grid[int(np.argmin(losses))]), width / 5
    return _FirstToken(factor=_rounded(math.exp(centre[0])), exponent=_rounded(float(centre[1])))


def _first_token_errors(
    rows: Sequence[Row],
    table: Table,
    fits: Mapping[str, StepConstants],
    *,
    fitted: NDArray[np.bool_],
    asked: NDArray[np.bool_],
) -> Floats:
    """Return ln(predicted / measured) of the time to first token of the rows asked about.

    Their architecture is left out, of the constants and of the rows that the queue is fitted to.
    """
    errors = np.zeros(len(rows))
    for group, constants in fits.items():
        held_out = asked & (table.group == group)
        if not held_out.any():
            continue
        first = _fit_first_token(rows, table, constants, fitted & (table.group != group))
        part = table.rows(held_out)
        chosen = [row for row, is_in in zip(rows, held_out.tolist(), strict=True) if is_in]
        prefill = _lone_prefill(part, chosen, constants)
        expected = _step(part, constants) + first.factor * prefill * part.batch**first.exponent
        errors[held_out] = np.log(expected / np.array([row.first_token_seconds for row in chosen]))
    return errors


def _token_errors(rows: Sequence[Row], table: Table, fits: Mapping[str, StepConstants]) -> Floats:
    """Return ln(predicted / measured) of the time per output token; 0 where none is measured."""
    seconds = np.empty(len(rows))
    for group, constants in fits.items():
        mask = table.group == group
        seconds[mask] = _step(table.rows(mask), constants)
    measured = np.array([row.token_seconds for row in rows])
    return np.where(measured > 0, np.log(seconds / np.where(measured > 0, measured, 1.0)), 0.0)


class _Neighbours:
    """The nearest other row of every row, among those of one architecture, GPU and format."""

    def __init__(self, rows: Sequence[Row]) -> None:
        places = np.array(
            [
                place(
                    batch=np.array(row.batch),
                    gpus=np.array(row.gpus),
                    input_tokens=row.input_tokens,
                    output_tokens=row.output_tokens,
                )
                for row in rows
            ]
        )
        keys = [
            (architecture_key(row.architecture), row.accelerator.gpu_model_id, row.precision)
            for row in rows
        ]
        engines = np.array([row.engine.value for row in rows])
        self._nearest = np.full(len(rows), -1)
        self._distance = np.full(len(rows), np.inf)
        for key in dict.fromkeys(keys):
            here = np.array([index for index, other in enumerate(keys) if other == key])
            gaps = places[here][:, None, :] - places[here][None, :, :]
            distances = np.sqrt(np.sum(gaps**2, axis=2))
            distances += OTHER_ENGINE * (engines[here][:, None] != engines[here][None, :])
            np.fill_diagonal(distances, np.inf)
            if len(here) > 1:
                self._nearest[here] = here[np.argmin(distances, axis=1)]
                self._distance[here] = distances.min(axis=1)

    def corrected(self, errors: Floats, weight: float, scale: float) -> tuple[Floats, Floats]:
        """Return errors after moving to the neighbour's, and the weights it was moved by."""
        weights = np.where(self._nearest >= 0, weight * np.exp(-self._distance / scale), 0.0)
        return errors - weights * errors[self._nearest], weights

    def best(self, errors: Floats) -> tuple[float, float]:
        """Return the weight and the scale with the least mean error on rows left out."""
        tried = [
            (float(np.mean(np.abs(self.corrected(errors, weight, scale)[0]))), weight, scale)
            for weight in _WEIGHTS
            for scale in _SCALES
        ]
        _, weight, scale = min(tried)
        return weight, scale


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
