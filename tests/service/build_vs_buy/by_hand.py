"""The value of every option once more: month by month and hour by hour, in loops of plain numbers.

Written from what the inputs say of themselves, to compare the engine with: it uses none of the
engine's functions, keeps no arrays, and is slow. Every figure is taken at its base.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from service.build_vs_buy.inputs import (
    Building,
    Commit,
    ConstantLoad,
    Inputs,
    Loan,
    OptionKind,
    Own,
    PeakedLoad,
    Running,
    WeeklyLoad,
)
from service.domain.figure import Figure

WEEK = 168
SLACK = 1e-9


def base(figure: Figure | None) -> float:
    return 0.0 if figure is None else figure.base


def whole(units: float) -> int:
    return math.ceil(units - SLACK)


class Ledger:
    """Cash and taxable profit by month; what is paid is negative."""

    def __init__(self, months: int) -> None:
        self.cash = [0.0] * (months + 1)
        self.profit = [0.0] * (months + 1)

    def costs(self, month: int, amount: float) -> None:
        self.cash[month] -= amount
        self.profit[month] -= amount

    def value(self, *, annual_rate: float, tax_rate: float) -> float:
        return math.fsum(
            (cash - tax_rate * profit) / (1 + annual_rate) ** (month / 12)
            for month, (cash, profit) in enumerate(zip(self.cash, self.profit, strict=True))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """So many GPUs, committed term after term until a month."""

    gpus: float
    commit: Commit
    until: int


class ByHand:
    """One question."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self.months = inputs.horizon_months
        profile = profile_of(inputs.demand.load)
        self._wanted = [self._beyond_existing(profile, month) for month in range(self.months + 1)]

    def value(self, ledger: Ledger) -> float:
        return ledger.value(
            annual_rate=base(self.inputs.discount_rate), tax_rate=self.inputs.tax_rate
        )

    # Demand and prices of a month, the first of which is 1.

    def _beyond_existing(self, profile: list[float], month: int) -> list[float]:
        grown = (1 + base(self.inputs.demand.monthly_growth)) ** (month - 1)
        there = self.inputs.demand.existing_gpu_count
        return [max(gpus * grown - there, 0.0) for gpus in profile]

    def wanted(self, month: int) -> list[float]:
        """GPUs hour by hour beyond those that are there."""
        return self._wanted[month]

    def peak(self, month: int) -> float:
        return max(self.wanted(month))

    def work(self, month: int, covered: float = 0.0) -> float:
        """GPU-hours of work beyond so many GPUs."""
        above = math.fsum(max(gpus - covered, 0.0) for gpus in self.wanted(month)) / WEEK
        return above * base(self.inputs.demand.utilization) * self.inputs.hours_per_month

    def price(self, month: int) -> float:
        rent = self.inputs.rent
        today = base(rent.price_per_gpu_hour)
        path = today * math.pow(1 + base(rent.drift), (month - 1) / 12)
        return max(path, min(self.cash_cost_of_a_gpu_hour(), today))

    def cash_cost_of_a_gpu_hour(self) -> float:
        own = self.inputs.own
        if own is None or own.running is None:
            return 0.0
        running, hours = own.running, self.inputs.hours_per_month
        kw = base(running.power_kw_per_server)
        month = kw * base(running.colocation_per_kw_month)
        if not running.colocation_includes_power:
            busy = kw * base(running.load_fraction) * base(running.pue)
            month += busy * hours * base(running.electricity_per_kwh)
        return month / own.gpus_per_server / hours

    def paid_for_an_hour(self) -> float:
        rent = self.inputs.rent
        return 1 / base(rent.goodput) / (1 - base(rent.idle_share))

    # Renting.

    def rental(self, month: int, covered: float = 0.0) -> float:
        """What renting everything beyond so many GPUs costs."""
        inputs, rent = self.inputs, self.inputs.rent
        unit = rent.gpus_per_instance
        rented, peak = 0.0, 0.0
        for gpus in self.wanted(month):
            above = max(gpus - covered, 0.0)
            rented += unit * whole(above / unit)
            if rent.stock_gpus is not None:
                beyond = max(gpus - covered - rent.stock_gpus, 0.0)
                rented -= unit * whole(beyond / unit)
                peak = max(peak, beyond)
        hours = rented / WEEK * base(inputs.demand.utilization) * inputs.hours_per_month
        bill = hours * self.paid_for_an_hour() * self.price(month) * self.spot_factor()
        if peak:
            shortest = min(inputs.commits, key=lambda commit: commit.term_months)
            price = self.price(month) * self.ratio(shortest)
            bill += unit * whole(peak / unit) * inputs.hours_per_month * price
            beyond = self.work(month, covered + (rent.stock_gpus or 0))
            bill += self.downtime(month, beyond, rent.goodput)
        return bill

    def spot_factor(self) -> float:
        spot = self.inputs.spot
        if spot is None:
            return 1.0
        an_hour = -math.log(1 - base(spot.interruption_per_month)) / self.inputs.hours_per_month
        lost = spot.checkpoint_interval_hours / 2 + spot.restart_hours + spot.requeue_wait_hours
        return 1 - spot.share + spot.share * (1 - base(spot.discount)) * (1 + an_hour * lost)

    def data(self, month: int, given: Figure | None) -> float:
        if given is not None:
            return given.base
        return base(self.inputs.rent.uplift) * self.work(month) * self.price(month)

    def rent_npv(self) -> float:
        ledger = Ledger(self.months)
        for month in range(1, self.months + 1):
            ledger.costs(month, self.rental(month))
            ledger.costs(month, self.data(month, self.inputs.rent.data_cost_per_month))
        return self.value(ledger)

    # Committing.

    def ratio(self, commit: Commit) -> float:
        if commit.price_per_gpu_hour is None:
            return 1 - base(commit.discount)
        return commit.price_per_gpu_hour.base / base(self.inputs.rent.price_per_gpu_hour)

    def ends(self, commit: Commit) -> Iterator[int]:
        """Until when it may run: whole terms within the horizon, and one more beyond it."""
        within = self.months // commit.term_months * commit.term_months
        if within:
            yield within
        if within < self.months:
            yield within + commit.term_months

    def pay_terms(self, ledger: Ledger, commit: Commit, until: int, gpus: float | None) -> None:
        """Charge term after term of so many GPUs; None takes the peak of each."""
        unit = self.inputs.rent.gpus_per_instance
        for start in range(0, until, commit.term_months):
            end = start + commit.term_months
            lived = range(start + 1, min(end, self.months) + 1)
            most = max(unit * whole(self.peak(month) / unit) for month in lived)
            price = self.price(start + 1) * self.ratio(commit)
            a_month = (most if gpus is None else gpus) * self.inputs.hours_per_month * price
            ledger.costs(start, a_month * commit.term_months * commit.upfront_fraction)
            for month in range(start + 1, end + 1):
                later = a_month * (1 - commit.upfront_fraction)
                ledger.costs(min(month, self.months), later)

    def downtime(self, month: int, work: float, goodput: Figure) -> float:
        return (1 - goodput.base) * work * self.paid_for_an_hour() * self.price(month)

    def rung_npv(self, commit: Commit, until: int) -> float:
        rent, ledger = self.inputs.rent, Ledger(self.months)
        self.pay_terms(ledger, commit, until, None)
        for month in range(1, self.months + 1):
            is_bound = month <= until
            lost = self.downtime(month, self.work(month), rent.goodput)
            ledger.costs(month, lost if is_bound else self.rental(month))
            ledger.costs(month, self.data(month, rent.data_cost_per_month))
        return self.value(ledger)

    def commit_npv(self) -> float:
        return max(
            self.rung_npv(commit, until)
            for commit in self.inputs.commits
            for until in self.ends(commit)
        )

    # A hosted model.

    def api_npv(self) -> float:
        api, ledger = self.inputs.hosted_api, Ledger(self.months)
        assert api is not None
        (tier,) = api.tiers
        written = (api.output_tokens_per_month + api.reasoning_tokens_per_month) * api.output_ratio
        fresh, cached = 1 - api.cached_share, api.cached_share
        prompt = fresh * base(tier.input_price) + cached * base(tier.cached_input_price)
        prompt += api.cache_write_share * base(tier.cache_write_price)
        live = api.input_tokens_per_month * prompt + written * base(tier.output_price)
        batch = api.input_tokens_per_month * base(tier.batch_input_price)
        batch += written * base(tier.batch_output_price)
        first = ((1 - api.batch_share) * live + api.batch_share * batch) / 1_000_000
        for month in range(1, self.months + 1):
            grown = (1 + base(self.inputs.demand.monthly_growth)) ** (month - 1)
            ledger.costs(month, first * grown)
        return self.value(ledger)

    # Owning.

    def servers_for_peak(self, own: Own, month: int) -> int:
        """What the highest peak so far takes: servers are not sold when demand shrinks."""
        return max(whole(self.peak(past) / own.gpus_per_server) for past in range(1, month + 1))

    def own_npv(self, building: Building | None) -> float:
        own, ledger = self.inputs.own, Ledger(self.months)
        assert own is not None
        needed = [0] + [self.servers_for_peak(own, month) for month in range(1, self.months + 1)]
        fleet = FleetByHand(self, own, ledger, needed=needed, building=building)
        for month in range(1, self.months + 1):
            share = fleet.served(month)
            fleet.run(month, self.work(month))
            if needed[month]:
                ledger.costs(month, (1 - share) * self.rental(month))
            given = own.data_cost_per_month or self.inputs.rent.data_cost_per_month
            ledger.costs(month, self.data(month, given))
        return self.value(ledger)

    def mix_npv(self, *, servers: float, committed: Committed | None) -> float:
        """Own the base from the first day, commit above it, rent the rest."""
        own, rent, ledger = self.inputs.own, self.inputs.rent, Ledger(self.months)
        fleet, owned, given = None, 0.0, rent.data_cost_per_month
        if servers:
            assert own is not None
            owned = servers * own.gpus_per_server
            needed = [0.0] + [servers] * self.months
            fleet = FleetByHand(self, own, ledger, needed=needed, building=None)
            given = own.data_cost_per_month or given
        if committed is not None:
            self.pay_terms(ledger, committed.commit, committed.until, committed.gpus)
        for month in range(1, self.months + 1):
            share = 0.0 if fleet is None else fleet.served(month)
            bound = 0.0
            if committed is not None and month <= committed.until:
                bound = committed.gpus
            if fleet is not None:
                fleet.run(month, self.work(month) - self.work(month, owned))
            for part, there in ((share, owned), (1 - share, 0.0)):
                ledger.costs(month, part * self.rental(month, there + bound))
                done = self.work(month, there) - self.work(month, there + bound)
                ledger.costs(month, part * self.downtime(month, done, rent.goodput))
            ledger.costs(month, self.data(month, given))
        return self.value(ledger)

    def npvs(self) -> dict[OptionKind, float]:
        inputs = self.inputs
        found = {OptionKind.RENT: self.rent_npv()}
        if inputs.commits:
            found[OptionKind.COMMIT] = self.commit_npv()
        if inputs.hosted_api is not None:
            found[OptionKind.HOSTED_API] = self.api_npv()
        if inputs.own is not None:
            found[OptionKind.OWN_COLOCATION] = self.own_npv(None)
            if inputs.building is not None:
                found[OptionKind.OWN_BUILDING] = self.own_npv(inputs.building)
        return found


class FleetByHand:
    """Servers by month: what buying, keeping and selling them moves in a ledger."""

    def __init__(
        self,
        question: ByHand,
        own: Own,
        ledger: Ledger,
        *,
        needed: list[float] | list[int],
        building: Building | None,
    ) -> None:
        self.question, self.own, self.ledger = question, own, ledger
        self.needed, self.building = needed, building
        self.start = 0 if building is None else building.build_months
        self.most = max(needed)
        self.for_first_month = question.servers_for_peak(own, 1)
        self.price = self.price_of_one()
        self.buy_and_sell()
        if building is not None:
            self.build(building)

    def price_of_one(self) -> float:
        if self.own.servers is not None:
            return base(self.own.servers.server_price)
        return base(self.own.capex) / max(self.for_first_month, 1)

    def cost_of_one(self) -> float:
        servers, running = self.own.servers, self.own.running
        if servers is None:
            return self.price
        network = 0.0
        for step in sorted(servers.network_steps, key=lambda step: step.from_servers):
            if self.most >= step.from_servers:
                network = base(step.fraction)
        hidden = base(servers.hidden_fraction)
        around = max(network, hidden) if servers.hidden_includes_network else network + hidden
        with_all = self.price * (1 + around + base(servers.install_fraction))
        spares = base(servers.spares_fraction)
        if running is not None and running.under_warranty:
            spares = 0.0
        tax = base(servers.sales_tax_rate) * self.price
        return (with_all + tax) * (1 + spares)

    def worth(self, age: int) -> float:
        own = self.own
        used, then = base(own.resale_at_once), base(own.residual_fraction)
        kept = used * (then / used) ** (age / own.residual_age_months) if then else 0.0
        return self.price * max(base(own.residual_floor), kept)

    def lots(self) -> Iterator[tuple[float, int, int]]:
        """Servers that are bought in a month and sold in another, replacements among them."""
        last, refresh = self.question.months, self.own.refresh_months
        standing = 0.0
        for month in range(self.start, last):
            more, standing = self.needed[month + 1] - standing, self.needed[month + 1]
            bought = month
            while more and bought < last:
                sold = last if refresh is None else min(bought + refresh, last)
                yield more, bought, sold
                bought = sold

    def buy_and_sell(self) -> None:
        own, last = self.own, self.question.months
        life = own.depreciation_months
        if own.refresh_months is not None:
            life = min(life, own.refresh_months)
        capital = [0.0] * (last + 1)
        for count, bought, sold in self.lots():
            capital[bought] += count * self.cost_of_one()
            self.ledger.cash[sold] += count * self.worth(sold - bought)
            self.ledger.profit[sold] += count * self.worth(sold - bought)
        if own.servers is not None and self.most:
            capital[self.start] += base(own.servers.storage_price)
        for month, paid in enumerate(capital):
            self.ledger.cash[month] -= paid
            self.write_off(paid, after=month, life=life)
        if own.loan is not None:
            self.borrow(own.loan, own.loan.share * capital[self.start])

    def write_off(self, paid: float, *, after: int, life: int) -> None:
        """Lessen profits evenly; what is left in the books goes at the end, when all is sold."""
        last = self.question.months
        for month in range(after + 1, after + life + 1):
            self.ledger.profit[min(month, last)] -= paid / life

    def borrow(self, loan: Loan, principal: float) -> None:
        ledger, last, rate = self.ledger, self.question.months, loan.annual_rate / 12
        ledger.cash[self.start] += principal
        payment = principal / loan.months
        if rate:
            payment = principal * rate / (1 - (1 + rate) ** -loan.months)
        owed = principal
        for month in range(self.start + 1, min(self.start + loan.months, last) + 1):
            interest = owed * rate
            ledger.cash[month] -= payment
            ledger.profit[month] -= interest
            owed += interest - payment
        if self.start + loan.months > last:
            ledger.cash[last] -= owed

    def build(self, building: Building) -> None:
        ledger, last, own = self.ledger, self.question.months, self.own
        assert own.running is not None
        kw = base(own.running.power_kw_per_server) * self.most * base(building.pue)
        cost = base(building.construction_per_mw) * kw / 1000
        ledger.cash[0] -= base(building.land_price)
        ledger.cash[last] += base(building.land_price)
        months = building.build_months
        for month in range(1, months + 1):
            ledger.cash[month] -= cost / months
        if not months:
            ledger.cash[0] -= cost
        used = min(last - months, building.life_months)
        for month in range(months + 1, last + 1):
            ledger.costs(month, base(building.upkeep_fraction) * cost / 12)
            if month <= months + used:
                ledger.profit[month] -= cost / building.life_months
        ledger.cash[last] += cost * (1 - used / building.life_months)

    def working(self, month: int) -> float:
        """The servers of the first day come after the wait, for a part of the month it ends in."""
        if month <= self.start:
            return 0.0
        first, wait = self.needed[self.start + 1], base(self.own.lead_time_months)
        there = min(max(month - max(wait, self.start), 0.0), 1.0)
        return self.needed[month] - first * (1 - there)

    def served(self, month: int) -> float:
        return self.working(month) / max(self.needed[month], 1)

    def run(self, month: int, work: float) -> None:
        own, question, ledger = self.own, self.question, self.ledger
        working, share = self.working(month), self.served(month)
        if own.running is not None:
            self.run_in_detail(month, own.running, work)
        if own.opex_per_month is not None:
            ledger.costs(month, own.opex_per_month.base * working / max(self.for_first_month, 1))
        if own.opex_per_used_gpu_hour is not None:
            ledger.costs(month, own.opex_per_used_gpu_hour.base * work * share)
        ledger.costs(month, question.downtime(month, work * share, own.goodput))

    def run_in_detail(self, month: int, running: Running, work: float) -> None:
        own, hours = self.own, self.question.inputs.hours_per_month
        working, gpus = self.working(month), self.needed[month] * self.own.gpus_per_server
        kw, building = base(running.power_kw_per_server), self.building
        used = work / (gpus * hours) if gpus else 0.0
        idle, load = base(running.idle_fraction), base(running.load_fraction)
        a_server = (base(running.maintenance_fraction) * self.price) / 12
        if not running.under_warranty:
            a_server += base(running.failure_rate) * self.price / 12
        a_server += base(running.licence_per_gpu_year) * own.gpus_per_server / 12
        if building is None:
            a_server += kw * base(running.colocation_per_kw_month)
        if building is not None or not running.colocation_includes_power:
            at_the_meter = kw * (idle + (load - idle) * used)
            at_the_meter *= base(running.pue if building is None else building.pue)
            a_server += at_the_meter * hours * base(running.electricity_per_kwh)
        self.ledger.costs(month, a_server * working)
        if gpus:
            posts = base(running.fte_fixed) + base(running.fte_per_gpu) * gpus
            wages = posts * base(running.fte_annual_cost) / 12
            self.ledger.costs(month, wages * self.served(month))


def profile_of(load: ConstantLoad | WeeklyLoad | PeakedLoad) -> list[float]:
    """GPUs in each hour of a week."""
    match load:
        case ConstantLoad(gpus=gpus):
            return [gpus] * WEEK
        case WeeklyLoad(gpus=week):
            return list(week)
        case PeakedLoad(mean_gpus=mean, peak_factor=factor, peak_hours_per_day=hours):
            rest = mean * (24 - factor * hours) / (24 - hours) if hours < 24 else 0.0
            day = [mean * factor] * hours + [rest] * (24 - hours)
            return day * 7
