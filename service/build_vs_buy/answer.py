"""One option of the answer: what it costs in the base case and over the draws."""

from collections.abc import Iterator
from dataclasses import dataclass

from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.cash_flow import Category, Flows
from service.build_vs_buy.finops import CostLine
from service.build_vs_buy.inputs import OptionKind
from service.build_vs_buy.overrides import Exclusion
from service.build_vs_buy.scene import Scene
from service.build_vs_buy.uncertainty import Band, Prospect
from service.build_vs_buy.value import cash_peak, levelized_cost, present_value


@dataclass(frozen=True, slots=True, kw_only=True)
class CashFlow:
    """One category in one month; what is paid is negative. Month 0 is the day of the decision."""

    month: int
    category: Category
    nominal: float
    discounted: float
    is_cash: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option.

    `npv` and `levelized_cost` (money for a useful GPU-hour, positive) are those of the base case,
    with bands over the draws. `cash_peak` is the most that is out of pocket at any time,
    `useful_gpu_hours` the work over the horizon. An option with `exclusions` is no choice and does
    not compete.
    """

    kind: OptionKind
    npv: float
    npv_band: Band
    levelized_cost: float
    levelized_cost_band: Band
    probability_cheapest: float
    regret: float
    cash_peak: float
    useful_gpu_hours: float
    cash_flows: tuple[CashFlow, ...]
    cost_lines: tuple[CostLine, ...]
    exclusions: tuple[Exclusion, ...]


def levelized(flows: Flows, scene: Scene, npv: Floats) -> Floats:
    """Return the cost of a useful GPU-hour in every draw with any, from flows and their value."""
    return levelized_cost(npv, present_value(flows.delivered_gpu_hours, scene.factors))


def option_of(
    prospect: Prospect,
    flows: Flows,
    scene: Scene,
    *,
    levelized_cost_band: Band,
    cost_lines: tuple[CostLine, ...],
    exclusions: tuple[Exclusion, ...],
) -> Option:
    """Return the option from its flows in a scene of one draw, the base case."""
    cash = flows.cash()
    npv = present_value(cash, scene.factors)
    return Option(
        kind=prospect.kind,
        npv=float(npv[0]),
        npv_band=prospect.npv,
        levelized_cost=float(levelized(flows, scene, npv)[0]),
        levelized_cost_band=levelized_cost_band,
        probability_cheapest=prospect.probability_cheapest,
        regret=prospect.regret,
        cash_peak=cash_peak(cash[0]),
        useful_gpu_hours=float(flows.delivered_gpu_hours.sum()),
        cash_flows=tuple(_cash_flows(flows, scene)),
        cost_lines=cost_lines,
        exclusions=exclusions,
    )


def _cash_flows(flows: Flows, scene: Scene) -> Iterator[CashFlow]:
    """Walk the flows that are not zero, by month within a line."""
    factors = scene.factors[0]
    for category in Category:
        for month, nominal in enumerate(flows.of(category)[0].tolist()):
            if nominal:
                yield CashFlow(
                    month=month,
                    category=category,
                    nominal=nominal,
                    discounted=nominal * float(factors[month]),
                    is_cash=category.is_cash,
                )
