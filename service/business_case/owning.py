"""Own servers and an own building: what is given, and what dated tables say of the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from service.build_vs_buy.inputs import Building, NetworkStep, Own, Running, Servers
from service.business_case.figures import JUDGED_ON, Currency, chosen, fixed
from service.business_case.own_figures import (
    depreciation,
    given_terms,
    lead_time,
    load_share,
    money,
    rack_cooling_limit,
    residual_age,
    residual_floor,
    staff,
)
from service.business_case.question import BuildingTerms, OwnTerms, Question
from service.domain.caveat import Caveat, CaveatCode
from service.domain.figure import Figure
from service.domain.offer import ExchangeRate
from service.facts.colocation import (
    ColocationPrice,
    building_cost_per_mw,
    colocation_per_kw_month,
    load_space_prices,
)
from service.facts.electricity import electricity_per_kwh, load_electricity_prices
from service.facts.hardware_prices import load_hardware_prices, server_price
from service.facts.judgements import (
    IDLE_POWER_SHARE,
    LOAD_POWER_SHARE,
    RACK_COOLING_LIMIT_KW,
    RESALE_AT_ONCE,
)
from service.facts.opex import load_opex
from service.facts.pue import SiteKind, load_pue, pue
from service.facts.residual_values import load_residual_values, residual_fraction
from service.facts.server_power import ServerPower, load_power_ratings, server_power_kw
from service.facts.tables import load_gpu_registry

HOME = "US"
"""Where servers stand when no place is named."""
GPUS_PER_SERVER = 8
BUILD_MONTHS = 24
BUILDING_LIFE_MONTHS = 240
_SERVERS_FROM = (
    (1, "network_share_of_capex_1_2_nodes"),
    (3, "network_share_of_capex_64_nodes"),
    (65, "network_share_of_capex_128_2048_nodes"),
    (2049, "network_share_of_capex_4096_nodes"),
)
_ANYWHERE = ""
_JUDGED = "our judgement, not measured"
_NOT_COUNTED = "our choice: not counted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owning:
    """Own servers, None where something of them is not known, which the caveats name.

    `noted` are exact numbers behind them, for the list of assumptions.
    """

    own: Own | None
    caveats: tuple[Caveat, ...] = ()
    noted: tuple[Figure, ...] = ()


class Tables:
    """What the tables say of one question on one day, in the currency of the answer.

    `rates` are US dollars for one unit of a currency.
    """

    def __init__(
        self,
        question: Question,
        currency: Currency,
        *,
        today: date,
        rates: Mapping[str, ExchangeRate],
    ) -> None:
        self._question = question
        self._currency = currency
        self._today = today
        self._rates = rates
        self._place = question.place or HOME
        self._listed = server_price(load_hardware_prices(), question.gpu.gpu_model_id, today=today)

    @property
    def place(self) -> str:
        """The country or part of one where servers would stand."""
        return self._place

    def gpus_per_server(self, given: int | None) -> Figure:
        """Return the GPUs of a server: as given, else as the newest listing sells it, else 8."""
        gpus, source, dated = GPUS_PER_SERVER, "our choice: no server is listed", JUDGED_ON
        if self._listed is not None:
            gpus, dated = self._listed.gpu_count, self._listed.price.date
            source = "the newest listing of the price table"
        return fixed("own.gpusPerServer", given, gpus, "GPUs", source=source, date=dated)

    def server_price(self, gpus_per_server: int) -> Figure | None:
        """Return what a server of so many GPUs costs, None where none of that size is listed."""
        if self._listed is None or self._listed.gpu_count != gpus_per_server:
            return None
        return self._currency.figure(self._listed.price)

    def power(self, gpus_per_server: int) -> ServerPower | None:
        """Return the power of such a server, None where it cannot be derived."""
        return server_power_kw(
            load_power_ratings(),
            self._question.gpu,
            gpus_per_server=gpus_per_server,
            registry=load_gpu_registry(),
        )

    def electricity(self) -> Figure | None:
        """Return the price of a kWh where servers would stand, None where no row serves."""
        found = electricity_per_kwh(
            load_electricity_prices(), self._place, today=self._today, rates=self._rates
        )
        return None if found is None else self._currency.figure(found)

    def colocation(self) -> tuple[ColocationPrice | None, tuple[Caveat, ...]]:
        """Return the price of colocation in the country, else that of rows that name no country."""
        rows = load_space_prices()
        country = self._place.partition("-")[0]
        found = colocation_per_kw_month(rows, country, today=self._today)
        if found is not None:
            return self._in_currency(found), ()
        found = colocation_per_kw_month(rows, _ANYWHERE, today=self._today)
        if found is None:
            return None, ()
        text = (
            f"No price of colocation in {country} is known; prices whose sources name no country"
            " are used instead: give own.colocation_per_kw_month."
        )
        caveat = Caveat(code=CaveatCode.COLOCATION_NOT_LOCAL, message=text)
        return self._in_currency(found), (caveat,)

    def pue(self, kind: SiteKind) -> Figure:
        """Return the PUE of a kind of sites. Raises ValueError where the table has none."""
        found = pue(load_pue(), kind, today=self._today)
        if found is None:
            raise ValueError(f"pue.csv has no row of {kind}")
        return found

    def residual(self, age_months: int) -> Figure:
        """Return what is left of a server's price. Raises ValueError for an empty table."""
        found = residual_fraction(
            load_residual_values(),
            self._question.gpu.family,
            age_months=age_months,
            today=self._today,
        )
        if found is None:
            raise ValueError("residual_values.csv has no row")
        return found

    def building_per_mw(self) -> Figure:
        """Return what a MW of a building costs. Raises ValueError for an empty table."""
        found = building_cost_per_mw(load_space_prices(), today=self._today)
        if found is None:
            raise ValueError("colo.csv has no row of a building")
        return self._currency.figure(found)

    def opex(self, name: str) -> Figure:
        """Return a parameter of running, in the currency of the answer where it is money."""
        return self._currency.figure(load_opex()[name])

    def _in_currency(self, price: ColocationPrice) -> ColocationPrice:
        return replace(price, per_kw_month=self._currency.figure(price.per_kw_month))


def owning(question: Question, tables: Tables, currency: Currency, *, peak_gpus: float) -> Owning:
    """Return own servers for a question; `peak_gpus` are wanted at most in the first month."""
    given = question.own
    lacking: list[str] = []
    caveats: tuple[Caveat, ...] = ()
    per_server = tables.gpus_per_server(given.gpus_per_server)
    gpus = round(per_server.base)
    servers = None if given.capex is not None else _servers(given, tables, currency, gpus=gpus)
    if servers is None and given.capex is None:
        what = f"a server with {gpus} {question.gpu.display_name}"
        lacking.append(_lacks(f"price of {what} is listed", "own.server_price"))
    running = None
    if not given.has_opex:
        running, unknown, caveats = _running(question, tables, currency, gpus=gpus, peak=peak_gpus)
        lacking += unknown
    if lacking:
        text = f"Owning is left out: {'; '.join(lacking)}."
        return Owning(own=None, caveats=(Caveat(code=CaveatCode.OWN_NOT_PRICED, message=text),))
    age, life = residual_age(given), depreciation(given)
    own = Own(
        gpus_per_server=gpus,
        lead_time_months=lead_time(given, question.gpu.family),
        resale_at_once=replace(RESALE_AT_ONCE, name="own.resaleAtOnce"),
        residual_fraction=chosen(
            "own.residualFraction", given.residual_fraction, tables.residual(round(age.base))
        ),
        residual_floor=residual_floor(given),
        goodput=chosen("own.goodput", given.goodput, load_opex()["effective_training_time"]),
        depreciation_months=round(life.base),
        servers=servers,
        capex=money("own.capex", given.capex, currency.code),
        running=running,
        opex_per_month=money("own.opexPerMonth", given.opex_per_month, f"{currency.code}/month"),
        opex_per_used_gpu_hour=money(
            "own.opexPerUsedGpuHour", given.opex_per_used_gpu_hour, f"{currency.code}/GPU-hour"
        ),
        residual_age_months=round(age.base),
        refresh_months=given.refresh_months,
        loan=given.loan,
    )
    cooling = () if running is None else (rack_cooling_limit(),)
    noted = (per_server, age, life, *cooling, *given_terms(given))
    return Owning(own=own, caveats=caveats, noted=noted)


def _lacks(what: str, field: str) -> str:
    return f"no {what} (give {field})"


def _servers(given: OwnTerms, tables: Tables, currency: Currency, *, gpus: int) -> Servers | None:
    """Return what buying a server takes; None where no listing says its price."""
    price = money("own.serverPrice", given.server_price, f"{currency.code}/server")
    listed = tables.server_price(gpus)
    if price is None and listed is not None:
        price = chosen("own.serverPrice", None, listed)
    if price is None:
        return None
    steps = tuple(
        NetworkStep(
            from_servers=first,
            fraction=chosen(f"own.networkFraction[from {first} servers]", None, load_opex()[name]),
        )
        for first, name in _SERVERS_FROM
    )
    if given.network_fraction is not None:
        network = Figure.given("own.networkFraction", given.network_fraction, "share of capex")
        steps = (NetworkStep(from_servers=1, fraction=network),)
    both_given = given.network_fraction is not None and given.hidden_fraction is not None
    untaxed = fixed("own.salesTaxRate", None, 0.0, "share", source=_NOT_COUNTED)
    return Servers(
        server_price=price,
        network_steps=steps,
        hidden_fraction=chosen(
            "own.hiddenFraction", given.hidden_fraction, load_opex()["hidden_capex_uplift"]
        ),
        install_fraction=chosen(
            "own.installFraction", given.install_fraction, load_opex()["install_setup_share"]
        ),
        spares_fraction=chosen(
            "own.sparesFraction", given.spares_fraction, load_opex()["spare_pool"]
        ),
        sales_tax_rate=chosen("own.salesTaxRate", given.sales_tax_rate, untaxed),
        hidden_includes_network=not both_given,
        storage_price=money("own.storage", given.storage, currency.code),
    )


def _running(
    question: Question, tables: Tables, currency: Currency, *, gpus: int, peak: float
) -> tuple[Running | None, list[str], tuple[Caveat, ...]]:
    """Return what keeping servers running takes, else what is missing; and what to know of it."""
    given = question.own
    lacking: list[str] = []
    nameplate, load = _power(given, tables, gpus)
    if nameplate is None or load is None:
        what = f"power of a server with {gpus} {question.gpu.display_name} is known"
        lacking.append(_lacks(what, "own.power_kw_per_server"))
    space, includes_power, caveats = _colocation(given, tables, currency)
    if space is None:
        what = f"price of colocation in {tables.place} is known"
        lacking.append(_lacks(what, "own.colocation_per_kw_month"))
    is_paid_with_space = includes_power and question.building is None
    electricity = _electricity(given, tables, currency, is_paid_with_space=is_paid_with_space)
    if electricity is None:
        what = f"price of electricity in {tables.place} is known"
        lacking.append(_lacks(what, "own.electricity_per_kwh"))
    if nameplate is None or load is None or space is None or electricity is None:
        return None, lacking, ()
    fixed_posts, posts_per_gpu = staff(given, peak)
    opex = load_opex()
    maintenance, failures = (
        opex["maintenance_share_of_capex_year"],
        opex["gpu_permanent_failure_rate_year"],
    )
    wage = tables.opex("staff_cost_per_fte_year")
    running = Running(
        power_kw_per_server=nameplate,
        load_fraction=load,
        idle_fraction=chosen("own.idleShare", None, IDLE_POWER_SHARE),
        pue=chosen("own.pue", given.pue, tables.pue(SiteKind.COLOCATION)),
        electricity_per_kwh=electricity,
        colocation_per_kw_month=space,
        fte_fixed=fixed_posts,
        fte_per_gpu=posts_per_gpu,
        fte_annual_cost=chosen("own.fteAnnualCost", given.fte_annual_cost, wage),
        maintenance_fraction=chosen(
            "own.maintenanceFraction", given.maintenance_fraction, maintenance
        ),
        failure_rate=chosen("own.failureRate", given.failure_rate, failures),
        colocation_includes_power=includes_power,
        under_warranty=given.under_warranty,
        rack_cooling_limit_kw=RACK_COOLING_LIMIT_KW.base,
        licence_per_gpu_year=money(
            "own.licencePerGpuYear", given.licence_per_gpu_year, f"{currency.code}/GPU/year"
        ),
    )
    return running, [], caveats


def _electricity(
    given: OwnTerms, tables: Tables, currency: Currency, *, is_paid_with_space: bool
) -> Figure | None:
    """Return the price of a kWh; nothing where an all-in price of colocation has power in it."""
    name, unit = "own.electricityPerKwh", f"{currency.code}/kWh"
    price = money(name, given.electricity_per_kwh, unit)
    if price is not None:
        return price
    if is_paid_with_space:
        return fixed(name, None, 0.0, unit, source="power is in the price of colocation")
    listed = tables.electricity()
    return None if listed is None else chosen(name, None, listed)


def _power(given: OwnTerms, tables: Tables, gpus: int) -> tuple[Figure | None, Figure | None]:
    """Return the rated power of a server and the share of it that is drawn at work."""
    if given.power_kw_per_server is not None:
        rated = Figure.given("own.powerKwPerServer", given.power_kw_per_server, "kW/server")
        return rated, chosen("own.loadShare", None, LOAD_POWER_SHARE)
    power = tables.power(gpus)
    if power is None:
        return None, None
    return chosen("own.powerKwPerServer", None, power.max_kw), load_share(power)


def _colocation(
    given: OwnTerms, tables: Tables, currency: Currency
) -> tuple[Figure | None, bool, tuple[Caveat, ...]]:
    """Return the price of a kW and month, whether power is in it, and what to know of it."""
    name, unit = "own.colocationPerKwMonth", f"{currency.code}/kW/month"
    price = money(name, given.colocation_per_kw_month, unit)
    if price is not None:
        return price, given.colocation_includes_power, ()
    found, caveats = tables.colocation()
    if found is None:
        return None, False, ()
    listed = chosen(name, None, found.per_kw_month)
    if found.includes_power:
        listed = replace(listed, source=f"power is in it: {listed.source}")
    return listed, found.includes_power, caveats


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildingPart:
    """A building, with what of it was not priced."""

    building: Building
    caveats: tuple[Caveat, ...]
    noted: tuple[Figure, ...]


def building_of(given: BuildingTerms, tables: Tables, currency: Currency) -> BuildingPart:
    """Return the building of a question."""
    spend = tables.opex("own_dc_min_annual_spend")
    months = fixed(
        "building.buildMonths",
        given.build_months,
        BUILD_MONTHS,
        "months",
        source=_JUDGED,
    )
    life = fixed(
        "building.lifeMonths",
        given.life_months,
        BUILDING_LIFE_MONTHS,
        "months",
        source=_JUDGED,
    )
    upkeep = fixed("building.upkeep", None, 0.0, "share of its cost/year", source=_NOT_COUNTED)
    minimum = chosen("building.minimumAnnualSpend", given.minimum_annual_spend, spend)
    caveats: tuple[Caveat, ...] = ()
    if given.land is None:
        text = "Land for a building is counted as 0: no price of it is known; give building.land."
        caveats = (Caveat(code=CaveatCode.LAND_NOT_PRICED, message=text),)
    nothing = fixed("building.land", None, 0.0, currency.code, source=_NOT_COUNTED)
    building = Building(
        construction_per_mw=chosen("building.perMw", given.per_mw, tables.building_per_mw()),
        land_price=chosen("building.land", given.land, nothing),
        pue=chosen("building.pue", given.pue, tables.pue(SiteKind.SURVEY)),
        build_months=round(months.base),
        minimum_annual_spend=minimum.base,
        life_months=round(life.base),
    )
    return BuildingPart(building=building, caveats=caveats, noted=(months, life, upkeep, minimum))
