"""Owned servers, what each costs, and the work they do."""

from dataclasses import dataclass

import numpy as np

from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.cash_flow import total
from service.build_vs_buy.demand import whole_units
from service.build_vs_buy.inputs import Own
from service.build_vs_buy.purchases import Purchases, purchases
from service.build_vs_buy.renting import rental_lines
from service.build_vs_buy.scene import Scene
from service.build_vs_buy.server_cost import ServerCost, server_cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Owned servers over time.

    `useful_gpu_hours` is the work of each month where all of them stand, `meanwhile` what renting
    it costs (negative); both (draws, months + 1). `first_servers`, a column, would serve the first
    month's peak: subtotals of a whole fleet are shared among them.
    """

    servers: Purchases
    cost: ServerCost
    first_servers: Floats
    useful_gpu_hours: Floats
    meanwhile: Floats

    @property
    def most_servers(self) -> Floats:
        """The size of the fleet at its largest, a column."""
        return np.asarray(np.max(self.servers.needed, axis=1, keepdims=True))


def servers_for_peak(scene: Scene, own: Own) -> Floats:
    """Return the servers that hold each month's peak, never fewer than in the month before."""
    servers = whole_units(scene.peak_above(0.0), own.gpus_per_server)
    return np.asarray(np.maximum.accumulate(servers, axis=1))


def peak_fleet(scene: Scene, own: Own, *, start: int) -> Fleet:
    """Return the fleet that does all the work, with servers for the peak of each month."""
    return _fleet(
        scene,
        own,
        needed=servers_for_peak(scene, own),
        start=start,
        useful_gpu_hours=scene.useful_gpu_hours,
        meanwhile=total(rental_lines(scene)),
    )


def base_load_fleet(
    scene: Scene, own: Own, *, servers: Floats, meanwhile: Floats | float = 0.0
) -> Fleet:
    """Return a fleet of one size, a column, that serves the base of the load from the first day.

    `meanwhile` is what its work costs by month while servers are awaited.
    """
    wanted = scene.mean_above(0.0) - scene.mean_above(servers * own.gpus_per_server)
    return _fleet(
        scene,
        own,
        needed=servers * (np.arange(scene.months + 1) > 0),
        start=0,
        useful_gpu_hours=wanted * scene.utilization * scene.inputs.hours_per_month,
        meanwhile=np.asarray(meanwhile),
    )


def _fleet(
    scene: Scene,
    own: Own,
    *,
    needed: Floats,
    start: int,
    useful_gpu_hours: Floats,
    meanwhile: Floats,
) -> Fleet:
    first = servers_for_peak(scene, own)[:, 1:2]
    most = np.max(needed, axis=1, keepdims=True)
    return Fleet(
        servers=purchases(needed, own, scene.sample, start=start),
        cost=server_cost(own, scene.sample, fleet=most, first_servers=first),
        first_servers=first,
        useful_gpu_hours=useful_gpu_hours,
        meanwhile=meanwhile,
    )
