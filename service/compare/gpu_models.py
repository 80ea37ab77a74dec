"""GPU models by price and performance: for a workload, or by the prices of hours alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import numpy as np

from service.catalog.caveats import caveats_of
from service.catalog.masks import Rates
from service.catalog.snapshot import Snapshot
from service.compare.answers import ComparedGpuModel, GpuModelsAnswer, HourlyPrices, UnitPrices
from service.compare.feasible import Feasible, within_reason
from service.compare.hourly import hourly_prices, in_stock, nanos_per_gpu_hour
from service.compare.order import first_by
from service.compare.planners import Planners
from service.compare.questions import GpuModelsQuestion, HourlyQuestion, WorkloadQuestion
from service.domain.caveat import Caveat
from service.domain.gpu import GpuModel, GpuRegistry
from service.domain.money import divided
from service.domain.precision import Precision
from service.domain.workload import LatencyLimit, Objective
from service.estimate.band import Band
from service.estimate.plan import NoPlan, ServingPlan, TrainingPlan
from service.facts.software_evidence import load_software_evidence
from service.market.answers import (
    InferenceQuestion,
    Rejection,
    Terms,
    TrainingQuestion,
)
from service.market.eligibility import superseded
from service.market.joined import assumptions_of
from service.market.market_caveats import no_offers
from service.market.misfits import nearest_to_fitting
from service.market.rejections import Exclusion, in_order
from service.market.selection import Selection, select
from service.market.serving import token_costs
from service.market.sheet import Pick

_DIGITS = 6
_TERA_PER_PETA = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cheapest:
    """The best row of a GPU model, what it is ordered by, and the cost of its output.

    `hours` are 0 unless the fastest is looked for.
    """

    number: int
    offer_id: str
    plan: TrainingPlan | ServingPlan
    cost: Band
    tier: int
    hours: float
    merit: float

    @property
    def place(self) -> tuple[int, float, float, str]:
        """Where it stands among those of other GPU models: the surest capacity first."""
        return self.tier, self.hours, self.merit, self.offer_id

    @property
    def per_output(self) -> float:
        """Dollars of the whole for one unit a second of what is served; 0 of training."""
        if not isinstance(self.plan, ServingPlan):
            return 0.0
        return self.cost.p50 / self.plan.serving_capacity.p50


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuModelComparison:
    """Compares GPU models. `measured_families` are those that the calibration has rows of."""

    planners: Planners
    gpus: GpuRegistry
    measured_families: frozenset[str]
    rates: Callable[[], Rates]

    def for_workload(
        self, question: GpuModelsQuestion, *, snapshot: Snapshot, now: datetime
    ) -> GpuModelsAnswer:
        """Compare by the cheapest placement of a workload, or the fastest where it asks for that.

        Placements of proven capacity come before others. Offers with a commitment have no place
        here, and are counted under PURCHASE_MODEL.
        """
        feasible = self._feasible(question.workload, snapshot, now)
        workload = feasible.question
        cheapest = _cheapest(feasible)
        relaxed = self._relaxed(workload, snapshot, now)
        refusals = _refusals(feasible)
        terms = workload.terms
        usable = feasible.selection.pick
        usable = usable.where(~superseded(usable))
        nanos = nanos_per_gpu_hour(usable, terms.adjustments, today=now.date())
        hourly, stocks = hourly_prices(usable, nanos), in_stock(usable)
        compared = [
            self._compared(
                gpu_model,
                prices,
                question.precision,
                in_stock=stocks.get(gpu_model, ()),
                outcome=_outcome(cheapest.get(gpu_model), refusals.get(gpu_model), workload),
                saving=_saving(cheapest.get(gpu_model), relaxed.get(gpu_model)),
            )
            for gpu_model, prices in hourly.items()
        ]
        places = {name: one.place[:3] for name, one in cheapest.items()}
        last = (np.inf, np.inf, np.inf)
        compared.sort(
            key=lambda one: (*places.get(one.gpu_model, last), not one.fits, one.gpu_model)
        )
        best = _best(cheapest)
        numbers = [one.number for one in cheapest.values()]
        if best is not None:
            numbers = [best.number, *(one for one in numbers if one != best.number)]
        return GpuModelsAnswer(
            gpu_models=tuple(compared),
            rejected=_with_committed(feasible.rejections, feasible.selection, snapshot),
            assumptions=(
                *question.assumptions,
                *(terms.assumptions if best is None else assumptions_of(terms, best.plan)),
            ),
            caveats=feasible.caveats(numbers),
            relaxed_latency_saving=_saving(best, _best(relaxed)),
        )

    def by_hour(
        self, question: HourlyQuestion, *, snapshot: Snapshot, now: datetime
    ) -> GpuModelsAnswer:
        """Compare by the prices of hours, the lowest first."""
        terms = Terms(constraints=question.constraints, adjustments=question.adjustments)
        selection = select(snapshot, terms, gpu_model=None, rates=self.rates(), now=now)
        bundled = superseded(selection.pick)
        usable = selection.pick.where(~bundled)
        nanos = nanos_per_gpu_hour(usable, terms.adjustments, today=now.date())
        hourly, stocks = hourly_prices(usable, nanos), in_stock(usable)
        compared = [
            self._compared(
                gpu_model,
                prices,
                question.precision,
                in_stock=stocks.get(gpu_model, ()),
                outcome=_Outcome(fits=True),
                saving=None,
            )
            for gpu_model, prices in hourly.items()
        ]
        compared.sort(key=lambda one: (one.hourly.lowest, one.gpu_model))
        rejected = _with_bundled(selection, usable, snapshot)
        return GpuModelsAnswer(
            gpu_models=tuple(compared),
            rejected=_with_committed(rejected, selection, snapshot),
            assumptions=question.assumptions,
            caveats=(
                *selection.caveats,
                *(() if compared else (no_offers(rejected),)),
                *_caveats_of_rows(usable, snapshot),
            ),
            relaxed_latency_saving=None,
        )

    def _feasible(self, workload: WorkloadQuestion, snapshot: Snapshot, now: datetime) -> Feasible:
        return within_reason(
            workload, planners=self.planners, snapshot=snapshot, rates=self.rates(), now=now
        )

    def _relaxed(
        self, workload: WorkloadQuestion, snapshot: Snapshot, now: datetime
    ) -> Mapping[str, _Cheapest]:
        """Return the cheapest without latency limits; nothing where there are none to drop."""
        if not isinstance(workload, InferenceQuestion):
            return {}
        if workload.workload.latency == LatencyLimit():
            return {}
        relaxed = replace(workload, workload=replace(workload.workload, latency=LatencyLimit()))
        return _cheapest(self._feasible(relaxed, snapshot, now))

    def _compared(
        self,
        gpu_model: str,
        hourly: HourlyPrices,
        precision: Precision,
        *,
        in_stock: tuple[str, ...],
        outcome: "_Outcome",
        saving: float | None,
    ) -> ComparedGpuModel:
        model = self.gpus.find(gpu_model)
        return ComparedGpuModel(
            gpu_model=gpu_model,
            fits=outcome.fits,
            reason=outcome.reason,
            cost=outcome.cost,
            wall_hours=outcome.wall_hours,
            cost_per_million_tokens=outcome.cost_per_million_tokens,
            gpu_count=outcome.gpu_count,
            offer_id=outcome.offer_id,
            is_proven=outcome.is_proven,
            hourly=hourly,
            units=_units(model, hourly.lowest, precision),
            watts=None if model is None else model.power_watts,
            in_stock_providers=in_stock,
            is_measured=(
                model is not None and model.family in self.measured_families
                if outcome.is_measured is None
                else outcome.is_measured
            ),
            note="" if model is None else _note(model),
            relaxed_latency_saving=saving,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What came of a workload on a GPU model; `is_measured` is None without a plan."""

    fits: bool
    reason: str = ""
    cost: Band | None = None
    wall_hours: Band | None = None
    cost_per_million_tokens: Band | None = None
    gpu_count: int = 0
    offer_id: str = ""
    is_proven: bool = False
    is_measured: bool | None = None


def _outcome(
    cheapest: _Cheapest | None, refusals: list[NoPlan] | None, workload: WorkloadQuestion
) -> _Outcome:
    """Say what came of it; `refusals` are those of all its shapes, None where one has a plan."""
    if cheapest is None:
        if refusals:
            return _Outcome(fits=False, reason=_reason(refusals))
        return _Outcome(fits=True, reason="it fits, but the constraints leave no offer")
    plan = cheapest.plan
    return _Outcome(
        fits=True,
        cost=cheapest.cost,
        wall_hours=plan.wall_hours if isinstance(plan, TrainingPlan) else None,
        cost_per_million_tokens=_per_million(workload, plan, cheapest.cost),
        gpu_count=plan.gpu_count,
        offer_id=cheapest.offer_id,
        is_proven=not cheapest.tier,
        is_measured=plan.is_measured,
    )


def _reason(refusals: list[NoPlan]) -> str:
    nearest = nearest_to_fitting(refusals)
    advice = f"; the smallest change that fits: {nearest.smallest_change}"
    return nearest.message + (advice if nearest.smallest_change else "")


def _refusals(feasible: Feasible) -> Mapping[str, list[NoPlan]]:
    """Return what keeps the workload from GPU models that none of their shapes has a plan for."""
    selection = feasible.selection
    found: dict[str, list[NoPlan]] = {}
    fitting: set[str] = set()
    for at in np.unique(selection.shape_of_lot[selection.pick.lots]).tolist():
        gpu_model, plan = selection.shapes[at].gpu_model, feasible.plans[at]
        if isinstance(plan, NoPlan):
            found.setdefault(gpu_model, []).append(plan)
        else:
            fitting.add(gpu_model)
    return {name: refusals for name, refusals in found.items() if name not in fitting}


def _per_million(
    workload: WorkloadQuestion, plan: TrainingPlan | ServingPlan, cost: Band
) -> Band | None:
    if isinstance(workload, TrainingQuestion) or not isinstance(plan, ServingPlan):
        return None
    costs = token_costs(workload.workload, plan, cost.times(1 / workload.hours_per_month))
    return None if costs is None else costs.blended


def _cheapest(feasible: Feasible) -> Mapping[str, _Cheapest]:
    """Return the best row of each GPU model: the surest capacity first, then by cost.

    By time before cost where that is what the workload looks for.
    """
    pick, tiers = feasible.pick, feasible.tiers
    if not feasible.count:
        return {}
    # Lots of one GPU model adjoin.
    models = pick.sheet.gpu_model[pick.lots]
    heads = np.flatnonzero(np.diff(models, prepend=-1))
    begins = pick.starts[heads].tolist()
    is_fast = feasible.question.placement.objective is Objective.TIME
    keys = feasible.by_time() if is_fast else feasible.by_cost()
    found: dict[str, _Cheapest] = {}
    for begin, end in zip(begins, [*begins[1:], pick.at.size], strict=True):
        surest = tiers[begin:end].min()
        at = begin + np.flatnonzero(tiers[begin:end] == surest)
        number = int(first_by(keys, at, 1)[0])
        plan = feasible.plan_of(number)
        found[plan.gpu_model_id] = _Cheapest(
            number=number,
            offer_id=feasible.itemized(number).row.offer_id,
            plan=plan,
            cost=feasible.cost_of(number),
            tier=int(surest),
            hours=feasible.time_of(number) if is_fast else 0.0,
            merit=float(feasible.merit[number]),
        )
    return found


def _best(cheapest: Mapping[str, _Cheapest]) -> _Cheapest | None:
    return min(cheapest.values(), key=lambda one: one.place, default=None)


def _saving(limited: _Cheapest | None, relaxed: _Cheapest | None) -> float | None:
    """Return the share of a token's cost that is saved without limits; None where one has none."""
    if limited is None or relaxed is None or limited.per_output <= 0:
        return None
    return 1 - relaxed.per_output / limited.per_output


def _units(model: GpuModel | None, lowest: Decimal, precision: Precision) -> UnitPrices:
    if model is None:
        return UnitPrices(per_pflop_hour=None, per_gb_vram_hour=None, per_gbps_hour=None)
    peak = dict(model.dense_peaks).get(precision)
    return UnitPrices(
        per_pflop_hour=_over(lowest * _TERA_PER_PETA, peak),
        per_gb_vram_hour=_over(lowest, Decimal(model.vram_gb)),
        per_gbps_hour=_over(lowest, model.memory_bandwidth_gb_per_second),
    )


def _over(dollars: Decimal, figure: Decimal | None) -> Decimal | None:
    return None if figure is None else divided(dollars, figure, digits=_DIGITS)


def _note(model: GpuModel) -> str:
    evidence = load_software_evidence().get(model.vendor)
    return "" if evidence is None else evidence.note(model.vendor)


def _with_committed(
    rejected: tuple[Rejection, ...], selection: Selection, snapshot: Snapshot
) -> tuple[Rejection, ...]:
    """Count the offers with a commitment among those of an unwanted way of buying."""
    committed = selection.committed
    if not committed.at.size:
        return rejected
    first = int(committed.sheet.rows[committed.at].min())
    reason, count = Exclusion.PURCHASE_MODEL.value, committed.at.size
    example = f"offers/{snapshot.names[first]}"
    others = tuple(one for one in rejected if one.reason != reason)
    for one in rejected:
        if one.reason == reason:
            count, example = count + one.count, one.example
    return in_order((*others, Rejection(reason=reason, count=count, example=example)))


def _with_bundled(selection: Selection, usable: Pick, snapshot: Snapshot) -> tuple[Rejection, ...]:
    """Count the bundled prices that live ones supersede."""
    every = selection.pick
    count = every.at.size - usable.at.size
    if not count:
        return selection.rejected
    left_out = np.setdiff1d(every.at, usable.at, assume_unique=True)
    example = f"offers/{snapshot.names[int(every.sheet.rows[left_out].min())]}"
    bundled = Rejection(reason=Exclusion.BASELINE.value, count=count, example=example)
    return in_order((*selection.rejected, bundled))


def _caveats_of_rows(pick: Pick, snapshot: Snapshot) -> tuple[Caveat, ...]:
    """Return the caveats of rows; those of one provider are alike, so one of each is looked at."""
    _, firsts = np.unique(pick.column("provider"), return_index=True)
    numbers = pick.sheet.rows[pick.at[firsts]].tolist()
    return caveats_of(snapshot, snapshot.rows.chosen(numbers))
