"""The base case's costs under the names of FOCUS, to be joined to bills.

FinOps Open Cost and Usage Specification 1.1 (focus.finops.org, November 2024):
ListCost is the quantity at the list price, ContractedCost at our price without commitments,
EffectiveCost what is due for the use of the month with upfront payments spread, BilledCost what is
invoiced in the month. PricingCategory is Standard, Committed, Dynamic (spot) or Other.
CommitmentDiscountType is the provider's own word; here it says the term. What no provider bills
(servers, staff, power) has PricingCategory Other, and its four costs are the cash that it takes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.cash_flow import Category, Flows
from service.build_vs_buy.inputs import OptionKind
from service.build_vs_buy.renting import Rung, price_ratio, shortest_commit
from service.build_vs_buy.scene import Scene

STANDARD, COMMITTED, DYNAMIC, OTHER = "Standard", "Committed", "Dynamic", "Other"

_PRICING = {
    Category.ON_DEMAND: STANDARD,
    Category.RENT_BEFORE_DELIVERY: STANDARD,
    Category.RENT_IN_DOWNTIME: STANDARD,
    Category.TOKENS: STANDARD,
    Category.SPOT: DYNAMIC,
    Category.COMMITMENT: COMMITTED,
    Category.COMMITMENT_BEYOND_STOCK: COMMITTED,
}
_AT_THE_RENTAL_PRICE = frozenset(_PRICING) - {Category.TOKENS, Category.SPOT}


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One category of one option in one month; costs are positive, what is earned negative."""

    option: OptionKind
    month: int
    category: Category
    list_cost: float
    contracted_cost: float
    effective_cost: float
    billed_cost: float
    pricing_category: str
    commitment_discount_type: str


def cost_lines(
    kind: OptionKind, flows: Flows, scene: Scene, *, spread: Flows, rung: Rung | None
) -> tuple[CostLine, ...]:
    """Return the lines of an option in the first draw of a scene, zeros left out.

    `spread` are the same flows with upfront payments spread over their terms; `rung` is the
    commitment in them, if there is one.
    """
    return tuple(_cost_lines(kind, flows, scene, spread, rung))


def _cost_lines(
    kind: OptionKind, flows: Flows, scene: Scene, spread: Flows, rung: Rung | None
) -> Iterator[CostLine]:
    for category in Category:
        billed = np.zeros(scene.months + 1) - flows.of(category)[0]
        effective = np.zeros(scene.months + 1) - spread.of(category)[0]
        if not category.is_cash or not billed.any():
            continue
        contracted = effective * _contract_over_effective(category, scene, rung)
        listed = contracted * _list_over_contract(category, scene)
        for month in np.flatnonzero((billed != 0) | (effective != 0)):
            yield CostLine(
                option=kind,
                month=int(month),
                category=category,
                list_cost=float(listed[month]),
                contracted_cost=float(contracted[month]),
                effective_cost=float(effective[month]),
                billed_cost=float(billed[month]),
                pricing_category=_PRICING.get(category, OTHER),
                commitment_discount_type=_commitment_type(category, scene, rung),
            )


def _contract_over_effective(category: Category, scene: Scene, rung: Rung | None) -> Floats:
    """Return the month's on-demand price over the price that a commitment pays, by month."""
    price = scene.price[0]
    if category is Category.COMMITMENT and rung is not None:
        term = rung.commit.term_months
        month = np.maximum(np.arange(scene.months + 1), 1)
        first_of_term = (month - 1) // term * term + 1
        return np.asarray(price / (price[first_of_term] * price_ratio(rung.commit, scene)[0]))
    if category is Category.COMMITMENT_BEYOND_STOCK:
        ratio = price_ratio(shortest_commit(scene.inputs), scene)[0]
        return np.asarray(np.ones_like(price) / ratio)
    return np.ones_like(price)


def _list_over_contract(category: Category, scene: Scene) -> float:
    rent = scene.inputs.rent
    if category not in _AT_THE_RENTAL_PRICE or rent.list_price_per_gpu_hour is None:
        return 1.0
    return rent.list_price_per_gpu_hour / rent.price_per_gpu_hour.base


def _commitment_type(category: Category, scene: Scene, rung: Rung | None) -> str:
    if category is Category.COMMITMENT and rung is not None:
        return f"{rung.commit.term_months} months"
    if category is Category.COMMITMENT_BEYOND_STOCK:
        return f"{shortest_commit(scene.inputs).term_months} months"
    return ""
