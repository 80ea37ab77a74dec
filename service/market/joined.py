"""From a question's plans to its cost: every shape on offer is planned, then priced at once."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar

from service.catalog.masks import Rates
from service.catalog.snapshot import Snapshot
from service.domain.errors import Precondition, Reason
from service.domain.money import rounded
from service.domain.workload import Objective, Placement
from service.estimate.plan import NoPlan, ServingPlan, TrainingPlan
from service.market.answers import Assumption, BaselineChange, MarketCost, Terms
from service.market.billing import SET_UP
from service.market.misfits import does_not_fit
from service.market.need import Need, Shape
from service.market.plan_caveats import is_long_run
from service.market.pricing import fixed_price, price
from service.market.rejections import counts_text
from service.market.selection import Selection, select
from service.market.spot import SpotKey, assumptions_on_spot, spot_keys

PlanT = TypeVar("PlanT", TrainingPlan, ServingPlan)

QUESTIONS_KEPT = 16
"""So many questions keep their plans in a process: of 300 shapes about a megabyte each."""

# Instances are sold with these; most servers of data centres hold eight (HGX, OAM and PCIe alike).
_USUAL_NODES = (1, 2, 4, 8)
_PLANNER = "the plan"
_CENTS = 2


class Plans(Generic[PlanT]):
    """The plans of one question by shape, made when they are asked for and kept.

    They do not depend on prices, so a question that is asked again is only joined anew.
    """

    def __init__(self, plan_of: Callable[[Shape], PlanT | NoPlan]) -> None:
        self._plan_of: Callable[[Shape], PlanT | NoPlan] = plan_of
        self._found: dict[Shape, PlanT | NoPlan] = {}

    def of(self, shape: Shape) -> PlanT | NoPlan:
        """Return the plan for a shape, or why there is none."""
        found = self._found.get(shape)
        if found is None:
            found = self._found[shape] = self._plan_of(shape)
        return found


def usual_plan(plans: Plans[PlanT], placement: Placement, gpu_model: str) -> PlanT:
    """Return the plan where no offer states how many GPUs a node has.

    The node is the smallest of usual size that does it alone, without a run that is longer than
    any that was measured; where none does, one of eight GPUs, or of `gpu_count` when that is less.
    Where the fastest is looked for it is the largest of usual size that may be used.
    Raises Precondition DOES_NOT_FIT.
    """
    most = min(placement.gpu_count or _USUAL_NODES[-1], _USUAL_NODES[-1])
    if placement.gpu_count is None and placement.objective is Objective.TIME:
        most = max(size for size in _USUAL_NODES if size <= placement.max_gpu_count)
    elif placement.gpu_count is None:
        for size in _USUAL_NODES[:-1]:
            plan = plans.of(Shape(gpu_model=gpu_model, gpus_per_node=size))
            if not isinstance(plan, NoPlan) and plan.gpu_count <= size and not is_long_run(plan):
                return plan
    shape = Shape(gpu_model=gpu_model, gpus_per_node=most)
    return _fitting(shape, plans.of(shape))


def joined(
    *,
    snapshot: Snapshot,
    terms: Terms,
    placement: Placement,
    plans: Plans[PlanT],
    need_of: Callable[[PlanT], Need],
    planned: Callable[
        [Selection, Sequence[SpotKey]], tuple[Sequence[PlanT | NoPlan], Sequence[Need | None]]
    ],
    rates: Rates,
    now: datetime,
) -> tuple[PlanT, MarketCost]:
    """Return what the market asks for a question, and the plan that the middle of it rests on.

    `planned` gives the plans and needs of the shapes on offer, the last of them those of spot keys;
    `plans` and `need_of` serve where
    there is no offer. A GPU model that nobody offers still has its plan, without a cost.

    Raises Precondition DOES_NOT_FIT where no shape has a plan, and NO_MATCHING_OFFERS where all GPU
    models were searched and no offer may be used; ValueError for a fixed price without a GPU model.
    """
    gpu_model = placement.gpu_model
    if terms.dollars_per_gpu_hour is not None:
        if gpu_model is None:
            raise ValueError("a price of a GPU-hour is of one GPU model")
        plan = usual_plan(plans, placement, gpu_model)
        return plan, fixed_price(need_of(plan), terms.dollars_per_gpu_hour)
    keys, selection = spot_keys(select(snapshot, terms, gpu_model=gpu_model, rates=rates, now=now))
    found, needs = planned(selection, keys)
    market = price(
        selection, found, needs, terms=terms, placement=placement, snapshot=snapshot, now=now
    )
    if market.middle_shape is not None:
        middle = market.middle_shape
        return _fitting(selection.shapes[middle], found[middle]), market
    # Nothing can be bought. A GPU model that was asked for is planned for all the same.
    fitting = [plan for plan in found if not isinstance(plan, NoPlan)]
    if gpu_model is not None:
        return fitting[0] if fitting else usual_plan(plans, placement, gpu_model), market
    if found and not fitting:
        raise does_not_fit(
            [(s, p) for s, p in zip(selection.shapes, found, strict=True) if isinstance(p, NoPlan)],
            left_out=selection.rejected,
        )
    raise _no_offers(market)


def assumptions_with_spot(
    terms: Terms, plan: TrainingPlan | ServingPlan, market: MarketCost, now: datetime
) -> tuple[Assumption, ...]:
    """Return what was assumed, that of the spot capacity of the offers that are shown as well."""
    shown = (*(one.row for one in market.placements), *(use.row for use in market.offers_used))
    return (
        *assumptions_of(terms, plan),
        *assumptions_on_spot(shown, today=now.date()),
    )


def assumptions_of(terms: Terms, plan: TrainingPlan | ServingPlan) -> tuple[Assumption, ...]:
    """Return what was assumed in reading the question, then in planning."""
    planned = (
        Assumption(name=name, value=value, source=_PLANNER) for name, value in plan.assumptions
    )
    return (*terms.assumptions, *planned, SET_UP)


def change_of(
    market: MarketCost,
    before: MarketCost,
    *,
    gpu_hours: float,
    baseline_gpu_hours: float,
    work: float = 1.0,
    baseline_work: float = 1.0,
) -> BaselineChange:
    """Compare with a baseline; costs have no ratio where there is none, or it costs nothing.

    `work` is what each gets done, where that differs: shares are then those of the same work.
    Of two answers from one calibration the ratio of the middles is free of the error that both
    share, so a change of 10 % shows inside a band of 50 %.
    """
    cost_change = None
    if market.cost is not None and before.cost is not None and before.cost.p50 > 0:
        cost_change = market.cost.p50 / before.cost.p50 * (baseline_work / work) - 1
    return BaselineChange(
        cost_change=cost_change,
        gpu_hours_change=gpu_hours / baseline_gpu_hours * (baseline_work / work) - 1,
        baseline_dollars=(
            None if before.cost is None else rounded(Decimal(before.cost.p50), digits=_CENTS)
        ),
    )


def _fitting(shape: Shape, plan: PlanT | NoPlan) -> PlanT:
    if isinstance(plan, NoPlan):
        raise does_not_fit([(shape, plan)])
    return plan


def _no_offers(market: MarketCost) -> Precondition:
    counts = counts_text(market.rejected)
    return Precondition(
        Reason.NO_MATCHING_OFFERS,
        f"no offer may be used; rejected: {counts or 'none is listed'}",
        metadata={"rejected": counts} if counts else {},
    )
