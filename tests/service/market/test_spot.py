"""What interruptions add to runs and loads on spot capacity."""

import math
from datetime import timedelta

import pytest

from service.domain.figure import Figure
from service.domain.offer import PurchaseModel
from service.domain.workload import Objective, Placement
from service.market.spot import overhead, spot_assumptions
from tests.builders import NOW
from tests.fakes import a_catalog
from tests.service.compare.comparing import a_load, a_run, constrained, feasible
from tests.service.market.joining import an_h100_node
from tests.service.market.questions import H100, a_node, serve, terms, train
from tests.service.market.questions import a_load as asked_load
from tests.service.market.questions import a_run as asked_run

BOTH = frozenset({PurchaseModel.ON_DEMAND, PurchaseModel.SPOT})
SPOT = {"purchase_model": PurchaseModel.SPOT}


def chance(low: float, base: float, high: float) -> Figure:
    return Figure(name="q", low=low, base=base, high=high, unit="", source="")


def test_each_node_is_interrupted_and_each_time_all_hours_between_are_lost() -> None:
    found = overhead(chance(0.0, 0.5, 0.75), node_count=4, lost_hours=1.25)
    assert found.p10 == 1.0
    assert found.p50 == pytest.approx(1 + 4 * math.log(2) / 730 * 1.25)
    assert found.p90 == pytest.approx(1 + 4 * math.log(4) / 730 * 1.25)


def test_a_run_takes_longer_on_spot_and_the_same_on_demand() -> None:
    offers = [an_h100_node("calm", "2.00"), an_h100_node("spotty", "1.00", **SPOT)]
    found = feasible(offers, constrained(a_run(), purchase_models=BOTH))
    by_name = {found.itemized(at).row.offer_id: at for at in range(found.count)}
    calm, spotty = (found.plan_of(by_name[name]) for name in ("calm", "spotty"))
    # Other providers' H100: 8 to 20 % a month, in the middle of two rows (15-20 and 8-12 %).
    lost = 0.5 + 0.25 + 0.5
    factor = 1 - math.log(1 - (0.175 + 0.10) / 2) / 730 * lost
    assert calm.wall_hours.p50 == 100.0  # type: ignore[union-attr]
    assert spotty.wall_hours.p50 == pytest.approx(100 * factor)  # type: ignore[union-attr]
    assert spotty.wall_hours.p90 > 150.0  # type: ignore[union-attr]
    costs = {name: found.cost_of(at).p50 for name, at in by_name.items()}
    assert costs["calm"] == pytest.approx(1600.0)
    assert costs["spotty"] == pytest.approx(800 * factor, rel=1e-3)


def test_a_load_rents_others_while_nodes_come_back_and_loses_no_checkpoint() -> None:
    load = a_load(concurrency=4)
    found = feasible([an_h100_node("spotty", **SPOT)], constrained(load, purchase_models=BOTH))
    factor = 1 - math.log(1 - (0.175 + 0.10) / 2) / 730 * 0.75
    assert found.cost_of(0).p50 == pytest.approx(730 * 16 * factor, rel=1e-3)


def test_a_run_that_interruptions_push_past_its_deadline_has_no_plan_there() -> None:
    # The run takes 150 hours at 90 %; with interruptions a little more.
    tight = Placement(deadline=timedelta(hours=150))
    run = constrained(a_run(placement=tight), purchase_models=BOTH)
    found = feasible([an_h100_node("calm"), an_h100_node("spotty", "1.00", **SPOT)], run)
    assert [found.itemized(at).row.offer_id for at in range(found.count)] == ["calm"]
    assert [(one.reason, one.count) for one in found.rejections] == [("DEADLINE", 1)]


def test_what_is_assumed_names_gpu_provider_and_source() -> None:
    first, *others = spot_assumptions("h100-sxm-80gb", "aws", today=NOW.date())
    assert first.name == "spot.interruptionPerMonth of h100-sxm-80gb at aws"
    assert first.value == "0.175 (0.15 to 0.2)"
    assert first.source.startswith("this provider and GPU: thundercompute")
    assert [(one.name, one.value) for one in others] == [
        ("spot.checkpointInterval", "1 h"),
        ("spot.restart", "0.25 h"),
        ("spot.requeueWait", "0.5 h"),
    ]


@pytest.mark.parametrize("objective", Objective)
def test_an_estimate_of_a_run_counts_its_interruptions_and_says_so(objective: Objective) -> None:
    run = asked_run(gpu_model=H100, objective=objective, terms=terms(purchase_models=BOTH))
    calm = train(run, a_catalog(a_node("one", H100, 8, "2.00")))
    spotty = train(run, a_catalog(a_node("one", H100, 8, "2.00", **SPOT)))
    factor = 1 - math.log(1 - (0.175 + 0.10) / 2) / 730 * (0.5 + 0.25 + 0.5)
    assert spotty.plan.wall_hours.p50 == pytest.approx(calm.plan.wall_hours.p50 * factor)
    assert spotty.plan.gpu_hours == calm.plan.gpu_hours
    assert calm.market.cost is not None
    assert spotty.market.cost is not None
    assert spotty.market.cost.p50 == pytest.approx(calm.market.cost.p50 * factor)
    assert [one.name for one in calm.assumptions if "spot" in one.name] == []
    assert f"spot.interruptionPerMonth of {H100} at one" in [one.name for one in spotty.assumptions]


def test_an_estimate_of_a_load_counts_the_nodes_that_are_missing() -> None:
    load = asked_load(gpu_model=H100, terms=terms(purchase_models=BOTH))
    calm = serve(load, a_catalog(a_node("one", H100, 8, "2.00")))
    spotty = serve(load, a_catalog(a_node("one", H100, 8, "2.00", **SPOT)))
    factor = 1 - math.log(1 - (0.175 + 0.10) / 2) / 730 * (0.25 + 0.5)
    assert calm.market.cost is not None
    assert spotty.market.cost is not None
    assert spotty.market.cost.p50 == pytest.approx(calm.market.cost.p50 * factor)
    assert "spot.restart" in [one.name for one in spotty.assumptions]
