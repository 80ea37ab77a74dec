"""The flows of owning servers, in colocation or in a building of our own."""

import numpy as np

from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.cash_flow import CAPITAL, Category, Flows, Line, total
from service.build_vs_buy.construction import building_value, construction_lines
from service.build_vs_buy.financing import loan_schedule, straight_line, tax_line
from service.build_vs_buy.fleet import Fleet, peak_fleet
from service.build_vs_buy.inputs import Building, Loan, Own, Running
from service.build_vs_buy.purchases import resale, value_by_month
from service.build_vs_buy.renting import data_line, paid_hours_per_useful_hour
from service.build_vs_buy.running import (
    colocation_per_server_month,
    power_per_server_month,
    repairs_per_server_month,
    staff,
)
from service.build_vs_buy.scene import Scene
from service.build_vs_buy.units import MONTHS_PER_YEAR


def colocation_flows(scene: Scene, own: Own) -> Flows:
    """Return the flows of owning servers for the peak, in somebody else's building."""
    fleet = peak_fleet(scene, own, start=0)
    return _settled(scene, own, fleet, fleet_lines(scene, own, fleet, building=None))


def building_flows(scene: Scene, own: Own, building: Building) -> Flows:
    """Return the flows of owning servers for the peak in a building that is built for them.

    Raises ValueError without the servers' power: a building is sized by it.
    """
    fleet = peak_fleet(scene, own, start=building.build_months)
    nameplate_kw = _nameplate_kw(scene, own, fleet)
    lines = (
        *fleet_lines(scene, own, fleet, building=building),
        *construction_lines(scene, building, nameplate_kw=nameplate_kw),
    )
    return _settled(scene, own, fleet, lines)


def resale_by_month(scene: Scene, own: Own, building: Building | None) -> Floats:
    """Return what selling everything would bring at each month's end, less debt, before tax."""
    fleet = peak_fleet(scene, own, start=0 if building is None else building.build_months)
    value = value_by_month(fleet.servers, own, scene.sample) * fleet.cost.price
    if own.loan is not None:
        value = value - debt_by_month(own.loan, fleet, capital_lines(scene, own, fleet))
    if building is None:
        return value
    nameplate_kw = _nameplate_kw(scene, own, fleet)
    return value + building_value(scene, building, nameplate_kw=nameplate_kw)


def _nameplate_kw(scene: Scene, own: Own, fleet: Fleet) -> Floats:
    if own.running is None:
        raise ValueError("a building is sized by the power of its servers")
    return scene.sample.of(own.running.power_kw_per_server) * fleet.most_servers


def base_load_flows(scene: Scene, own: Own, fleet: Fleet, *, beside: tuple[Line, ...]) -> Flows:
    """Return the flows of owning servers for the base of the load, with what is paid beside them.

    All the work is done: the rest of it by what stands in `beside`.
    """
    return _settled(scene, own, fleet, (*fleet_lines(scene, own, fleet, building=None), *beside))


def fleet_lines(
    scene: Scene, own: Own, fleet: Fleet, *, building: Building | None
) -> tuple[Line, ...]:
    """Return everything that a fleet costs and brings but tax and data."""
    capital = capital_lines(scene, own, fleet)
    lines = [*capital, *running_lines(scene, own, fleet, building=building)]
    lines.extend(stopgap_lines(scene, own, fleet))
    price_back = resale(fleet.servers, own, scene.sample) * fleet.cost.price
    lines.append(Line(category=Category.RESIDUAL, amount=price_back))
    written_off = straight_line(capital_paid(capital), _life_months(own))
    lines.append(Line(category=Category.DEPRECIATION, amount=-written_off))
    if own.loan is not None:
        lines.extend(loan_lines(own.loan, fleet, capital))
    return tuple(lines)


def capital_lines(scene: Scene, own: Own, fleet: Fleet) -> tuple[Line, ...]:
    """Return what is paid for servers and with them, when they are bought."""
    bought, cost = fleet.servers.bought, fleet.cost
    lines = [
        Line(category=Category.SERVERS, amount=-cost.price * bought),
        Line(category=Category.NETWORK_AND_INSTALL, amount=-cost.network_and_install * bought),
        Line(category=Category.SPARES, amount=-cost.spares * bought),
        Line(category=Category.SALES_TAX, amount=-cost.sales_tax * bought),
    ]
    if own.servers is not None and own.servers.storage_price is not None:
        price = scene.sample.of(own.servers.storage_price) * (fleet.most_servers > 0)
        is_start = np.arange(scene.months + 1) == fleet.servers.start
        lines.append(Line(category=Category.STORAGE, amount=-price * is_start))
    return tuple(lines)


def capital_paid(lines: tuple[Line, ...]) -> Floats:
    """Return what is capitalised, positive, when it is paid."""
    return -total(line for line in lines if line.category in CAPITAL)


def running_lines(
    scene: Scene, own: Own, fleet: Fleet, *, building: Building | None
) -> tuple[Line, ...]:
    """Return what the servers that work cost by month."""
    sample, working = scene.sample, fleet.servers.working
    lines: list[Line] = []
    if own.running is not None:
        lines.extend(_running_in_detail(scene, own, own.running, fleet, building=building))
    if own.opex_per_month is not None:
        per_server = sample.of(own.opex_per_month) / np.maximum(fleet.first_servers, 1)
        lines.append(Line(category=Category.OPEX, amount=-per_server * working))
    if own.opex_per_used_gpu_hour is not None:
        hours = fleet.useful_gpu_hours * fleet.servers.served_share
        per_hour = sample.of(own.opex_per_used_gpu_hour)
        lines.append(Line(category=Category.OPEX, amount=-per_hour * hours))
    return tuple(lines)


def _running_in_detail(
    scene: Scene, own: Own, running: Running, fleet: Fleet, *, building: Building | None
) -> tuple[Line, ...]:
    sample, working = scene.sample, fleet.servers.working
    hours_per_month = scene.inputs.hours_per_month
    gpus = fleet.servers.needed * own.gpus_per_server
    used = fleet.useful_gpu_hours / (np.maximum(gpus, 1) * hours_per_month)
    repairs = repairs_per_server_month(running, sample, server_price=fleet.cost.price)
    posts = staff(running, sample, gpus=gpus) * fleet.servers.served_share
    wage = sample.of(running.fte_annual_cost) / MONTHS_PER_YEAR
    licence = sample.of_optional(running.licence_per_gpu_year) / MONTHS_PER_YEAR
    lines = [
        Line(category=Category.STAFF, amount=-posts * wage),
        Line(category=Category.MAINTENANCE, amount=-repairs.maintenance * working),
        Line(category=Category.FAILURES, amount=-repairs.failures * working),
        Line(category=Category.LICENCES, amount=-licence * own.gpus_per_server * working),
    ]
    if building is None:
        place = colocation_per_server_month(running, sample)
        lines.append(Line(category=Category.COLOCATION, amount=-place * working))
    if building is not None or not running.colocation_includes_power:
        pue = sample.of(running.pue if building is None else building.pue)
        power = power_per_server_month(
            running, sample, used=used, pue=pue, hours_per_month=hours_per_month
        )
        lines.append(Line(category=Category.POWER, amount=-power * working))
    return tuple(lines)


def stopgap_lines(scene: Scene, own: Own, fleet: Fleet) -> tuple[Line, ...]:
    """Return what is rented while servers are awaited and while they are down.

    Nothing behind an air gap, where that work is not done.
    """
    if scene.inputs.overrides.air_gap:
        return ()
    served = fleet.servers.served_share
    lost = (1 - scene.sample.of(own.goodput)) * served * fleet.useful_gpu_hours
    paid = paid_hours_per_useful_hour(scene.inputs.rent, scene.sample)
    awaited = fleet.meanwhile * (1 - served)
    return (
        Line(category=Category.RENT_BEFORE_DELIVERY, amount=awaited),
        Line(category=Category.RENT_IN_DOWNTIME, amount=-lost * paid * scene.price),
    )


def loan_lines(loan: Loan, fleet: Fleet, capital: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return a loan on its share of the first purchase."""
    drawn, repaid, _ = _schedule_from(loan, fleet)
    principal = _principal(loan, fleet, capital)
    return (
        Line(category=Category.LOAN, amount=principal * drawn),
        Line(category=Category.LOAN_REPAYMENT, amount=-principal * repaid),
    )


def debt_by_month(loan: Loan, fleet: Fleet, capital: tuple[Line, ...]) -> Floats:
    """Return what is still owed at the end of each month; at the horizon all is repaid."""
    drawn, repaid, interest = _schedule_from(loan, fleet)
    owed = np.cumsum(drawn + interest - repaid, axis=1)
    return np.asarray(_principal(loan, fleet, capital) * owed)


def _principal(loan: Loan, fleet: Fleet, lines: tuple[Line, ...]) -> Floats:
    start = fleet.servers.start
    return loan.share * capital_paid(lines)[:, start : start + 1]


def _schedule_from(loan: Loan, fleet: Fleet) -> tuple[Floats, Floats, Floats]:
    """Return the schedule on a principal of 1, begun when the first servers are paid."""
    months, start = fleet.servers.bought.shape[1] - 1, fleet.servers.start
    schedule = loan_schedule(loan, months - start)
    drawn, repaid, interest = (np.pad(part, ((0, 0), (start, 0))) for part in schedule)
    return drawn, repaid, interest


def _life_months(own: Own) -> int:
    """Return over how long servers are written off: no longer than they stay."""
    if own.refresh_months is None:
        return own.depreciation_months
    return min(own.depreciation_months, own.refresh_months)


def _settled(scene: Scene, own: Own, fleet: Fleet, lines: tuple[Line, ...]) -> Flows:
    """Return the flows with data and tax, and the work that is done."""
    rent = scene.inputs.rent
    lines = (*lines, data_line(scene, own.data_cost_per_month or rent.data_cost_per_month))
    if scene.inputs.tax_rate:
        profit = gain_on_sales(lines)
        if own.loan is not None:
            profit = profit - _interest(own.loan, fleet, lines)
        lines = (*lines, tax_line(lines, scene.inputs.tax_rate, other_profit=profit))
    delivered = scene.useful_gpu_hours
    if scene.inputs.overrides.air_gap:
        delivered = delivered * fleet.servers.served_share * scene.sample.of(own.goodput)
    return Flows(lines=lines, delivered_gpu_hours=delivered)


def gain_on_sales(lines: tuple[Line, ...]) -> Floats:
    """Return what sales bring beyond the book value, which leaves the books at the horizon."""
    bought = CAPITAL | {Category.LAND, Category.CONSTRUCTION}
    paid = -total(line for line in lines if line.category in bought)
    written_off = -total(line for line in lines if line.category is Category.DEPRECIATION)
    brought = total(line for line in lines if line.category is Category.RESIDUAL)
    book = (paid - written_off).sum(axis=1, keepdims=True)
    is_end = np.arange(brought.shape[1]) == brought.shape[1] - 1
    return np.asarray(brought - book * is_end)


def _interest(loan: Loan, fleet: Fleet, lines: tuple[Line, ...]) -> Floats:
    return _principal(loan, fleet, lines) * _schedule_from(loan, fleet)[2]
