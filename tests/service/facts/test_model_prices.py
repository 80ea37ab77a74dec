"""The bundled token prices."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from service.domain.model_price import ModelPrice
from service.facts.model_prices import load_model_prices, not_superseded
from service.facts.rows import BadFacts

HEADING = (
    "provider,model,input_usd_per_m,output_usd_per_m,cached_input_usd_per_m,"
    "batch_input_usd_per_m,batch_output_usd_per_m,batch_discount_pct,date,source,note"
)


def a_table(folder: Path, *rows: str) -> tuple[ModelPrice, ...]:
    path = folder / "prices.csv"
    path.write_text("\n".join((HEADING, *rows)) + "\n", encoding="utf-8")
    return load_model_prices(path)


def test_the_table_is_whole() -> None:
    prices = load_model_prices()

    assert len(prices) > 600
    assert all(price.input is not None and price.source_uri for price in prices)
    assert not {"x-ai", "gemini", "moonshot-ai"} & {price.provider for price in prices}
    # $0.002 for 1,000 tokens, the price that articles of 2023 reckon with.
    (old,) = [p for p in prices if p.model == "gpt-3.5-turbo (0301)"]
    assert (old.input, old.retired) == (Decimal("2.0"), True)


def test_tiers_stand_in_the_name(tmp_path: Path) -> None:
    prices = a_table(
        tmp_path,
        "acme,Prose ≤200k,1,2,,,,,2026-08-05,list (as of 2026-08-05),",
        "acme,Prose >200k,3,4,,,,,2026-08-05,list (as of 2026-08-05),",
    )

    assert [(p.model, p.context_max, p.input) for p in prices] == [
        ("Prose", None, Decimal(3)),
        ("Prose", 200_000, Decimal(1)),
    ]


def test_a_price_ends_where_the_next_begins(tmp_path: Path) -> None:
    prices = a_table(
        tmp_path,
        "acme,prose,3,4,,,,,2026-09-10,list (2026-11),",
        "acme,prose,9,9,,,,,launch,list (2026-11),",
        "acme,prose,3,4,0.3,,,,2026-11,another list,",
    )

    first, second = prices
    day = datetime(2026, 9, 10, tzinfo=UTC)
    assert (first.input, first.effective_until, first.retired) == (Decimal(9), day, True)
    assert (second.effective_from, second.effective_until, second.retired) == (day, None, False)
    assert second.cached_input == Decimal("0.3")


def test_an_end_in_the_future_is_an_end_but_not_yet(tmp_path: Path) -> None:
    (price,) = a_table(tmp_path, "acme,prose,3,4,,,,,,list (as of 2026-08-05),until 2027-01-01")

    assert price.effective_until == datetime(2027, 1, 1, tzinfo=UTC)
    assert not price.retired


def test_what_nobody_confirmed_for_long_is_retired(tmp_path: Path) -> None:
    old, undated = a_table(
        tmp_path, "acme,a,3,4,,,,,2024-01,a blog,", "acme,b,3,4,,,,,launch,a blog,"
    )

    assert old.retired
    assert undated.retired


def test_a_row_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFacts, match="line 2"):
        a_table(tmp_path, "acme,prose,1e3,4,,,,,2026-08-05,list,")


def test_a_live_price_supersedes_the_bundled_ones_of_its_model(tmp_path: Path) -> None:
    bundled = a_table(
        tmp_path,
        "acme,a,3,4,,,,,2026-08-05,list,",
        "acme,b,3,4,,,,,2026-08-05,list,",
        "corona,a,3,4,,,,,2026-08-05,list,",
    )
    left = not_superseded(bundled, live=bundled[:1])

    assert [(price.provider, price.model) for price in left] == [("acme", "b"), ("corona", "a")]
