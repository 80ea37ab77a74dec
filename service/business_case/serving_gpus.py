"""Tokens on GPUs: how many GPUs write the tokens of a question, and what a million of them costs.

The planner is that of the estimate. Its plan for the first month decides how many GPUs hold the
model once; the throughput is that of such replicas at full load, with the largest batch that keeps
the latency limits. GPUs are tokens a second over throughput and planned utilisation, in whole
replicas, with a spare one: at the 10th percentile of the throughput as many as the estimate plans,
at the middle the base case of the engine.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from service.build_vs_buy.demand import load_duration
from service.build_vs_buy.inputs import (
    ConstantLoad,
    Inputs,
    OptionKind,
    PeakedLoad,
    Serving,
    WeeklyLoad,
)
from service.build_vs_buy.sample import BASE
from service.build_vs_buy.scene import scene_of
from service.business_case.figures import fixed, judged
from service.business_case.question import ServedTokens
from service.domain.accelerator import Accelerator
from service.domain.caveat import Caveat, CaveatCode
from service.domain.figure import Figure
from service.domain.workload import InferenceWorkload, Parallelism, Placement
from service.estimate.band import Band
from service.estimate.measured import MeasuredRow, nearest_serving
from service.estimate.plan import NoPlan, ServingPlan
from service.estimate.serving import plan_serving
from service.estimate.serving_calibration import ServingCalibration
from service.market.misfits import no_figures
from service.market.need import Shape

PROMPT_TOKENS = judged(
    "tokensPerMonth.promptTokens",
    2000,
    2000,
    2000,
    "tokens",
    why="turns of a chat have some hundreds, requests of agents and of code ten thousand and more",
)
UTILIZATION = 0.6
"""Share of the throughput that is planned to be used, as EstimateInference has it."""

# So many times the wanted rate: then only the throughput decides on the batch.
_FULL_LOAD = 1e6
# What may be had is decided later, with the limit of this answer.
_ANY_NUMBER = 10**15
_FAR_TOO_MANY = 2
_MILLION = 1e6

_Load = ConstantLoad | WeeklyLoad | PeakedLoad


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingPlanner:
    """Plans serving loads: the GPUs' figures, and the calibration of the estimate."""

    accelerators: Mapping[str, Accelerator]
    calibration: ServingCalibration

    def plan(self, workload: InferenceWorkload, shape: Shape) -> ServingPlan | NoPlan:
        """Return the plan with the fewest GPUs, or why there is none."""
        accelerator = self.accelerators.get(shape.gpu_model)
        if accelerator is None:
            return no_figures(shape.gpu_model)
        return plan_serving(
            workload,
            accelerator,
            gpus_per_node=shape.gpus_per_node,
            placement=Placement(gpu_model=shape.gpu_model, max_gpu_count=_ANY_NUMBER),
            calibration=self.calibration,
        )

    def nearest_measured(
        self, workload: InferenceWorkload, plan: ServingPlan
    ) -> MeasuredRow | None:
        """Return the nearest of the measurements that moved a plan; None where there are none."""
        accelerator = self.accelerators[plan.gpu_model_id]
        return nearest_serving(workload, accelerator, plan, calibration=self.calibration)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensOnGpus:
    """How GPUs write the tokens of the first month.

    `plan` is that of the estimate, `throughput` in output tokens a second of one GPU at full load,
    with its 10th and 90th percentile. `nearest` is None where nothing was measured near by, or the
    throughput is given.
    """

    served: ServedTokens
    plan: ServingPlan
    throughput: Figure
    nearest: MeasuredRow | None

    @property
    def is_measured(self) -> bool:
        """Whether the throughput is given, or rests on measurements of this family of GPUs."""
        return self.plan.is_measured or self.served.tokens_per_second_per_gpu is not None

    @property
    def serving(self) -> Serving:
        """The replicas, for the engine."""
        return Serving(
            tokens_per_second_per_gpu=self.throughput,
            gpus_per_replica=self.plan.gpus_per_replica,
            spare_gpus=self.plan.spare_replica_count * self.plan.gpus_per_replica,
        )

    @property
    def load(self) -> _Load:
        """The GPUs that the tokens take in the base case, before replicas are whole."""
        used = self.throughput.base * self.served.workload.utilization
        return scaled(self.served.shape, self.served.tokens_per_second / used)

    @property
    def peak_tokens_per_second(self) -> float:
        """Output tokens that are wanted in the hour with the most."""
        return self.served.tokens_per_second * load_duration(self.served.shape).peak_gpus

    def gpu_count(self) -> Band:
        """Return the GPUs that the peak takes: at the throughput's high, base and low."""
        load, figure = load_duration(self.load, self.serving), self.throughput
        most, middle, fewest = (
            float(load.wanted(figure.base / rate)[-1])
            for rate in (figure.low, figure.base, figure.high)
        )
        return Band(p10=fewest, p50=middle, p90=most)

    def possible_per_second(self, load: _Load, utilization: Figure) -> float:
        """Return the output tokens that given GPUs write in the middle, at work so much."""
        curve, unit = load_duration(load), self.plan.gpus_per_replica
        in_replicas = unit * np.floor(curve.gpus / unit)
        return float(in_replicas @ curve.shares) * utilization.base * self.throughput.base


def tokens_on_gpus(
    served: ServedTokens, planner: ServingPlanner, shape: Shape
) -> TokensOnGpus | NoPlan:
    """Plan the tokens on GPUs of one kind, or say why they cannot be served there."""
    peak = load_duration(served.shape).peak_gpus
    workload = replace(served.workload, peak_factor=peak)
    plan = planner.plan(workload, shape)
    if isinstance(plan, NoPlan):
        return plan
    rate = (workload.requests_per_second or 0.0) * _FULL_LOAD
    layout = Parallelism(tensor=plan.tensor, pipeline=plan.pipeline)
    full = planner.plan(
        replace(workload, requests_per_second=rate, parallelism=layout, peak_factor=1.0), shape
    )
    if isinstance(full, NoPlan):
        return full
    working = (full.replica_count - full.spare_replica_count) * full.gpus_per_replica
    given = served.tokens_per_second_per_gpu
    return TokensOnGpus(
        served=served,
        plan=plan,
        throughput=_throughput(given, full.output_per_second.times(1 / working), full, served),
        nearest=None if given is not None else planner.nearest_measured(workload, full),
    )


def _throughput(given: float | None, band: Band, plan: ServingPlan, served: ServedTokens) -> Figure:
    name, unit = "serving.tokensPerSecondPerGpu", "output tokens/s"
    if given is not None:
        return Figure.given(name, given, unit)
    basis = "measurements" if plan.is_measured else "measurements of other GPUs"
    return Figure(
        name=name,
        low=band.p10,
        base=band.p50,
        high=band.p90,
        unit=unit,
        source=(
            f"the estimate for models/{served.workload.model_id} on gpuModels/{plan.gpu_model_id},"
            f" calibrated on {basis}; 10th to 90th percentile as range"
        ),
    )


def scaled(shape: _Load, factor: float) -> _Load:
    """Return a load of so many times the GPUs in each hour."""
    match shape:
        case ConstantLoad():
            return ConstantLoad(gpus=shape.gpus * factor)
        case WeeklyLoad():
            return WeeklyLoad(gpus=tuple(gpus * factor for gpus in shape.gpus))
        case PeakedLoad():
            return replace(shape, mean_gpus=shape.mean_gpus * factor)


def noted_of(served: ServedTokens, *, sizes_gpus: bool) -> tuple[Figure, ...]:
    """Return what was given or assumed of the tokens, for the list of assumptions."""
    prompt = PROMPT_TOKENS
    if served.prompt_tokens is not None:
        prompt = Figure.given(prompt.name, served.prompt_tokens, prompt.unit)
    used = fixed(
        "tokensPerMonth.serving.utilization",
        served.utilization,
        UTILIZATION,
        "share of the throughput",
        source="default, as in EstimateInference",
    )
    if served.is_shaped or not sizes_gpus:
        return (prompt, used)
    steady = fixed("demand.peakFactor", None, 1.0, "peak over mean", source="default: one rate")
    return (prompt, used, steady)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenResult:
    """What an answer says of tokens.

    `on_gpus` is None where they are not joined with GPUs, `possible_per_second` where they size
    them. `present_tokens` are those of all months, discounted as costs are.
    """

    on_gpus: TokensOnGpus | None
    possible_per_second: float | None
    present_tokens: float

    def cost_per_million(self, kind: OptionKind, npv: float) -> float | None:
        """Return what a million tokens costs under an option; None where it lacks some of them."""
        if kind is not OptionKind.HOSTED_API and not self._are_written():
            return None
        return -npv / self.present_tokens * _MILLION

    def _are_written(self) -> bool:
        if self.on_gpus is None:
            return False
        possible = self.possible_per_second
        return possible is None or possible >= self.on_gpus.served.tokens_per_second


def present_tokens(month_tokens: float, inputs: Inputs) -> float:
    """Return the tokens of all months in the base case, discounted as costs are."""
    scene = scene_of(inputs, BASE)
    return month_tokens * float((scene.growth * scene.factors).sum())


def given_gpus_caveats(on_gpus: TokensOnGpus, load: _Load, possible: float) -> Iterator[Caveat]:
    """Walk what a given number of GPUs means for the tokens: too few, or far too many."""
    wanted = on_gpus.served.tokens_per_second
    planned, mean = on_gpus.gpu_count().p90, load_duration(load).mean_gpus
    if possible < wanted:
        text = (
            f"{wanted:,.4g} output tokens/s are wanted; the GPUs of the demand write"
            f" {possible:,.4g} of models/{on_gpus.served.workload.model_id}. Options with GPUs cost"
            f" less than those tokens would: they take up to {planned:,.0f} GPUs at the peak."
        )
        yield Caveat(code=CaveatCode.TOKENS_EXCEED_GPUS, message=text)
    elif mean > _FAR_TOO_MANY * planned:
        text = (
            f"The tokens take {planned:,.0f} GPUs at the peak, a spare replica included; the demand"
            f" has {mean:,.4g} on average. Without a number of GPUs they are sized by the tokens."
        )
        yield Caveat(code=CaveatCode.GPUS_EXCEED_TOKENS, message=text)


def refused_caveat(refusal: NoPlan, shape: Shape) -> Caveat:
    """Say that the GPUs of the demand cannot serve the tokens at all."""
    text = f"gpuModels/{shape.gpu_model} cannot serve the tokens: {refusal.message}"
    if refusal.smallest_change:
        text += f"; the smallest change that fits: {refusal.smallest_change}"
    return Caveat(code=CaveatCode.TOKENS_EXCEED_GPUS, message=f"{text}.")


def small_instances_caveat(on_gpus: TokensOnGpus, gpus_per_instance: int) -> Iterator[Caveat]:
    """Say that a replica does not fit into the instance whose price is the rent."""
    unit = on_gpus.plan.gpus_per_replica
    if unit > gpus_per_instance:
        text = (
            f"A replica is {unit} GPUs that are joined; the offer in the middle of the market has"
            f" {gpus_per_instance}. That so many of them are joined is not proven."
        )
        yield Caveat(code=CaveatCode.UNPROVEN_CAPACITY, message=text)
