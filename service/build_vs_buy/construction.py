"""A data centre of our own: land, construction, and what both are worth at the end."""

import numpy as np
from numpy.typing import NDArray

from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.cash_flow import Category, Line
from service.build_vs_buy.financing import straight_line
from service.build_vs_buy.inputs import Building
from service.build_vs_buy.scene import Scene
from service.build_vs_buy.units import KW_PER_MW, MONTHS_PER_YEAR


def facility_mw(nameplate_kw: Floats, pue: Floats) -> Floats:
    """Return the megawatts that a building needs for servers of so many kW."""
    return nameplate_kw * pue / KW_PER_MW


def construction_lines(
    scene: Scene, building: Building, *, nameplate_kw: Floats
) -> tuple[Line, ...]:
    """Return land, construction, upkeep, depreciation and the value at the horizon.

    `nameplate_kw` is a column: the most that the servers will draw. Construction is paid evenly
    while it lasts and written off evenly over the life of the building.
    """
    month = np.arange(scene.months + 1)
    cost = _construction_cost(scene, building, nameplate_kw)
    land = scene.sample.of(building.land_price)
    upkeep = scene.sample.of_optional(building.upkeep_fraction) * cost / MONTHS_PER_YEAR
    value = building_value(scene, building, nameplate_kw=nameplate_kw)
    return (
        Line(category=Category.LAND, amount=-land * (month == 0)),
        Line(category=Category.CONSTRUCTION, amount=-cost * _paid_share(building, month)),
        Line(category=Category.UPKEEP, amount=-upkeep * (month > building.build_months)),
        Line(category=Category.DEPRECIATION, amount=-cost * _written_off(building, month)),
        Line(category=Category.RESIDUAL, amount=value * (month == scene.months)),
    )


def building_value(scene: Scene, building: Building, *, nameplate_kw: Floats) -> Floats:
    """Return the book value of land and building by month; land keeps its price."""
    month = np.arange(scene.months + 1)
    cost = _construction_cost(scene, building, nameplate_kw)
    share = np.cumsum(_paid_share(building, month) - _written_off(building, month))
    return cost * share + scene.sample.of(building.land_price)


def _construction_cost(scene: Scene, building: Building, nameplate_kw: Floats) -> Floats:
    megawatts = facility_mw(nameplate_kw, scene.sample.of(building.pue))
    return scene.sample.of(building.construction_per_mw) * megawatts


def _paid_share(building: Building, month: NDArray[np.int64]) -> Floats:
    if not building.build_months:
        return np.where(month == 0, 1.0, 0.0)
    is_built = (month >= 1) & (month <= building.build_months)
    return np.where(is_built, 1 / building.build_months, 0.0)


def _written_off(building: Building, month: NDArray[np.int64]) -> Floats:
    finished = np.where(month == building.build_months, 1.0, 0.0)[np.newaxis]
    return np.asarray(straight_line(finished, building.life_months)[0])
