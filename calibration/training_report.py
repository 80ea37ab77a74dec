"""The report of how well hours of training are predicted, as Markdown."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from calibration.regression import Prior
from calibration.scores import Score, wilson_interval
from calibration.training_fit import (
    PRIORS,
    LeftOut,
    Table,
    Vector,
    band_of,
    leave_one_shape_out,
    nested_coverage,
)
from calibration.training_rows import EXCLUDED, TrainingRow
from service.estimate.calibration import LogBand, TrainingCalibration

_LOW, _HIGH = 0.1, 0.9
_Z90 = 1.2815515655446004
_SEEDS = 20
_WORST = 12
_MIN_ROWS_OF_A_REGIME = 30


def report_lines(table: Table, unseen: Vector, *, calibration: TrainingCalibration) -> list[str]:
    """Return how well hours hold on models that were left out, and what was fitted.

    `unseen` are ln(actual / predicted hours) on shapes not seen.
    """
    rows = table.rows
    return [
        *_filter_lines(rows),
        *_error_lines(rows, table, unseen),
        *_coverage_lines(rows, table, unseen, calibration),
        *_half_lines(rows),
        *_coefficient_lines(table),
        *_worst_lines(rows, unseen),
    ]


def left_out_lines(
    families: Mapping[str, LeftOut],
    generations: Mapping[str, LeftOut],
    *,
    calibration: TrainingCalibration,
) -> list[str]:
    """Return how well hours hold on GPU families and generations that were left out."""
    family = LogBand(
        p10=-_Z90 * calibration.other_family_log_sd, p90=_Z90 * calibration.other_family_log_sd
    )
    generation = LogBand(p10=family.p10, p90=_Z90 * calibration.other_generation_log_sd)
    return [
        *_left_out_lines("GPU family", families, calibration, family),
        *_left_out_lines("GPU generation", generations, calibration, generation),
        *_volta_lines(generations, calibration, generation),
        "",
    ]


def _volta_lines(
    generations: Mapping[str, LeftOut], calibration: TrainingCalibration, extra: LogBand
) -> list[str]:
    volta = -PRIORS["volta"].mean
    shifts = [*(one.mean_shift for one in generations.values()), volta]
    high = math.hypot(calibration.benchmark.p90, extra.p90)
    low = math.hypot(calibration.benchmark.p10, extra.p10)
    inside = sum(-low <= shift <= high for shift in shifts)
    return [
        "The wider band is what the estimate gives for a GPU without rows. Volta has none: a prior",
        f"places it at x{math.exp(volta):.2f}. With it, the wider band of benchmarks has the means",
        f"of {inside} of {len(shifts)} generations inside.",
    ]


def _left_out_lines(
    what: str, left_out: Mapping[str, LeftOut], calibration: TrainingCalibration, extra: LogBand
) -> list[str]:
    bands = {"full_run": calibration.full_run, "benchmark": calibration.benchmark}
    counts = [len(one.log_ratios) for one in left_out.values()]
    count = sum(counts)
    plain = [one.held(bands, LogBand(p10=0.0, p90=0.0)) for one in left_out.values()]
    wide = [one.held(bands, extra) for one in left_out.values()]
    rows = zip(left_out.items(), counts, plain, wide, strict=True)
    return [
        f"### Left out: one {what}",
        "",
        f"| {what} not seen | n | actual over predicted hours | held | held by the wider band |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {own} | x{math.exp(one.mean_shift):.2f} | {alone / own:.0%} "
            f"| {widened / own:.0%} |"
            for (name, one), own, alone, widened in rows
        ),
        f"| all | {count} | | {sum(plain) / count:.0%} | {sum(wide) / count:.0%} |",
        "",
    ]


def _filter_lines(rows: Sequence[TrainingRow]) -> list[str]:
    shapes = len({row.shape for row in rows})
    return [
        f"{len(rows)} rows of {shapes} shapes count, {len(EXCLUDED)} do not:",
        "",
        *(f"- {row_id}: {reason}" for row_id, reason in EXCLUDED.items()),
        "",
        "FLOPs follow `service.estimate.flops`. A model is left out in both regimes at once.",
        "",
    ]


def _score_row(name: str, regime: str, score: Score) -> str:
    return (
        f"| {name} | {regime} | {score.count} | {score.median:.1%} | {score.p90:.1%} "
        f"| {score.within_25:.0%} | x{score.bias:.2f} |"
    )


_SCORE_HEAD = [
    "| method | regime | n | median | p90 | within 25 % | bias |",
    "|---|---|---|---|---|---|---|",
]


def _error_lines(rows: Sequence[TrainingRow], table: Table, unseen: Vector) -> list[str]:
    """Return errors of predicted hours; 6 N D takes a flat share of the peak."""
    flat = {name: Prior(mean=one.mean, sd=one.sd * 100) for name, one in PRIORS.items()}
    free = leave_one_shape_out(rows, flat)
    thumb = np.array([math.log(row.rule_of_thumb_share) for row in rows]) + table.log_mfu
    methods = {
        "ours, model not seen": np.exp(-unseen),
        "ours, model not seen, flat priors": np.exp(-free),
        "6 N D at 40 %": np.exp(thumb) / 0.4,
        "6 N D at 100 %": np.exp(thumb),
    }
    lines = ["### Errors of GPU-hours", "", *_SCORE_HEAD]
    for is_full_run, regime in ((True, "full run"), (False, "benchmark")):
        inside = table.is_full_run == is_full_run
        ones = np.ones(int(inside.sum()))
        for name, ratio in methods.items():
            lines.append(_score_row(name, regime, Score.of(ratio[inside], ones)))
    ours = methods["ours, model not seen"]
    return [*lines, "", *_goal_lines(ours, table), ""]


def _goal_lines(ratio: Vector, table: Table) -> list[str]:
    lines = [
        "| regime | found | accepted up to | goal | gap to the goal |",
        "|---|---|---|---|---|",
    ]
    for is_full_run, regime, limits, goals in (
        (True, "full run", (0.22, 0.65), (0.20, 0.50)),
        (False, "benchmark", (0.16, 0.55), (0.12, 0.40)),
    ):
        inside = table.is_full_run == is_full_run
        score = Score.of(ratio[inside], np.ones(int(inside.sum())))
        found = (score.median, score.p90)
        gaps = [max(one - goal, 0.0) for one, goal in zip(found, goals, strict=True)]
        cells = " | ".join(
            f"{median:.1%} / {p90:.1%}" for median, p90 in (found, limits, goals, gaps)
        )
        lines.append(f"| {regime} | {cells} |")
    return lines


def _coverage_lines(
    rows: Sequence[TrainingRow], table: Table, unseen: Vector, calibration: TrainingCalibration
) -> list[str]:
    nested = nested_coverage(rows)
    lines = [
        "### The 80 % band",
        "",
        "Held: of rows whose model was left out of the fit and of the residuals that the band is",
        "made of. The last column leaves it out of the fit alone and takes the shipped band.",
        "",
        "| regime | hours x | n | held | Wilson 95 % | holds 80 % | point alone not seen |",
        "|---|---|---|---|---|---|---|",
    ]
    for is_full_run, name, band in (
        (True, "full run", calibration.full_run),
        (False, "benchmark", calibration.benchmark),
    ):
        inside = table.is_full_run == is_full_run
        shipped = float(np.mean((unseen[inside] >= band.p10) & (unseen[inside] <= band.p90)))
        held = [one.is_held for one in nested if one.is_full_run == is_full_run]
        hits, count = sum(held), len(held)
        low, high = wilson_interval(hits, count)
        verdict = "yes" if low <= _HIGH - _LOW <= high else "no"
        if count < _MIN_ROWS_OF_A_REGIME:
            verdict += f" (fewer than {_MIN_ROWS_OF_A_REGIME} rows)"
        lines.append(
            f"| {name} | {math.exp(band.p10):.2f} to {math.exp(band.p90):.2f} | {count} "
            f"| {hits / count:.0%} | {low:.0%} to {high:.0%} | {verdict} | {shipped:.0%} |"
        )
    shapes = len({row.shape for row in rows})
    return [
        *lines,
        "",
        f"In the quantiles, the rows and the {shapes} shapes have equal say; coverage counts rows.",
        "",
    ]


def _half_lines(rows: Sequence[TrainingRow]) -> list[str]:
    """Return errors and coverage of fits, bands included, on one half of the shapes."""
    shapes = sorted({row.shape for row in rows})
    ratios: dict[bool, list[Vector]] = {True: [], False: []}
    hits: dict[bool, list[bool]] = {True: [], False: []}
    for seed in range(_SEEDS):
        order = np.random.default_rng(seed).permutation(len(shapes))
        chosen = {shapes[index] for index in order[: len(shapes) // 2]}
        for half in (chosen, set(shapes) - chosen):
            train = [row for row in rows if row.shape in half]
            test = Table.of([row for row in rows if row.shape not in half])
            table = Table.of(train)
            found = test.log_ratios(table.coefficients(PRIORS))
            inner = leave_one_shape_out(train, PRIORS)
            for is_full_run in (True, False):
                band = band_of(table, inner, is_full_run=is_full_run)
                ours = found[test.is_full_run == is_full_run]
                ratios[is_full_run].append(ours)
                hits[is_full_run] += [band.p10 <= one <= band.p90 for one in ours.tolist()]
    lines = [
        f"### Half to half, split by shape, {_SEEDS} seeds",
        "",
        "| regime | median | p90 | held by the 80 % band |",
        "|---|---|---|---|",
    ]
    for is_full_run, regime in ((True, "full run"), (False, "benchmark")):
        every = np.concatenate(ratios[is_full_run])
        score = Score.of(np.exp(-every), np.ones_like(every))
        held = float(np.mean(hits[is_full_run]))
        lines.append(f"| {regime} | {score.median:.1%} | {score.p90:.1%} | {held:.0%} |")
    return [*lines, ""]


def _coefficient_lines(table: Table) -> list[str]:
    found = table.coefficients(PRIORS)
    return [
        "### Coefficients of ln MFU",
        "",
        "| term | prior | fitted |",
        "|---|---|---|",
        *(
            f"| {name} | {prior.mean:g} +- {prior.sd:g} | {found[name]:.4g} |"
            for name, prior in PRIORS.items()
        ),
        "",
    ]


def _worst_lines(rows: Sequence[TrainingRow], unseen: Vector) -> list[str]:
    worst = np.argsort(-np.abs(unseen), kind="stable")[:_WORST]
    return [
        "### Worst rows",
        "",
        "| row | model | GPU | precision | GPUs | predicted over actual hours | why |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {rows[index].row_id} | {rows[index].model} | {rows[index].gpu.gpu_model_id} "
            f"| {rows[index].case.precision} | {rows[index].case.gpu_count:g} "
            f"| x{math.exp(-unseen[index]):.2f} | {_WHY.get(rows[index].row_id, 'not known')} |"
            for index in worst
        ),
        "",
    ]


_WHY = {
    "trn0063": "the hours are a wall window of 65 days with restarts",
    "trn0057": "hours rounded to 1.5 thousand; 74 % of the peak is not believable",
    "trn0012": "15T+ tokens are a lower bound; hours of 7.7 million are split over two sizes",
    "trn0014": "15T+ tokens are a lower bound; an extension to 128k of context is in the hours",
    "trn0164": "32k tokens in a 1B model: mostly attention, which fp8 does not speed up",
    "trn0165": "8k tokens in a 1B model: much attention, which fp8 does not speed up",
    "trn0166": "a 1B model in fp8 with short sequences",
    "trn0349": "experts over nodes of 8 GPUs; racks of 72 reach twice as much with this model",
    "trn0350": "experts over nodes of 8 GPUs; racks of 72 reach twice as much with this model",
    "trn0332": "experts over nodes of 8 GPUs; racks of 72 reach more with this model",
    "trn0326": "a container of 2026, tuned for two years longer than most rows",
    "trn0079": "the batch stays at 1,920 sequences: 160 for 35 stages, idle a sixth of the time",
    "trn0005": "LLaMA's hours have hardly any restarts in them",
    "trn0267": "a small model whose authors tuned for this very GPU",
    "trn0266": "a small model whose authors tuned for this very GPU",
}
