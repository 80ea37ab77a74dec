from dataclasses import replace
from decimal import Decimal
from typing import Any

from service.build_vs_buy.inputs import HostedApi
from service.business_case.figures import Currency
from service.business_case.hosted import NoPrice, hosted_api, named
from service.business_case.question import TokenTerms
from service.domain.model_price import ModelPrice
from tests.builders import NOW
from tests.fakes import EXCHANGE_RATES


def a_price(provider: str = "acme", **fields: Any) -> ModelPrice:
    values: dict[str, Any] = {
        "provider": provider,
        "model": "prose-7b",
        "source": "openrouter",
        "source_uri": "https://prices.example",
        "observe_time": NOW,
        "input": Decimal(1),
        "output": Decimal(4),
    }
    return ModelPrice(**(values | fields))


def terms(*prices: ModelPrice, **fields: Any) -> TokenTerms:
    values: dict[str, Any] = {
        "model": "prose-7b",
        "prices": prices,
        "input_tokens": 3e9,
        "output_tokens": 1e9,
    }
    return TokenTerms(**(values | fields))


def api(*prices: ModelPrice, **fields: Any) -> HostedApi:
    found = hosted_api(terms(*prices, **fields), Currency())
    assert isinstance(found, HostedApi)
    return found


def test_the_cheapest_provider_depends_on_the_tokens() -> None:
    reads, writes = (
        a_price("reads", input=Decimal("0.1"), output=Decimal(9)),
        a_price("writes", input=Decimal(3), output=Decimal(1)),
    )
    assert api(reads, writes, output_tokens=1e7).model == "prose-7b at reads"
    assert api(reads, writes, input_tokens=1e7).model == "prose-7b at writes"


def test_several_lists_of_one_provider_are_a_range() -> None:
    price = api(a_price(), a_price(source="litellm", output=Decimal(6))).tiers[0].output_price
    assert (price.low, price.base, price.high) == (4, 5, 6)
    assert price.source.count("https://prices.example") == 2


def test_tiers_come_by_length_with_names_of_their_own() -> None:
    found = api(a_price(), a_price(context_max=200_000, input=Decimal("0.5")))
    assert [tier.up_to_prompt_tokens for tier in found.tiers] == [200_000, None]
    names = [figure.input_price.name for figure in found.tiers]
    assert names == ["model[up to 200000 tokens].input", "model.input"]


def test_a_provider_that_lacks_a_price_of_what_is_asked_is_left_out() -> None:
    both = a_price(), a_price("batches", batch_input=Decimal(9), batch_output=Decimal(9))
    assert api(*both).model == "prose-7b at acme"
    assert api(*both, batch_share=0.5).model == "prose-7b at batches"
    lacking = hosted_api(terms(a_price(), batch_share=0.5), Currency())
    assert isinstance(lacking, NoPrice)
    assert lacking.field == "tokens_per_month.batch_share"


def test_a_price_without_output_is_none() -> None:
    found = hosted_api(terms(a_price(output=None)), Currency())
    assert isinstance(found, NoPrice)
    assert found.field == "model"


def test_prices_are_in_the_currency_of_the_answer() -> None:
    found = hosted_api(terms(a_price()), Currency(rate=EXCHANGE_RATES["EUR"]))
    assert isinstance(found, HostedApi)
    assert found.tiers[0].output_price.base == 3.2
    assert found.tiers[0].output_price.unit == "EUR/million tokens"


def test_names_are_exact() -> None:
    prices = (a_price(), replace(a_price("other"), model="prose-70b"))
    assert len(named(prices, model="prose-7b", provider="")) == 1
    assert not named(prices, model="prose-7b", provider="other")
