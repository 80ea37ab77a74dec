from dataclasses import replace

import numpy as np
import pytest

from service.build_vs_buy.inputs import (
    Commit,
    ConstantLoad,
    Inputs,
    NetworkStep,
    OptionKind,
    PeakedLoad,
    Running,
    WeeklyLoad,
)
from service.build_vs_buy.mixed import MixedPlan, best_mix, mixed_flows
from service.build_vs_buy.options import npv_of, npvs
from service.build_vs_buy.renting import rungs
from service.build_vs_buy.sample import BASE
from service.build_vs_buy.scene import scene_of
from tests.service.build_vs_buy.questions import (
    a_demand,
    given,
    plain,
    plain_own,
    plain_rent,
    ranged,
    ranged_own,
    ranged_servers,
)

MONTHS = 24
NETWORK, SMALL_NETWORK = 0.60, 0.02
WAGE, FTE_FIXED, FTE_PER_GPU = 60_000.0, 0.2, 0.01
KW, LOAD, IDLE, PUE, PER_KWH, COLOCATION = 10.0, 0.8, 0.3, 1.4, 0.10, 150.0
RENT, UTILIZATION, LEAD_MONTHS, RATE = 2.0, 0.8, 2, 0.10
HOURS = 730.0


def question(profile: tuple[int, ...], server_price: float, discount: float) -> Inputs:
    """Steps everywhere: half a post with the first server, a switch with the third."""
    nothing = {name: given(name, 0.0) for name in ("hidden", "install", "spares", "tax", "repair")}
    servers = replace(
        ranged_servers(),
        server_price=given("price", server_price),
        network_steps=(
            NetworkStep(from_servers=1, fraction=given("small", SMALL_NETWORK)),
            NetworkStep(from_servers=3, fraction=given("large", NETWORK)),
        ),
        hidden_fraction=nothing["hidden"],
        install_fraction=nothing["install"],
        spares_fraction=nothing["spares"],
        sales_tax_rate=nothing["tax"],
    )
    running = Running(
        power_kw_per_server=given("kw", KW),
        load_fraction=given("load", LOAD),
        idle_fraction=given("idle", IDLE),
        pue=given("pue", PUE),
        electricity_per_kwh=given("kwh", PER_KWH),
        colocation_per_kw_month=given("colocation", COLOCATION),
        fte_fixed=given("fte", FTE_FIXED),
        fte_per_gpu=given("fte_per_gpu", FTE_PER_GPU),
        fte_annual_cost=given("wage", WAGE),
        maintenance_fraction=nothing["repair"],
        failure_rate=given("failures", 0.0),
    )
    own = plain_own(
        capex=None,
        opex_per_month=None,
        servers=servers,
        running=running,
        lead_time_months=given("lead", float(LEAD_MONTHS)),
    )
    return plain(
        demand=a_demand(WeeklyLoad(gpus=profile), utilization=UTILIZATION),
        rent=plain_rent(RENT),
        own=own,
        commits=(Commit(term_months=12, discount=given("discount", discount)),),
        discount_rate=given("discount_rate", RATE),
        horizon_months=MONTHS,
    )


def cost_by_hand(
    profile: tuple[int, ...], server_price: float, discount: float, servers: int, committed: int
) -> float:
    """The same costs, month by month and hour by hour, without the engine."""
    hours = np.array(profile, dtype=float)
    network = NETWORK if servers >= 3 else SMALL_NETWORK
    cost = servers * server_price * (1 + network)
    posts = FTE_FIXED + FTE_PER_GPU * 8 * servers if servers else 0.0
    for month in range(1, MONTHS + 1):
        own = 8 * servers if month > LEAD_MONTHS else 0
        rented = np.maximum(hours - own - 8 * committed, 0).mean() * HOURS * UTILIZATION
        paid = rented * RENT + 8 * committed * HOURS * RENT * (1 - discount)
        if own:
            used = np.minimum(hours, own).mean() * UTILIZATION / own
            kw = servers * KW * (IDLE + (LOAD - IDLE) * used)
            paid += kw * HOURS * PUE * PER_KWH + servers * KW * COLOCATION + posts * WAGE / 12
        cost += paid / (1 + RATE) ** (month / 12)
    return cost


def random_profile(chance: np.random.Generator) -> tuple[int, ...]:
    peak = int(chance.integers(1, 61))
    shape = chance.random(168) ** chance.uniform(0.05, 2)
    return tuple(int(gpus) for gpus in np.ceil(peak * shape))


def test_the_mixture_is_that_of_brute_force_on_200_random_profiles() -> None:
    chance = np.random.default_rng(20261123)
    kinds = set()
    for _ in range(200):
        profile = random_profile(chance)
        prices = chance.uniform(40_000, 140_000), chance.uniform(0.2, 0.5)
        inputs = question(profile, *prices)
        plan = best_mix(inputs, own=inputs.own)
        units = -(-max(profile) // 8)
        by_hand = {
            (own, committed): cost_by_hand(profile, *prices, own, committed)
            for own in range(units + 1)
            for committed in range(units + 1 - own)
        }
        assert -plan.npv == pytest.approx(min(by_hand.values()), rel=1e-12)
        chosen = by_hand[plan.owned_units, plan.committed_units]
        assert chosen == pytest.approx(-plan.npv, rel=1e-12)
        kinds.add((plan.owned_units > 0, plan.committed_units > 0, plan.on_demand_peak_gpus > 0))
    # The profiles do reach combinations of all three.
    assert (True, True, True) in kinds
    assert len(kinds) >= 5


def spiky(**changes: object) -> Inputs:
    load = PeakedLoad(mean_gpus=14, peak_factor=80 / 14, peak_hours_per_day=2)
    return ranged(demand=a_demand(load, utilization=1.0), **changes)


def late() -> Inputs:
    """A month after the commitment has ended and before the servers come."""
    own = ranged_own(lead_time_months=given("own.lead_time", 13.0))
    commit = Commit(term_months=12, discount=given("c", 0.25))
    return ranged(own=own, commits=(commit,), horizon_months=14)


@pytest.mark.parametrize(
    "inputs", [spiky(), spiky(tax_rate=0.25), ranged(), spiky(own=None), late()]
)
def test_a_plan_is_worth_what_its_flows_are(inputs: Inputs) -> None:
    plan = best_mix(inputs, own=inputs.own)
    scene = scene_of(inputs, BASE)
    assert npv_of(mixed_flows(plan, scene, inputs.own), scene)[0] == pytest.approx(plan.npv)


def growing(**changes: object) -> Inputs:
    profile = tuple(float(4 + hour % 24) for hour in range(168))
    demand = a_demand(
        WeeklyLoad(gpus=profile), utilization=0.9, monthly_growth=0.02, existing_gpu_count=3
    )
    return ranged(demand=demand, **changes)


def test_every_other_plan_costs_more_as_demand_grows() -> None:
    inputs = growing(own=ranged_own(lead_time_months=given("own.lead_time", 2.5)))
    best = best_mix(inputs, own=inputs.own)
    scene = scene_of(inputs, BASE)
    units = int(np.ceil((27 * 1.02**47 - 3) / 8))
    tried = 0
    for rung in rungs(inputs):
        for owned in range(units + 1):
            for committed in range(units + 1 - owned):
                plan = replace(best, owned_units=owned, committed_units=committed, rung=rung)
                worth = npv_of(mixed_flows(plan, scene, inputs.own), scene)[0]
                assert worth <= best.npv + 1e-6
                tried += 1
    assert tried > 100
    assert (best.owned_units, best.committed_units) != (0, 0)


def test_a_spiky_day_owns_or_commits_its_base_and_rents_its_peak() -> None:
    # The article's tenfold peak for two hours: everything at peak costs several times as much.
    inputs = spiky(rent=plain_rent(3.8), commits=())
    plan = best_mix(inputs, own=inputs.own)
    values = npvs(inputs, BASE)
    assert plan.owned_units <= 1
    assert plan.on_demand_peak_gpus >= 72
    assert plan.npv >= values[OptionKind.RENT][0]
    assert plan.npv > 0.5 * values[OptionKind.OWN_COLOCATION][0]


def test_the_rule_of_exceedance_is_exact_where_there_are_no_steps() -> None:
    profile = tuple(float(hour % 24) for hour in range(168))
    own = plain_own(
        gpus_per_server=1,
        capex=None,
        servers=replace(
            ranged_servers(),
            server_price=given("price", 30_000.0),
            network_steps=(),
            hidden_fraction=given("hidden", 0.0),
            install_fraction=given("install", 0.0),
            spares_fraction=given("spares", 0.0),
        ),
        opex_per_month=given("opex", 23 * 300.0),
    )
    inputs = plain(demand=a_demand(WeeklyLoad(gpus=profile)), own=own, rent=plain_rent(2.0))
    plan = best_mix(inputs, own=own)
    assert plan.first_guess_units == plan.owned_units
    # e_k > c_f / c_r with everything over 48 months.
    threshold = (30_000 + 300 * 48) / (2.0 * 730 * 48 * 0.7)
    exceedance = np.array([sum(d >= k for d in profile) / 168 for k in range(1, 24)])
    assert plan.owned_units == (exceedance > threshold).sum()
    assert plan.last_gpu_use == pytest.approx(exceedance[plan.owned_units - 1] * 0.7)


def test_the_use_of_the_last_gpu_counts_those_that_are_there_below_it() -> None:
    profile = tuple((8, 8, 16, 24)[hour % 4] for hour in range(168))
    inputs = question(profile, server_price=10_000, discount=0.2)
    inputs = replace(inputs, demand=replace(inputs.demand, existing_gpu_count=8))
    plan = best_mix(inputs, own=inputs.own)
    # Eight are there: the first server works in half of the hours, the second in a quarter.
    assert plan.owned_units == 1
    assert plan.last_gpu_use == pytest.approx(0.5 * UTILIZATION)


def test_a_plan_without_an_owner_owns_nothing() -> None:
    inputs = ranged()
    plan = best_mix(inputs, own=None, ladder=())
    assert (plan.owned_units, plan.committed_units) == (0, 0)
    assert not plan.is_mixture
    assert plan.npv == pytest.approx(npvs(inputs, BASE)[OptionKind.RENT][0])


def test_a_plan_that_owns_needs_an_owner() -> None:
    inputs = plain(demand=a_demand(ConstantLoad(gpus=8)))
    plan = MixedPlan(
        unit_gpus=8,
        owned_units=1,
        committed_units=0,
        rung=None,
        last_gpu_use=0.7,
        on_demand_peak_gpus=0.0,
        first_guess_units=1,
        npv=0.0,
    )
    with pytest.raises(ValueError, match="owns servers"):
        mixed_flows(plan, scene_of(inputs, BASE), None)


def test_a_large_fleet_is_counted_in_several_servers() -> None:
    demand = a_demand(ConstantLoad(gpus=60_000), utilization=0.9)
    inputs = ranged(demand=demand)
    plan = best_mix(inputs, own=inputs.own)
    assert plan.unit_gpus == 64
    scene = scene_of(inputs, BASE)
    assert npv_of(mixed_flows(plan, scene, inputs.own), scene)[0] == pytest.approx(plan.npv)


def test_what_committed_gpus_lose_counts_in_every_combination() -> None:
    profile = tuple(40 if hour % 24 < 16 else 16 for hour in range(168))
    inputs = question(profile, server_price=90_000, discount=0.45)
    inputs = replace(inputs, rent=replace(inputs.rent, goodput=given("rent.goodput", 0.85)))
    scene = scene_of(inputs, BASE)
    best = best_mix(inputs, own=inputs.own)
    worths = {
        (owned, committed, rung.until): npv_of(
            mixed_flows(
                replace(best, owned_units=owned, committed_units=committed, rung=rung),
                scene,
                inputs.own,
            ),
            scene,
        )[0]
        for rung in rungs(inputs)
        for owned in range(6)
        for committed in range(6 - owned)
    }
    assert best.npv == pytest.approx(max(worths.values()))
    assert best.owned_units
    assert best.committed_units
