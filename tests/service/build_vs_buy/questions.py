"""Questions with good defaults: the tests change what they are about."""

from dataclasses import replace

import numpy as np

from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.inputs import (
    Building,
    Commit,
    ConstantLoad,
    Demand,
    HostedApi,
    Inputs,
    NetworkStep,
    Own,
    PeakedLoad,
    Rent,
    Running,
    Servers,
    Spot,
    TokenTier,
    WeeklyLoad,
)
from service.build_vs_buy.value import discount_factors, present_value
from service.domain.figure import Figure


def figure(name: str, low: float, base: float, high: float) -> Figure:
    return Figure(name=name, low=low, base=base, high=high, unit="", source="a test")


def given(name: str, value: float) -> Figure:
    return Figure.given(name, value, "")


def npv(annual_rate: float, flows: Floats) -> float:
    """The value of one row of monthly flows, the first of them today."""
    row = np.atleast_2d(flows)
    factors = discount_factors(np.array([[annual_rate]]), row.shape[1] - 1)
    return float(present_value(row, factors)[0])


def a_demand(
    load: ConstantLoad | WeeklyLoad | PeakedLoad | None = None,
    *,
    utilization: float = 0.7,
    monthly_growth: float = 0.0,
    existing_gpu_count: int = 0,
) -> Demand:
    return Demand(
        load=ConstantLoad(gpus=8) if load is None else load,
        monthly_growth=given("demand.monthly_growth", monthly_growth),
        utilization=given("demand.utilization", utilization),
        existing_gpu_count=existing_gpu_count,
    )


def plain_rent(price: float = 3.80, **changes: object) -> Rent:
    """Rent at a price that stays, with nothing on top."""
    rent = Rent(
        price_per_gpu_hour=given("rent.price", price),
        drift=given("rent.drift", 0.0),
        volatility=given("rent.volatility", 0.0),
        reversion=given("rent.reversion", 0.5),
        goodput=given("rent.goodput", 1.0),
        idle_share=given("rent.idle_share", 0.0),
    )
    return replace(rent, **changes)  # type: ignore[arg-type]


def plain_own(**changes: object) -> Own:
    """Servers of 8 GPUs from subtotals, there at once, worth nothing afterwards."""
    own = Own(
        gpus_per_server=8,
        lead_time_months=given("own.lead_time", 0.0),
        residual_fraction=given("own.residual", 0.0),
        resale_at_once=given("own.resale_at_once", 0.85),
        residual_floor=given("own.residual_floor", 0.0),
        goodput=given("own.goodput", 1.0),
        depreciation_months=60,
        capex=given("own.capex", 378_000),
        opex_per_month=given("own.opex", 8_300),
    )
    return replace(own, **changes)  # type: ignore[arg-type]


def plain(**changes: object) -> Inputs:
    """8 GPUs at 70 % for 48 months: subtotals, no discounting, nothing uncertain."""
    inputs = Inputs(
        demand=a_demand(),
        rent=plain_rent(),
        discount_rate=given("discount_rate", 0.0),
        own=plain_own(),
        draws=100,
    )
    return replace(inputs, **changes)  # type: ignore[arg-type]


def ranged_rent() -> Rent:
    return Rent(
        price_per_gpu_hour=figure("rent.price", 3.4, 3.8, 4.2),
        drift=figure("rent.drift", -0.2, 0.0, 0.2),
        volatility=figure("rent.volatility", 0.25, 0.35, 0.45),
        reversion=figure("rent.reversion", 0.3, 0.5, 0.8),
        goodput=figure("rent.goodput", 0.90, 0.92, 0.97),
        idle_share=figure("rent.idle_share", 0.05, 0.15, 0.25),
        uplift=figure("rent.uplift", 0.15, 0.20, 0.30),
    )


def ranged_servers() -> Servers:
    return Servers(
        server_price=figure("own.server_price", 250_000, 300_000, 375_000),
        network_steps=(
            NetworkStep(from_servers=1, fraction=figure("own.network_1", 0.0, 0.02, 0.05)),
            NetworkStep(from_servers=64, fraction=figure("own.network_64", 0.03, 0.04, 0.10)),
        ),
        hidden_fraction=figure("own.hidden", 0.10, 0.12, 0.15),
        install_fraction=figure("own.install", 0.02, 0.04, 0.08),
        spares_fraction=figure("own.spares", 0.03, 0.05, 0.10),
        sales_tax_rate=given("own.sales_tax", 0.0),
    )


def ranged_running(**changes: object) -> Running:
    running = Running(
        power_kw_per_server=figure("own.power_kw", 9.5, 10.2, 10.5),
        load_fraction=figure("own.load", 0.65, 0.75, 0.85),
        idle_fraction=figure("own.idle", 0.2, 0.3, 0.4),
        pue=figure("own.pue", 1.2, 1.4, 1.58),
        electricity_per_kwh=figure("own.electricity", 0.06, 0.08, 0.14),
        colocation_per_kw_month=figure("own.colocation", 150, 196, 230),
        fte_fixed=figure("own.fte_fixed", 0.25, 0.5, 0.75),
        fte_per_gpu=figure("own.fte_per_gpu", 1 / 250, 1 / 150, 1 / 100),
        fte_annual_cost=figure("own.fte_cost", 150_000, 200_000, 250_000),
        maintenance_fraction=figure("own.maintenance", 0.01, 0.05, 0.15),
        failure_rate=figure("own.failures", 0.025, 0.04, 0.061),
    )
    return replace(running, **changes)  # type: ignore[arg-type]


def ranged_own(**changes: object) -> Own:
    own = Own(
        gpus_per_server=8,
        lead_time_months=figure("own.lead_time", 1.8, 2.3, 4.6),
        residual_fraction=figure("own.residual", 0.0, 0.20, 0.60),
        resale_at_once=given("own.resale_at_once", 0.85),
        residual_floor=given("own.residual_floor", 0.0),
        goodput=figure("own.goodput", 0.90, 0.92, 0.97),
        depreciation_months=60,
        servers=ranged_servers(),
        running=ranged_running(),
    )
    return replace(own, **changes)  # type: ignore[arg-type]


def ranged(**changes: object) -> Inputs:
    """64 GPUs at 85 % with the ranges that published figures have."""
    inputs = Inputs(
        demand=Demand(
            load=ConstantLoad(gpus=64),
            monthly_growth=given("demand.monthly_growth", 0.0),
            utilization=figure("demand.utilization", 0.70, 0.85, 0.95),
        ),
        rent=ranged_rent(),
        discount_rate=figure("discount_rate", 0.08, 0.10, 0.14),
        own=ranged_own(),
        commits=(
            Commit(term_months=12, discount=figure("commit_1y.discount", 0.15, 0.25, 0.35)),
            Commit(term_months=36, discount=figure("commit_3y.discount", 0.35, 0.45, 0.55)),
        ),
    )
    return replace(inputs, **changes)  # type: ignore[arg-type]


def a_building(**changes: object) -> Building:
    building = Building(
        construction_per_mw=figure("building.per_mw", 9e6, 11e6, 14e6),
        land_price=given("building.land", 2e6),
        pue=figure("building.pue", 1.1, 1.2, 1.3),
        build_months=18,
        minimum_annual_spend=50e6,
        life_months=468,
    )
    return replace(building, **changes)  # type: ignore[arg-type]


def a_spot(**changes: object) -> Spot:
    spot = Spot(
        share=0.3,
        discount=given("spot.discount", 0.6),
        interruption_per_month=given("spot.interruption", 0.15),
        checkpoint_interval_hours=1.0,
        restart_hours=0.25,
        requeue_wait_hours=0.5,
    )
    return replace(spot, **changes)  # type: ignore[arg-type]


def a_hosted_api(**changes: object) -> HostedApi:
    api = HostedApi(
        model="a model",
        tiers=(
            TokenTier(
                up_to_prompt_tokens=None,
                input_price=given("api.input", 3.0),
                output_price=given("api.output", 15.0),
                cached_input_price=given("api.cached", 0.3),
                cache_write_price=given("api.cache_write", 3.75),
                batch_input_price=given("api.batch_input", 1.5),
                batch_output_price=given("api.batch_output", 7.5),
            ),
        ),
        input_tokens_per_month=8e9,
        output_tokens_per_month=2e9,
        prompt_tokens=2_000,
    )
    return replace(api, **changes)  # type: ignore[arg-type]
