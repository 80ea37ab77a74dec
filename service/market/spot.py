"""What interruptions add to the hours of a workload on spot capacity.

A chance q a month of being taken back is lambda = -ln(1 - q) / 730 interruptions an hour of each
node. A training run stops as a whole, so each interruption of any of its n nodes costs all of them
half a checkpoint interval, the restart and the wait for another machine:

    hours = hours without interruptions x (1 + n lambda lost)

Of a serving load the other nodes go on; one that was taken back is missing for restart and wait,
for which others are rented: hours of nodes x (1 + lambda lost).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import TypeVar, cast

import numpy as np

from service.catalog.snapshot import Row
from service.domain.figure import Figure
from service.domain.offer import HOURS_PER_MONTH, PurchaseModel
from service.estimate.band import Band
from service.estimate.plan import Misfit, NoPlan, ServingPlan, TrainingPlan
from service.facts.judgements import (
    SPOT_CHECKPOINT_INTERVAL_HOURS,
    SPOT_REQUEUE_WAIT_HOURS,
    SPOT_RESTART_HOURS,
)
from service.facts.spot import load_spot_offers, monthly_interruption
from service.market.answers import Assumption, InferenceQuestion, TrainingQuestion
from service.market.need import Need, Shape
from service.market.selection import Selection
from service.market.sheet import is_any_of

PlanT = TypeVar("PlanT", bound=TrainingPlan | ServingPlan | NoPlan)
SpotKey = tuple[int, str]
"""A shape by its number, and the provider; "" for all of which nothing of their own is known."""


def overhead(interruption: Figure, *, node_count: int, lost_hours: float) -> Band:
    """Return by how much hours grow when any of some nodes is taken back, as a factor."""

    def factor(chance: float) -> float:
        per_hour = -math.log1p(-chance) / HOURS_PER_MONTH
        return 1 + node_count * per_hour * lost_hours

    return Band(
        p10=factor(interruption.low), p50=factor(interruption.base), p90=factor(interruption.high)
    )


def spot_keys(selection: Selection) -> tuple[tuple[SpotKey, ...], Selection]:
    """Give spot lots shapes of their own, behind the others; return what each of these is.

    What is known of interruptions differs by GPU model, and by provider for the few that the
    table has.
    """
    pick = selection.pick
    ways = pick.rule("purchase_model")
    lots = pick.lots[is_any_of(ways, "purchase_model", {PurchaseModel.SPOT})]
    if not lots.size:
        return (), selection
    stated = {offer.provider for offer in load_spot_offers()}
    words = pick.sheet.words("provider")
    named = np.array([at if word in stated else -1 for at, word in enumerate(words)], np.intp)
    # Both in one number: -1 is no provider.
    codes = named[pick.sheet.rule("provider")[lots]] + 1
    numbers = selection.shape_of_lot[lots] * (len(words) + 1) + codes
    kinds, kind_of_lot = np.unique(numbers, return_inverse=True)
    keys = tuple(
        (shape, words[code - 1] if code else "")
        for shape, code in (divmod(kind, len(words) + 1) for kind in kinds.tolist())
    )
    shape_of_lot = selection.shape_of_lot.copy()
    shape_of_lot[lots] = len(selection.shapes) + kind_of_lot
    shapes = (*selection.shapes, *(selection.shapes[shape] for shape, _ in keys))
    return keys, replace(selection, shapes=shapes, shape_of_lot=shape_of_lot)


def interrupted(
    planned: tuple[Sequence[PlanT], Sequence[Need | None]],
    shapes: Sequence[Shape],
    keys: Sequence[SpotKey],
    question: TrainingQuestion | InferenceQuestion,
    *,
    today: date,
) -> tuple[tuple[PlanT, ...], tuple[Need | None, ...]]:
    """Return the plans and needs of keys, with interruptions in their hours.

    A run that is then too long for its deadline has no plan there.
    """
    plans: list[PlanT] = []
    needs: list[Need | None] = []
    for shape, provider in keys:
        plan, need = planned[0][shape], planned[1][shape]
        interruption = _interruption(shapes[shape].gpu_model, provider, today)
        if interruption is not None and need is not None and not isinstance(plan, NoPlan):
            slower, need = _interrupted(plan, need, interruption, question)
            plan = cast("PlanT", slower)
        plans.append(plan)
        needs.append(need)
    return tuple(plans), tuple(needs)


def with_interruptions(
    planned: tuple[Sequence[PlanT], Sequence[Need | None]],
    shapes: Sequence[Shape],
    keys: Sequence[SpotKey],
    question: TrainingQuestion | InferenceQuestion,
    *,
    today: date,
) -> tuple[tuple[PlanT, ...], tuple[Need | None, ...]]:
    """Return the plans and needs of shapes, with interruptions in those of keys, the last ones."""
    plans, needs = planned
    calm = len(shapes) - len(keys)
    on_spot = interrupted(planned, shapes, keys, question, today=today)
    return (*plans[:calm], *on_spot[0]), (*needs[:calm], *on_spot[1])


def assumptions_on_spot(rows: Iterable[Row], *, today: date) -> tuple[Assumption, ...]:
    """Return what is assumed of the spot capacity among some offers, each once."""
    found: dict[Assumption, None] = {}
    for row in rows:
        offer = row.offer
        if offer.purchase_model is PurchaseModel.SPOT:
            found |= dict.fromkeys(spot_assumptions(offer.gpu_model, offer.provider, today=today))
    return tuple(found)


def spot_assumptions(gpu_model: str, provider: str, *, today: date) -> tuple[Assumption, ...]:
    """Return what is assumed of a provider's spot capacity of a GPU model."""
    interruption = _interruption(gpu_model, provider, today)
    if interruption is None:
        return ()
    name = f"spot.interruptionPerMonth of {gpu_model} at {provider}"
    span = f"{interruption.base:.3g} ({interruption.low:.3g} to {interruption.high:.3g})"
    return (
        Assumption(name=name, value=span, source=f"{interruption.source}, {interruption.date}"),
        *(
            Assumption(name=name, value=f"{one.base:g} h", source=one.source)
            for name, one in (
                ("spot.checkpointInterval", SPOT_CHECKPOINT_INTERVAL_HOURS),
                ("spot.restart", SPOT_RESTART_HOURS),
                ("spot.requeueWait", SPOT_REQUEUE_WAIT_HOURS),
            )
        ),
    )


def _interrupted(
    plan: TrainingPlan | ServingPlan,
    need: Need,
    interruption: Figure,
    question: TrainingQuestion | InferenceQuestion,
) -> tuple[TrainingPlan | ServingPlan | NoPlan, Need | None]:
    back = SPOT_RESTART_HOURS.base + SPOT_REQUEUE_WAIT_HOURS.base
    if not isinstance(question, TrainingQuestion) or isinstance(plan, ServingPlan):
        factor = overhead(interruption, node_count=1, lost_hours=back)
        return plan, replace(need, hours=need.hours.combined(factor))
    lost = SPOT_CHECKPOINT_INTERVAL_HOURS.base / 2 + back
    factor = overhead(interruption, node_count=need.node_count, lost_hours=lost)
    hours = need.hours.combined(factor)
    placement = question.placement
    if placement.deadline is not None:
        limit = placement.deadline.total_seconds() / 3600
        slowest = hours.at(placement.confidence)
        if slowest > limit:
            refusal = NoPlan(
                misfit=Misfit.DEADLINE,
                message=f"takes {slowest:.4g} h with interruptions of spot capacity",
                needed=slowest,
                limit=limit,
                unit="hours",
            )
            return refusal, None
    return replace(plan, wall_hours=hours), replace(need, hours=hours)


@lru_cache(maxsize=4096)
def _interruption(gpu_model: str, provider: str, today: date) -> Figure | None:
    return monthly_interruption(load_spot_offers(), gpu_model, provider=provider, today=today)
