"""Every feasible placement of a workload over all offers, in order, and why each other one lost."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from service.catalog.masks import Rates
from service.catalog.snapshot import Snapshot
from service.compare.answers import CommitmentOption, ComparedPlacement, OffersAnswer
from service.compare.availability import Read, shares_by_place
from service.compare.data_source import unpriced
from service.compare.feasible import Feasible, Limits, within_reason
from service.compare.order import first_by
from service.compare.planners import Planners
from service.compare.questions import OffersQuestion, Ranking, WorkloadQuestion
from service.compare.reasons import why_not
from service.estimate.plan import ServingPlan
from service.market.answers import (
    Assumption,
    Commitment,
    OfferPlacement,
)
from service.market.commitments import commitments_of
from service.market.joined import assumptions_of
from service.market.spot import assumptions_on_spot


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferComparison:
    """Compares offers. `history` reads what the store keeps of a GPU model's stock."""

    planners: Planners
    rates: Callable[[], Rates]
    history: Read

    def answer(
        self, question: OffersQuestion, *, snapshot: Snapshot, now: datetime
    ) -> OffersAnswer:
        """Answer from one snapshot.

        Where nothing is feasible the answer has no placements, and says how many offers fell out
        for what. Raises Precondition PRICES_TOO_OLD when `max_age` leaves none.
        """
        ways = question.workload.terms.constraints.purchase_models
        feasible = within_reason(
            question.workload,
            planners=self.planners,
            snapshot=snapshot,
            rates=self.rates(),
            now=now,
            limits=Limits(
                min_availability_share=question.min_availability_share,
                data_source=question.data_source,
            ),
            shares=lambda gpu_model: shares_by_place(self.history, gpu_model, ways, now=now),
        )
        last = question.skip + question.most_placements
        first = best_numbers(feasible, question.ranking, last)
        best, numbers = (first[0] if first else None), first[question.skip :]
        placements = feasible.placements(numbers)
        selection = feasible.selection
        commitments = commitments_of(
            selection,
            feasible.needs,
            terms=feasible.question.terms,
            snapshot=snapshot,
            today=now.date(),
        )
        source = question.data_source
        return OffersAnswer(
            placements=(
                ()
                if best is None
                else _compared(feasible, numbers, placements, question.ranking, best=best)
            ),
            feasible_count=feasible.count,
            committed_count=selection.committed.at.size,
            rejected=feasible.rejections,
            commitments=tuple(_option(one, feasible, best) for one in commitments),
            assumptions=(*question.assumptions, *_assumptions(feasible.question, placements, now)),
            caveats=(
                *feasible.caveats(numbers, commitments),
                *((unpriced(source),) if source is not None and feasible.transfer is None else ()),
            ),
        )


def best_numbers(feasible: Feasible, ranking: Ranking, count: int) -> list[int]:
    """Return the first rows in order: those of surer capacity before all others."""
    keys = feasible.by_time() if ranking is Ranking.TIME else feasible.by_cost()
    kept = feasible.frontier if ranking is Ranking.FRONTIER else np.ones(feasible.count, np.bool_)
    found: list[int] = []
    for tier in np.unique(feasible.tiers):
        at = np.flatnonzero((feasible.tiers == tier) & kept)
        found.extend(first_by(keys, at, count - len(found)).tolist())
    return found


def _compared(
    feasible: Feasible,
    numbers: list[int],
    placements: tuple[OfferPlacement, ...],
    ranking: Ranking,
    *,
    best: int,
) -> tuple[ComparedPlacement, ...]:
    is_on_frontier = feasible.frontier
    is_best_measured = feasible.plan_of(best).is_measured
    least_cost = feasible.cost_for_work(best).p50
    found: list[ComparedPlacement] = []
    for number, one in zip(numbers, placements, strict=True):
        plan = one.plan
        reason = why_not(
            ranking,
            dearer=_over(float(feasible.merit[number]), float(feasible.merit[best])),
            slower=_over(feasible.time_of(number), feasible.time_of(best)),
            is_less_sure=bool(feasible.tiers[number] > feasible.tiers[best]),
            is_measured=plan.is_measured,
            is_best_measured=is_best_measured,
            counts_by_output=not feasible.charges.does_same_work,
        )
        over = _over(feasible.cost_for_work(number).p50, least_cost)
        found.append(
            ComparedPlacement(
                placement=one,
                is_on_frontier=bool(is_on_frontier[number]),
                why_not="" if number == best else reason,
                cost_over_best=over if math.isfinite(over) else None,
                time_per_output_token_ms=(
                    plan.time_per_output_token_ms if isinstance(plan, ServingPlan) else None
                ),
            )
        )
    return tuple(found)


def _over(value: float, best: float) -> float:
    """Return by which share a value is above the best; infinite where the best is nothing."""
    if best > 0:
        return value / best - 1
    return math.inf if value > 0 else 0.0


def _option(commitment: Commitment, feasible: Feasible, best: int | None) -> CommitmentOption:
    return CommitmentOption(
        commitment=commitment,
        gpu_model=commitment.row.offer.gpu_model,
        pays_off_after=None if best is None else _pays_off_after(commitment, feasible, best),
    )


def _pays_off_after(commitment: Commitment, feasible: Feasible, best: int) -> timedelta | None:
    """Return how long the workload has to last for the term to cost less than the best placement.

    On the commitment one run, or one month of the load, takes `used_share` of the term; at the
    best placement the same work costs its compute. The term is worth as many of them as it costs.
    """
    compute = float(feasible.itemized(best).lines[0].dollars)
    work = feasible.need_at(commitment.row).work.p50 / feasible.charges.need_of(best).work.p50
    if compute <= 0:
        return None
    share = float(commitment.dollars) / (compute * work) * commitment.used_share
    return commitment.term * share if share <= 1 else None


def _assumptions(
    question: WorkloadQuestion, placements: tuple[OfferPlacement, ...], now: datetime
) -> tuple[Assumption, ...]:
    if not placements:
        return question.terms.assumptions
    return (
        *assumptions_of(question.terms, placements[0].plan),
        *assumptions_on_spot((one.row for one in placements), today=now.date()),
    )
