"""Renting: on demand, interruptible, committed; and the data that come with it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.cash_flow import Category, Flows, Line
from service.build_vs_buy.demand import whole_units
from service.build_vs_buy.financing import tax_line
from service.build_vs_buy.inputs import Commit, Inputs, Rent, Spot
from service.build_vs_buy.sample import Sample
from service.build_vs_buy.scene import Scene
from service.domain.figure import Figure


def paid_hours_per_useful_hour(rent: Rent, sample: Sample) -> Floats:
    """Return 1 / (goodput (1 - idle share)): restarts and idle hours are on the bill."""
    return 1 / (sample.of(rent.goodput) * (1 - sample.of(rent.idle_share)))


def spot_hours_per_hour(spot: Spot, sample: Sample, hours_per_month: float) -> Floats:
    """Return how many interruptible hours do one hour's work.

    A share q interrupted a month is lambda = -ln(1 - q) / hours_per_month interruptions an hour;
    each loses half a checkpoint interval, the restart and the wait.
    """
    lost_hours = spot.checkpoint_interval_hours / 2 + spot.restart_hours + spot.requeue_wait_hours
    per_hour = -np.log1p(-sample.of(spot.interruption_per_month)) / hours_per_month
    return 1 + per_hour * lost_hours


def on_demand_gpu_hours(scene: Scene, *, covered_gpus: float | Floats = 0.0) -> Floats:
    """Return the GPU-hours a month that are paid beyond what is covered, by whole instances.

    Only hours with work are rented; stock ends at what the market states.
    """
    inputs, sample = scene.inputs, scene.sample
    rent = inputs.rent
    rented = scene.mean_above(covered_gpus, unit=rent.gpus_per_instance)
    if rent.stock_gpus is not None:
        rented = rented - scene.mean_above(
            covered_gpus + rent.stock_gpus, unit=rent.gpus_per_instance
        )
    useful = rented * scene.utilization * inputs.hours_per_month
    return useful * paid_hours_per_useful_hour(rent, sample)


def rental_lines(scene: Scene, *, covered_gpus: float | Floats = 0.0) -> tuple[Line, ...]:
    """Return what renting everything beyond the covered GPUs costs.

    What stock lacks is committed, and loses its share of the work as all commitments do.
    """
    inputs, sample = scene.inputs, scene.sample
    at_list = -on_demand_gpu_hours(scene, covered_gpus=covered_gpus) * scene.price
    lines: list[Line] = []
    spot = inputs.spot
    share = 0.0 if spot is None else spot.share
    lines.append(Line(category=Category.ON_DEMAND, amount=at_list * (1 - share)))
    if spot is not None:
        factor = (1 - sample.of(spot.discount)) * spot_hours_per_hour(
            spot, sample, inputs.hours_per_month
        )
        lines.append(Line(category=Category.SPOT, amount=at_list * (share * factor)))
    if inputs.rent.stock_gpus is not None:
        covered = covered_gpus + inputs.rent.stock_gpus
        beyond = scene.peak_above(covered)
        gpus = inputs.rent.gpus_per_instance * whole_units(beyond, inputs.rent.gpus_per_instance)
        price = scene.price * price_ratio(shortest_commit(inputs), scene)
        lines.append(
            Line(
                category=Category.COMMITMENT_BEYOND_STOCK,
                amount=-gpus * inputs.hours_per_month * price,
            )
        )
        useful = scene.mean_above(covered) * scene.utilization * inputs.hours_per_month
        lines.append(downtime_line(scene, useful_gpu_hours=useful))
    return tuple(lines)


def data_line(scene: Scene, given_per_month: Figure | None) -> Line:
    """Return egress and storage: what is given, else the uplift on a bill for all useful hours.

    The uplift is the same money under every option with GPUs: data leave and lie somewhere
    whoever owns the machine.
    """
    if given_per_month is not None:
        months = np.arange(scene.months + 1) > 0
        amount = -scene.sample.of(given_per_month) * months
    elif scene.inputs.rent.uplift is not None:
        amount = -scene.sample.of(scene.inputs.rent.uplift) * scene.useful_gpu_hours * scene.price
    else:
        amount = np.zeros((1, scene.months + 1))
    return Line(category=Category.DATA, amount=amount)


def shortest_commit(inputs: Inputs) -> Commit:
    """Return the commitment that binds for the shortest time; it buys what stock lacks."""
    return min(inputs.commits, key=lambda commit: commit.term_months)


def price_ratio(commit: Commit, scene: Scene) -> Floats:
    """Return the committed price over the day's on-demand price, a column."""
    if commit.price_per_gpu_hour is not None:
        today = scene.sample.of(scene.inputs.rent.price_per_gpu_hour)
        return scene.sample.of(commit.price_per_gpu_hour) / today
    return 1 - scene.sample.of_optional(commit.discount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A commitment, renewed until the end of a month: whole terms, at least one.

    What of the horizon comes after is rented on demand.
    """

    commit: Commit
    until: int

    def without_upfront(self) -> "Rung":
        """Return the same with each month paid when it ends."""
        return replace(self, commit=replace(self.commit, upfront_fraction=0.0))

    def is_running(self, months: int) -> NDArray[np.bool_]:
        """Return in which months 0 .. months it holds; month 0 is none."""
        month = np.arange(months + 1)
        return (month > 0) & (month <= self.until)


def rungs(inputs: Inputs) -> tuple[Rung, ...]:
    """Return the ladder: each commitment as often as it fits, and once more beyond the horizon."""
    ladder: list[Rung] = []
    for commit in inputs.commits:
        fitting = inputs.horizon_months // commit.term_months
        if fitting:
            ladder.append(Rung(commit=commit, until=fitting * commit.term_months))
        if fitting * commit.term_months < inputs.horizon_months:
            ladder.append(Rung(commit=commit, until=(fitting + 1) * commit.term_months))
    return tuple(ladder)


def commitment_line(rung: Rung, scene: Scene, *, gpus: Floats) -> Line:
    """Return what committing so many GPUs costs, used or not, term after term.

    `gpus` has the shape of a month's demand; each term takes the most that it needs. The price of a
    term is that of its first day. What outlives the horizon is charged at its end.
    """
    commit = rung.commit
    ratio = price_ratio(commit, scene)
    shape = np.broadcast_shapes(gpus.shape, scene.price.shape, ratio.shape)
    amount: Floats = np.zeros(shape)
    for start in range(0, rung.until, commit.term_months):
        end = start + commit.term_months
        term_gpus = np.max(gpus[:, start + 1 : end + 1], axis=1, keepdims=True)
        price = scene.price[:, start + 1 : start + 2] * ratio
        month = term_gpus * scene.inputs.hours_per_month * price
        later = 1 - commit.upfront_fraction
        amount[:, start : start + 1] -= month * (commit.term_months * commit.upfront_fraction)
        amount[:, start + 1 : end + 1] -= month * later
        amount[:, -1:] -= month * (max(0, end - scene.months) * later)
    return Line(category=Category.COMMITMENT, amount=amount)


def downtime_line(scene: Scene, *, useful_gpu_hours: Floats) -> Line:
    """Return what is rented for the committed GPUs' work that failures and restarts lose.

    As for owned servers: what a machine loses has to be done somewhere else.
    """
    rent, sample = scene.inputs.rent, scene.sample
    lost = (1 - sample.of(rent.goodput)) * useful_gpu_hours
    amount = -lost * paid_hours_per_useful_hour(rent, sample) * scene.price
    return Line(category=Category.RENT_IN_DOWNTIME, amount=amount)


def rent_flows(scene: Scene) -> Flows:
    """Return the flows of renting everything, on demand and, for its share, interruptible."""
    return rented_flows(scene, rental_lines(scene))


def peak_gpus(scene: Scene) -> Floats:
    """Return the GPUs, in whole instances, that hold each month's peak."""
    unit = scene.inputs.rent.gpus_per_instance
    return unit * whole_units(scene.peak_above(0.0), unit)


def commit_flows(rung: Rung, scene: Scene) -> Flows:
    """Return the flows of committing the peak of each term, and of renting what comes after."""
    is_running = rung.is_running(scene.months)
    covered = np.where(is_running, np.inf, 0.0)[np.newaxis]
    committed = commitment_line(rung, scene, gpus=peak_gpus(scene))
    downtime = downtime_line(scene, useful_gpu_hours=scene.useful_gpu_hours * is_running)
    return rented_flows(scene, (committed, downtime, *rental_lines(scene, covered_gpus=covered)))


def rented_flows(scene: Scene, lines: tuple[Line, ...]) -> Flows:
    """Return the flows of lines that do all the work, with data and tax."""
    lines = (*lines, data_line(scene, scene.inputs.rent.data_cost_per_month))
    lines = (*lines, tax_line(lines, scene.inputs.tax_rate))
    return Flows(lines=lines, delivered_gpu_hours=scene.useful_gpu_hours)
