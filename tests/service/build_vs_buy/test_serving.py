"""GPUs that serve a model: whole replicas, a spare one, and more of them where they are slower."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from service.build_vs_buy.analysis import Analysis, analyze
from service.build_vs_buy.checks import BadInput, require_sound
from service.build_vs_buy.demand import load_duration, mean_above, peak_above
from service.build_vs_buy.inputs import (
    ConstantLoad,
    Demand,
    Inputs,
    OptionKind,
    PeakedLoad,
    Serving,
    WeeklyLoad,
)
from service.build_vs_buy.options import npvs
from service.build_vs_buy.sample import BASE
from service.build_vs_buy.scene import scene_of
from service.build_vs_buy.sensitivity import tornado
from service.build_vs_buy.uncertainty import draw, throughput_at
from service.domain.figure import Figure
from tests.service.build_vs_buy.questions import a_demand, a_hosted_api, figure, given, ranged

THROUGHPUT = figure("serving.throughput", 300.0, 400.0, 600.0)


def serving(gpus_per_replica: int = 4, spare_gpus: int = 4, **fields: Figure) -> Serving:
    throughput = fields.get("throughput", THROUGHPUT)
    return Serving(
        tokens_per_second_per_gpu=throughput,
        gpus_per_replica=gpus_per_replica,
        spare_gpus=spare_gpus,
    )


def asked(load: ConstantLoad | WeeklyLoad | PeakedLoad, monthly_growth: float = 0.0) -> Inputs:
    demand = replace(a_demand(load, monthly_growth=monthly_growth), serving=serving())
    return ranged(demand=demand, hosted_api=a_hosted_api(), horizon_months=24)


def test_replicas_are_whole_and_a_spare_one_stands_beside_them() -> None:
    load = load_duration(ConstantLoad(gpus=17.8), serving())
    assert (load.peak_gpus, load.mean_gpus) == (24, 24)  # five replicas of four and the spare one


def test_the_least_load_takes_a_replica_and_no_load_takes_none() -> None:
    load = load_duration(WeeklyLoad(gpus=(1e-12, *[0.0] * 167)), serving())
    assert load.wanted().tolist() == [0, 8]


def test_replicas_grow_in_steps() -> None:
    load = load_duration(ConstantLoad(gpus=3.9), serving())
    growth = np.array([[0.0, 1.0, 1.02, 1.04, 2.06]])
    wanted = mean_above(load, growth, covered_gpus=0.0)
    assert wanted.tolist() == [[0, 8, 8, 12, 16]]
    assert peak_above(load, growth, covered_gpus=9).tolist() == [[0, 0, 0, 3, 7]]


def test_slower_gpus_are_more_of_them_and_tokens_stay_the_same() -> None:
    inputs = asked(ConstantLoad(gpus=17.8))
    slow, fast = (BASE.fixing(THROUGHPUT, rate) for rate in (300.0, 600.0))
    for sample, gpus in ((BASE, 24), (slow, 28), (fast, 16)):
        scene = scene_of(inputs, sample)
        assert scene.peak_above(0.0)[0, 1] == gpus
        assert scene.useful_gpu_hours[0, 1] == pytest.approx(gpus * 0.7 * 730)
    hosted = [npvs(inputs, sample)[OptionKind.HOSTED_API][0] for sample in (slow, fast)]
    assert hosted[0] == hosted[1]


@over(
    st.lists(st.floats(0, 40), min_size=168, max_size=168).map(tuple),
    st.floats(0.2, 5),
    st.integers(0, 20),
    st.integers(1, 9),
)
def test_what_is_charged_above_a_cover_is_the_sum_over_hours(
    profile: tuple[float, ...], growth: float, covered: int, unit: int
) -> None:
    load = load_duration(WeeklyLoad(gpus=profile), serving(gpus_per_replica=3, spare_gpus=3))
    replicas = np.maximum(np.ceil(np.array(profile) * growth / 3 - 1e-9), 1)
    wanted = np.where(np.array(profile) * growth > 0, 3 * replicas + 3, 0)
    above = np.maximum(wanted - covered, 0)
    charged = mean_above(load, np.array([[0.0, growth]]), covered_gpus=covered, unit=unit)
    assert charged[0] == pytest.approx([0, (unit * np.ceil(above / unit - 1e-9)).mean()])


@over(st.floats(1, 60), st.floats(0.0, 0.03), st.floats(1.01, 3))
def test_slower_gpus_are_never_cheaper(gpus: float, growth: float, slower: float) -> None:
    inputs = replace(asked(ConstantLoad(gpus=gpus), growth), hosted_api=None)
    base = npvs(inputs, BASE)
    slow = npvs(inputs, BASE.fixing(THROUGHPUT, THROUGHPUT.base / slower))
    for kind, value in base.items():
        assert slow[kind][0] <= value[0] + 1e-6, kind


def test_rows_that_end_alike_may_have_grown_by_different_ways() -> None:
    # Twice as many slow GPUs, or demand that doubles: the last months are alike, the first are not.
    load = load_duration(ConstantLoad(gpus=10.0), serving())
    growth = np.array([[0.0, 2.0, 2.0], [0.0, 1.0, 2.0], [0.0, 2.0, 2.0]])
    wanted = mean_above(load, growth, covered_gpus=0.0)
    assert wanted.tolist() == [[0, 24, 24], [0, 16, 24], [0, 24, 24]]


def test_the_throughput_is_log_normal_between_its_percentiles() -> None:
    at = throughput_at(THROUGHPUT, np.array([0.1, 0.5, 0.9, 0.5]))
    assert at == pytest.approx([300, 400, 600, 400])
    upper = throughput_at(THROUGHPUT, np.array([0.75]))
    assert np.log(upper / 400) == pytest.approx(np.log(1.5) * 0.6744897501960817 / 1.2815515655)


def test_draws_of_the_throughput_come_in_opposites_and_repeat_with_their_seed() -> None:
    inputs = asked(ConstantLoad(gpus=17.8))
    values = draw(inputs).values[THROUGHPUT.name]
    assert len(np.unique(values)) == 32
    assert np.median(values) == pytest.approx(400, rel=0.05)
    assert np.mean(values < 300) == pytest.approx(0.1, abs=0.03)
    assert np.array_equal(values, draw(inputs).values[THROUGHPUT.name])
    assert not np.array_equal(values, draw(replace(inputs, seed=2)).values[THROUGHPUT.name])


@pytest.mark.parametrize(
    ("load", "growth"),
    [
        (ConstantLoad(gpus=17.8), 0.0),
        (ConstantLoad(gpus=0.3), 0.02),
        (PeakedLoad(mean_gpus=20, peak_factor=3, peak_hours_per_day=4), 0.01),
    ],
)
def test_the_base_case_lies_inside_its_own_band_and_answers_repeat(
    load: ConstantLoad | PeakedLoad, growth: float
) -> None:
    inputs = replace(asked(load, growth), draws=1000)
    found, again = analyze(inputs), analyze(inputs)
    assert isinstance(found, Analysis)
    assert isinstance(again, Analysis)
    for option, same in zip(found.options, again.options, strict=True):
        assert option.npv_band.p5 <= option.npv <= option.npv_band.p95, option.kind
        assert option.npv_band == same.npv_band


def test_the_throughput_is_among_what_moves_the_answer() -> None:
    swings = tornado(
        asked(ConstantLoad(gpus=17.8)),
        ahead=OptionKind.OWN_COLOCATION,
        behind=OptionKind.HOSTED_API,
    )
    bar = next(one for one in swings if one.figure is THROUGHPUT)
    assert bar.at_low < bar.at_high  # slower GPUs speak for the hosted model


def test_a_mixture_counts_whole_replicas() -> None:
    day = PeakedLoad(mean_gpus=20, peak_factor=3, peak_hours_per_day=4)
    found = analyze(replace(asked(day), draws=200))
    assert isinstance(found, Analysis)
    assert found.mix is not None
    plan, option = found.mix
    peak = load_duration(day, serving()).peak_gpus
    covered = plan.unit_gpus * (plan.owned_units + plan.committed_units)
    assert plan.on_demand_peak_gpus == pytest.approx(max(peak - covered, 0))
    singles = [one.npv for one in found.options if one.kind is not OptionKind.HOSTED_API]
    assert option.npv >= max(singles) - 1e-6


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (serving(gpus_per_replica=0), "demand.serving.gpus_per_replica"),
        (serving(spare_gpus=-1), "demand.serving.spare_gpus"),
        (
            serving(throughput=given("t", 0.0)),
            "demand.serving.tokens_per_second_per_gpu",
        ),
    ],
)
def test_what_makes_no_sense_is_said_by_field(wrong: Serving, field: str) -> None:
    demand: Demand = replace(a_demand(), serving=wrong)
    with pytest.raises(BadInput) as raised:
        require_sound(ranged(demand=demand))
    assert [fault.field for fault in raised.value.faults] == [field]
