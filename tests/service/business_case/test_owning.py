from datetime import date

import pytest

from service.build_vs_buy.inputs import ConstantLoad, Loan, Own, figures_of
from service.business_case.figures import Currency
from service.business_case.owning import Owning, Tables, building_of, owning
from service.business_case.question import (
    BuildingTerms,
    DemandTerms,
    OwnTerms,
    Question,
    RentTerms,
)
from service.domain.constraints import OfferConstraints
from service.facts.tables import load_exchange_rates, load_gpu_registry

TODAY = date(2026, 11, 23)
RATES = load_exchange_rates()


def owned(
    gpu: str = "h100-sxm-80gb",
    *,
    own: OwnTerms | None = None,
    place: str | None = None,
    currency: str = "USD",
    building: BuildingTerms | None = None,
) -> Owning:
    money = Currency(rate=RATES.get(currency))
    question = Question(
        gpu=load_gpu_registry().identify(gpu),
        demand=DemandTerms(load=ConstantLoad(gpus=64)),
        rent=RentTerms(constraints=OfferConstraints()),
        start=TODAY,
        place=place,
        own=own or OwnTerms(),
        building=building,
    )
    tables = Tables(question, money, today=TODAY, rates=RATES)
    return owning(question, tables, money, peak_gpus=64)


def sure(found: Owning) -> Own:
    assert found.own is not None
    return found.own


def test_networks_of_up_to_so_many_nodes_begin_behind_the_step_before() -> None:
    servers = sure(owned()).servers
    assert servers is not None
    steps = [(step.from_servers, step.fraction.base) for step in servers.network_steps]
    assert steps == [(1, 0.02), (3, 0.04), (65, 0.086), (2049, 0.128)]


def test_given_network_and_hidden_costs_add_up_and_defaults_overlap() -> None:
    both = sure(owned(own=OwnTerms(network_fraction=0.1, hidden_fraction=0.1))).servers
    one = sure(owned(own=OwnTerms(network_fraction=0.1))).servers
    assert both is not None
    assert one is not None
    assert not both.hidden_includes_network
    assert one.hidden_includes_network


def test_posts_are_half_of_one_and_one_for_150_gpus_or_those_of_the_first_month() -> None:
    running = sure(owned()).running
    assert running is not None
    assert running.fte_fixed.base == 0.5
    assert running.fte_per_gpu.base == pytest.approx(1 / 150)
    given = sure(owned(own=OwnTerms(fte=0.25))).running
    assert given is not None
    assert given.fte_fixed.base + 64 * given.fte_per_gpu.base == pytest.approx(0.25)


def test_a_given_residual_is_not_lifted_by_our_floor() -> None:
    assert sure(owned()).residual_floor.base == 0.05
    assert sure(owned(own=OwnTerms(residual_fraction=0.0))).residual_floor.high == 0


def test_lead_times_are_those_of_the_generation() -> None:
    hopper, blackwell = (
        sure(owned(gpu)).lead_time_months.base for gpu in ("h100-sxm-80gb", "b200-sxm-180gb")
    )
    assert hopper == pytest.approx(10 / 4.348, rel=1e-3)
    assert blackwell == pytest.approx(30 / 4.348, rel=1e-3)


@pytest.mark.parametrize("gpu", ["h200-sxm-141gb", "mi300x-192gb", "b300-sxm-288gb"])
def test_a_gpu_without_a_listing_is_left_out_and_the_field_is_named(gpu: str) -> None:
    found = owned(gpu)
    assert found.own is None
    assert "own.server_price" in found.caveats[0].message
    assert sure(owned(gpu, own=OwnTerms(server_price=400_000.0))).servers


def test_another_size_of_server_needs_a_price_of_its_own() -> None:
    assert owned(own=OwnTerms(gpus_per_server=4)).own is None
    assert sure(owned(own=OwnTerms(gpus_per_server=4, server_price=1e5))).gpus_per_server == 4


def test_a_place_without_electricity_prices_is_told_what_to_give() -> None:
    found = owned(place="BR")
    assert found.own is None
    assert "own.electricity_per_kwh" in found.caveats[0].message


def test_money_of_the_tables_is_in_the_currency_of_the_answer() -> None:
    dollars, euros = sure(owned()), sure(owned(currency="EUR"))
    assert dollars.servers is not None
    assert euros.servers is not None
    rate = float(RATES["EUR"].rate)
    price = euros.servers.server_price
    assert price.base * rate == pytest.approx(dollars.servers.server_price.base)
    assert price.unit == "EUR/server"
    assert euros.running is not None
    assert euros.running.fte_annual_cost.unit == "EUR"


def test_every_figure_of_an_option_has_a_name_of_its_own() -> None:
    names = [figure.name for figure in (*owned().noted,)]
    assert len(set(names)) == len(names)


def test_a_building_has_defaults_and_counts_no_land() -> None:
    question = Question(
        gpu=load_gpu_registry().identify("h100-sxm-80gb"),
        demand=DemandTerms(load=ConstantLoad(gpus=64)),
        rent=RentTerms(constraints=OfferConstraints()),
        start=TODAY,
    )
    tables = Tables(question, Currency(), today=TODAY, rates=RATES)
    part = building_of(BuildingTerms(), tables, Currency())
    assert part.building.minimum_annual_spend == 50e6
    assert (part.building.build_months, part.building.life_months) == (24, 240)
    assert [one.code for one in part.caveats] == ["LAND_NOT_PRICED"]
    figures = {figure.name: figure for figure in (*figures_of(part.building), *part.noted)}
    assert figures["building.upkeep"].source == "our choice: not counted"
    assert all(figure.source and figure.date for figure in figures.values())


def test_what_is_missing_is_told_by_what_it_is_of() -> None:
    place = owned(place="SG").caveats[0].message
    assert place == (
        "Owning is left out: no price of electricity in SG is known (give own.electricity_per_kwh)."
    )
    size = owned(own=OwnTerms(gpus_per_server=4)).caveats[0].message
    assert "no price of a server with 4 H100 SXM is listed (give own.server_price)" in size


def test_a_place_without_electricity_prices_may_have_power_in_its_colocation() -> None:
    all_in = OwnTerms(colocation_per_kw_month=300.0, colocation_includes_power=True)
    running = sure(owned(place="SG", own=all_in)).running
    assert running is not None
    assert running.electricity_per_kwh.base == 0
    assert "in the price of colocation" in running.electricity_per_kwh.source
    # A building of our own pays for its power itself.
    assert owned(place="SG", own=all_in, building=BuildingTerms()).own is None


def test_terms_that_have_no_default_are_among_the_figures_where_they_are_given() -> None:
    given = owned(
        own=OwnTerms(refresh_months=24, loan=Loan(share=0.7, annual_rate=0.08, months=36))
    )
    figures = {figure.name: figure.base for figure in given.noted}
    assert figures["own.refreshMonths"] == 24
    assert figures["own.loan.rate"] == 0.08
    assert "own.loan.rate" not in {figure.name for figure in owned().noted}


@pytest.mark.parametrize("gpu", ["h100-sxm-80gb", "b200-sxm-180gb", "l40s-48gb"])
@pytest.mark.parametrize("place", ["US-TX", "DE", "FR"])
def test_every_figure_has_a_source_and_a_date(gpu: str, place: str) -> None:
    found = owned(gpu, place=place)
    for figure in (*figures_of(sure(found)), *found.noted):
        assert figure.source, figure.name
        assert figure.date, figure.name
