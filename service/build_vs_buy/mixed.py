"""The cheapest combination: own the base of the load, commit above it, rent the peaks.

Owned servers serve first, then committed GPUs, then rented ones. Every combination is evaluated in
full, in units of a server: owned servers with their steps of staff and network, the commitment, and
in each month the rent of what is above those that are there. That is a sum of parts which depend on
the owned units n, the committed units c, or n + c, so that all pairs are seen at the cost of adding
four arrays. Above 1,024 servers a unit is several of them. The rule of exceedance (own the k-th
unit where e_k > c_f / (c_r - c_v)) knows no steps and is only the first guess.
"""

import math
from dataclasses import dataclass

import numpy as np

from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.cash_flow import Flows, total
from service.build_vs_buy.demand import whole_units
from service.build_vs_buy.fleet import base_load_fleet
from service.build_vs_buy.inputs import Inputs, Own
from service.build_vs_buy.options import npv_of
from service.build_vs_buy.owning import base_load_flows
from service.build_vs_buy.purchases import purchases
from service.build_vs_buy.renting import (
    Rung,
    commitment_line,
    downtime_line,
    rental_lines,
    rented_flows,
    rungs,
)
from service.build_vs_buy.sample import BASE
from service.build_vs_buy.scene import Scene, scene_of
from service.build_vs_buy.value import present_value

MAX_UNITS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedPlan:
    """How many units of `unit_gpus` are owned and committed; the rest of the load is rented.

    A unit is one server or one instance, several of them in a large fleet.

    `last_gpu_use` is the share of the first month's hours in which the last owned or committed GPU
    works, `on_demand_peak_gpus` what the highest hour still rents, `first_guess_units` how many
    units the rule of exceedance would own, `npv` the value in the base case.
    """

    unit_gpus: int
    owned_units: int
    committed_units: int
    rung: Rung | None
    last_gpu_use: float
    on_demand_peak_gpus: float
    first_guess_units: int
    npv: float

    @property
    def is_mixture(self) -> bool:
        """Whether at least two ways of having GPUs are in it."""
        parts = (self.owned_units, self.committed_units, self.on_demand_peak_gpus)
        return sum(part > 0 for part in parts) > 1


def best_mix(
    inputs: Inputs, *, own: Own | None, ladder: tuple[Rung, ...] | None = None
) -> MixedPlan:
    """Return the cheapest of all combinations in the base case.

    `own` is None where owning is no choice; `ladder` are the commitments that are, by default all.
    """
    scene = scene_of(inputs, BASE)
    smallest = inputs.rent.gpus_per_instance if own is None else own.gpus_per_server
    peak = scene.peak_above(0.0)
    unit = smallest * max(1, math.ceil(np.max(whole_units(peak, smallest)) / MAX_UNITS))
    units = int(np.max(whole_units(peak, unit)))
    counts = np.arange(units + 1, dtype=np.float64)[:, np.newaxis]
    owned = _owned_values(scene, own, counts * unit)
    rent = _rent_values(scene, counts * unit)
    lost = _downtime_values(scene, counts * unit)
    live = np.ones(scene.months + 1) if own is None else _live_share(scene, own)

    plans: list[tuple[float, int, int, Rung | None]] = []
    for rung in (None, *(rungs(inputs) if ladder is None else ladder)):
        value, at_owned, at_committed = _best_pair(
            scene, _Values(owned=owned, rent=rent, lost=lost, live=live), rung=rung, unit=unit
        )
        plans.append((value, at_owned, at_committed, rung if at_committed else None))
    value, owned_units, committed_units, rung = max(plans, key=lambda plan: plan[0])
    covered = _covered_gpus(scene, unit, owned_units, committed_units, rung)
    return MixedPlan(
        unit_gpus=unit,
        owned_units=owned_units,
        committed_units=committed_units,
        rung=rung,
        last_gpu_use=_use_of_gpu(scene, unit * (owned_units + committed_units)),
        on_demand_peak_gpus=float(np.max(scene.peak_above(covered))),
        first_guess_units=_first_guess(owned, rent),
        npv=value,
    )


def mixed_flows(plan: MixedPlan, scene: Scene, own: Own | None) -> Flows:
    """Return the flows of a plan in every draw of a scene. Raises ValueError if it lacks `own`."""
    committed = _covered_gpus(scene, plan.unit_gpus, 0, plan.committed_units, plan.rung)
    covered = committed + plan.unit_gpus * plan.owned_units
    rented = rental_lines(scene, covered_gpus=covered)
    beside = rented
    if plan.rung is not None:
        gpus = np.full((1, scene.months + 1), float(plan.unit_gpus * plan.committed_units))
        beside = (*rented, commitment_line(plan.rung, scene, gpus=gpus))
    # The work of committed GPUs while servers are awaited, and that above them.
    awaited = _useful_above(scene, 0.0) - _useful_above(scene, committed)
    if not plan.owned_units:
        return rented_flows(scene, (*beside, downtime_line(scene, useful_gpu_hours=awaited)))
    if own is None:
        raise ValueError("the plan owns servers")
    meanwhile = total(rental_lines(scene, covered_gpus=committed)) - total(rented)
    servers = np.full((1, 1), plan.owned_units * plan.unit_gpus / own.gpus_per_server)
    fleet = base_load_fleet(scene, own, servers=servers, meanwhile=meanwhile)
    owned_gpus = float(plan.unit_gpus * plan.owned_units)
    above = _useful_above(scene, owned_gpus) - _useful_above(scene, covered)
    live = fleet.servers.served_share
    downtime = downtime_line(scene, useful_gpu_hours=live * above + (1 - live) * awaited)
    return base_load_flows(scene, own, fleet, beside=(*beside, downtime))


def _useful_above(scene: Scene, gpus: float | Floats) -> Floats:
    """Return the GPU-hours of work a month beyond so many GPUs."""
    return scene.mean_above(gpus) * scene.utilization * scene.inputs.hours_per_month


def _use_of_gpu(scene: Scene, gpus: int) -> float:
    """Return the share of hours in which the last of so many GPUs works; those there come first."""
    exceedance = scene.load.exceedance()
    last = gpus + scene.inputs.demand.existing_gpu_count
    if not gpus or last > len(exceedance):
        return 0.0
    return float(exceedance[last - 1] * scene.utilization[0, 0])


def _covered_gpus(scene: Scene, unit: int, owned: int, committed: int, rung: Rung | None) -> Floats:
    """Return the GPUs that need not be rented once all servers stand, by month."""
    is_running = False if rung is None else rung.is_running(scene.months)
    return unit * (owned + committed * np.where(is_running, 1.0, np.zeros((1, scene.months + 1))))


def _owned_values(scene: Scene, own: Own | None, gpus: Floats) -> Floats:
    """Return the value of owning so many GPUs without any rent, data included, shape (n,)."""
    without = npv_of(rented_flows(scene, ()), scene)
    if own is None:
        return np.where(gpus[:, 0] > 0, -np.inf, without)
    fleet = base_load_fleet(scene, own, servers=gpus / own.gpus_per_server)
    flows = base_load_flows(scene, own, fleet, beside=())
    values = present_value(flows.cash(), scene.factors)
    return np.where(gpus[:, 0] > 0, values, without)


def _rent_values(scene: Scene, covered_gpus: Floats) -> Floats:
    """Return the discounted rent above so many GPUs, after tax, shape (n, months + 1)."""
    bill = total(rental_lines(scene, covered_gpus=covered_gpus))
    return bill * scene.factors * (1 - scene.inputs.tax_rate)


def _downtime_values(scene: Scene, covered_gpus: Floats) -> Floats:
    """Return the discounted rent for what committed GPUs above so many would lose, after tax."""
    line = downtime_line(scene, useful_gpu_hours=_useful_above(scene, covered_gpus))
    return line.amount * scene.factors * (1 - scene.inputs.tax_rate)


def _live_share(scene: Scene, own: Own) -> Floats:
    """Return in which share of each month servers of the first day work."""
    one_server: Floats = np.ones((1, scene.months + 1))
    one_server[:, 0] = 0
    return np.asarray(purchases(one_server, own, scene.sample).served_share[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Values:
    """What all pairs are summed from: `owned` by n; `rent` and `lost` by units covered and month.

    `lost` is the rent for what GPUs that serve all above so many units would lose, were they
    committed; `live` the share of each month in which servers of the first day work.
    """

    owned: Floats
    rent: Floats
    lost: Floats
    live: Floats


def _best_pair(
    scene: Scene, parts: _Values, *, rung: Rung | None, unit: int
) -> tuple[float, int, int]:
    """Return the highest value of all pairs with n + c units up to the peak, and the pair."""
    owned, rent, lost, live = parts.owned, parts.rent, parts.lost, parts.live
    units = len(owned) - 1
    if rung is None:
        values = owned + rent @ live + rent[0] @ (1 - live)
        at = int(np.argmax(values))
        return float(values[at]), at, 0
    running = 1.0 * rung.is_running(scene.months)
    gpus = np.full((1, scene.months + 1), float(unit))
    line = commitment_line(rung, scene, gpus=gpus)
    per_unit = present_value(line.amount, scene.factors)[0] * (1 - scene.inputs.tax_rate)
    # By month either kind of unit is there or is not; a share of a month counts as a share.
    neither = rent[0] @ ((1 - live) * (1 - running)) + lost[0] @ ((1 - live) * running)
    by_owned = owned + rent @ (live * (1 - running)) + lost @ (live * running)
    by_committed = per_unit * np.arange(units + 1) + (rent - lost) @ ((1 - live) * running)
    by_both = (rent - lost) @ (live * running)
    best: tuple[float, int, int] = (-np.inf, 0, 0)
    for count in np.flatnonzero(np.isfinite(owned)).tolist():
        left = units - count
        values = by_committed[: left + 1] + by_both[count:]
        at = int(np.argmax(values))
        best = max(best, (float(by_owned[count] + values[at] + neither), count, at))
    return best


def _first_guess(owned: Floats, rent: Floats) -> int:
    """Return how many units the rule of exceedance owns: those whose own rent costs more.

    The cost of a unit is the mean over a fleet for the peak, without regard to steps.
    """
    units = len(owned) - 1
    if not units or not np.isfinite(owned[-1]):
        return 0
    per_unit = (owned[0] - owned[-1]) / units
    rent_of_unit = np.diff(rent.sum(axis=1))
    return int(np.sum(rent_of_unit > per_unit))
