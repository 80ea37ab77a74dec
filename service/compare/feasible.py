"""The offers that a workload can be placed at, with what each costs and how long it takes."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from service.catalog.columns import Mask, Rows
from service.catalog.masks import Rates
from service.catalog.snapshot import Row, Snapshot
from service.compare.availability import Shares, lacks_share
from service.compare.data_source import transfer_line
from service.compare.order import Key, beaten_by, unbeaten
from service.compare.planners import Planned, Planners
from service.compare.questions import DataSource, WorkloadQuestion
from service.compare.times import times
from service.domain.caveat import Caveat
from service.domain.errors import InvalidRequest, Reason, Violation
from service.domain.money import Money
from service.domain.workload import Placement
from service.estimate.band import Band
from service.estimate.plan import NoPlan, ServingPlan, TrainingPlan
from service.market.answers import (
    Commitment,
    LineItem,
    OfferPlacement,
    Rejection,
    TrainingQuestion,
)
from service.market.charges import Charges
from service.market.eligibility import Eligible
from service.market.line_items import Itemized
from service.market.market_caveats import caveats_of_cost, no_offers
from service.market.merit import for_each, upper_quartiles
from service.market.need import Need
from service.market.odds import odds_of_lowest
from service.market.placements import capacities
from service.market.plan_caveats import serving_caveats, training_caveats
from service.market.rejections import Exclusion, in_order
from service.market.selection import select
from service.market.sheet import Pick
from service.market.shown import Shown
from service.market.sizes import in_surest_size
from service.market.spot import spot_keys
from service.market.tariffs import exact_dollars
from service.market.training import within_usual_deadline

_BY_CONFIDENCE = {0.5: "p50", 0.75: "p75", 0.9: "p90"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an offer has to meet beyond the terms of the workload."""

    min_availability_share: float | None = None
    data_source: DataSource | None = None


class Feasible:
    """Rows are named by their number in the pick. `question` is what was asked.

    `plans` and `needs` are by shape, those of spot offers among them; `rejected` are the offers
    that fell out. `transfer` is what bringing the data costs wherever they are not, None where
    there are none, or no price.
    """

    def __init__(
        self,
        question: WorkloadQuestion,
        *,
        planners: Planners,
        snapshot: Snapshot,
        rates: Rates,
        now: datetime,
        limits: Limits | None = None,
        shares: Shares | None = None,
    ) -> None:
        """Find them. Raises what `select` raises, and InvalidRequest for a budget without rate."""
        limits = limits or Limits()
        self.question, self._snapshot = question, snapshot
        terms, placement = question.terms, question.placement
        budget = terms.constraints.budget
        # What bringing the data costs belongs to the whole, so the budget is checked here.
        self._terms = replace(terms, constraints=replace(terms.constraints, budget=None))
        self._today = now.date()
        selection = select(
            snapshot, self._terms, gpu_model=placement.gpu_model, rates=rates, now=now
        )
        keys, self.selection = spot_keys(selection)

        def planned(asked: Placement) -> Planned:
            sized = question if asked is placement else replace(question, placement=asked)
            plans, needs = planners.planned(sized, selection.shapes)
            if not keys:
                return plans, needs
            on_spot = planners.on_spot(sized, selection.shapes, keys, self._today)
            return (*plans, *on_spot[0]), (*needs, *on_spot[1])

        self.plans, self.needs = in_surest_size(
            planned,
            placement,
            self.selection,
            terms=terms,
            snapshot=snapshot,
            today=self._today,
        )
        eligible = Eligible(
            self.selection,
            self.plans,
            self.needs,
            terms=self._terms,
            placement=placement,
            snapshot=snapshot,
            today=self._today,
        )
        self.charges = eligible.charges
        self.rejected: list[Rejection] = eligible.rejected
        self._source = limits.data_source
        self.transfer: LineItem | None = None
        if self._source is not None:
            self.transfer = transfer_line(self._source, snapshot, rates)
        if limits.min_availability_share is not None and shares is not None:
            self._leave_out(
                Exclusion.AVAILABILITY_SHARE,
                lacks_share(self.pick, shares, least=limits.min_availability_share),
            )
        if budget is not None:
            quantile = _BY_CONFIDENCE[placement.confidence]
            self._leave_out(
                Exclusion.BUDGET, self.dollars(quantile) > _dollars(budget, selection.rates)
            )

    @property
    def pick(self) -> Pick:
        """The rows that are left."""
        return self.charges.pick

    @property
    def count(self) -> int:
        """How many rows are left."""
        return self.pick.at.size

    @property
    def rejections(self) -> tuple[Rejection, ...]:
        """The offers that fell out, in the order in which reasons are tried."""
        return in_order(self.rejected)

    def dollars(self, quantile: str) -> NDArray[np.float64]:
        """Return the whole cost when the hours are at a quantile, by row."""
        if not self.count:
            return np.zeros(0)
        found = self.charges.dollars(quantile)
        if self.transfer is None:
            return found
        moved = np.where(self._is_elsewhere, self._transfer_dollars, 0.0)
        return np.asarray(found + self.pick.spread(moved))

    @cached_property
    def merit(self) -> NDArray[np.float64]:
        """The upper quartile of the cost of the same work, by row."""
        return upper_quartiles(self.charges, self.dollars)

    @cached_property
    def shapes(self) -> Rows:
        """The shape of each lot of the pick."""
        return self.selection.shape_of_lot[self.pick.lots]

    @cached_property
    def times(self) -> NDArray[np.float64]:
        """The upper quartile of the time, by shape."""
        return times(self.plans)

    @cached_property
    def tiers(self) -> NDArray[np.int8]:
        """How sure the capacity of each row is, 0 where it is proven."""
        return capacities(self.charges)

    @cached_property
    def shown(self) -> Shown:
        """The rows that are counted exactly."""
        return Shown(self.charges, snapshot=self._snapshot, rates=self.selection.rates)

    def by_cost(self) -> tuple[Key, ...]:
        """Return what rows are ordered by: cost, then measured plans first, then name."""
        return (lambda at: self.merit[at], *self._ties())

    def by_time(self) -> tuple[Key, ...]:
        """Return what rows are ordered by: time, then cost and what decides between equal ones."""
        return (lambda at: self.times[self._shape_of(at)], *self.by_cost())

    def shape_of(self, number: int) -> int:
        """Return the shape of a row."""
        return self.charges.shape_of(number)

    def plan_of(self, number: int) -> TrainingPlan | ServingPlan:
        """Return the plan at a row. Raises TypeError for one without."""
        plan = self.plans[self.shape_of(number)]
        if isinstance(plan, NoPlan):
            raise TypeError(f"a feasible row without a plan: {plan.message}")
        return plan

    def need_at(self, row: Row) -> Need:
        """Return the need at an offer that asks for a commitment. Raises ValueError without one."""
        sheet = self.pick.sheet
        place = sheet.place_of(bisect_left(self._snapshot.names, row.offer_id))
        need = self.needs[int(self.selection.shape_of_lot[sheet.lot_of[place]])]
        if need is None:
            raise ValueError(f"offers/{row.offer_id} is no commitment that holds the workload")
        return need

    def time_of(self, number: int) -> float:
        """Return the upper quartile of the time at a row."""
        return float(self.times[self.shape_of(number)])

    def cost_of(self, number: int) -> Band:
        """Return what a row costs, the transfer of the data included; its middle is exact."""
        band, line = self.shown.band(number), self._transfer_of(number)
        if line is None:
            return band
        moved = float(line.dollars)
        middle = float(self.shown.itemized(number).dollars + line.dollars)
        return Band(
            p10=min(band.p10 + moved, middle), p50=middle, p90=max(band.p90 + moved, middle)
        )

    def cost_for_work(self, number: int) -> Band:
        """Return what the same work costs at a row, the transfer of the data included."""
        return for_each(self.cost_of(number), self.charges.need_of(number).work)

    def lines_of(self, number: int) -> tuple[LineItem, ...]:
        """Return the lines of a row, which sum exactly to the middle of its cost."""
        line = self._transfer_of(number)
        return (*self.itemized(number).lines, *(() if line is None else (line,)))

    def itemized(self, number: int) -> Itemized:
        """Return what is charged at a row."""
        return self.shown.itemized(number)

    def placements(self, numbers: Sequence[int]) -> tuple[OfferPlacement, ...]:
        """Return rows as placements, each with its odds of being the cheapest of them."""
        costs = [self.cost_of(number) for number in numbers]
        plans = [self.plan_of(number) for number in numbers]
        odds = odds_of_lowest(
            [
                (plan.gpu_model_id, self.cost_for_work(number))
                for plan, number in zip(plans, numbers, strict=True)
            ]
        )
        found: list[OfferPlacement] = []
        for number, plan, cost, share in zip(numbers, plans, costs, odds, strict=True):
            items = self.itemized(number)
            found.append(
                OfferPlacement(
                    row=items.row,
                    plan=plan,
                    node_count=items.node_count,
                    cost=cost,
                    dollars_per_gpu_hour=items.dollars_per_gpu_hour,
                    line_items=self.lines_of(number),
                    is_proven=not self.tiers[number],
                    probability_cheapest=share,
                )
            )
        return tuple(found)

    def caveats(
        self, numbers: Sequence[int], commitments: Sequence[Commitment] = ()
    ) -> tuple[Caveat, ...]:
        """Return the caveats of rows that are shown, the best first, and of commitments."""
        selected = (*self.selection.caveats, *(() if self.count else (no_offers(self.rejections),)))
        unproven = [self.itemized(one).row for one in numbers if self.tiers[one]]
        return (
            *selected,
            *caveats_of_cost(
                self._snapshot, self.shown.every, unproven=unproven, commitments=commitments
            ),
            *(_plan_caveats(self.question, self.plan_of(numbers[0])) if numbers else ()),
        )

    @cached_property
    def frontier(self) -> Mask:
        """Which rows no other beats in both cost and time, with capacity at least as sure."""
        if not self.count:
            return np.zeros(0, np.bool_)
        pick, tiers, merit, times = self.pick, self.tiers, self.merit, self.times
        found = np.zeros(self.count, np.bool_)
        surer = np.full(len(self.plans), np.inf)
        for tier in np.unique(tiers):
            # Rows of one shape take the same time, so only the cheapest of each can be on it.
            lowest = self._lowest(np.where(tiers == tier, merit, np.inf))
            is_on = unbeaten(lowest, times) & ~beaten_by(lowest, times, surer, times)
            bound = pick.spread(np.where(is_on, lowest, -np.inf)[self.shapes])
            found |= (tiers == tier) & (merit == bound)
            surer = np.minimum(surer, lowest)
        return found

    def _lowest(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the lowest value of the rows of each shape; infinite without rows."""
        found = np.full(len(self.plans), np.inf)
        np.minimum.at(found, self.shapes, np.minimum.reduceat(values, self.pick.starts))
        return found

    def _ties(self) -> tuple[Key, ...]:
        is_unmeasured = np.array([need is None or not need.is_measured for need in self.needs])
        return (
            lambda at: is_unmeasured[self._shape_of(at)],
            lambda at: self.pick.sheet.rows[self.pick.at[at]],
        )

    def _shape_of(self, at: Rows) -> Rows:
        return self.shapes[np.searchsorted(self.pick.starts, at, side="right") - 1]

    @cached_property
    def _transfer_dollars(self) -> float:
        return 0.0 if self.transfer is None else float(self.transfer.dollars)

    @property
    def _is_elsewhere(self) -> Mask:
        words, pick = self.pick.sheet.words("provider"), self.pick
        if self._source is None or self._source.provider not in words:
            return np.ones(pick.lots.size, np.bool_)
        return np.asarray(pick.rule("provider") != words.index(self._source.provider))

    def _transfer_of(self, number: int) -> LineItem | None:
        if self._source is None or self.itemized(number).row.provider == self._source.provider:
            return None
        return self.transfer

    def _leave_out(self, reason: Exclusion, falling: Mask) -> None:
        count = int(np.count_nonzero(falling))
        if not count:
            return
        pick = self.pick
        first = int(pick.sheet.rows[pick.at[int(falling.argmax())]])
        example = f"offers/{self._snapshot.names[first]}"
        self.rejected.append(Rejection(reason=reason.value, count=count, example=example))
        self.charges = Charges(
            pick.where(~falling),
            self.selection,
            self.needs,
            terms=self._terms,
            today=self._today,
        )


def within_reason(
    question: WorkloadQuestion,
    *,
    planners: Planners,
    snapshot: Snapshot,
    rates: Rates,
    now: datetime,
    limits: Limits | None = None,
    shares: Shares | None = None,
) -> Feasible:
    """Find where a workload can be placed.

    As the estimate does, a run for which neither GPUs nor a time are asked for is looked for
    within the usual deadline first.
    """

    def found(asked: WorkloadQuestion) -> Feasible:
        return Feasible(
            asked,
            planners=planners,
            snapshot=snapshot,
            rates=rates,
            now=now,
            limits=limits,
            shares=shares,
        )

    if isinstance(question, TrainingQuestion):
        hurried = within_usual_deadline(question)
        if hurried is not None and (soon := found(hurried)).count:
            return soon
    return found(question)


def _plan_caveats(
    question: WorkloadQuestion, plan: TrainingPlan | ServingPlan
) -> tuple[Caveat, ...]:
    if isinstance(plan, ServingPlan):
        return serving_caveats(plan)
    if isinstance(question, TrainingQuestion):
        return training_caveats(question.workload, plan)
    return ()


def _dollars(budget: Money, rates: Rates) -> float:
    dollars = exact_dollars(budget, rates)
    if dollars is None:
        text = f"there is no exchange rate for {budget.currency_code}"
        raise InvalidRequest.of((Violation("constraints.budget", text, Reason.BAD_MONEY),))
    return float(dollars)
