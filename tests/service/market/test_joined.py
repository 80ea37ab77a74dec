"""Plans of a question, by shape, joined to what the market has."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.catalog.snapshot import Snapshot
from service.domain.errors import Precondition, Reason
from service.domain.workload import Placement
from service.estimate.band import Band
from service.estimate.plan import Misfit, NoPlan, TrainingPlan
from service.market.answers import MarketCost, Terms
from service.market.joined import Plans, change_of, joined, usual_plan
from service.market.need import Need, Shape
from service.market.selection import Selection
from service.market.spot import SpotKey
from tests.builders import NOW
from tests.estimates import a_band, a_market, a_training_plan
from tests.fakes import RATES, a_catalog
from tests.service.market.joining import A100, H100, a_need, an_a100_node, an_h100_node, terms_of

MISFIT = NoPlan(
    misfit=Misfit.MEMORY, message="too big", needed=90, limit=80, unit="GB", smallest_change="m=Q"
)


class Planner:
    """Plans every shape on one node, or refuses it; keeps what it was asked."""

    def __init__(self, *refused: str, hours: float = 100.0, gpus: int = 0) -> None:
        self.refused = refused
        self.hours = hours
        self.gpus = gpus
        self.asked: list[Shape] = []

    def __call__(self, shape: Shape) -> TrainingPlan | NoPlan:
        """Plan a shape."""
        self.asked.append(shape)
        if shape.gpu_model in self.refused:
            return MISFIT
        return a_training_plan(
            gpu_model_id=shape.gpu_model,
            gpus_per_node=shape.gpus_per_node,
            gpu_count=self.gpus or shape.gpus_per_node,
            wall_hours=a_band(self.hours),
        )


def ask(
    snapshot: Snapshot,
    planner: Planner,
    *,
    terms: Terms | None = None,
    plans: Plans[TrainingPlan] | None = None,
    **placement: Any,
) -> tuple[TrainingPlan, MarketCost]:
    def need_of(plan: TrainingPlan) -> Need:
        shape = Shape(gpu_model=plan.gpu_model_id, gpus_per_node=plan.gpus_per_node)
        return a_need(shape, gpu_count=plan.gpu_count, node_count=1, joins_nodes=False)

    kept = plans or Plans(planner)

    def planned(
        selection: Selection, _: Sequence[SpotKey]
    ) -> tuple[list[TrainingPlan | NoPlan], list[Need | None]]:
        found = [kept.of(shape) for shape in selection.shapes]
        return found, [None if isinstance(plan, NoPlan) else need_of(plan) for plan in found]

    return joined(
        snapshot=snapshot,
        terms=terms or terms_of(),
        placement=Placement(**placement),
        plans=kept,
        need_of=need_of,
        planned=planned,
        rates=RATES,
        now=NOW,
    )


def test_a_shape_is_planned_once_however_often_it_is_asked_for() -> None:
    planner = Planner()
    plans = Plans(planner)
    market = a_catalog(an_h100_node("a"), an_h100_node("b"), an_a100_node("c"))
    first = ask(market, planner, plans=plans)
    assert sorted(shape.gpu_model for shape in planner.asked) == [A100, H100]
    assert ask(market, planner, plans=plans)[0] is first[0]
    assert len(planner.asked) == 2


def test_the_plan_is_that_of_the_offer_behind_the_middle_of_the_cost() -> None:
    one = an_h100_node("single", "2.00", gpu_count="1")
    planner = Planner()
    plan, market = ask(
        a_catalog(one, an_h100_node("b", "1.00"), an_h100_node("c", "1.01")), planner
    )
    assert market.cost is not None
    (middle,) = [use for use in market.offers_used if use.role == "p50"]
    assert float(middle.dollars) == market.cost.p50
    assert plan.gpus_per_node == middle.row.offer.gpu_count
    assert plan.gpus_per_node != market.placements[0].plan.gpus_per_node


def test_a_fixed_price_asks_no_offer() -> None:
    plan, market = ask(
        a_catalog(an_h100_node("a")),
        Planner(),
        terms=terms_of(dollars_per_gpu_hour=Decimal(2)),
        gpu_model=H100,
    )
    assert (market.offers_used, market.placements, market.middle_shape) == ((), (), None)
    assert market.cost == Band(p10=140, p50=200, p90=300)
    assert plan.gpu_count == 1


def test_a_gpu_model_that_nobody_offers_is_planned_without_a_cost() -> None:
    plan, market = ask(a_catalog(an_a100_node("a")), Planner(), gpu_model=H100)
    assert plan.gpu_model_id == H100
    assert market.cost is None
    assert [caveat.code for caveat in market.caveats] == ["NO_MATCHING_OFFERS"]


def test_a_plan_of_a_shape_on_offer_stands_even_when_its_offers_are_too_dear() -> None:
    constraints = terms_of().constraints
    terms = terms_of(constraints=constraints)
    market = a_catalog(an_h100_node("a", region_code="far"))
    plan, cost = ask(market, Planner(), terms=terms, gpu_model=H100)
    assert (plan.gpus_per_node, cost.cost is None) == (8, False)


@pytest.mark.parametrize(
    ("planner", "placement", "gpus_per_node"),
    [
        (Planner(), {}, 1),
        (Planner(gpus=2), {}, 2),
        (Planner(gpus=4), {}, 4),
        (Planner(gpus=16), {}, 8),
        (Planner(hours=10_000), {}, 8),
        (Planner(), {"gpu_count": 2}, 2),
        (Planner(), {"gpu_count": 64}, 8),
    ],
)
def test_the_usual_node_is_the_smallest_that_does_it_alone_in_time(
    planner: Planner, placement: Any, gpus_per_node: int
) -> None:
    plan = usual_plan(Plans(planner), Placement(**placement), H100)
    assert plan.gpus_per_node == gpus_per_node


def test_a_search_in_which_nothing_fits_names_the_constraint_and_what_was_left_out() -> None:
    market = a_catalog(
        an_h100_node("a"),
        an_a100_node("b"),
        an_h100_node("old", first_seen_time=NOW - timedelta(days=9), gpu_count="0.5"),
    )
    with pytest.raises(Precondition) as raised:
        ask(market, Planner(H100, A100))
    error = raised.value
    assert error.reason is Reason.DOES_NOT_FIT
    assert error.metadata == {
        "constraint": "MEMORY",
        "gpuModel": A100,
        "needed": "90",
        "limit": "80",
        "unit": "GB",
        "smallestChange": "m=Q",
        "rejected": "FRACTIONAL_GPU 1",
    }
    assert "the smallest change that fits: m=Q" in str(error)


def test_a_named_gpu_model_that_does_not_fit_is_refused() -> None:
    for market in (a_catalog(an_h100_node("a")), a_catalog(an_a100_node("a"))):
        with pytest.raises(Precondition) as raised:
            ask(market, Planner(H100), gpu_model=H100)
        assert raised.value.metadata["gpuModel"] == H100


def test_a_search_that_finds_no_offer_says_why_each_fell_out() -> None:
    with pytest.raises(Precondition) as raised:
        ask(a_catalog(an_h100_node("a", gpu_count="0.5")), Planner())
    assert raised.value.reason is Reason.NO_MATCHING_OFFERS
    assert raised.value.metadata == {"rejected": "FRACTIONAL_GPU 1"}
    with pytest.raises(Precondition, match="none is listed"):
        ask(a_catalog(), Planner())


def test_a_change_compares_the_middles() -> None:
    row = a_catalog(an_h100_node("a")).rows[0]
    plan = a_training_plan()
    dearer = a_market(row, plan, cost=a_band(110.0))
    change = change_of(dearer, a_market(row, plan), gpu_hours=90, baseline_gpu_hours=100)
    assert change.cost_change == pytest.approx(0.1)
    assert change.gpu_hours_change == pytest.approx(-0.1)
    assert change.baseline_dollars == 100


def test_a_change_without_a_cost_on_one_side_is_of_hours_alone() -> None:
    row = a_catalog(an_h100_node("a")).rows[0]
    plan = a_training_plan()
    without = a_market(row, plan, cost=None)
    change = change_of(without, a_market(row, plan), gpu_hours=1, baseline_gpu_hours=1)
    assert change.cost_change is None
    assert change.baseline_dollars == 100
    change = change_of(a_market(row, plan), without, gpu_hours=1, baseline_gpu_hours=1)
    assert change.cost_change is None
    assert change.baseline_dollars is None


def test_a_baseline_that_costs_nothing_gives_no_ratio() -> None:
    row = a_catalog(an_h100_node("a")).rows[0]
    plan = a_training_plan()
    free = a_market(row, plan, cost=Band.exact(0.0))
    change = change_of(a_market(row, plan), free, gpu_hours=1, baseline_gpu_hours=1)
    assert change.cost_change is None
    assert change.baseline_dollars == 0
