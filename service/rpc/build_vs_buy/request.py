"""AnalyzeBuildVsBuyRequest to a question: every violation is found before any is reported.

What contradicts something else in the request is refused, never ignored.
"""

import re
from datetime import date
from typing import cast

from gpuquote.v1 import build_vs_buy_service_pb2 as pb

from service.build_vs_buy.inputs import ConstantLoad, Overrides, PeakedLoad, WeeklyLoad
from service.build_vs_buy.overrides import SHORTEST_HORIZON_TO_OWN_MONTHS
from service.business_case.case import HORIZON_MONTHS, HOURS_PER_MONTH
from service.business_case.figures import Currency
from service.business_case.question import DemandTerms, Question, RentTerms
from service.domain.gpu import GpuModel
from service.facts.electricity import load_electricity_prices
from service.rpc.build_vs_buy.demand import is_sized_by_tokens, read_demand
from service.rpc.build_vs_buy.owning import read_building, read_own
from service.rpc.build_vs_buy.reading import BELOW_ALL, GPUS, HORIZON, Amounts, Known
from service.rpc.build_vs_buy.renting import (
    kept_in,
    read_commits,
    read_discounts,
    read_rent,
    read_rent_constraints,
    read_spot,
)
from service.rpc.build_vs_buy.tokens import Tokens, read_tokens
from service.rpc.constraints import USD, Market, read_currency, read_gpu
from service.rpc.faults import Faults, nearest_of, shown, unknown_text
from service.rpc.numbers import Range, is_set, read_count, read_double
from service.rpc.requests import MAX_SHOWN, read_country, unknown_metadata

MAX_DRAWS = 10_000
_MONTHS_PER_YEAR = 12
_MAX_MONTHS_AHEAD = 120
# Sums for the whole fleet of the first month.
_OF_A_FLEET = ("capex", "opex_per_month")
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])", re.ASCII)


def read_build_vs_buy(request: pb.AnalyzeBuildVsBuyRequest, known: Known) -> Question:
    """Read an AnalyzeBuildVsBuyRequest. Raises InvalidRequest with every violation."""
    faults = Faults()
    currency = _currency(request, known.market, faults)
    amounts = Amounts(market=known.market, currency=currency)
    horizon = read_count(request, "horizon_months", HORIZON, faults)
    months = horizon or HORIZON_MONTHS
    gpu = _gpu(request, known.market, faults)
    demand = _demand(request, faults, horizon_months=months)
    country, place = _place(request, faults)
    building = None
    if request.HasField("building"):
        under = faults.under("building")
        building = read_building(request.building, amounts, under, horizon_months=months)
    own = read_own(
        request.own, amounts, faults.under("own"), has_building=request.HasField("building")
    )
    rent = _rent(request, known.market, amounts, faults, gpu=gpu, country=country)
    hours = read_double(request, "hours_per_month", Range(low=1, high=744), faults)
    tokens = _tokens(request, known, currency, faults, demand=demand, hours_per_month=hours)
    question = Question(
        gpu=cast("GpuModel", gpu),  # this, the demand and the start lack only beside faults
        demand=cast("DemandTerms", demand),
        rent=rent,
        start=cast("date", _start(request.start_month, known.today, faults)),
        place=place,
        own=own,
        building=building,
        commits=read_commits(request, amounts, faults),
        spot=(read_spot(request.spot, faults.under("spot")) if request.HasField("spot") else None),
        hosted_api=tokens.hosted_api,
        served=tokens.served,
        not_served=tokens.not_served,
        adjustments=read_discounts(request, known.market, faults),
        overrides=_overrides(request.overrides, faults, horizon_months=months),
        rate=currency.rate,
        horizon_months=horizon,
        discount_rate=read_double(request, "discount_rate", BELOW_ALL, faults),
        tax_rate=read_double(request, "tax_rate", BELOW_ALL, faults) or 0.0,
        hours_per_month=hours,
        max_loss=read_double(request, "max_loss", Range(low=0, high=10), faults),
        seed=read_count(request, "seed", Range(low=0, high=2**63 - 1), faults),
        draws=read_count(request, "draws", Range(low=1000, high=MAX_DRAWS), faults),
    )
    faults.raise_if_any()
    return question


def _currency(request: pb.AnalyzeBuildVsBuyRequest, market: Market, faults: Faults) -> Currency:
    code = request.currency_code or USD
    known = read_currency("currency_code", code, market.rates, faults)
    return Currency(rate=None if known in {None, USD} else market.rates[code])


def _gpu(request: pb.AnalyzeBuildVsBuyRequest, market: Market, faults: Faults) -> GpuModel | None:
    gpu_id = read_gpu(request.demand.gpu_model, market.gpus, faults.under("demand"))
    return None if gpu_id is None else market.gpus.find(gpu_id)


def _demand(
    request: pb.AnalyzeBuildVsBuyRequest, faults: Faults, *, horizon_months: int
) -> DemandTerms | None:
    existing = read_count(request.own, "existing_gpu_count", GPUS, faults.under("own"))
    return read_demand(
        request.demand,
        faults.under("demand"),
        by_tokens=is_sized_by_tokens(request),
        existing_gpu_count=existing or 0,
        horizon_months=horizon_months,
    )


def _tokens(
    request: pb.AnalyzeBuildVsBuyRequest,
    known: Known,
    currency: Currency,
    faults: Faults,
    *,
    demand: DemandTerms | None,
    hours_per_month: float | None,
) -> Tokens:
    """Read the tokens; those that size the GPUs leave no room for what belongs to a number."""
    load: ConstantLoad | WeeklyLoad | PeakedLoad | None = None
    if is_sized_by_tokens(request):
        for name in _OF_A_FLEET:
            if is_set(request.own, name):
                text = "belongs to a number of GPUs, which is not given"
                faults.add(f"own.{name}", text)
    else:
        # What is wrong with the demand has been said; any number of GPUs stands in for it here.
        load = ConstantLoad(gpus=1) if demand is None else demand.load
    return read_tokens(
        request,
        known,
        currency,
        faults,
        load=load,
        hours_per_month=hours_per_month or HOURS_PER_MONTH,
    )


def _rent(
    request: pb.AnalyzeBuildVsBuyRequest,
    market: Market,
    amounts: Amounts,
    faults: Faults,
    *,
    gpu: GpuModel | None,
    country: str | None,
) -> RentTerms:
    under = faults.under("rent.constraints")
    constraints = read_rent_constraints(
        request.rent, market, under, gpu_model=None if gpu is None else gpu.gpu_model_id
    )
    if request.overrides.residency and not request.rent.HasField("price_per_gpu_hour"):
        if country is None:
            text = "needs country_code or region_code: which country data may not leave"
            faults.add("overrides.residency", text)
        else:
            constraints = kept_in(country, constraints, under)
    return read_rent(request.rent, constraints, amounts, faults.under("rent"))


def _place(request: pb.AnalyzeBuildVsBuyRequest, faults: Faults) -> tuple[str | None, str | None]:
    """Return the country of our servers, and the place of the electricity table they stand in."""
    country = read_country(request.country_code, faults) if request.country_code else None
    if not request.region_code:
        return country, country
    region = request.region_code.upper()
    known = {price.code for price in load_electricity_prices() if price.code}
    if region not in known:
        nearest = nearest_of(region, known)
        text = unknown_text(request.region_code, "region of the electricity table", nearest)
        metadata = unknown_metadata("regionCode", request.region_code, nearest)
        faults.add("region_code", text, metadata=metadata)
        return country, country
    of_region = region.partition("-")[0]
    if country is not None and country != of_region:
        faults.add("region_code", f"{region} is not in the country_code {country}")
    return of_region, region


def _start(text: str, today: date, faults: Faults) -> date | None:
    """Return the first day of the first month, by default of the current one."""
    if not text:
        return today.replace(day=1)
    if _MONTH.fullmatch(text):
        year, month = int(text[:4]), int(text[5:])
        ahead = (year - today.year) * _MONTHS_PER_YEAR + month - today.month
        if 0 <= ahead <= _MAX_MONTHS_AHEAD:
            return date(year, month, 1)
    description = f"{shown(text)} is not a month from {today:%Y-%m} on, in the next ten years"
    faults.add("start_month", description, metadata={"value": text[:MAX_SHOWN]})
    return None


def _overrides(given: pb.BuildVsBuyOverrides, faults: Faults, *, horizon_months: int) -> Overrides:
    found = Overrides(
        residency=given.residency,
        air_gap=given.air_gap,
        export_control=given.export_control,
        power_available=given.power_available if given.HasField("power_available") else True,
        sku_available=given.sku_available if given.HasField("sku_available") else True,
    )
    against_owning = {
        "export_control": found.export_control,
        "power_available": not found.power_available,
        "sku_available": not found.sku_available,
        "horizon_months": horizon_months < SHORTEST_HORIZON_TO_OWN_MONTHS,
    }
    rules = [name for name, holds in against_owning.items() if holds]
    if found.air_gap and rules:
        faults.add("overrides", f"air_gap, {', '.join(rules)} together leave no option")
    return found
