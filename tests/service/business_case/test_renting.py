"""Renting and committing: which offers a price rests on, and what is said of the rest."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from service.build_vs_buy.inputs import ConstantLoad
from service.business_case.figures import Currency
from service.business_case.question import (
    CommitTerms,
    DemandTerms,
    Question,
    RentTerms,
    SpotTerms,
)
from service.business_case.rental_market import RentalMarket, rental_market
from service.business_case.renting import (
    Ladder,
    Renting,
    SpotPart,
    commitments,
    interruptible,
    renting,
)
from service.domain.constraints import Adjustment, OfferConstraints
from service.domain.offer import Offer, PurchaseModel, TaxTreatment
from service.facts.tables import load_exchange_rates, load_gpu_registry
from tests.builders import NOW, an_offer
from tests.fakes import a_catalog

TODAY = NOW.date()
ANY = OfferConstraints()


def asked(rent: RentTerms | None = None, **fields: Any) -> Question:
    return Question(
        gpu=load_gpu_registry().identify("h100-sxm-80gb"),
        demand=DemandTerms(load=ConstantLoad(gpus=64)),
        rent=rent or RentTerms(constraints=ANY),
        start=TODAY,
        **fields,
    )


def offered(
    *offers: Offer,
    discounts: Mapping[str, int] | None = None,
    bundled: frozenset[str] = frozenset(),
) -> RentalMarket:
    return rental_market(
        a_catalog(*offers, baseline=bundled),
        "h100-sxm-80gb",
        constraints=ANY,
        adjustments=[
            Adjustment(provider=provider, discount=Decimal(percent) / 100)
            for provider, percent in (discounts or {}).items()
        ],
        peak_gpus=64,
        rates={"USD": Decimal(1)},
        now=NOW,
        start=TODAY,
    )


def one(provider: str, price: str, way: str = "ON_DEMAND", **fields: Any) -> Offer:
    return an_offer(
        price=price,
        provider=provider,
        offer_id=f"{provider}-{way.lower().replace('_', '-')}",
        purchase_model=PurchaseModel(way),
        **fields,
    )


def ladder(market: RentalMarket | None, rent: Renting, **fields: Any) -> Ladder:
    return commitments(asked(**fields), rent.rent, market, Currency(), today=TODAY)


def codes(found: Renting | Ladder | SpotPart) -> list[str]:
    return [caveat.code for caveat in found.caveats]


def prices(found: Ladder, rent: float) -> dict[int, float]:
    return {
        commit.term_months: (
            commit.price_per_gpu_hour.base
            if commit.price_per_gpu_hour is not None
            else rent * (1 - (0 if commit.discount is None else commit.discount.base))
        )
        for commit in found.commits
    }


def test_a_discount_of_our_own_makes_no_commitment_dearer() -> None:
    offers = (one("low", "3.00"), one("middle", "4.00"), one("high", "8.00"))
    # Of 8 dollars; at 60 % we pay the market's new middle, at 70 % less than it.
    for percent, paid in ((0, 4.0), (60, 3.2), (70, 2.4)):
        ours = offered(*offers, discounts={"high": percent} if percent else {})
        rent = renting(asked(), ours, Currency())
        assert rent.rent.price_per_gpu_hour.base == pytest.approx(paid)
        # 25 and 45 % off the market's list price of 4, neither off 8 nor on top of our own.
        assert prices(ladder(ours, rent), paid) == pytest.approx({12: 3.0, 36: 2.2})


def test_a_negotiated_price_rests_on_its_own_offer_and_stock_only() -> None:
    market = offered(
        one("a", "2.00", available_gpu_count=16),
        one("b", "4.00", available_gpu_count=24),
        one("c", "9.00", tax=TaxTreatment.INCLUDED),
        discounts={"b": 70},
    )
    found = renting(asked(), market, Currency())
    assert [use.price.row.offer_id for use in found.used] == ["b-on-demand"]
    assert found.rent.stock_gpus == 24
    assert "TAX_INCLUDED" not in codes(found)
    silent = offered(
        one("a", "2.00", available_gpu_count=16), one("b", "4.00"), discounts={"b": 70}
    )
    assert renting(asked(), silent, Currency()).rent.stock_gpus is None


def test_stock_that_only_some_state_is_told_with_its_figures() -> None:
    market = offered(
        one("a", "2.00", available_gpu_count=16),
        one("b", "3.00", available_gpu_count=8),
        one("c", "4.00"),
    )
    found = renting(asked(), market, Currency())
    (caveat,) = (one for one in found.caveats if one.code == "STOCK_PARTLY_STATED")
    assert caveat.message.startswith("Only a 16, b 8 GPUs are stated to be free; c state no number")
    (stock,) = (figure for figure in found.noted if figure.name == "rent.stockGpus")
    assert (stock.base, stock.date) == (24, "2026-10-08")
    given = renting(asked(RentTerms(constraints=ANY, stock_gpus=64)), market, Currency())
    assert given.rent.stock_gpus == 64
    assert "STOCK_PARTLY_STATED" not in codes(given)


def test_a_term_that_nobody_prices_is_said_to_be_our_judgement() -> None:
    market = offered(one("a", "4.00"), one("a", "9.00", "RESERVED_3Y"))
    found = ladder(market, renting(asked(), market, Currency()))
    assert all(commit.is_assumed for commit in found.commits)
    (caveat,) = found.caveats
    assert caveat.code == "COMMIT_PRICE_ASSUMED"
    assert "12 months at 25% and 36 months at 45% off the rent are our judgement" in caveat.message
    assert "For 36 months live offers are dearer than on demand (a 9.00 USD)." in caveat.message


def test_a_term_with_a_price_is_no_judgement() -> None:
    market = offered(
        one("a", "4.00"), one("a", "3.00", "RESERVED_1Y"), one("a", "2.00", "RESERVED_3Y")
    )
    rent = renting(asked(), market, Currency())
    assert prices(ladder(market, rent), 4.0) == {12: 3.0, 36: 2.0}
    assert not ladder(market, rent).caveats
    given = ladder(market, rent, commits=(CommitTerms(term_months=24, discount=0.1),))
    assert prices(given, 4.0) == {24: 3.6}
    assert not given.caveats


def test_bundled_terms_of_a_provider_that_rents_nothing_out_are_told() -> None:
    market = offered(
        one("a", "4.00"),
        one("b", "2.00", "RESERVED_1Y"),
        one("b", "1.50", "RESERVED_3Y"),
        bundled=frozenset({"b"}),
    )
    rent = renting(asked(), market, Currency())
    assert not rent.caveats or "BASELINE_PRICES" not in codes(rent)
    assert "BASELINE_PRICES" in codes(ladder(market, rent))


def test_a_market_of_one_says_who_it_is() -> None:
    found = renting(asked(), offered(one("only", "4.00")), Currency())
    source = found.rent.price_per_gpu_hour.source
    assert source.startswith("the cheapest on-demand offer of only, who alone has any")


def test_spot_offers_that_save_nothing_are_not_said_to_be_used() -> None:
    market = offered(one("a", "4.00"), one("a", "5.00", "SPOT"))
    rent = renting(asked(), market, Currency())
    found = interruptible(
        asked(),
        SpotTerms(share=0.5, interruption_per_month=0.1),
        rent.rent,
        market,
        Currency(),
        today=TODAY,
    )
    assert found.spot is None
    assert codes(found) == ["SPOT_NOT_PRICED"]
    saving = offered(one("a", "4.00"), one("a", "1.00", "SPOT"))
    part = interruptible(asked(), SpotTerms(share=0.5), rent.rent, saving, Currency(), today=TODAY)
    assert [use.price.row.offer_id for use in part.used] == ["a-spot"]
    assert {figure.name: figure.base for figure in part.noted}["spot.share"] == 0.5


def test_prices_and_their_sources_are_in_the_currency_of_the_answer() -> None:
    euros = Currency(rate=load_exchange_rates()["EUR"])
    market = offered(one("a", "4.00"), one("a", "9.00", "RESERVED_1Y"))
    rent = renting(asked(), market, euros)
    rate = float(load_exchange_rates()["EUR"].rate)
    assert rent.rent.price_per_gpu_hour.base == pytest.approx(4 / rate)
    found = commitments(asked(), rent.rent, market, euros, today=date(2026, 11, 23))
    assert f"(a {9 / rate:.2f} EUR)" in found.caveats[0].message


def test_every_figure_of_renting_has_a_source_and_a_date_unless_given() -> None:
    market = offered(one("a", "4.00", available_gpu_count=8), one("b", "5.00"))
    found = renting(asked(), market, Currency())
    for figure in found.noted:
        assert figure.source, figure.name
        assert figure.date, figure.name
