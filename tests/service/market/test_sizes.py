"""On how many GPUs the fastest run is planned, on the real planner and small markets."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.domain.constraints import OfferConstraints
from service.domain.errors import Precondition
from service.domain.money import Money
from service.domain.offer import Fabric, Offer, PurchaseModel
from service.domain.workload import Objective, Placement
from service.estimate.plan import NoPlan, TrainingPlan
from service.market.answers import Terms, TrainingAnswer
from service.market.need import Need
from service.market.selection import select
from service.market.sizes import in_surest_size
from tests.builders import NOW
from tests.fakes import RATES, a_catalog
from tests.service.market.questions import A100, H100, a_node, a_run, terms, train, trainer


def a_known_cluster(provider: str, gpus: int, price: str) -> Offer:
    return a_node(provider, H100, 8, price, fabric=Fabric.INFINIBAND, max_cluster_gpu_count=gpus)


def fastest(*offers: Offer, **fields: Any) -> TrainingAnswer:
    return train(a_run(objective=Objective.TIME, **fields), a_catalog(*offers))


def found(answer: TrainingAnswer) -> list[tuple[str, int, bool]]:
    return [
        (one.row.provider, one.plan.gpu_count, one.is_proven) for one in answer.market.placements
    ]


def count_text(answer: TrainingAnswer) -> str:
    return dict(answer.plan.assumptions)["gpuCount"]


def test_one_node_goes_before_more_that_no_source_states() -> None:
    answer = fastest(a_node("one", H100, 2, "2.00"), a_node("two", H100, 8, "3.00"))
    assert found(answer) == [("two", 8, True)]
    assert count_text(answer).startswith("fewer than may be used")


def test_a_known_cluster_is_used_as_far_as_it_goes() -> None:
    offers = (a_node("one", H100, 8, "2.00"), a_known_cluster("two", 64, "3.00"))
    answer = fastest(*offers)
    assert found(answer) == [("two", 64, True)]
    answer = fastest(*offers, max_gpu_count=32)
    assert found(answer) == [("two", 32, True)]
    assert count_text(answer).startswith("the most that may be used")


def test_the_largest_known_cluster_goes_before_smaller_ones() -> None:
    answer = fastest(a_known_cluster("one", 64, "2.00"), a_known_cluster("two", 128, "3.00"))
    assert found(answer)[0] == ("two", 128, True)


def test_a_cluster_beyond_the_budget_does_not_decide() -> None:
    budget = terms(budget=Money(amount=Decimal(2500)))
    offers = (a_known_cluster("dear", 64, "9.00"), a_node("two", H100, 8, "2.00"))
    assert found(fastest(*offers)) == [("dear", 64, True)]
    assert found(fastest(*offers, terms=budget)) == [("two", 8, True)]


def test_where_one_node_does_not_do_as_many_as_allowed_are_planned() -> None:
    answer = fastest(a_node("two", H100, 8, "2.00"), tokens=10**13, max_gpu_count=1024)
    assert found(answer) == [("two", 1024, False)]


def test_a_deadline_holds_in_every_size() -> None:
    day = timedelta(hours=24)
    answer = fastest(a_node("two", H100, 8, "2.00"), deadline=day, max_gpu_count=64)
    assert found(answer) == [("two", 64, False)]
    assert answer.plan.wall_hours.p90 <= 24


def test_a_named_offer_is_planned_in_its_surest_size() -> None:
    named = Terms(constraints=OfferConstraints(), offer_id="two-h100-sxm-80gb-8x")
    assert found(fastest(a_node("two", H100, 8, "2.00"), terms=named)) == [("two", 8, True)]


def test_a_fixed_price_is_of_as_many_gpus_as_may_be_used() -> None:
    fixed = Terms(constraints=OfferConstraints(), dollars_per_gpu_hour=Decimal(2))
    for most in (4, 8, 64):
        answer = fastest(gpu_model=H100, max_gpu_count=most, terms=fixed)
        assert answer.plan.gpu_count == most


def test_where_nothing_is_left_the_smallest_size_says_why() -> None:
    with pytest.raises(Precondition) as raised:
        fastest(a_node("two", A100, 8, "2.00"), model="llama-3.1-70b", max_gpu_count=8)
    assert raised.value.metadata["constraint"] == "MEMORY"
    assert raised.value.metadata["smallestChange"]


@pytest.mark.parametrize(
    "placement", [Placement(), Placement(objective=Objective.TIME, gpu_count=64)]
)
def test_other_questions_are_planned_once(placement: Placement) -> None:
    asked: list[Placement] = []
    run = a_run()

    def planned(one: Placement) -> tuple[Sequence[TrainingPlan | NoPlan], Sequence[Need | None]]:
        asked.append(one)
        return trainer().planned(replace(run, placement=one), selection.shapes)

    market = a_catalog(a_node("two", H100, 8, "2.00"))
    selection = select(market, run.terms, gpu_model=None, rates=RATES, now=NOW)
    plans, needs = in_surest_size(
        planned, placement, selection, terms=run.terms, snapshot=market, today=NOW.date()
    )
    assert asked == [placement]
    assert (len(plans), len(needs)) == (1, 1)


def test_a_market_without_offers_has_no_sizes() -> None:
    answer = fastest(gpu_model=H100, max_gpu_count=64)
    assert (answer.plan.gpu_count, answer.market.placements) == (64, ())


def test_commitments_alone_are_charged_for_the_smallest_size() -> None:
    term = a_node("two", A100, 8, "1.00", purchase_model=PurchaseModel.RESERVED_1Y)
    every = terms(purchase_models=frozenset(PurchaseModel))
    answer = fastest(a_node("one", H100, 8, "2.00"), term, terms=every)
    (commitment,) = answer.market.commitments
    assert commitment.dollars == Decimal(8 * 8760)
