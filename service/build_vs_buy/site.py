"""What a fleet asks of a building: power, racks, people."""

import math
from dataclasses import dataclass

import numpy as np

from service.build_vs_buy.inputs import Own, Running
from service.build_vs_buy.running import staff
from service.build_vs_buy.sample import BASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A fleet at its largest, in the base case.

    `nameplate_kw` is what its servers may draw, `facility_kw` with cooling and losses (PUE). A
    server beyond the cooling limit of a rack of air needs liquid cooling, and a rack of its own.
    """

    servers: int
    gpus: int
    nameplate_kw: float
    facility_kw: float
    racks: int
    servers_per_rack: int
    needs_liquid_cooling: bool
    full_time_posts: float


def site_of(own: Own, running: Running, *, servers: int) -> Site:
    """Return what so many servers ask for."""
    kw = running.power_kw_per_server.base
    fitting = math.floor(running.rack_cooling_limit_kw / kw) if kw else max(servers, 1)
    per_rack = max(fitting, 1)
    gpus = servers * own.gpus_per_server
    posts = staff(running, BASE, gpus=np.full((1, 1), float(gpus)))
    return Site(
        servers=servers,
        gpus=gpus,
        nameplate_kw=kw * servers,
        facility_kw=kw * servers * running.pue.base,
        racks=math.ceil(servers / per_rack),
        servers_per_rack=per_rack,
        needs_liquid_cooling=fitting < 1,
        full_time_posts=float(posts[0, 0]),
    )
