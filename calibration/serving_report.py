"""The report of how well serving is predicted, as Markdown."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from calibration import serving_fit
from calibration.serving_fit import Table
from calibration.serving_memory_rows import memory_lines
from calibration.serving_rows import Row
from service.estimate.flops import rule_of_thumb_forward_flops
from service.estimate.serving_calibration import (
    CONCURRENCY,
    OFFLINE,
    SINGLE,
    TUNED_OFFLINE,
    TUNED_SERVER,
    StepConstants,
)
from service.estimate.serving_step import ideal_step_seconds

Floats = NDArray[np.float64]
_REGIMES = (CONCURRENCY, OFFLINE, SINGLE, TUNED_OFFLINE, TUNED_SERVER)
_Z95 = 1.959963984540054
# Median and p90 of the relative error in percent, demanded on rows not seen, and the further goal.
_DEMANDED = {"model left out": (25, 60), "half to half": (32, 78)}
_GOAL = (15, 45)
_WORST = 12
_NEAR = 0.25
_BAND_SHARE = 0.8
# Below this a regime's coverage says nothing.
_ENOUGH_ROWS = 30


def section(
    *,
    rows: Sequence[Row],
    table: Table,
    constants: StepConstants,
    left_out: Mapping[str, int],
    errors: Mapping[str, Floats],
    half_to_half: tuple[Floats, NDArray[np.str_]],
    rates: Mapping[str, Mapping[str, float]],
    first_token_errors: Mapping[str, Floats],
    token_errors: Floats,
    plain_errors: Floats,
    with_neighbour: Floats,
    neighbour_weights: Floats,
    near: NDArray[np.bool_],
    neighbour: tuple[float, float],
    neighbour_band: Mapping[str, float],
) -> str:
    """Return the section "Serving"."""
    unseen = errors["architecture left out"]
    lines = [
        "## Serving",
        "",
        f"{len(rows)} rows of {len(set(table.model.tolist()))} models, "
        f"{len(set(table.group.tolist()))} architectures. Left out: "
        + "; ".join(f"{count} rows, {reason}" for reason, count in left_out.items())
        + ". Relative error of output tokens a second, in percent. Siblings of one architecture "
        "(Llama 3, 3.1 and 3.3 70B) are together in or out where the table says architecture.",
        "",
        "| regime | method | rows | median | p90 | within 25 % | bias |",
        "|---|---|---|---|---|---|---|",
    ]
    half_errors, half_regimes = half_to_half
    for regime in _REGIMES:
        mask = table.regime == regime
        for name, values in errors.items():
            lines.append(_row(regime, f"ours, {name}", values[mask]))
        lines.append(_row(regime, "ours, half to half", half_errors[half_regimes == regime]))
        lines.append(_row(regime, "2np at 100 %", _rule_of_thumb(rows, table)[mask]))
        lines.append(_row(regime, "ideal roofline", _ideal(table)[mask]))
    lines += ["", "### Against what was demanded", "", "| regime | rule | demanded | reached |"]
    lines += ["|---|---|---|---|"]
    for regime in (CONCURRENCY, OFFLINE):
        by_rule = {
            "model left out": errors["model left out"][table.regime == regime],
            "half to half": half_errors[half_regimes == regime],
        }
        for rule, (median, p90) in _DEMANDED.items():
            reached = _median_p90(by_rule[rule])
            verdict = "met" if reached[0] <= median and reached[1] <= p90 else "MISSED"
            lines.append(
                f"| {regime} | {rule} | {median} / {p90} | "
                f"{reached[0]:.1f} / {reached[1]:.1f}, {verdict} |"
            )
    lines += ["", "### Bands", ""]
    lines += _coverage_lines(table, unseen, rates)
    lines += ["", "### Latency, architectures left out", ""]
    lines += ["| figure | rows | median | p90 | within 25 % | bias |", "|---|---|---|---|---|---|"]
    timed = np.array([row.token_seconds > 0 for row in rows])
    for regime in (CONCURRENCY, SINGLE):
        part = token_errors[timed & (table.regime == regime)]
        lines.append(_row(f"time per output token, {regime}", None, part))
    for regime, part in first_token_errors.items():
        lines.append(_row(f"time to first token, {regime}", None, part))
    lines += ["", "### Nearest measured row, each row left out", ""]
    lines += _neighbour_lines(plain_errors, with_neighbour, neighbour_weights > 0, near, neighbour)
    lines += _narrowed_lines(table, with_neighbour, neighbour_weights, rates, neighbour_band)
    lines += ["", "### Models, architecture left out", ""]
    lines += ["| model | regime | rows | median | p90 | bias |", "|---|---|---|---|---|---|"]
    lines += _model_lines(table, unseen)
    lines += ["", "### Worst rows, architecture left out", ""]
    lines += ["| row | model | GPU | regime | predicted over measured |", "|---|---|---|---|---|"]
    for worst in np.argsort(-np.abs(unseen), kind="stable")[:_WORST].tolist():
        row = rows[worst]
        where = f"{row.accelerator.gpu_model_id} x {row.gpus}"
        ratio = math.exp(unseen[worst])
        lines.append(f"| {row.row_id} | {row.model_id} | {where} | {row.regime} | x{ratio:.2f} |")
    lines += ["", "### Memory of serving", ""]
    lines += memory_lines()
    lines += ["", "### Constants", "", "| constant | prior | fitted |", "|---|---|---|"]
    for name, (prior, _) in serving_fit.PRIORS.items():
        lines.append(f"| {name} | {prior:g} | {getattr(constants, name):g} |")
    return "\n".join(lines) + "\n"


def wilson(share: float, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share seen in `count` rows (Wilson, 1927)."""
    centre = share + _Z95**2 / (2 * count)
    half = _Z95 * math.sqrt(share * (1 - share) / count + _Z95**2 / (4 * count**2))
    scale = 1 + _Z95**2 / count
    return (centre - half) / scale, (centre + half) / scale


def _row(name: str, method: str | None, errors: Floats) -> str:
    relative = np.abs(np.expm1(errors))
    median, p90 = _median_p90(errors)
    method_cell = "" if method is None else f" {method} |"
    bias = math.exp(float(np.median(errors)))
    return (
        f"| {name} |{method_cell} {len(errors)} | {median:.1f} | {p90:.1f} | "
        f"{100 * float(np.mean(relative < _NEAR)):.0f} % | x{bias:.2f} |"
    )


def _median_p90(errors: Floats) -> tuple[float, float]:
    median, p90 = np.quantile(100 * np.abs(np.expm1(errors)), (0.5, 0.9))
    return float(median), float(p90)


def _rule_of_thumb(rows: Sequence[Row], table: Table) -> Floats:
    """Two FLOPs a parameter and token, prompts included, at the whole peak."""
    rates = [
        float(row.step.peak_flops)
        * row.gpus
        / (rule_of_thumb_forward_flops(row.architecture, 1) * (1 + ratio))
        for row, ratio in zip(rows, table.prompt_ratio.tolist(), strict=True)
    ]
    return np.asarray(np.log(np.array(rates)) - table.log_rate, dtype=np.float64)


def _ideal(table: Table) -> Floats:
    stage = np.maximum(1.0, table.batch / table.step.pipeline)
    seconds = ideal_step_seconds(
        table.step, sequences=stage, prompt_tokens=stage * table.prompt_ratio
    )
    return np.asarray(np.log(table.batch / seconds) - table.log_rate, dtype=np.float64)


def _coverage_lines(
    table: Table, unseen: Floats, rates: Mapping[str, Mapping[str, float]]
) -> Iterable[str]:
    yield (
        "Quantiles of measured over predicted with the architecture left out. Coverage is that of "
        "the 80 % band; in the last column the band comes from the other architectures alone, so "
        "that neither point nor band saw the row. Where a regime has one architecture, there are "
        "none."
    )
    yield ""
    yield "| regime | rows | p10 / p50 / p90 | coverage | Wilson 95 % | other architectures' band |"
    yield "|---|---|---|---|---|---|"
    for regime, band in rates.items():
        mask = table.regime == regime
        ratios = np.exp(-unseen[mask])
        share = float(np.mean((ratios >= band["p10"]) & (ratios <= band["p90"])))
        low, high = wilson(share, len(ratios))
        groups = table.group[mask]
        inside: list[bool] = []
        for group in sorted(set(groups.tolist())):
            others = ratios[groups != group]
            if len(others):
                below, above = np.quantile(others, (0.1, 0.9))
                here = ratios[groups == group]
                inside += ((here >= below) & (here <= above)).tolist()
        nested = f"{100 * float(np.mean(inside)):.0f} %" if inside else "one architecture"
        verdict = (
            "" if low <= _BAND_SHARE <= high or len(ratios) < _ENOUGH_ROWS else ", 80 % OUTSIDE"
        )
        yield (
            f"| {regime} | {len(ratios)} | {band['p10']} / {band['p50']} / {band['p90']} | "
            f"{100 * share:.0f} % | {100 * low:.0f} to {100 * high:.0f} %{verdict} | {nested} |"
        )


def _neighbour_lines(
    plain: Floats,
    corrected: Floats,
    has_neighbour: NDArray[np.bool_],
    near: NDArray[np.bool_],
    neighbour: tuple[float, float],
) -> Iterable[str]:
    weight, scale = neighbour
    yield (
        f"The estimate moves {weight:g} exp(-distance / {scale:g}) of the way to the nearest row's "
        f"ratio, in logarithms. Constants are those of all rows on both sides of the comparison. "
        f"Goal: {_GOAL[0]} / {_GOAL[1]}."
    )
    yield ""
    yield "| rows | method | rows | median | p90 | within 25 % | bias |"
    yield "|---|---|---|---|---|---|---|"
    for name, mask in (("with a neighbour", has_neighbour), ("with a near one", near)):
        yield _row(name, "sizes alone", plain[mask])
        yield _row(name, "and the nearest row", corrected[mask])


def _narrowed_lines(
    table: Table,
    corrected: Floats,
    weights: Floats,
    rates: Mapping[str, Mapping[str, float]],
    near: Mapping[str, float],
) -> Iterable[str]:
    """Say how often the narrowed band holds the rows, by the weight of their neighbour."""
    yield ""
    yield "| weight of the neighbour | rows | coverage of the narrowed 80 % band | Wilson 95 % |"
    yield "|---|---|---|---|"
    regimes = table.regime.tolist()
    below = np.log([rates[regime]["p50"] / rates[regime]["p10"] for regime in regimes])
    above = np.log([rates[regime]["p90"] / rates[regime]["p50"] for regime in regimes])
    middle = (1 - weights) * np.log([rates[regime]["p50"] for regime in regimes])
    below = (1 - weights) * below + weights * math.log(near["p50"] / near["p10"])
    above = (1 - weights) * above + weights * math.log(near["p90"] / near["p50"])
    off = -corrected - middle
    inside = (off >= -below) & (off <= above)
    for low, high in ((0.75, 1.01), (0.5, 0.75), (1e-9, 0.5)):
        mask = (weights >= low) & (weights < high)
        count = int(mask.sum())
        if count:
            share = float(np.mean(inside[mask]))
            least, most = wilson(share, count)
            yield (
                f"| {low:.2f} to {min(high, 1.0):.2f} | {count} | {100 * share:.0f} % | "
                f"{100 * least:.0f} to {100 * most:.0f} % |"
            )


def _model_lines(table: Table, unseen: Floats) -> Iterable[str]:
    found: list[tuple[float, str]] = []
    for model in sorted(set(table.model.tolist())):
        for regime in _REGIMES:
            part = unseen[(table.model == model) & (table.regime == regime)]
            if len(part):
                median, p90 = _median_p90(part)
                bias = math.exp(float(np.median(part)))
                line = (
                    f"| {model} | {regime} | {len(part)} | {median:.1f} | {p90:.1f} | x{bias:.2f} |"
                )
                found.append((-median, line))
    return [line for _, line in sorted(found)]
