"""Random questions: each part is there or is not, each number lies anywhere in its range."""

from itertools import count

import numpy as np

from service.build_vs_buy.inputs import (
    Building,
    Commit,
    ConstantLoad,
    Demand,
    HostedApi,
    Inputs,
    Loan,
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
from service.domain.figure import Figure
from tests.service.build_vs_buy.questions import given


class Chance:
    """What one seed brings."""

    def __init__(self, seed: int) -> None:
        self._numbers = np.random.default_rng(seed)
        self._names = count()

    def between(self, low: float, high: float) -> float:
        return float(self._numbers.uniform(low, high))

    def figure(self, low: float, high: float) -> Figure:
        return given(f"figure {next(self._names)}", self.between(low, high))

    def whole(self, low: int, high: int) -> int:
        return int(self._numbers.integers(low, high + 1))

    def is_so(self, probability: float = 0.5) -> bool:
        return bool(self._numbers.random() < probability)

    def maybe(self, low: float, high: float) -> Figure | None:
        return self.figure(low, high) if self.is_so() else None

    def load(self) -> ConstantLoad | WeeklyLoad | PeakedLoad:
        gpus = self.between(0.5, 150)
        match self.whole(0, 3):
            case 0:
                return ConstantLoad(gpus=gpus)
            case 1:
                hours = self.whole(1, 24)
                factor = self.between(1, 24 / hours)
                return PeakedLoad(mean_gpus=gpus / 4, peak_factor=factor, peak_hours_per_day=hours)
            case _:
                week = np.ceil(gpus * self._numbers.random(168) ** self.between(0.05, 2))
                return WeeklyLoad(gpus=tuple(week.tolist()))

    def rent(self) -> Rent:
        is_priced = self.is_so(0.3)
        return Rent(
            price_per_gpu_hour=self.figure(0.5, 6),
            drift=self.figure(-0.5, 0.5),
            volatility=self.figure(0, 0.5),
            reversion=self.figure(0, 1),
            goodput=self.figure(0.8, 1),
            idle_share=self.figure(0, 0.4),
            gpus_per_instance=self.whole(1, 8),
            uplift=None if is_priced else self.figure(0, 0.3),
            data_cost_per_month=self.figure(0, 5_000) if is_priced else None,
            stock_gpus=self.whole(0, 100) if self.is_so(0.4) else None,
        )

    def servers(self) -> Servers:
        return Servers(
            server_price=self.figure(50_000, 500_000),
            network_steps=(
                NetworkStep(from_servers=self.whole(4, 12), fraction=self.figure(0.1, 0.5)),
                NetworkStep(from_servers=self.whole(1, 3), fraction=self.figure(0, 0.2)),
            ),
            hidden_fraction=self.figure(0, 0.2),
            install_fraction=self.figure(0, 0.1),
            spares_fraction=self.figure(0, 0.1),
            sales_tax_rate=self.figure(0, 0.1),
            hidden_includes_network=self.is_so(),
            storage_price=self.maybe(0, 100_000),
        )

    def running(self) -> Running:
        return Running(
            power_kw_per_server=self.figure(1, 15),
            load_fraction=self.figure(0.6, 1),
            idle_fraction=self.figure(0, 0.5),
            pue=self.figure(1, 2),
            electricity_per_kwh=self.figure(0.02, 0.4),
            colocation_per_kw_month=self.figure(50, 400),
            fte_fixed=self.figure(0, 1),
            fte_per_gpu=self.figure(0, 0.02),
            fte_annual_cost=self.figure(50_000, 300_000),
            maintenance_fraction=self.figure(0, 0.15),
            failure_rate=self.figure(0, 0.07),
            colocation_includes_power=self.is_so(0.3),
            under_warranty=self.is_so(0.3),
            licence_per_gpu_year=self.maybe(0, 5_000),
        )

    def loan(self) -> Loan:
        rate = self.between(0, 0.2) if self.is_so(0.8) else 0.0
        return Loan(share=self.between(0, 1), annual_rate=rate, months=self.whole(1, 60))

    def own(self, *, in_detail: bool) -> Own:
        refresh = self.whole(6, 40) if self.is_so() else None
        opex = self.figure(0, 20_000), self.figure(0, 2)
        return Own(
            gpus_per_server=self.whole(1, 16),
            lead_time_months=self.figure(0, 5.9 if refresh else 30),
            resale_at_once=self.figure(0.6, 1),
            residual_fraction=self.figure(0, 0.6),
            residual_floor=self.figure(0, 0.3),
            goodput=self.figure(0.8, 1),
            depreciation_months=self.whole(1, 60),
            servers=self.servers() if in_detail else None,
            capex=None if in_detail else self.figure(50_000, 5_000_000),
            running=self.running() if in_detail else None,
            opex_per_month=None if in_detail else opex[0],
            opex_per_used_gpu_hour=None if in_detail else opex[1],
            residual_age_months=self.whole(12, 60),
            refresh_months=refresh,
            loan=self.loan() if self.is_so() else None,
            data_cost_per_month=self.maybe(0, 5_000),
        )

    def building(self, months: int) -> Building:
        return Building(
            construction_per_mw=self.figure(5e6, 20e6),
            land_price=self.figure(0, 3e6),
            pue=self.figure(1, 1.5),
            build_months=self.whole(0, months),
            minimum_annual_spend=0.0,
            life_months=self.whole(1, 400),
            upkeep_fraction=self.maybe(0, 0.05),
        )

    def commit(self) -> Commit:
        is_priced = self.is_so(0.3)
        return Commit(
            term_months=self.whole(1, 40),
            price_per_gpu_hour=self.figure(0.3, 5) if is_priced else None,
            discount=None if is_priced else self.figure(0, 0.7),
            upfront_fraction=self.between(0, 1) if self.is_so() else 0.0,
        )

    def spot(self) -> Spot:
        return Spot(
            share=self.between(0, 1),
            discount=self.figure(0.1, 0.9),
            interruption_per_month=self.figure(0, 0.5),
            checkpoint_interval_hours=self.between(0, 5),
            restart_hours=self.between(0, 2),
            requeue_wait_hours=self.between(0, 3),
        )

    def api(self) -> HostedApi:
        tier = TokenTier(
            up_to_prompt_tokens=None,
            input_price=self.figure(0.1, 5),
            output_price=self.figure(1, 20),
            cached_input_price=self.figure(0.01, 1),
            cache_write_price=self.figure(1, 6),
            batch_input_price=self.figure(0.1, 2),
            batch_output_price=self.figure(1, 10),
        )
        return HostedApi(
            model="a model",
            tiers=(tier,),
            input_tokens_per_month=self.between(0, 1e10),
            output_tokens_per_month=self.between(0, 1e10),
            prompt_tokens=1_000,
            reasoning_tokens_per_month=self.between(0, 1e9),
            cached_share=self.between(0, 1),
            cache_write_share=self.between(0, 1),
            batch_share=self.between(0, 1),
            output_ratio=self.between(0.5, 2),
        )

    def question(self, *, in_detail: bool | None = None) -> Inputs:
        """Return a question about servers in detail, from subtotals, or either."""
        months = self.whole(3, 60)
        if in_detail is None:
            in_detail = self.is_so(0.75)
        return Inputs(
            demand=Demand(
                load=self.load(),
                monthly_growth=self.figure(-0.05, 0.05),
                utilization=self.figure(0.05, 1),
                existing_gpu_count=self.whole(0, 40) if self.is_so() else 0,
            ),
            rent=self.rent(),
            discount_rate=self.figure(0, 0.3),
            own=self.own(in_detail=in_detail),
            building=self.building(months) if in_detail else None,
            commits=tuple(self.commit() for _ in range(self.whole(1, 3))),
            spot=self.spot() if self.is_so() else None,
            hosted_api=self.api(),
            horizon_months=months,
            tax_rate=self.between(0, 0.4) if self.is_so() else 0.0,
            hours_per_month=self.between(600, 744),
        )
