"""The report of how well serving is predicted, as Markdown."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from calibration import serving_fit
from calibration.serving_band_report import (
    Apart,
    Figure,
    Helped,
    apart_lines,
    band_lines,
    narrowed_lines,
)
from calibration.serving_fit import Table
from calibration.serving_memory_rows import memory_lines
from calibration.serving_near import NEAR_WEIGHT
from calibration.serving_rows import Row
from calibration.serving_spread import REGIMES, Unseen
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
# Median and p90 of the relative error in percent, demanded on rows not seen, and the further goal.
_DEMANDED = {"model left out": (25, 60), "half to half": (32, 78)}
_GOAL = (15, 45)
_WORST = 12
_NEAR = 0.25


def section(
    *,
    rows: Sequence[Row],
    table: Table,
    constants: StepConstants,
    left_out: Mapping[str, int],
    unseen: Unseen,
    by_model: Floats,
    half_to_half: tuple[Floats, NDArray[np.str_]],
    figures: Mapping[str, Figure],
    apart: Mapping[str, Apart],
    additions: Mapping[str, Mapping[str, float]],
    helped: Helped,
) -> str:
    """Return the section "Serving"."""
    errors = {"architecture left out": unseen.errors, "model left out": by_model}
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
        methods = {
            **{f"ours, {name}": values[mask] for name, values in errors.items()},
            **{
                f"ours, {name} left out": part.errors[part.regime == regime]
                for name, part in apart.items()
                if regime in REGIMES
            },
            "ours, half to half": half_errors[half_regimes == regime],
            "2np at 100 %": _rule_of_thumb(rows, table)[mask],
            "ideal roofline": _ideal(table)[mask],
        }
        lines += [_row(regime, method, values) for method, values in methods.items()]
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
    lines += ["", "### Bands, nested: the architecture in neither point nor band", ""]
    lines += band_lines(figures)
    lines += ["", "### Unseen GPUs and engines", ""]
    lines += apart_lines(figures["output rate"], apart, additions)
    lines += ["", "### Latency, architectures left out", ""]
    lines += ["| figure | rows | median | p90 | within 25 % | bias |", "|---|---|---|---|---|---|"]
    for name in ("time per output token", "time to first token"):
        timed = figures[name].unseen
        for regime in (CONCURRENCY, SINGLE):
            lines.append(_row(f"{name}, {regime}", None, timed.errors[timed.regime == regime]))
    lines += ["", "### Measured rows near by, each row left out", ""]
    lines += _neighbour_lines(helped)
    lines += ["", *narrowed_lines(helped)]
    lines += ["", "### Models, architecture left out", ""]
    lines += ["| model | regime | rows | median | p90 | bias |", "|---|---|---|---|---|---|"]
    lines += _model_lines(table, unseen.errors)
    lines += ["", "### Worst rows, architecture left out", ""]
    lines += ["| row | model | GPU | regime | predicted over measured |", "|---|---|---|---|---|"]
    for worst in np.argsort(-np.abs(unseen.errors), kind="stable")[:_WORST].tolist():
        row = rows[worst]
        where = f"{row.accelerator.gpu_model_id} x {row.gpus}"
        ratio = math.exp(unseen.errors[worst])
        lines.append(f"| {row.row_id} | {row.model_id} | {where} | {row.regime} | x{ratio:.2f} |")
    lines += ["", "### Memory of serving", ""]
    lines += memory_lines()
    lines += ["", "### Constants", "", "| constant | prior | fitted |", "|---|---|---|"]
    for name, (prior, _) in serving_fit.PRIORS.items():
        lines.append(f"| {name} | {prior:g} | {getattr(constants, name):g} |")
    return "\n".join(lines) + "\n"


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


def _neighbour_lines(helped: Helped) -> Iterable[str]:
    yield (
        "The estimate moves by sum(k ln(measured / predicted)) / "
        f"({helped.prior:g} + sum(k)), k = exp(-distance / {helped.scale:g}), over the rows of the "
        "same sizes, GPU and format. Constants are those of all rows on both sides of the "
        f"comparison. Goal: {_GOAL[0]} / {_GOAL[1]}."
    )
    yield ""
    yield "| rows | method | rows | median | p90 | within 25 % | bias |"
    yield "|---|---|---|---|---|---|---|"
    for name, mask in (
        ("with neighbours", helped.weights > 0),
        ("where they weigh half or more", helped.weights >= NEAR_WEIGHT),
    ):
        yield _row(name, "sizes alone", helped.plain[mask])
        yield _row(name, "and measured rows", helped.errors[mask])


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
