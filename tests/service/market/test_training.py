"""The use case of training, on the real planner and small markets."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.domain.constraints import Adjustment
from service.domain.errors import NotFound, Precondition, Reason
from service.domain.money import Money
from service.domain.workload import Objective, TrainingMethod
from service.estimate.calibration import load_calibration
from service.estimate.plan import TrainingPlan
from service.facts.accelerators import load_accelerators
from service.market.answers import OfferPlacement, Terms, TrainingAnswer, TrainingQuestion
from service.market.training import TrainingEstimator
from tests.builders import NOW
from tests.fakes import a_catalog
from tests.service.market.joining import an_h100_node, total
from tests.service.market.questions import (
    A100,
    H100,
    L4,
    MARKET,
    Counted,
    a_cluster,
    a_node,
    a_run,
    changed,
    terms,
    train,
)


def codes(answer: TrainingAnswer) -> list[str]:
    return [caveat.code.value for caveat in answer.caveats]


def names(answer: TrainingAnswer) -> list[str]:
    return [one.row.offer_id for one in answer.market.placements]


QUESTIONS = [
    a_run(gpu_model=H100, gpu_count=8),
    a_run(gpu_model=A100, gpu_count=64),
    a_run(),
    a_run("llama-2-70b", max_gpu_count=512),
    a_run(method=TrainingMethod.QLORA, tokens=10**7),
    a_run("stable-diffusion-1.5", images=10**7),
    a_run("bert-large", sequence_length=512, gpu_model=A100),
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_parts_of_an_answer_agree(question: TrainingQuestion) -> None:
    answer = train(question)
    market, plan = answer.market, answer.plan
    assert market.cost is not None
    (middle,) = [use for use in market.offers_used if use.role == "p50"]
    assert plan.gpu_model_id == middle.row.offer.gpu_model
    assert plan.gpus_per_node == middle.row.offer.gpu_count
    assert float(middle.dollars) == market.cost.p50
    assert total(market) == middle.dollars
    assert market.dollars_per_gpu_hour == middle.dollars_per_gpu_hour
    ideal = Decimal(plan.ideal_gpu_hours) * middle.dollars_per_gpu_hour
    assert answer.ideal_dollars == pytest.approx(ideal, abs=Decimal("0.01"))
    assert float(ideal) <= market.cost.p50
    assert plan.gpu_hours.p50 == pytest.approx(plan.wall_hours.p50 * plan.gpu_count)
    assert sum(one.probability_cheapest for one in market.placements) == pytest.approx(1)
    for one in market.placements:
        assert sum((line.dollars for line in one.line_items), Decimal(0)) == pytest.approx(
            Decimal(one.cost.p50), abs=Decimal("0.01")
        )
        assert one.node_count * one.plan.gpus_per_node >= one.plan.gpu_count


def test_a_search_has_three_gpu_models_and_one_model_three_providers() -> None:
    searched = train(a_run(method=TrainingMethod.QLORA, tokens=10**7))
    assert {one.plan.gpu_model_id for one in searched.market.placements} == {H100, A100, L4}
    asked = train(a_run(gpu_model=H100, gpu_count=8))
    assert [one.row.provider for one in asked.market.placements] == ["two", "one", "three"]


def test_a_run_on_several_nodes_is_best_where_a_cluster_is_known() -> None:
    answer = train(a_run(gpu_model=H100, gpu_count=64))
    assert names(answer)[0] == "three-h100-sxm-80gb-cluster"
    assert [one.is_proven for one in answer.market.placements] == [True, False, False]
    assert "UNPROVEN_CAPACITY" in codes(answer)


def test_with_the_objective_time_the_fastest_is_best_and_only_its_equals_are_the_market() -> None:
    market = a_catalog(
        a_node("one", H100, 1, "0.50"),
        a_cluster("two", H100, "4.00"),
        a_cluster("three", H100, "5.00"),
    )
    fields: dict[str, Any] = {"tokens": 10**9, "max_gpu_count": 64, "gpu_model": H100}
    fields["method"] = TrainingMethod.QLORA
    cheap = train(a_run(**fields), market)
    quick = train(a_run(objective=Objective.TIME, **fields), market)
    assert [one.row.provider for one in cheap.market.placements] == ["one", "two", "three"]
    assert [one.row.provider for one in quick.market.placements] == ["two", "three", "one"]
    hours = [hours_of(one) for one in quick.market.placements]
    assert hours == sorted(hours)
    assert (quick.plan.gpu_count, cheap.plan.gpu_count < 64) == (64, True)
    assert {use.row.provider for use in cheap.market.offers_used} == {"one", "two", "three"}
    assert {use.row.provider for use in quick.market.offers_used} == {"two", "three"}


def hours_of(placement: OfferPlacement) -> float:
    assert isinstance(placement.plan, TrainingPlan)
    return placement.plan.wall_hours.p75


def test_more_tokens_show_in_the_change_and_drown_in_no_band() -> None:
    before = a_run(gpu_model=H100, gpu_count=64)
    after = a_run(gpu_model=H100, gpu_count=64, tokens=11 * 10**9, baseline=before)
    answer = train(after)
    assert answer.change is not None
    assert answer.change.cost_change == pytest.approx(0.1, abs=0.005)
    assert answer.change.gpu_hours_change == pytest.approx(0.1, abs=0.005)
    base = train(before).market.cost
    assert base is not None
    assert float(answer.change.baseline_dollars or 0) == pytest.approx(base.p50, abs=0.01)
    assert base.p90 / base.p10 > 1.5


def test_a_gpu_that_nobody_offers_has_a_plan_and_no_cost() -> None:
    answer = train(a_run(gpu_model="h200-sxm-141gb"))
    assert answer.plan.gpu_model_id == "h200-sxm-141gb"
    assert (answer.market.cost, answer.ideal_dollars) == (None, None)
    assert "NO_MATCHING_OFFERS" in codes(answer)


def test_a_gpu_without_figures_is_not_planned_for() -> None:
    odd = an_h100_node("odd", gpu_model="nobody-knows", gpu_family="X")
    with pytest.raises(Precondition) as raised:
        train(a_run(), a_catalog(odd))
    assert raised.value.metadata["constraint"] == "NO_FIGURES"
    answer = train(a_run(gpu_count=8), a_catalog(odd, a_node("two", H100, 8, "3.00")))
    assert [one.plan.gpu_model_id for one in answer.market.placements] == [H100]


def test_a_named_offer_is_the_only_one_and_its_price_has_no_band() -> None:
    name = "two-h100-sxm-80gb-8x"
    answer = train(a_run(gpu_count=8, terms=Terms(constraints=terms().constraints, offer_id=name)))
    assert names(answer) == [name]
    assert [use.role for use in answer.market.offers_used] == ["named"]
    assert answer.market.cost is not None
    ratio = answer.market.cost.p90 / answer.market.cost.p50
    assert ratio == pytest.approx(answer.plan.wall_hours.p90 / answer.plan.wall_hours.p50, rel=1e-3)
    with pytest.raises(NotFound):
        train(a_run(terms=Terms(constraints=terms().constraints, offer_id="nothing")))


def test_a_fixed_price_needs_no_offer_and_charges_what_is_used() -> None:
    fixed = Terms(constraints=terms().constraints, dollars_per_gpu_hour=Decimal(2))
    answer = train(a_run(gpu_model=H100, gpu_count=64, terms=fixed), a_catalog())
    assert answer.market.cost is not None
    assert answer.market.cost.p50 == pytest.approx(2 * answer.plan.gpu_hours.p50)
    assert answer.ideal_dollars == pytest.approx(
        Decimal(answer.plan.ideal_gpu_hours * 2), abs=Decimal("0.01")
    )
    assert answer.market.offers_used == ()


def test_a_deadline_is_checked_at_the_confidence() -> None:
    for confidence in (0.5, 0.9):
        question = a_run(
            gpu_model=A100, tokens=10**11, deadline=timedelta(days=3), confidence=confidence
        )
        assert train(question).plan.wall_hours.at(confidence) <= 72
    sure = a_run(gpu_model=A100, tokens=10**11, deadline=timedelta(days=3))
    unsure = a_run(gpu_model=A100, tokens=10**11, deadline=timedelta(days=3), confidence=0.5)
    assert train(unsure).plan.gpu_count < train(sure).plan.gpu_count


def test_a_budget_is_checked_at_the_confidence() -> None:
    cost = train(a_run(gpu_model=H100, gpu_count=8)).market.placements[0].cost
    between = Money(amount=Decimal(str((cost.p50 + cost.p90) / 2)))
    question = a_run(gpu_model=H100, gpu_count=8, terms=terms(budget=between))
    assert train(question).market.cost is None
    question = a_run(gpu_model=H100, gpu_count=8, terms=terms(budget=between), confidence=0.5)
    assert names(train(question))[0] == "two-h100-sxm-80gb-8x"


def test_a_search_under_an_impossible_budget_says_what_fell_out() -> None:
    with pytest.raises(Precondition) as raised:
        train(a_run(terms=terms(budget=Money(amount=Decimal("0.01")))))
    assert raised.value.reason is Reason.NO_MATCHING_OFFERS
    assert "BUDGET" in raised.value.metadata["rejected"]


def test_credit_that_covers_all_is_no_division_by_zero() -> None:
    paid = Terms(
        constraints=terms().constraints,
        adjustments=tuple(
            Adjustment(provider=name, credit=Decimal(10**9)) for name in ("one", "two", "three")
        ),
    )
    question = a_run(gpu_model=H100, gpu_count=8, terms=paid, baseline=a_run(terms=paid))
    answer = train(question)
    assert answer.market.cost is not None
    assert answer.market.cost.p90 == 0
    assert answer.change is not None
    assert answer.change.cost_change is None


@pytest.mark.parametrize(
    ("method", "gigabytes"), [(TrainingMethod.FULL, 16.06), (TrainingMethod.LORA, 0.084)]
)
def test_what_was_trained_is_sent_out_once(method: TrainingMethod, gigabytes: float) -> None:
    offer = a_node("aws", H100, 8, "3.00")
    answer = train(a_run(gpu_count=8, method=method), a_catalog(offer))
    (line,) = [one for one in answer.market.line_items if one.label == "egress"]
    assert float(line.basis.split(" ")[0]) == pytest.approx(gigabytes, rel=0.01)


def test_egress_that_is_asked_for_replaces_the_default() -> None:
    fields = Terms(constraints=terms().constraints, egress_gb=1000.0)
    answer = train(a_run(gpu_count=8, terms=fields), a_catalog(a_node("aws", H100, 8, "3.00")))
    (line,) = [one for one in answer.market.line_items if one.label == "egress"]
    assert line.basis.startswith("1,000 GB")


def test_data_and_kept_checkpoints_are_stored_for_the_run() -> None:
    offers = a_catalog(a_node("aws", H100, 8, "3.00"))
    few = train(a_run(gpu_count=8, kept_checkpoint_count=1), offers)
    many = train(a_run(gpu_count=8, kept_checkpoint_count=5, dataset_gb=100.0), offers)
    (less,), (more,) = (
        [one.dollars for one in answer.market.line_items if one.label == "storage"]
        for answer in (few, many)
    )
    gb = few.plan.checkpoint_bytes / 1e9
    assert float(more / less) == pytest.approx((5 * gb + 100) / gb)


MISFITS = [
    a_run(gpu_model=L4, gpu_count=1),
    a_run(gpu_model=H100, gpu_count=1),
    a_run("llama-3.1-70b", gpu_model=A100, gpu_count=8),
    a_run("llama-3.1-70b", gpu_model=H100, max_gpu_count=8),
    a_run("gpt-3-175b", gpu_model=A100, gpu_count=16),
    a_run(gpu_model=A100, gpu_count=8, tokens=10**12, deadline=timedelta(days=3)),
    a_run(gpu_model=H100, max_gpu_count=64, tokens=10**12, deadline=timedelta(days=3)),
    a_run(gpu_model=A100, gpu_count=8, precision="FP8"),
    a_run("mixtral-8x7b", gpu_model=A100, gpu_count=8),
    a_run("llama-2-7b", gpu_model=L4, gpu_count=4),
    a_run("llama-2-13b", gpu_model=L4, gpu_count=1, method=TrainingMethod.LORA),
    a_run("stable-diffusion-1.5", images=10**9, gpu_model=A100, gpu_count=8,
          deadline=timedelta(days=3)),
    a_run("llama-3.1-405b", max_gpu_count=16),
]  # fmt: skip


@pytest.mark.parametrize("question", MISFITS)
def test_the_smallest_change_that_is_named_really_fits(question: TrainingQuestion) -> None:
    with pytest.raises(Precondition) as raised:
        train(question)
    error = raised.value
    assert error.reason is Reason.DOES_NOT_FIT
    assert error.metadata["constraint"]
    assert error.metadata["smallestChange"]
    train(changed(question, error.metadata["smallestChange"]))


def test_a_question_that_is_asked_again_is_not_planned_again() -> None:
    accelerators = Counted(load_accelerators())
    fresh = TrainingEstimator(
        accelerators=accelerators, calibration=load_calibration().training, rates=dict
    )
    question = a_run(gpu_model=H100, gpu_count=8)
    first = fresh.answer(question, snapshot=MARKET, now=NOW).market.cost
    planned = accelerators.planned
    assert planned > 0
    other = a_catalog(a_node("one", H100, 8, "9.00"))
    dearer = fresh.answer(question, snapshot=other, now=NOW).market.cost
    assert accelerators.planned == planned
    assert first is not None
    assert dearer is not None
    assert dearer.p50 > first.p50
    fresh.answer(a_run(gpu_model=H100, gpu_count=8, tokens=1), snapshot=other, now=NOW)
    assert accelerators.planned > planned


def test_an_open_question_is_answered_within_the_usual_deadline() -> None:
    market = a_catalog(a_node("one", H100, 1, "2.00"), a_cluster("two", H100, "4.00"))
    answer = train(a_run(tokens=10**12, gpu_model=H100), market)
    days = answer.plan.wall_hours.p90 / 24
    assert 60 < days <= 120
    assert [one.row.provider for one in answer.market.placements] == ["two"]
    (deadline,) = [one for one in answer.assumptions if one.name == "constraints.deadline"]
    assert deadline.value == "120 days"
    assert "LONG_RUN" not in codes(answer)


def test_what_nothing_finishes_in_time_is_answered_all_the_same() -> None:
    market = a_catalog(a_node("one", H100, 1, "2.00"))
    lora = a_run(tokens=10**12, gpu_model=H100, method=TrainingMethod.LORA)
    answer = train(lora, market)
    assert (answer.plan.gpu_count, names(answer)) == (1, ["one-h100-sxm-80gb-1x"])
    assert "LONG_RUN" in codes(answer)
    assert not [one for one in answer.assumptions if one.name == "constraints.deadline"]


def test_a_request_that_says_how_many_gpus_or_how_long_has_no_usual_deadline() -> None:
    for given in (
        {"gpu_count": 8},
        {"deadline": timedelta(days=400)},
        {"objective": Objective.TIME, "deadline": timedelta(days=400)},
    ):
        answer = train(a_run(tokens=10**9, gpu_model=H100, **given))
        assert not [one for one in answer.assumptions if one.name == "constraints.deadline"]


def test_the_rule_of_thumb_is_priced_beside_the_full_count() -> None:
    answer = train(a_run(gpu_model=H100, gpu_count=8))
    assert answer.ideal_dollars is not None
    assert answer.rule_of_thumb_dollars is not None
    ratio = answer.plan.rule_of_thumb_flops / answer.plan.flops
    assert float(answer.rule_of_thumb_dollars / answer.ideal_dollars) == pytest.approx(
        ratio, rel=1e-4
    )
    assert ratio != 1
