from dataclasses import replace

import numpy as np
import pytest

from service.build_vs_buy.cash_flow import CAPITAL, Category, Flows
from service.build_vs_buy.inputs import (
    ConstantLoad,
    Inputs,
    Loan,
    NetworkStep,
    OptionKind,
    Overrides,
    Own,
    Running,
)
from service.build_vs_buy.options import flows_of, npv_of
from service.build_vs_buy.sample import BASE
from service.build_vs_buy.scene import scene_of
from service.domain.figure import Figure
from tests.service.build_vs_buy.questions import (
    a_building,
    a_demand,
    given,
    plain,
    plain_own,
    plain_rent,
    ranged,
    ranged_own,
    ranged_running,
    ranged_servers,
)

OWN = OptionKind.OWN_COLOCATION


def flows(inputs: Inputs, kind: OptionKind = OWN) -> Flows:
    return flows_of(kind, scene_of(inputs, BASE))


def line(inputs: Inputs, category: Category, kind: OptionKind = OWN) -> list[float]:
    found = flows(inputs, kind).of(category)[0]
    return list(np.broadcast_to(found, inputs.horizon_months + 1))


def base(figure: Figure, value: float) -> Figure:
    return given(figure.name, value)


def a_node(running: Running | None = None, **changes: object) -> Inputs:
    """One server of 8 GPUs at 70 %, there at once, in detail."""
    own = replace(
        ranged_own(**changes),
        lead_time_months=given("own.lead_time", 0.0),
        goodput=given("own.goodput", 1.0),
    )
    own = replace(own, running=ranged_running() if running is None else running)
    return plain(own=own)


def test_a_server_costs_its_price_with_all_shares_on_top() -> None:
    inputs = a_node()
    capital = {category: -line(inputs, category)[0] for category in CAPITAL}
    around = 300_000 * (0.12 + 0.04)
    assert capital[Category.SERVERS] == 300_000
    assert capital[Category.NETWORK_AND_INSTALL] == pytest.approx(around)
    assert capital[Category.SPARES] == pytest.approx((300_000 + around) * 0.05)
    assert capital[Category.SALES_TAX] == 0


def test_sales_tax_is_on_servers_and_spare_servers() -> None:
    servers = replace(ranged_servers(), sales_tax_rate=given("tax", 0.08))
    inputs = a_node(servers=servers)
    assert -line(inputs, Category.SALES_TAX)[0] == pytest.approx(300_000 * 1.05 * 0.08)


def test_hidden_costs_do_not_count_the_network_twice() -> None:
    servers = replace(
        ranged_servers(), network_steps=(NetworkStep(from_servers=1, fraction=given("n", 0.15)),)
    )
    within = a_node(servers=servers)
    beside = a_node(servers=replace(servers, hidden_includes_network=False))
    assert -line(within, Category.NETWORK_AND_INSTALL)[0] == pytest.approx(300_000 * 0.19)
    assert -line(beside, Category.NETWORK_AND_INSTALL)[0] == pytest.approx(300_000 * 0.31)


def test_the_network_steps_with_the_fleet() -> None:
    servers = replace(ranged_servers(), hidden_includes_network=False)
    small, large = (
        replace(a_node(servers=servers), demand=a_demand(ConstantLoad(gpus=gpus)))
        for gpus in (63 * 8, 64 * 8)
    )
    of_one = [
        line(inputs, Category.NETWORK_AND_INSTALL)[0] / line(inputs, Category.SERVERS)[0]
        for inputs in (small, large)
    ]
    assert of_one == pytest.approx([0.02 + 0.12 + 0.04, 0.04 + 0.12 + 0.04])


def test_storage_is_bought_once() -> None:
    servers = replace(ranged_servers(), storage_price=given("storage", 70_000.0))
    inputs = replace(a_node(servers=servers), demand=a_demand(ConstantLoad(gpus=80)))
    assert line(inputs, Category.STORAGE)[:2] == [-70_000, 0]


def test_power_is_kilowatts_times_hours_times_pue_times_tariff() -> None:
    kw = 10.2 * (0.3 + (0.75 - 0.3) * 0.7)
    inputs = a_node()
    assert -line(inputs, Category.POWER)[1] == pytest.approx(kw * 730 * 1.4 * 0.08)
    assert line(inputs, Category.POWER)[0] == 0
    longer = replace(inputs, hours_per_month=720.0)
    assert -line(longer, Category.POWER)[1] == pytest.approx(kw * 720 * 1.4 * 0.08)


def test_colocation_is_by_nameplate_power_and_all_in_colocation_includes_the_rest() -> None:
    apart = a_node()
    all_in = a_node(ranged_running(colocation_includes_power=True))
    assert -line(apart, Category.COLOCATION)[1] == pytest.approx(10.2 * 196)
    assert line(all_in, Category.COLOCATION) == line(apart, Category.COLOCATION)
    assert not any(line(all_in, Category.POWER))


def test_staff_is_a_fixed_part_and_one_for_150_gpus() -> None:
    inputs = a_node()
    assert -line(inputs, Category.STAFF)[1] == pytest.approx((0.5 + 8 / 150) * 200_000 / 12)


def test_a_licence_is_by_gpu_and_year() -> None:
    inputs = a_node(ranged_running(licence_per_gpu_year=given("licence", 4_500.0)))
    assert -line(inputs, Category.LICENCES)[1] == pytest.approx(8 * 4_500 / 12)


def test_repairs_and_spares_are_charged_once_under_warranty() -> None:
    without, under = a_node(), a_node(ranged_running(under_warranty=True))
    assert -line(without, Category.MAINTENANCE)[1] == pytest.approx(300_000 * 0.05 / 12)
    assert -line(without, Category.FAILURES)[1] == pytest.approx(300_000 * 0.04 / 12)
    assert line(under, Category.MAINTENANCE) == line(without, Category.MAINTENANCE)
    assert not any(line(under, Category.FAILURES))
    assert not any(line(under, Category.SPARES))


def test_servers_are_whole() -> None:
    inputs = plain(demand=a_demand(ConstantLoad(gpus=9)), own=a_node().own)
    assert line(inputs, Category.SERVERS)[0] == -600_000


def test_rent_is_paid_until_the_servers_come_and_nothing_for_running_them() -> None:
    inputs = plain(own=plain_own(lead_time_months=given("own.lead_time", 2.25)))
    month = 8 * 0.7 * 730 * 3.80
    rented = line(inputs, Category.RENT_BEFORE_DELIVERY)
    assert rented[:5] == pytest.approx([0, -month, -month, -month * 0.25, 0])
    assert line(inputs, Category.OPEX)[:5] == pytest.approx([0, 0, 0, -8_300 * 0.75, -8_300])
    assert line(inputs, Category.SERVERS)[0] == -378_000


def test_what_failures_cost_in_hours_is_rented() -> None:
    inputs = plain(own=plain_own(goodput=given("own.goodput", 0.9)))
    lost = 8 * 0.7 * 730 * 0.1
    assert -line(inputs, Category.RENT_IN_DOWNTIME)[1] == pytest.approx(lost * 3.80)


def test_behind_an_air_gap_nothing_is_rented_and_less_is_done() -> None:
    own = plain_own(lead_time_months=given("own.lead_time", 3.0), goodput=given("own.goodput", 0.9))
    inputs = plain(own=own, overrides=Overrides(air_gap=True))
    found = flows(inputs)
    assert not found.of(Category.RENT_BEFORE_DELIVERY, Category.RENT_IN_DOWNTIME).any()
    hours = 8 * 0.7 * 730
    assert found.delivered_gpu_hours[0, [3, 4]] == pytest.approx([0, hours * 0.9])


def residual_of(own: Own, months: int) -> float:
    inputs = plain(own=own, horizon_months=months)
    return line(inputs, Category.RESIDUAL)[-1] / 378_000


def test_a_server_loses_15_percent_at_once_and_the_same_share_each_month_after() -> None:
    own = plain_own(residual_fraction=given("own.residual", 0.20))
    assert residual_of(own, 48) == pytest.approx(0.20)
    assert residual_of(own, 24) == pytest.approx(0.85 * (0.20 / 0.85) ** 0.5)
    assert residual_of(own, 96) == pytest.approx(0.20**2 / 0.85)


def test_the_residual_has_a_floor() -> None:
    own = plain_own(residual_floor=given("own.residual_floor", 0.05))
    assert residual_of(own, 48) == pytest.approx(0.05)
    assert residual_of(plain_own(), 48) == 0


def test_growth_buys_servers_when_they_are_needed() -> None:
    demand = a_demand(ConstantLoad(gpus=8), monthly_growth=0.05)
    own = plain_own(residual_fraction=given("own.residual", 0.20))
    inputs = plain(demand=demand, own=own, horizon_months=20)
    # 8 x 1.05^t passes 8 at once, 16 at t = 15: months 2 and 16 begin at the ends of 1 and 15.
    bought = line(inputs, Category.SERVERS)
    assert [month for month, paid in enumerate(bought) if paid] == [0, 1, 15]
    kept = [0.85 * (0.20 / 0.85) ** (age / 48) for age in (20, 19, 5)]
    assert line(inputs, Category.RESIDUAL)[-1] == pytest.approx(378_000 * sum(kept))


def test_a_refresh_sells_and_buys_again() -> None:
    own = plain_own(residual_fraction=given("own.residual", 0.20), refresh_months=36)
    inputs = plain(own=own, horizon_months=48)
    bought, sold = line(inputs, Category.SERVERS), line(inputs, Category.RESIDUAL)
    assert [month for month, paid in enumerate(bought) if paid] == [0, 36]
    value = {age: 378_000 * 0.85 * (0.20 / 0.85) ** (age / 48) for age in (36, 12)}
    assert sold[36] == pytest.approx(value[36])
    assert sold[48] == pytest.approx(value[12])
    assert not any(sold[:36])


def test_a_refresh_that_falls_on_the_horizon_buys_nothing() -> None:
    inputs = plain(own=plain_own(refresh_months=24), horizon_months=48)
    bought = line(inputs, Category.SERVERS)
    assert [month for month, paid in enumerate(bought) if paid] == [0, 24]


def test_depreciation_moves_no_money() -> None:
    inputs = plain()
    written_off = line(inputs, Category.DEPRECIATION)
    assert written_off[:2] == pytest.approx([0, -378_000 / 60])
    assert flows(inputs).cash()[0, 1] == -8_300


def test_tax_takes_its_share_of_every_cost_in_the_end() -> None:
    # Everything is written off or sold within the horizon: tax is a share of all that was spent.
    own = plain_own(
        residual_fraction=given("own.residual", 0.20),
        depreciation_months=60,
        loan=Loan(share=0.6, annual_rate=0.0, months=36),
    )
    untaxed, taxed = plain(own=own), plain(own=own, tax_rate=0.25)
    for kind in (OWN, OptionKind.RENT):
        before, after = (flows(inputs, kind).cash().sum() for inputs in (untaxed, taxed))
        assert after == pytest.approx(before * 0.75)


def test_interest_saves_tax() -> None:
    own = plain_own(loan=Loan(share=0.5, annual_rate=0.12, months=24))
    untaxed, taxed = plain(own=own), plain(own=own, tax_rate=0.25)
    before, after = (flows(inputs).cash().sum() for inputs in (untaxed, taxed))
    assert after == pytest.approx(before * 0.75)


def test_a_loan_at_the_discount_rate_changes_no_value() -> None:
    rate = given("discount_rate", 1.01**12 - 1)
    with_loan = plain_own(loan=Loan(share=0.6, annual_rate=0.12, months=36))
    values = []
    for own in (plain_own(), with_loan):
        scene = scene_of(plain(own=own, discount_rate=rate), BASE)
        values.append(npv_of(flows_of(OWN, scene), scene)[0])
    assert values[0] == pytest.approx(values[1])
    assert line(plain(own=with_loan), Category.LOAN)[0] == pytest.approx(0.6 * 378_000)


def test_subtotals_are_shared_among_the_servers_that_they_bought() -> None:
    demand = a_demand(ConstantLoad(gpus=16), monthly_growth=0.01)
    inputs = plain(demand=demand, horizon_months=12)
    assert line(inputs, Category.SERVERS)[:2] == [-378_000, -189_000]
    assert line(inputs, Category.OPEX)[1:3] == [-8_300, -12_450]


def test_existing_gpus_need_not_be_bought() -> None:
    demand = a_demand(ConstantLoad(gpus=24), existing_gpu_count=20)
    own = a_node().own
    assert own is not None
    inputs = plain(demand=demand, own=own)
    assert line(inputs, Category.SERVERS)[0] == -300_000
    assert flows(inputs).delivered_gpu_hours[0, 1] == pytest.approx(4 * 0.7 * 730)


def built(**changes: object) -> Inputs:
    own = replace(
        ranged_own(**changes), lead_time_months=given("l", 6.0), goodput=given("own.goodput", 1.0)
    )
    return plain(own=own, building=a_building(), horizon_months=48, rent=plain_rent(3.8))


def test_a_building_is_paid_while_it_is_built_and_gpus_are_rented_meanwhile() -> None:
    inputs, kind = built(), OptionKind.OWN_BUILDING
    cost = 11e6 * 10.2 * 1.2 / 1000
    paid = line(inputs, Category.CONSTRUCTION, kind)
    assert paid[:20] == pytest.approx([0] + [-cost / 18] * 18 + [0])
    assert line(inputs, Category.LAND, kind)[0] == -2e6
    rented = line(inputs, Category.RENT_BEFORE_DELIVERY, kind)
    assert rented[18:20] == pytest.approx([-8 * 0.7 * 730 * 3.8, 0])
    bought = line(inputs, Category.SERVERS, kind)
    assert [month for month, spent in enumerate(bought) if spent] == [18]


def test_a_building_keeps_its_book_value_and_its_land() -> None:
    inputs, kind = built(), OptionKind.OWN_BUILDING
    cost = 11e6 * 10.2 * 1.2 / 1000
    server = 300_000 * 0.85 * (0.20 / 0.85) ** (30 / 48)
    expected = cost * (1 - 30 / 468) + 2e6 + server
    assert line(inputs, Category.RESIDUAL, kind)[-1] == pytest.approx(expected)


def test_a_building_needs_no_colocation_and_has_its_own_pue() -> None:
    inputs, kind = built(), OptionKind.OWN_BUILDING
    assert not any(line(inputs, Category.COLOCATION, kind))
    kw = 10.2 * (0.3 + 0.45 * 0.7)
    assert -line(inputs, Category.POWER, kind)[19] == pytest.approx(kw * 730 * 1.2 * 0.08)


def test_a_building_without_a_wait_is_there_at_once() -> None:
    own = replace(ranged_own(), lead_time_months=given("l", 0.0), goodput=given("g", 1.0))
    building = a_building(build_months=0, upkeep_fraction=given("building.upkeep", 0.02))
    inputs = plain(own=own, building=building)
    cost = 11e6 * 10.2 * 1.2 / 1000
    assert line(inputs, Category.CONSTRUCTION, OptionKind.OWN_BUILDING)[0] == pytest.approx(-cost)
    upkeep = line(inputs, Category.UPKEEP, OptionKind.OWN_BUILDING)[1]
    assert -upkeep == pytest.approx(cost * 0.02 / 12)


def test_every_draw_is_its_own_question() -> None:
    inputs = ranged(building=a_building(), tax_rate=0.2)
    assert inputs.own is not None
    assert inputs.own.servers is not None
    price = inputs.own.servers.server_price
    for kind in (OWN, OptionKind.OWN_BUILDING):
        together = flows_of(kind, scene_of(inputs, BASE.fixing(price, 280_000.0))).cash()[0]
        alone = replace(
            inputs,
            own=replace(
                inputs.own,
                servers=replace(inputs.own.servers, server_price=base(price, 280_000.0)),
            ),
        )
        assert together == pytest.approx(flows(alone, kind).cash()[0])
