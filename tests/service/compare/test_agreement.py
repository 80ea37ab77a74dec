"""A comparison agrees with the estimate of the same question: real planners, one revision."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.catalog.segment import segment_of
from service.catalog.snapshot import Snapshot
from service.compare.gpu_models import GpuModelComparison
from service.compare.offers import OfferComparison
from service.compare.planners import Planners
from service.compare.questions import GpuModelsQuestion, OffersQuestion, Ranking, WorkloadQuestion
from service.domain.constraints import Adjustment
from service.domain.errors import Precondition
from service.domain.money import Money
from service.domain.offer import PurchaseModel
from service.domain.workload import LatencyLimit, Objective, TrainingMethod
from service.encoding import OfferEncoder
from service.estimate.plan import TrainingPlan
from service.facts.baseline import load_baseline
from service.market.answers import Commitment, OfferPlacement, TrainingQuestion
from tests.builders import NOW
from tests.fakes import GPUS, RATES
from tests.service.compare.comparing import never_watched
from tests.service.market.questions import (
    H100,
    MARKET,
    a_load,
    a_run,
    serve,
    server,
    terms,
    train,
    trainer,
)

# Plans for every shape of two catalogues: tracing them would take most of the time.
pytestmark = pytest.mark.no_cover

BUNDLED = Snapshot(
    [
        segment_of(one, encode=OfferEncoder(with_json=True), now=NOW, is_baseline=True)
        for one in load_baseline()
    ],
    statuses={},
    now=NOW,
)
PLANNERS = Planners(train=trainer(), serve=server())
ON_SPOT = frozenset({PurchaseModel.ON_DEMAND, PurchaseModel.SPOT})

QUESTIONS: dict[str, WorkloadQuestion] = {
    "a run": a_run(),
    "a run on one GPU model": a_run(gpu_model=H100),
    "a run on so many GPUs": a_run(gpu_model=H100, gpu_count=64),
    "a run that needs clusters": a_run("llama-3.1-70b", tokens=10**12),
    "a run with a deadline": a_run(deadline=timedelta(hours=24)),
    "a run of adapters with data": a_run(method=TrainingMethod.QLORA, dataset_gb=500.0),
    "a run in a budget": a_run(terms=terms(budget=Money(amount=Decimal(2500)))),
    "a run with every way of buying": a_run(terms=terms(purchase_models=frozenset(PurchaseModel))),
    "a run on spot": a_run(terms=terms(purchase_models=ON_SPOT)),
    "a load on spot": a_load(requests_per_second=20.0, terms=terms(purchase_models=ON_SPOT)),
    "a fast run": a_run(objective=Objective.TIME),
    "a fast run on one GPU model": a_run(objective=Objective.TIME, gpu_model=H100),
    "a fast run in a budget": a_run(
        objective=Objective.TIME, terms=terms(budget=Money(amount=Decimal(2500)))
    ),
    "a fast run that needs clusters": a_run(
        "llama-3.1-70b", tokens=10**12, objective=Objective.TIME
    ),
    "a load at a rate": a_load(requests_per_second=20.0),
    "a load at a rate in several nodes": a_load("llama-3.1-70b", requests_per_second=20.0),
    "a load with limits": a_load(
        requests_per_second=20.0, latency=LatencyLimit(min_tokens_per_second_per_user=40.0)
    ),
    "a load of so many users": a_load(concurrency=64),
    "an offline load": a_load(is_offline=True),
    "an offline load of a large model": a_load("llama-3.1-70b", is_offline=True),
    "an offline load on one GPU model": a_load(is_offline=True, gpu_model=H100),
}


def estimated(question: WorkloadQuestion, snapshot: Snapshot) -> Any:
    if isinstance(question, TrainingQuestion):
        return train(question, snapshot)
    return serve(question, snapshot)


def compared(question: WorkloadQuestion, snapshot: Snapshot, **more: Any) -> Any:
    comparison = OfferComparison(
        planners=PLANNERS, rates=lambda: RATES, history=never_watched
    ).answer
    is_fast = question.placement.objective is Objective.TIME
    ranking = Ranking.TIME if is_fast else Ranking.COST
    asked = OffersQuestion(workload=question, ranking=ranking, most_placements=1000, **more)
    return comparison(asked, snapshot=snapshot, now=NOW)


def facts(one: OfferPlacement) -> Any:
    """All of a placement but its odds, which are among those that are shown."""
    return (
        one.row.offer_id,
        one.plan,
        one.node_count,
        one.cost,
        one.dollars_per_gpu_hour,
        one.line_items,
        one.is_proven,
    )


def committed(one: Commitment) -> Any:
    return one.row.offer_id, one.term, one.dollars, one.used_share


def best_of_each(placements: Sequence[OfferPlacement], question: WorkloadQuestion) -> list[Any]:
    """The best placement of each GPU model, or of each provider of the one that is asked for."""
    found: dict[str, Any] = {}
    for one in placements:
        key = one.row.provider if question.placement.gpu_model else one.plan.gpu_model_id
        found.setdefault(key, facts(one))
    return list(found.values())


@pytest.mark.parametrize("snapshot", [MARKET, BUNDLED], ids=["market", "bundled"])
@pytest.mark.parametrize("name", QUESTIONS)
def test_placements_are_those_of_the_estimate(name: str, snapshot: Snapshot) -> None:
    question = QUESTIONS[name]
    estimate, comparison = estimated(question, snapshot), compared(question, snapshot)
    shown = [one.placement for one in comparison.placements]
    count = len(estimate.market.placements)
    assert count
    # Proven placements of any GPU model come first in both; then the order is by cost alone.
    assert best_of_each(shown, question)[:count] == [
        facts(one) for one in estimate.market.placements
    ]
    assert comparison.rejected == estimate.market.rejected
    assert [committed(one.commitment) for one in comparison.commitments] == [
        committed(one) for one in estimate.market.commitments
    ]
    for use in estimate.market.offers_used:
        (same,) = [one for one in shown if one.row.offer_id == use.row.offer_id]
        assert same.cost.p50 == float(use.dollars)


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_first_gpu_model_is_the_best_of_the_estimate(name: str) -> None:
    question = QUESTIONS[name]
    best = estimated(question, BUNDLED).market.placements[0]
    comparison = GpuModelComparison(
        planners=PLANNERS, gpus=GPUS, measured_families=frozenset(), rates=lambda: RATES
    )
    asked = GpuModelsQuestion(workload=question)
    first = comparison.for_workload(asked, snapshot=BUNDLED, now=NOW).gpu_models[0]
    assert (first.offer_id, first.cost, first.gpu_count) == (
        best.row.offer_id,
        best.cost,
        best.plan.gpu_count,
    )


RUNS: dict[str, dict[str, Any]] = {
    "small": {},
    "adapters": {"method": TrainingMethod.QLORA},
    "long": {"tokens": 10**12},
    "large": {"model": "llama-3.1-70b"},
    "large and long": {"model": "llama-3.1-70b", "tokens": 10**12},
    "longer than the usual deadline": {"tokens": 10**14, "max_gpu_count": 64},
    "on one GPU model": {"gpu_model": H100},
    "on few GPUs": {"max_gpu_count": 4, "method": TrainingMethod.QLORA},
    "in a budget": {"terms": terms(budget=Money(amount=Decimal(1500)))},
    "with a deadline": {"deadline": timedelta(hours=72)},
}


@pytest.mark.parametrize("snapshot", [MARKET, BUNDLED], ids=["market", "bundled"])
@pytest.mark.parametrize("name", RUNS)
def test_what_is_fastest_is_as_sure_as_what_is_cheapest_and_takes_no_longer(
    name: str, snapshot: Snapshot
) -> None:
    fast = train(a_run(objective=Objective.TIME, **RUNS[name]), snapshot).market.placements
    cheap = train(a_run(**RUNS[name]), snapshot).market.placements
    assert fast[0].is_proven >= cheap[0].is_proven
    for one in cheap:
        if one.is_proven == fast[0].is_proven:
            assert wall_hours(fast[0]) <= wall_hours(one)


def wall_hours(placement: OfferPlacement) -> float:
    assert isinstance(placement.plan, TrainingPlan)
    return placement.plan.wall_hours.p75


def test_our_own_prices_count_alike() -> None:
    ours = (
        Adjustment(provider="two", discount=Decimal("0.3")),
        Adjustment(provider="three", credit=Decimal(1000), committed_gpu_count=8),
    )
    own = terms()
    for question in (a_run, a_load):
        adjusted = question(terms=type(own)(constraints=own.constraints, adjustments=ours))
        best = estimated(adjusted, MARKET).market.placements[0]
        assert facts(compared(adjusted, MARKET).placements[0].placement) == facts(best)


@pytest.mark.parametrize(
    "question",
    [
        a_run("llama-3.1-70b", max_gpu_count=1),
        a_run(terms=terms(budget=Money(amount=Decimal(1)))),
    ],
)
def test_where_the_estimate_finds_nothing_the_comparison_says_why(question: Any) -> None:
    with pytest.raises(Precondition):
        estimated(question, MARKET)
    comparison = compared(question, MARKET)
    assert not comparison.placements
    assert sum(one.count for one in comparison.rejected) == MARKET.offer_count
