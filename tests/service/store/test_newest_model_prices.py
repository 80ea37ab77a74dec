from decimal import Decimal

import pytest

from service.domain.model_price import ModelPrice, ModelPriceBook
from service.store.memory_store import MemoryStore
from service.store.newest_model_prices import READ_AGAIN_AFTER_SECONDS, NewestModelPrices
from service.store.ports import StoreUnreachable
from tests.builders import NOW


def a_price(model: str, source: str = "openrouter") -> ModelPrice:
    return ModelPrice(
        provider="acme",
        model=model,
        source=source,
        source_uri="https://prices.example",
        observe_time=NOW,
        input=Decimal(1),
        output=Decimal(2),
    )


class Books(MemoryStore):
    is_away = False

    def model_price_books(self) -> tuple[ModelPriceBook, ...]:
        if self.is_away:
            raise StoreUnreachable("redis://away")
        return super().model_price_books()


def books(*models: str) -> Books:
    store = Books(clock=lambda: NOW)
    fill(store, *models)
    return store


def fill(store: Books, *models: str) -> None:
    prices = tuple(map(a_price, models))
    book = ModelPriceBook(source="openrouter", publish_time=NOW, prices=prices)
    store.save_model_prices(book, fence=1)


def test_bundled_prices_serve_models_that_no_source_lists() -> None:
    baseline = (a_price("live", "baseline"), a_price("gone", "baseline"))
    found = NewestModelPrices(books("live"), baseline=baseline).every()
    assert [(one.model, one.source) for one in found] == [
        ("live", "openrouter"),
        ("gone", "baseline"),
    ]


def test_the_store_is_read_anew_after_a_while_and_what_was_read_stays_when_it_is_away() -> None:
    store, seconds = books("one"), [100.0]
    prices = NewestModelPrices(store, baseline=(), monotonic=lambda: seconds[0])
    first = prices.every()
    fill(store, "one", "two")
    assert prices.every() is first
    seconds[0] += READ_AGAIN_AFTER_SECONDS
    assert len(prices.every()) == 2
    store.is_away = True
    seconds[0] += READ_AGAIN_AFTER_SECONDS
    assert len(prices.every()) == 2


def test_a_store_that_never_answered_is_told() -> None:
    store = books()
    store.is_away = True
    with pytest.raises(StoreUnreachable):
        NewestModelPrices(store, baseline=()).every()
