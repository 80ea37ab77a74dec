"""Which token prices are believed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from scrapers.token_prices.judge import TokenVerdict, judge_tokens
from service.domain.model_price import ModelPrice, ModelPriceBook

NOW = datetime(2026, 10, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_price(model: str = "prose-7b", *, usd: str = "0.40", at: datetime = NOW) -> ModelPrice:
    return ModelPrice(
        provider="acme",
        model=model,
        source="openrouter",
        source_uri="https://prices.example/models",
        observe_time=at,
        effective_from=at,
        input=Decimal(usd),
        output=Decimal(usd) * 2,
    )


def judged(
    *seen: ModelPrice, before: ModelPriceBook | None = None, at: datetime = NOW
) -> TokenVerdict:
    return judge_tokens(seen, before=before, source="openrouter", now=at)


def current(book: ModelPriceBook) -> dict[str, Decimal | None]:
    return {price.model: price.input for price in book.prices if not price.retired}


def test_a_first_list_is_believed_within_bounds() -> None:
    verdict = judged(a_price(), a_price("absurd", usd="4000"), a_price("dust", usd="0.00001"))

    assert current(verdict.book) == {"prose-7b": Decimal("0.40")}
    assert verdict.accepted_count == 1
    assert [reject.reason for reject in verdict.rejects] == ["PRICE_OUT_OF_BOUNDS"] * 2


def test_an_unchanged_price_keeps_the_day_it_began() -> None:
    book = judged(a_price()).book
    later = judged(a_price(at=NOW + HOUR), before=book, at=NOW + HOUR).book

    assert [(p.effective_from, p.observe_time) for p in later.prices] == [(NOW, NOW + HOUR)]


def test_a_new_price_ends_the_one_before() -> None:
    book = judged(a_price()).book
    cheaper = a_price(usd="0.20", at=NOW + HOUR)
    verdict = judged(cheaper, before=book, at=NOW + HOUR)

    old, new = verdict.book.prices
    assert (old.retired, old.effective_until, old.input) == (True, NOW + HOUR, Decimal("0.40"))
    assert (new.retired, new.effective_from, new.input) == (False, NOW + HOUR, Decimal("0.20"))


def test_a_jump_waits_for_three_runs_over_six_hours() -> None:
    book = judged(a_price()).book
    seen: list[dict[str, Decimal | None]] = []
    for hours in (1, 2, 3, 8):
        at = NOW + hours * HOUR
        book = judged(a_price(usd="4", at=at), before=book, at=at).book
        seen.append(current(book))

    assert [each["prose-7b"] for each in seen] == [Decimal("0.40")] * 3 + [Decimal(4)]


def test_a_jump_that_goes_away_is_forgotten() -> None:
    book = judged(a_price()).book
    for hours, usd in ((1, "4"), (2, "0.40"), (3, "4"), (8, "4")):
        at = NOW + hours * HOUR
        book = judged(a_price(usd=usd, at=at), before=book, at=at).book

    assert current(book) == {"prose-7b": Decimal("0.40")}


def test_a_model_that_is_gone_is_retired_and_kept() -> None:
    names = [f"m{number}" for number in range(10)]
    book = judged(*map(a_price, names)).book
    later = judged(*map(a_price, names[1:]), before=book, at=NOW + HOUR).book
    (gone,) = [price for price in later.prices if price.retired]
    much_later = judged(*map(a_price, names[1:]), before=later, at=NOW + timedelta(days=402)).book

    assert (gone.model, gone.effective_until) == ("m0", NOW + HOUR)
    assert not [price for price in much_later.prices if price.retired]


def test_a_list_that_lost_a_third_of_its_models_is_held_whole() -> None:
    names = [f"m{number}" for number in range(10)]
    book = judged(*map(a_price, names)).book
    verdict = judged(*map(a_price, names[4:]), before=book, at=NOW + HOUR)

    assert verdict.held.startswith("R7: 4 of 10")
    assert verdict.book is book


def test_a_list_whose_prices_all_moved_by_one_factor_is_held_whole() -> None:
    names = [f"m{number}" for number in range(10)]
    book = judged(*map(a_price, names)).book
    doubled = [a_price(name, usd="0.80") for name in names]
    verdict = judged(*doubled, before=book, at=NOW + HOUR)

    assert verdict.held == "R6: 20 of 20 prices are 2.00 times what they were"
    assert verdict.accepted_count == 0


def test_tiers_of_one_model_are_judged_apart() -> None:
    short = replace(a_price(), context_max=128000)
    book = judged(short, replace(a_price(usd="0.80"), context_max=1000000)).book

    assert len([price for price in book.prices if not price.retired]) == 2
