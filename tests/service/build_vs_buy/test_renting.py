import math
from dataclasses import replace

import numpy as np
import pytest

from service.build_vs_buy.cash_flow import Category
from service.build_vs_buy.inputs import Commit, ConstantLoad, Inputs, OptionKind
from service.build_vs_buy.options import best_rung, flows_of
from service.build_vs_buy.renting import commit_flows, rungs, spot_hours_per_hour
from service.build_vs_buy.sample import BASE
from service.build_vs_buy.scene import scene_of
from tests.service.build_vs_buy.questions import (
    a_demand,
    a_spot,
    given,
    plain,
    plain_own,
    plain_rent,
)

MONTH = 8 * 0.7 * 730 * 3.80


def line(inputs: Inputs, category: Category, kind: OptionKind = OptionKind.RENT) -> list[float]:
    found = flows_of(kind, scene_of(inputs, BASE)).of(category)[0]
    return list(np.broadcast_to(found, inputs.horizon_months + 1))


def a_commit(term_months: int = 12, discount: float = 0.25, **changes: object) -> Commit:
    commit = Commit(
        term_months=term_months, discount=given(f"commit_{term_months}.discount", discount)
    )
    return replace(commit, **changes)  # type: ignore[arg-type]


def test_rent_is_gpus_times_use_times_hours_times_price() -> None:
    assert line(plain(), Category.ON_DEMAND)[:2] == pytest.approx([0, -MONTH])


def test_restarts_and_idle_hours_are_on_the_bill() -> None:
    rent = plain_rent(goodput=given("g", 0.92), idle_share=given("i", 0.15))
    paid = line(plain(rent=rent), Category.ON_DEMAND)[1]
    assert paid == pytest.approx(-MONTH / (0.92 * 0.85))


def test_what_committed_gpus_lose_is_rented_as_for_owned_ones() -> None:
    rent = plain_rent(goodput=given("g", 0.9), idle_share=given("i", 0.15))
    inputs = plain(rent=rent, commits=(a_commit(discount=0.0),), horizon_months=18)
    rung = rungs(inputs)[0]
    assert rung.until == 12
    flows = commit_flows(rung, scene_of(inputs, BASE))
    lost = flows.of(Category.RENT_IN_DOWNTIME)[0]
    assert lost[1:13] == pytest.approx(-0.1 * MONTH / (0.9 * 0.85))
    assert lost[13:] == pytest.approx(0.0)


def test_whole_instances_are_rented_but_only_while_there_is_work() -> None:
    inputs = plain(demand=a_demand(ConstantLoad(gpus=9)), rent=plain_rent(gpus_per_instance=8))
    assert line(inputs, Category.ON_DEMAND)[1] == pytest.approx(-2 * MONTH)


def test_growth_is_by_the_month() -> None:
    inputs = plain(demand=a_demand(ConstantLoad(gpus=100), monthly_growth=0.10))
    paid = line(inputs, Category.ON_DEMAND)
    assert paid[13] / paid[1] == pytest.approx(math.ceil(100 * 1.1**12) / 100)


def test_an_interruption_costs_half_an_interval_the_restart_and_the_wait() -> None:
    spot = a_spot()
    lost = 1.0 / 2 + 0.25 + 0.5
    per_hour = -math.log(1 - 0.15) / 730
    factor = spot_hours_per_hour(spot, BASE, 730)[0, 0]
    assert factor == pytest.approx(1 + per_hour * lost)
    inputs = plain(spot=spot)
    assert line(inputs, Category.ON_DEMAND)[1] == pytest.approx(-MONTH * 0.7)
    assert line(inputs, Category.SPOT)[1] == pytest.approx(-MONTH * 0.3 * 0.4 * factor)


def test_data_cost_the_same_under_every_option_with_gpus() -> None:
    rent = plain_rent(uplift=given("rent.uplift", 0.2))
    inputs = plain(rent=rent, commits=(a_commit(),))
    lines = [
        line(inputs, Category.DATA, kind)
        for kind in (OptionKind.RENT, OptionKind.COMMIT, OptionKind.OWN_COLOCATION)
    ]
    assert lines[0][:2] == pytest.approx([0, -MONTH * 0.2])
    assert lines[0] == lines[1] == lines[2]


def test_data_that_are_priced_are_charged_as_given() -> None:
    rent = plain_rent(data_cost_per_month=given("rent.data", 900.0))
    own = plain_own(data_cost_per_month=given("own.data", 100.0))
    inputs = plain(rent=rent, own=own)
    assert line(inputs, Category.DATA)[:2] == [0, -900]
    assert line(inputs, Category.DATA, OptionKind.OWN_COLOCATION)[1] == -100
    without = plain(rent=rent)
    assert line(without, Category.DATA, OptionKind.OWN_COLOCATION)[1] == -900


def test_what_the_market_lacks_is_committed_day_and_night() -> None:
    inputs = plain(
        demand=a_demand(ConstantLoad(gpus=24)),
        rent=plain_rent(stock_gpus=16),
        commits=(a_commit(36, 0.5), a_commit(12, 0.25)),
    )
    assert line(inputs, Category.ON_DEMAND)[1] == pytest.approx(-2 * MONTH)
    beyond = line(inputs, Category.COMMITMENT_BEYOND_STOCK)[1]
    assert beyond == pytest.approx(-8 * 730 * 3.80 * 0.75)


def test_what_is_committed_beyond_the_stock_loses_work_as_any_commitment() -> None:
    inputs = plain(
        demand=a_demand(ConstantLoad(gpus=24)),
        rent=plain_rent(stock_gpus=16, goodput=given("g", 0.9)),
        commits=(a_commit(),),
    )
    assert line(inputs, Category.RENT_IN_DOWNTIME)[1] == pytest.approx(-0.1 * MONTH / 0.9)


def test_a_commitment_is_paid_whether_used_or_not() -> None:
    inputs = plain(commits=(a_commit(),))
    paid = line(inputs, Category.COMMITMENT, OptionKind.COMMIT)
    assert paid[:2] == pytest.approx([0, -8 * 730 * 3.80 * 0.75])


def test_each_term_is_priced_on_its_first_day() -> None:
    rent = plain_rent(4.0, drift=given("rent.drift", -0.2))
    inputs = plain(rent=rent, commits=(a_commit(),))
    paid = line(inputs, Category.COMMITMENT, OptionKind.COMMIT)
    assert paid[12] == paid[1]
    assert paid[13] / paid[12] == pytest.approx(0.8)
    assert paid[37] / paid[12] == pytest.approx(0.8**3)


def test_a_committed_price_moves_with_rents_after_its_term() -> None:
    rent = plain_rent(4.0, drift=given("rent.drift", -0.2))
    price = Commit(term_months=12, price_per_gpu_hour=given("commit.price", 3.0))
    inputs = plain(rent=rent, commits=(price,))
    paid = line(inputs, Category.COMMITMENT, OptionKind.COMMIT)
    assert paid[1] == pytest.approx(-8 * 730 * 3.0)
    assert paid[13] == pytest.approx(-8 * 730 * 3.0 * 0.8)


def test_an_upfront_payment_is_made_when_the_term_begins() -> None:
    inputs = plain(commits=(a_commit(24, upfront_fraction=0.5),))
    month = 8 * 730 * 3.80 * 0.75
    paid = line(inputs, Category.COMMITMENT, OptionKind.COMMIT)
    assert paid[0] == pytest.approx(-month * 12)
    assert paid[1] == pytest.approx(-month / 2)
    assert paid[24] == pytest.approx(-month / 2 - month * 12)
    assert sum(paid) == pytest.approx(-month * 48)


@pytest.mark.parametrize("upfront", [0.0, 0.5, 1.0])
def test_a_commitment_that_outlives_the_horizon_is_charged_to_its_end(upfront: float) -> None:
    inputs = plain(commits=(a_commit(36, upfront_fraction=upfront),), horizon_months=12)
    paid = line(inputs, Category.COMMITMENT, OptionKind.COMMIT)
    assert sum(paid) == pytest.approx(-8 * 730 * 3.80 * 0.75 * 36)
    assert len(paid) == 13


def test_the_rest_after_whole_terms_is_rented_or_committed_whichever_is_cheaper() -> None:
    inputs = plain(commits=(a_commit(36, 0.45),))
    assert [rung.until for rung in rungs(inputs)] == [36, 72]
    assert best_rung(inputs).until == 36
    found = flows_of(OptionKind.COMMIT, scene_of(inputs, BASE))
    assert found.of(Category.ON_DEMAND)[0, [36, 37, 48]] == pytest.approx([0, -MONTH, -MONTH])
    assert found.of(Category.COMMITMENT)[0, 37] == 0
    dear = plain(commits=(a_commit(36, 0.9),))
    assert best_rung(dear).until == 72


def test_the_ladder_takes_the_cheapest_rung() -> None:
    inputs = plain(commits=(a_commit(12, 0.25), a_commit(24, 0.40)))
    assert best_rung(inputs).commit.term_months == 24
    scene = scene_of(inputs, BASE)
    values = [commit_flows(rung, scene).cash().sum() for rung in rungs(inputs)]
    chosen = flows_of(OptionKind.COMMIT, scene).cash().sum()
    assert chosen == pytest.approx(max(values))


def test_each_term_commits_its_own_peak() -> None:
    demand = a_demand(ConstantLoad(gpus=8), monthly_growth=0.05)
    inputs = plain(demand=demand, commits=(a_commit(),), rent=plain_rent(gpus_per_instance=8))
    paid = line(inputs, Category.COMMITMENT, OptionKind.COMMIT)
    gpus = [round(-paid[month] / (730 * 3.80 * 0.75)) for month in (1, 12, 13, 48)]
    assert gpus == [16, 16, 32, 80]
