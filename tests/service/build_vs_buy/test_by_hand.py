"""The engine against loops of plain numbers, on random questions that use every input."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from service.build_vs_buy.checks import require_sound
from service.build_vs_buy.inputs import Inputs
from service.build_vs_buy.mixed import MixedPlan, best_mix, mixed_flows
from service.build_vs_buy.options import npv_of, npvs
from service.build_vs_buy.renting import Rung, rungs
from service.build_vs_buy.sample import BASE
from service.build_vs_buy.scene import scene_of
from tests.service.build_vs_buy.by_hand import ByHand, Committed
from tests.service.build_vs_buy.random_questions import Chance

QUESTIONS = 40


@pytest.fixture(scope="module", params=range(QUESTIONS))
def inputs(request: pytest.FixtureRequest) -> Inputs:
    found = Chance(request.param).question()
    require_sound(found)
    return found


def test_every_option_is_worth_what_loops_of_plain_numbers_say(inputs: Inputs) -> None:
    by_hand = ByHand(inputs).npvs()
    by_engine = npvs(inputs, BASE)
    assert set(by_engine) == set(by_hand)
    for kind, value in by_hand.items():
        assert by_engine[kind][0] == pytest.approx(value, rel=1e-9, abs=1e-6)


def plans(inputs: Inputs, best: MixedPlan) -> Iterator[tuple[int, int, Rung]]:
    """The best plan, and some others."""
    ladder = rungs(inputs)
    yield best.owned_units, best.committed_units, best.rung or ladder[0]
    peak = scene_of(inputs, BASE).peak_above(0.0).max()
    units = int(-(-peak // best.unit_gpus))
    chance = np.random.default_rng(inputs.horizon_months)
    for rung in ladder:
        owned = int(chance.integers(0, units + 1))
        yield owned, int(chance.integers(0, units - owned + 1)), rung


def test_every_combination_is_worth_what_loops_of_plain_numbers_say(inputs: Inputs) -> None:
    own, scene = inputs.own, scene_of(inputs, BASE)
    assert own is not None
    best, by_hand = best_mix(inputs, own=own), ByHand(inputs)
    values: list[float] = []
    for owned, bound, rung in plans(inputs, best):
        plan = replace(best, owned_units=owned, committed_units=bound, rung=rung)
        gpus = float(bound * best.unit_gpus)
        committed = Committed(gpus=gpus, commit=rung.commit, until=rung.until) if bound else None
        servers = owned * best.unit_gpus / own.gpus_per_server
        values.append(by_hand.mix_npv(servers=servers, committed=committed))
        found = npv_of(mixed_flows(plan, scene, own), scene)[0]
        assert found == pytest.approx(values[-1], rel=1e-9, abs=1e-6)
    assert best.npv == pytest.approx(values[0], rel=1e-9, abs=1e-6)
    assert best.npv >= max(values) - 1e-6 * abs(best.npv)
