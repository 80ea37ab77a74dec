"""Workloads, plans and comparisons on the offers of a test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from service.catalog.snapshot import Snapshot
from service.compare.answers import OffersAnswer
from service.compare.feasible import Feasible
from service.compare.gpu_models import GpuModelComparison
from service.compare.offers import OfferComparison
from service.compare.planners import Planners
from service.compare.providers import ProviderComparison
from service.compare.questions import OffersQuestion
from service.domain.constraints import OfferConstraints
from service.domain.history import ModelHistory
from service.domain.offer import Offer
from service.domain.workload import InferenceWorkload, LatencyLimit, Placement, TrainingWorkload
from service.estimate.band import Band
from service.estimate.plan import NoPlan, ServingPlan, TrainingPlan
from service.market.answers import InferenceQuestion, TrainingQuestion
from service.market.merit import work_of
from service.market.need import SAME_WORK, Need, Shape
from tests.builders import NOW, an_architecture
from tests.estimates import a_serving_plan, a_training_plan
from tests.fakes import GPUS, RATES, a_catalog
from tests.service.market.joining import A100, H100, terms_of

HOURS: Mapping[str, Band] = {
    H100: Band(p10=70.0, p50=100.0, p90=150.0),
    A100: Band(p10=140.0, p50=200.0, p90=300.0),
}


@dataclass
class FakePlans:
    """Eight GPUs for anything: 100 hours on H100, 200 on A100; a month where it is served."""

    gpu_count: int = 8
    refused: Mapping[str, NoPlan] = field(default_factory=dict[str, NoPlan])
    serving: dict[str, Any] = field(default_factory=dict[str, Any])
    limited_gpu_count: int = 24
    asked: int = 0

    def planned(self, question: Any, shapes: Sequence[Shape]) -> Any:
        """Plan for some shapes."""
        self.asked += 1
        plans = [self._plan(question, shape) for shape in shapes]
        needs = [None if isinstance(plan, NoPlan) else self._need(question, plan) for plan in plans]
        return plans, needs

    def _plan(self, question: Any, shape: Shape) -> TrainingPlan | ServingPlan | NoPlan:
        if shape.gpu_model in self.refused:
            return self.refused[shape.gpu_model]
        same: dict[str, Any] = {
            "gpu_model_id": shape.gpu_model,
            "gpus_per_node": shape.gpus_per_node,
            "gpu_count": self.gpu_count,
        }
        if isinstance(question, TrainingQuestion):
            return a_training_plan(wall_hours=HOURS[shape.gpu_model], **same)
        if question.workload.latency != LatencyLimit():
            same["gpu_count"] = self.limited_gpu_count
        return a_serving_plan(**(same | self.serving))

    def _need(self, question: Any, plan: TrainingPlan | ServingPlan) -> Need:
        hours, work = Band.exact(730.0), SAME_WORK
        if isinstance(plan, TrainingPlan):
            hours = plan.wall_hours
        else:
            work = work_of(question.workload, plan)
        return Need(
            gpu_count=plan.gpu_count,
            node_count=-(-plan.gpu_count // plan.gpus_per_node),
            hours=hours,
            joins_nodes=plan.gpu_count > plan.gpus_per_node,
            work=work,
            is_measured=plan.is_measured,
        )


def a_run(*, placement: Placement | None = None, **terms: Any) -> TrainingQuestion:
    """Build a training run."""
    return TrainingQuestion(
        workload=TrainingWorkload(architecture=an_architecture(), tokens=10**10),
        placement=placement or Placement(),
        terms=terms_of(**terms),
    )


def a_load(*, placement: Placement | None = None, **workload: Any) -> InferenceQuestion:
    """Build a serving load of 16 users, unless it is given otherwise."""
    given: dict[str, Any] = {"input_tokens": 1000, "output_tokens": 500}
    if not {"requests_per_second", "is_offline"} & set(workload):
        given["concurrency"] = 16
    return InferenceQuestion(
        workload=InferenceWorkload(architecture=an_architecture(), **(given | workload)),
        placement=placement or Placement(),
        terms=terms_of(),
    )


def planners(plans: FakePlans | None = None) -> Planners:
    """Build planners."""
    plans = plans or FakePlans()
    return Planners(train=plans, serve=plans)


def never_watched(_: str) -> ModelHistory:
    """Return the history of a GPU model that nobody watched."""
    return ModelHistory(watched={})


def compared(
    offers: Sequence[Offer] | Snapshot,
    question: OffersQuestion | None = None,
    *,
    plans: FakePlans | None = None,
    history: Any = never_watched,
) -> OffersAnswer:
    """Compare offers for a run, unless another question is given."""
    snapshot = offers if isinstance(offers, Snapshot) else a_catalog(*offers)
    comparison = OfferComparison(planners=planners(plans), rates=lambda: RATES, history=history)
    return comparison.answer(question or asked(), snapshot=snapshot, now=NOW)


def asked(workload: Any = None, **question: Any) -> OffersQuestion:
    """Build a question of offers."""
    return OffersQuestion(workload=workload or a_run(), **question)


def feasible(offers: Sequence[Offer], workload: Any = None, **more: Any) -> Feasible:
    """Find where a workload can be placed."""
    return Feasible(
        workload or a_run(),
        planners=planners(more.pop("plans", None)),
        snapshot=a_catalog(*offers),
        rates=RATES,
        now=NOW,
        **more,
    )


def gpu_models(plans: FakePlans | None = None) -> GpuModelComparison:
    """Build the comparison of GPU models."""
    return GpuModelComparison(
        planners=planners(plans),
        gpus=GPUS,
        measured_families=frozenset({"H100"}),
        rates=lambda: RATES,
    )


def providers(history: Any = never_watched) -> ProviderComparison:
    """Build the comparison of providers."""
    return ProviderComparison(rates=lambda: RATES, history=history)


def constrained(question: Any, **constraints: Any) -> Any:
    """Return a workload with constraints."""
    terms = replace(question.terms, constraints=OfferConstraints(**constraints))
    return replace(question, terms=terms)


def ids(answer: OffersAnswer) -> list[str]:
    """Return the offers of the placements in their order."""
    return [one.placement.row.offer_id for one in answer.placements]


def rejected(answer: Any) -> dict[str, int]:
    """Return how many offers fell out, by reason."""
    return {one.reason: one.count for one in answer.rejected}
