"""The sources of token prices on pages written by hand in their structure."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from scrapers.errors import PageChanged
from scrapers.page import Page
from scrapers.provider import Reject
from scrapers.token_prices import litellm, openrouter
from scrapers.token_prices.reading import read_entries
from scrapers.token_prices.source import TokenSource
from service.domain.model_price import ModelPrice

NOW = datetime(2026, 10, 8, tzinfo=UTC)


def a_page(document: object) -> Page:
    return Page(
        kind="models",
        part="models",
        url="https://prices.example/models",
        text=document if isinstance(document, str) else json.dumps(document),
        content_type="application/json",
        observe_time=NOW,
    )


def read(
    source: TokenSource, document: object
) -> tuple[tuple[ModelPrice, ...], tuple[Reject, ...]]:
    return read_entries(source, a_page(document), now=NOW)


def a_model(name: str = "acme/prose-7b", **pricing: Any) -> Mapping[str, Any]:
    return {
        "id": name,
        "context_length": 131072,
        "pricing": {"prompt": "0.0000004", "completion": "0.0000008"} | pricing,
        "expiration_date": None,
    }


def an_entry(**fields: Any) -> Mapping[str, Any]:
    return {
        "litellm_provider": "acme",
        "mode": "chat",
        "input_cost_per_token": 2.5e-06,
        "output_cost_per_token": 1e-05,
        "max_input_tokens": 128000,
    } | fields


def test_openrouter_prices_are_for_a_million_tokens() -> None:
    prices, rejects = read(
        openrouter.source,
        {"data": [a_model(input_cache_read="0.00000004", input_cache_write="0.0000005")]},
    )

    assert rejects == ()
    (price,) = prices
    assert (price.provider, price.model, price.context_max) == (
        "openrouter",
        "acme/prose-7b",
        131072,
    )
    assert price.amounts == (
        Decimal("0.4"),
        Decimal("0.04"),
        Decimal("0.5"),
        Decimal("0.8"),
        None,
        None,
    )


def test_openrouter_tiers_end_where_the_next_begins() -> None:
    longer = [
        {"min_prompt_tokens": 400000, "prompt": "0.000004", "completion": "0.000008"},
        {"min_prompt_tokens": 64000, "prompt": "0.000002"},
    ]
    model = {**a_model(overrides=longer), "context_length": 1000000}
    prices, _ = read(openrouter.source, {"data": [model]})

    assert [(p.context_max, p.input, p.output) for p in prices] == [
        (64000, Decimal("0.4"), Decimal("0.8")),
        (400000, Decimal(2), Decimal("0.8")),
        (1000000, Decimal(4), Decimal(8)),
    ]


@pytest.mark.parametrize("limit", [64000, 32000, None])
def test_a_limit_that_is_not_above_the_last_tier_does_not_end_it(limit: int | None) -> None:
    longer = [{"min_prompt_tokens": 64000, "prompt": "0.000002", "completion": "0.000008"}]
    model = {**a_model(overrides=longer), "context_length": limit}
    entry = an_entry(max_input_tokens=limit, input_cost_per_token_above_64k_tokens=5e-06)

    prices, rejects = read(openrouter.source, {"data": [model]})
    others, more = read(litellm.source, {"acme/prose": entry})

    assert [p.context_max for p in (*prices, *others)] == [64000, None, 64000, None]
    assert rejects + more == ()


def test_an_odd_entry_does_not_lose_the_others() -> None:
    models = [a_model(), {"id": "acme/odd", "pricing": None}]
    entries = {"acme/prose": an_entry(), "acme/odd": an_entry(litellm_provider=None)}

    for source, document in ((openrouter.source, {"data": models}), (litellm.source, entries)):
        prices, rejects = read(source, document)
        assert len(prices) == 1
        assert [reject.reason for reject in rejects] == ["ODD_ROW"]


def test_openrouter_free_and_variable_models_have_no_price() -> None:
    prices, rejects = read(
        openrouter.source,
        {
            "data": [
                a_model("acme/gift:free", prompt="0", completion="0"),
                a_model("acme/router", prompt="-1", completion="-1"),
            ]
        },
    )

    assert prices == ()
    assert [reject.reason for reject in rejects] == ["FREE_MODEL", "VARIABLE_PRICE"]


def test_litellm_numbers_with_exponents_are_exact() -> None:
    document = {
        "sample_spec": {"mode": "one of: chat, embedding"},
        "acme/prose-large": an_entry(
            cache_read_input_token_cost=2.5e-07,
            input_cost_per_token_batches=1.25e-06,
            output_cost_per_token_batches=5e-06,
        ),
    }
    prices, rejects = read(litellm.source, document)

    assert rejects == ()
    (price,) = prices
    assert (price.provider, price.model) == ("acme", "prose-large")
    assert price.amounts == (
        Decimal("2.5"),
        Decimal("0.25"),
        None,
        Decimal(10),
        Decimal("1.25"),
        Decimal(5),
    )


def test_litellm_tiers_do_not_borrow_from_each_other() -> None:
    entry = an_entry(
        max_input_tokens=1000000,
        cache_read_input_token_cost=2.5e-07,
        input_cost_per_token_above_272k_tokens=5e-06,
        output_cost_per_token_above_272k_tokens=1.5e-05,
        input_cost_per_token_above_272k_tokens_priority=9e-06,
    )
    prices, _ = read(litellm.source, {"acme/prose": entry})

    assert [(p.context_max, p.input, p.cached_input, p.output) for p in prices] == [
        (272000, Decimal("2.5"), Decimal("0.25"), Decimal(10)),
        (1000000, Decimal(5), None, Decimal(15)),
    ]


def test_litellm_batches_have_their_own_prices_for_longer_prompts() -> None:
    entry = an_entry(
        max_input_tokens=1000000,
        input_cost_per_token_above_272k_tokens=5e-06,
        input_cost_per_token_above_272k_tokens_batches=4e-06,
    )
    prices, _ = read(litellm.source, {"acme/prose": entry})

    assert [p.batch_input for p in prices] == [None, Decimal(4)]


def test_litellm_ranges_are_tiers_whatever_stands_beside_them() -> None:
    entry = an_entry(
        tiered_pricing=[
            {"input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06, "range": [0, 256e3]},
            {"input_cost_per_token": 3e-06, "range": [256e3, 1000000]},
        ]
    )
    prices, rejects = read(litellm.source, {"acme/prose": entry})

    assert [(p.context_max, p.input, p.output) for p in prices] == [
        (256000, Decimal(1), Decimal(2)),
        (1000000, Decimal(3), None),
    ]
    assert rejects == ()


def test_litellm_says_why_an_entry_is_none() -> None:
    document = {
        "acme/prose": an_entry(),
        "acme/painter": an_entry(mode="image_generation"),
        "acme/gift": an_entry(input_cost_per_token=0.0, output_cost_per_token=0),
        "acme/unpriced": {"litellm_provider": "acme", "mode": "chat"},
    }
    _, rejects = read(litellm.source, document)

    assert [reject.reason for reject in rejects] == ["OTHER_MODE", "FREE_MODEL", "NO_PRICE"]


@pytest.mark.parametrize(
    "text", ["0,0000004", "$0.4", "4e+2", "1_0", "\u0664", "NaN", "Infinity", "-0.4", "1e-400"]
)
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    prices, rejects = read(openrouter.source, {"data": [a_model(prompt=text)]})

    assert prices == ()
    assert [reject.reason for reject in rejects] == ["BAD_PRICE"]


def test_a_discount_that_is_dearer_means_mixed_up_columns() -> None:
    prices, rejects = read(openrouter.source, {"data": [a_model(input_cache_read="0.000002")]})

    assert prices == ()
    assert "dearer" in rejects[0].text


def test_entries_that_contradict_each_other_are_all_refused() -> None:
    twice = [a_model(), a_model(prompt="0.0000009"), a_model("acme/other")]
    prices, rejects = read(openrouter.source, {"data": twice})

    assert [price.model for price in prices] == ["acme/other"]
    assert [reject.reason for reject in rejects] == ["DUPLICATE", "DUPLICATE"]


@pytest.mark.parametrize(
    ("source", "document"),
    [
        (openrouter.source, {"data": []}),
        (openrouter.source, {"models": [a_model()]}),
        (openrouter.source, {"data": [{"id": "a/b", "pricing": {"input": "1"}}]}),
        (openrouter.source, "<html>Attention Required!</html>"),
        (litellm.source, {}),
        (litellm.source, []),
        (litellm.source, {"acme/prose": {"mode": "chat", "litellm_provider": "acme"}}),
    ],
)
def test_a_document_of_another_build_is_a_page_that_changed(
    source: TokenSource, document: object
) -> None:
    with pytest.raises(PageChanged):
        read(source, document)
