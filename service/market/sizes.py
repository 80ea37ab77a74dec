"""On how many GPUs a run is planned where the fastest is looked for.

As many as may be used are the fastest, but few sources state that they are there. So each shape is
planned in several sizes, and the one counts whose best offer has the surest capacity; of equally
sure ones, the fastest. Offers that fall out (by the budget, say) do not speak for a size. Sizes are

- as many GPUs as may be used,
- as many as the largest known cluster of each shape has,
- as few as the objective COST takes: one node wherever that will do.

With the last among them, the best answer to TIME is at least as sure as that to COST, and where it
is as sure it takes no longer.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from service.catalog.snapshot import Snapshot
from service.domain.workload import Objective, Placement
from service.estimate.plan import NoPlan, ServingPlan, TrainingPlan
from service.market.answers import Terms
from service.market.eligibility import Eligible
from service.market.need import Need
from service.market.placements import Capacity, capacities
from service.market.selection import Selection

PlanT = TypeVar("PlanT", bound=TrainingPlan | ServingPlan | NoPlan)

_NO_OFFER = len(Capacity)
_COUNT = "gpuCount"
_FEWER = "fewer than may be used: those of the surest capacity within the constraints"


def in_surest_size(
    planned: Callable[[Placement], tuple[Sequence[PlanT], Sequence[Need | None]]],
    placement: Placement,
    selection: Selection,
    *,
    terms: Terms,
    snapshot: Snapshot,
    today: date,
) -> tuple[tuple[PlanT, ...], tuple[Need | None, ...]]:
    """Return the plans and needs of the selection's shapes, each in the size that counts.

    `planned` gives both for a placement. Unless the fastest is looked for and no count is given,
    they are those of the placement itself. A shape that has no offer left in any size has the plan
    of the smallest, or why there is none.

    Raises InvalidRequest for a budget in a currency without a rate.
    """
    if placement.objective is not Objective.TIME or placement.gpu_count is not None:
        plans, needs = planned(placement)
        return tuple(plans), tuple(needs)
    sizes = [planned(one) for one in _placements(placement, selection)]
    surest = np.array(
        [
            _surest(
                selection,
                Eligible(
                    selection,
                    plans,
                    needs,
                    terms=terms,
                    placement=placement,
                    snapshot=snapshot,
                    today=today,
                ),
            )
            for plans, needs in sizes
        ]
    )
    hours = np.array(
        [[np.inf if need is None else need.hours.p75 for need in needs] for _, needs in sizes]
    )
    # Sorting is stable: of equal sizes the first counts, which is the largest that may be used.
    best = np.lexsort((hours, surest), axis=0)[0] if selection.shapes else np.zeros(0, np.intp)
    best[surest.min(axis=0) == _NO_OFFER] = len(sizes) - 1
    chosen = best.tolist()
    return (
        tuple(_explained(sizes[size][0][at], size) for at, size in enumerate(chosen)),
        tuple(sizes[size][1][at] for at, size in enumerate(chosen)),
    )


def _placements(placement: Placement, selection: Selection) -> Iterable[Placement]:
    """Return the placement in each size, from what may be used to the least."""
    yield placement
    for most in sorted(_known_clusters(selection), reverse=True):
        if most < placement.max_gpu_count:
            yield replace(placement, max_gpu_count=most)
    yield replace(placement, objective=Objective.COST)


def _known_clusters(selection: Selection) -> set[int]:
    """Return the GPUs of the largest known cluster of several nodes of each shape that has one."""
    pick = selection.pick
    if not pick.at.size:
        return set()
    of_lots = np.maximum.reduceat(pick.sheet.joined_gpus[pick.at], pick.starts)
    largest = np.zeros(len(selection.shapes), of_lots.dtype)
    np.maximum.at(largest, selection.shape_of_lot[pick.lots], of_lots)
    nodes = np.array([shape.gpus_per_node for shape in selection.shapes])
    return set(largest[largest > nodes].tolist())


def _surest(selection: Selection, eligible: Eligible) -> NDArray[np.intp]:
    """Return the surest capacity of each shape's offers, `_NO_OFFER` where none is left."""
    pick = eligible.charges.pick
    found = np.full(len(selection.shapes), _NO_OFFER, np.intp)
    if pick.at.size:
        of_lots = np.minimum.reduceat(capacities(eligible.charges), pick.starts)
        np.minimum.at(found, selection.shape_of_lot[pick.lots], of_lots)
    return found


def _explained(plan: PlanT, size: int) -> PlanT:
    """Return a plan that says why it takes fewer GPUs than may be used, where it does."""
    if not size or isinstance(plan, NoPlan):
        return plan
    told = tuple((name, _FEWER if name == _COUNT else text) for name, text in plan.assumptions)
    return cast("PlanT", replace(plan, assumptions=told))
