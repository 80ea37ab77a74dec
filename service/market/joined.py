"""From a question's plans to its cost: every shape on offer is planned, then priced at once."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from service.catalog.masks import Rates
from service.catalog.snapshot import Snapshot
from service.domain.errors import Precondition, Reason
from service.domain.money import rounded
from service.domain.workload import Placement
from service.estimate.plan import Misfit, NoPlan, ServingPlan, TrainingPlan
from service.market.answers import Assumption, BaselineChange, MarketCost, Terms
from service.market.need import Need, Shape
from service.market.pricing import fixed_price, price
from service.market.selection import select

PlanT = TypeVar("PlanT", TrainingPlan, ServingPlan)

PLANS_KEPT = 16_384
"""So many plans a process keeps: those of some fifty questions over all shapes on offer."""

# What most servers of data centres hold (HGX and OAM boards, and PCIe servers alike).
_USUAL_GPUS_PER_NODE = 8
_PLANNER = "the plan"
_CENTS = 2


def usual_shape(placement: Placement, gpu_model: str) -> Shape:
    """Return the shape that is planned for where no offer states one."""
    wanted = placement.gpu_count or _USUAL_GPUS_PER_NODE
    return Shape(gpu_model=gpu_model, gpus_per_node=min(wanted, _USUAL_GPUS_PER_NODE))


def joined(
    *,
    snapshot: Snapshot,
    terms: Terms,
    placement: Placement,
    plan_of: Callable[[Shape], PlanT | NoPlan],
    need_of: Callable[[PlanT], Need],
    rates: Rates,
    now: datetime,
) -> tuple[PlanT, MarketCost]:
    """Return the plan of the cheapest placement and what the market asks for it.

    A GPU model that nobody offers still has its plan, without a cost. Raises Precondition
    DOES_NOT_FIT where no shape has a plan, and NO_MATCHING_OFFERS where all GPU models were
    searched and no offer may be used.
    """
    if terms.dollars_per_gpu_hour is not None and placement.gpu_model is not None:
        plan = _fitting(plan_of(usual_shape(placement, placement.gpu_model)))
        return plan, fixed_price(need_of(plan), terms.dollars_per_gpu_hour)
    selection = select(snapshot, terms, gpu_model=placement.gpu_model, rates=rates, now=now)
    plans = [plan_of(shape) for shape in selection.shapes]
    needs = [None if isinstance(plan, NoPlan) else need_of(plan) for plan in plans]
    market = price(
        selection, plans, needs, terms=terms, placement=placement, snapshot=snapshot, now=now
    )
    fitting = [plan for plan in plans if not isinstance(plan, NoPlan)]
    if market.placements:
        best = market.placements[0].plan
        return next(plan for plan in fitting if plan is best), market
    if fitting:
        return min(fitting, key=lambda plan: plan.gpu_count), market
    if plans:
        raise does_not_fit([plan for plan in plans if isinstance(plan, NoPlan)])
    if placement.gpu_model is None:
        raise _no_offers(market)
    return _fitting(plan_of(usual_shape(placement, placement.gpu_model))), market


def assumptions_of(terms: Terms, plan: TrainingPlan | ServingPlan) -> tuple[Assumption, ...]:
    """Return what was assumed in reading the question, then in planning."""
    planned = (
        Assumption(name=name, value=value, source=_PLANNER) for name, value in plan.assumptions
    )
    return (*terms.assumptions, *planned)


def change_of(
    market: MarketCost, before: MarketCost, *, gpu_hours: float, baseline_gpu_hours: float
) -> BaselineChange:
    """Compare with a baseline.

    Of two answers from one calibration the ratio of the middles is free of the error that both
    share, so a change of 10 % shows inside a band of 50 %.
    """
    return BaselineChange(
        cost_change=market.cost.p50 / before.cost.p50 - 1 if market.cost and before.cost else None,
        gpu_hours_change=gpu_hours / baseline_gpu_hours - 1,
        baseline_dollars=(
            None if before.cost is None else rounded(Decimal(before.cost.p50), digits=_CENTS)
        ),
    )


def no_figures(gpu_model: str) -> NoPlan:
    """Say that a GPU model's bandwidth or peaks are not published."""
    return NoPlan(
        misfit=Misfit.NO_FIGURES,
        message=f"no bandwidth or peak of gpuModels/{gpu_model} is published",
    )


def does_not_fit(refusals: Sequence[NoPlan]) -> Precondition:
    """Build the error of a workload without a plan, by the refusal that is nearest to fitting."""
    nearest = min(refusals, key=_distance)
    metadata = {
        "constraint": nearest.misfit.value,
        "needed": f"{nearest.needed:.6g}",
        "limit": f"{nearest.limit:.6g}",
        "unit": nearest.unit,
        "smallestChange": nearest.smallest_change,
    }
    advice = f"; the smallest change that fits: {nearest.smallest_change}"
    return Precondition(
        Reason.DOES_NOT_FIT,
        nearest.message + (advice if nearest.smallest_change else ""),
        metadata={key: value for key, value in metadata.items() if value},
    )


def _distance(refusal: NoPlan) -> tuple[bool, float]:
    # What can be mended by one change comes first, then what is nearest to its limit.
    excess = refusal.needed / refusal.limit if refusal.limit > 0 else float("inf")
    return not refusal.smallest_change, max(excess, 1 / excess if excess else float("inf"))


def _fitting(plan: PlanT | NoPlan) -> PlanT:
    if isinstance(plan, NoPlan):
        raise does_not_fit([plan])
    return plan


def _no_offers(market: MarketCost) -> Precondition:
    counts = ", ".join(f"{one.reason} {one.count}" for one in market.rejected)
    return Precondition(
        Reason.NO_MATCHING_OFFERS,
        f"no offer may be used; rejected: {counts or 'none is listed'}",
        metadata={"rejected": counts} if counts else {},
    )
