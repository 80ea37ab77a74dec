"""All figures of owning, renting and committing that a calculation starts from, in one list."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from service.domain.figure import Figure
from service.domain.offer import ExchangeRate
from service.facts.colocation import (
    building_cost_per_mw,
    colocation_per_kw_month,
    load_space_prices,
)
from service.facts.electricity import electricity_per_kwh, load_electricity_prices
from service.facts.hardware_prices import load_hardware_prices, server_price
from service.facts.judgements import JUDGEMENTS
from service.facts.opex import load_opex, staff_fte
from service.facts.pue import SiteKind, load_pue, pue
from service.facts.rental_history import load_rental_history, observed_drifts
from service.facts.reserved_discounts import Term, fallback_discount, load_reserved_discounts
from service.facts.residual_values import load_residual_values, residual_fraction
from service.facts.server_power import load_power_ratings, server_power_kw
from service.facts.tables import load_gpu_registry

_PLACES = ("US", "EU", "CN")
_COLOCATION_COUNTRY = "US"
_SERVER_GPUS = 8
_RESIDUAL_MONTHS = 48
_RESIDUAL_FAMILIES = ("A100", "H100")


def all_defaults(*, today: date, rates: Mapping[str, ExchangeRate]) -> tuple[Figure, ...]:
    """Return every figure that the tables and our judgement give on a day, for the documentation.

    Names of figures that exist once a GPU, a country or a size say of which they are. `rates` are
    US dollars for one unit of a currency. Raises KeyError for a currency without a rate.
    """
    return (
        *_servers(today),
        *_power_and_space(today, rates),
        *load_opex().values(),
        _named(staff_fte(gpu_count=_SERVER_GPUS), f"{_SERVER_GPUS} GPUs"),
        *_residuals(today),
        *(fallback_discount(load_reserved_discounts(), term, today=today) for term in Term),
        *observed_drifts(load_rental_history(), today=today),
        *JUDGEMENTS,
    )


def _servers(today: date) -> Iterator[Figure]:
    registry = load_gpu_registry()
    for gpu in registry.models:
        known = server_price(load_hardware_prices(), gpu.gpu_model_id, today=today)
        if known is None:
            continue
        of = f"{known.gpu_count}x {gpu.gpu_model_id}"
        yield _named(known.price, of)
        power = server_power_kw(
            load_power_ratings(), gpu, gpus_per_server=known.gpu_count, registry=registry
        )
        if power is not None:
            yield _named(power.max_kw, of)
            yield _named(power.typical_kw, of)


def _power_and_space(today: date, rates: Mapping[str, ExchangeRate]) -> Iterator[Figure]:
    for place in _PLACES:
        price = electricity_per_kwh(load_electricity_prices(), place, today=today, rates=rates)
        if price is not None:
            yield _named(price, place)
    for kind in SiteKind:
        found = pue(load_pue(), kind, today=today)
        if found is not None:
            yield found
    space = load_space_prices()
    colocation = colocation_per_kw_month(space, _COLOCATION_COUNTRY, today=today)
    if colocation is not None:
        yield _named(colocation.per_kw_month, _COLOCATION_COUNTRY)
    building = building_cost_per_mw(space, today=today)
    if building is not None:
        yield building


def _residuals(today: date) -> Iterator[Figure]:
    for family in _RESIDUAL_FAMILIES:
        left = residual_fraction(
            load_residual_values(), family, age_months=_RESIDUAL_MONTHS, today=today
        )
        if left is not None:
            yield _named(left, f"{family} at {_RESIDUAL_MONTHS} months")


def _named(figure: Figure, of: str) -> Figure:
    return replace(figure, name=f"{figure.name}, {of}")
