"""What every option of one sample shares: demand by month, the rental price, discounting."""

from dataclasses import dataclass

import numpy as np

from service.build_vs_buy import demand
from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.inputs import Inputs, Serving
from service.build_vs_buy.rent_path import price_by_month
from service.build_vs_buy.running import cash_cost_per_gpu_hour
from service.build_vs_buy.sample import Sample
from service.build_vs_buy.value import discount_factors


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The inputs in a number of draws. Arrays are (draws, months + 1), 1 where all are alike.

    `growth` is the factor on demand, `gpu_growth` that on its GPUs: they are more where they are
    slower than in the base case. `price` is the on-demand price a GPU-hour, `useful_gpu_hours` the
    work of each month beyond the existing GPUs, `factors` discount to today; `utilization` is a
    column.
    """

    inputs: Inputs
    sample: Sample
    load: demand.LoadDuration
    growth: Floats
    gpu_growth: Floats
    utilization: Floats
    price: Floats
    useful_gpu_hours: Floats
    factors: Floats

    @property
    def months(self) -> int:
        """The horizon."""
        return self.inputs.horizon_months

    def mean_above(self, covered_gpus: float | Floats, *, unit: int | None = None) -> Floats:
        """Return the mean GPUs a month beyond the existing and the covered ones."""
        covered = covered_gpus + self.inputs.demand.existing_gpu_count
        return demand.mean_above(self.load, self.gpu_growth, covered_gpus=covered, unit=unit)

    def peak_above(self, covered_gpus: float | Floats) -> Floats:
        """Return each month's peak beyond the existing and the covered GPUs."""
        covered = covered_gpus + self.inputs.demand.existing_gpu_count
        return demand.peak_above(self.load, self.gpu_growth, covered_gpus=covered)


def scene_of(inputs: Inputs, sample: Sample) -> Scene:
    """Return the scene of inputs that have been checked."""
    months = inputs.horizon_months
    load = demand.load_duration(inputs.demand.load, inputs.demand.serving)
    growth = demand.growth_by_month(sample.of(inputs.demand.monthly_growth), months)
    gpu_growth = growth * _slowness(inputs.demand.serving, sample)
    utilization = sample.of(inputs.demand.utilization)
    existing = float(inputs.demand.existing_gpu_count)
    wanted = demand.mean_above(load, gpu_growth, covered_gpus=existing)
    floor = np.zeros((1, 1))
    if inputs.own is not None and inputs.own.running is not None:
        floor = cash_cost_per_gpu_hour(
            inputs.own.running,
            sample,
            gpus_per_server=inputs.own.gpus_per_server,
            hours_per_month=inputs.hours_per_month,
        )
    return Scene(
        inputs=inputs,
        sample=sample,
        load=load,
        growth=growth,
        gpu_growth=gpu_growth,
        utilization=utilization,
        price=price_by_month(inputs.rent, sample, months, floor=floor),
        useful_gpu_hours=wanted * utilization * inputs.hours_per_month,
        factors=discount_factors(sample.of(inputs.discount_rate), months),
    )


def _slowness(serving: Serving | None, sample: Sample) -> Floats:
    """Return by which factor GPUs are more than in the base case, a column."""
    if serving is None:
        return np.ones((1, 1))
    throughput = serving.tokens_per_second_per_gpu
    return throughput.base / sample.of(throughput)
