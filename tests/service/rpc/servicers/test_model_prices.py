"""The prices of ModelService through the chain."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import ErrorInfo
from gpuquote.v1 import model_service_pb2 as pb

from service.catalog.paging import PageTokenSigner
from service.domain.errors import InvalidRequest, Precondition, Unavailable
from service.domain.model_price import ModelPrice, ModelPriceBook
from service.rpc.dispatch import Call, RpcError
from service.rpc.servicers.model_prices import ModelPricesServicer
from service.store.memory_store import MemoryStore
from service.store.newest_model_prices import READ_AGAIN_AFTER_SECONDS, NewestModelPrices
from service.store.ports import StoreUnreachable
from tests.builders import NOW
from tests.fakes import FakeSource, a_catalog, a_dispatcher, detail


def a_price(model: str = "prose-7b", **overrides: Any) -> ModelPrice:
    values: dict[str, Any] = {
        "provider": "acme",
        "model": model,
        "source": "openrouter",
        "source_uri": "https://prices.example/models",
        "observe_time": NOW - timedelta(hours=1),
        "effective_from": NOW - timedelta(days=9),
        "input": Decimal("0.4"),
        "output": Decimal("1.25"),
    }
    return ModelPrice(**(values | overrides))


class Books(MemoryStore):
    """A store that can be taken away, and counts how often it is read."""

    def __init__(self, *prices: ModelPrice) -> None:
        super().__init__(clock=lambda: NOW)
        self.is_away = False
        self.read_count = 0
        self.fill(*prices)

    def fill(self, *prices: ModelPrice) -> None:
        self.save_model_prices(
            ModelPriceBook(source="openrouter", publish_time=NOW, prices=prices), fence=1
        )

    def model_price_books(self) -> tuple[ModelPriceBook, ...]:
        self.read_count += 1
        if self.is_away:
            raise StoreUnreachable("redis://away")
        return super().model_price_books()


class Moment:
    """A monotonic clock that only tests move."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def a_servicer(
    store: Books, *baseline: ModelPrice, clock: Moment | None = None
) -> ModelPricesServicer:
    return ModelPricesServicer(
        NewestModelPrices(store, baseline=baseline, monotonic=clock or Moment()),
        signer=PageTokenSigner(b"a key of the tests"),
        now=lambda: NOW,
    )


def listed(servicer: ModelPricesServicer, **fields: Any) -> pb.ListModelPricesResponse:
    answer = servicer.list_model_prices(pb.ListModelPricesRequest(**fields))
    return pb.ListModelPricesResponse.FromString(answer.to_proto_bytes())


def models(found: pb.ListModelPricesResponse) -> list[str]:
    return [price.model for price in found.model_prices]


def test_a_price_comes_with_its_source_and_only_what_is_stated() -> None:
    (price,) = listed(a_servicer(Books(a_price(context_max=128000)))).model_prices

    assert (price.input.amount, price.output.amount) == ("0.40", "1.25")
    assert not price.HasField("cached_input")
    assert price.context_max == 128000
    assert price.source_uri == "https://prices.example/models"
    assert price.effective_from.ToDatetime(UTC) == NOW - timedelta(days=9)


def test_prices_that_ended_or_have_not_begun_are_left_out_unless_asked_for() -> None:
    servicer = a_servicer(
        Books(
            a_price("gone", retired=True, effective_until=NOW - timedelta(days=1)),
            a_price("ends", effective_until=NOW),
            a_price("begins", effective_from=NOW + timedelta(days=1)),
            a_price("holds"),
        )
    )

    assert models(listed(servicer)) == ["holds"]
    assert models(listed(servicer, include_retired=True)) == ["begins", "ends", "gone", "holds"]


def test_tiers_of_a_model_come_shortest_first() -> None:
    servicer = a_servicer(
        Books(a_price(context_max=None), a_price(context_max=1_000_000), a_price(context_max=9000))
    )

    found = [price.context_max for price in listed(servicer).model_prices]
    assert found == [9000, 1_000_000, 0]


def test_a_name_may_end_in_a_star() -> None:
    servicer = a_servicer(Books(*map(a_price, ("llama-3-8b", "llama-3-70b", "mistral-7b"))))

    assert models(listed(servicer, model=["llama-3-*", "mistral-7b"])) == [
        "llama-3-70b",
        "llama-3-8b",
        "mistral-7b",
    ]
    assert models(listed(servicer, model=["llama-3"])) == []


def test_pages_hold_every_price_once() -> None:
    servicer = a_servicer(Books(*(a_price(f"m{number}") for number in range(7))))
    seen: list[str] = []
    token = ""
    while True:
        page = listed(servicer, page_size=3, page_token=token)
        seen += models(page)
        token = page.next_page_token
        if not token:
            break

    assert seen == [f"m{number}" for number in range(7)]


def test_bundled_prices_serve_where_no_source_lists_the_model_and_say_so() -> None:
    old = datetime(2026, 8, 5, tzinfo=UTC)
    bundled = (
        a_price("prose-7b", source="baseline", input=Decimal(9), observe_time=old),
        a_price("prose-9b", source="baseline", observe_time=old),
    )
    found = listed(a_servicer(Books(a_price("prose-7b")), *bundled))

    assert [(p.model, p.source) for p in found.model_prices] == [
        ("prose-7b", "openrouter"),
        ("prose-9b", "baseline"),
    ]
    (caveat,) = found.caveats
    assert caveat.code == "BASELINE_PRICES"
    assert "2026-08-05" in caveat.message


def test_max_age_refuses_older_and_bundled_prices() -> None:
    servicer = a_servicer(
        Books(a_price("young"), a_price("old", observe_time=NOW - timedelta(days=3))),
        a_price("bundled", source="baseline"),
    )

    assert models(listed(servicer, max_age=timedelta(hours=2))) == ["young"]
    with pytest.raises(Precondition) as raised:
        listed(servicer, max_age=timedelta(minutes=2))
    assert raised.value.reason == "PRICES_TOO_OLD"


def test_every_fault_of_a_request_is_named() -> None:
    servicer = a_servicer(Books(a_price()))
    with pytest.raises(InvalidRequest) as raised:
        listed(
            servicer,
            page_size=-1,
            provider=["acmee"],
            max_age=timedelta(seconds=-1),
            page_token="x",
        )

    assert [violation.field for violation in raised.value.violations] == [
        "page_size",
        "max_age",
        "provider",
        "page_token",
    ]
    assert "'acme'" in raised.value.violations[2].description


def test_the_store_is_read_anew_after_a_while_only() -> None:
    clock, store = Moment(), Books(a_price("first"))
    servicer = a_servicer(store, clock=clock)

    listed(servicer)
    store.fill(a_price("second"))
    assert models(listed(servicer)) == ["first"]
    clock.seconds += READ_AGAIN_AFTER_SECONDS
    assert models(listed(servicer)) == ["second"]
    assert store.read_count == 2


def test_a_store_that_is_away_costs_nothing_once_prices_are_loaded() -> None:
    clock, store = Moment(), Books(a_price())
    servicer = a_servicer(store, clock=clock)
    listed(servicer)
    store.is_away = True
    clock.seconds += READ_AGAIN_AFTER_SECONDS

    assert models(listed(servicer)) == ["prose-7b"]


def test_a_store_that_never_answered_is_told() -> None:
    store = Books()
    store.is_away = True
    with pytest.raises(Unavailable):
        listed(a_servicer(store))


def test_the_method_stands_in_the_table() -> None:
    chain = a_dispatcher(FakeSource(a_catalog()), runs=Books(a_price()))
    name = "/gpuquote.v1.ModelService/ListModelPrices"
    answer = chain.call(name, pb.ListModelPricesRequest(model=["prose-*"]), Call())
    with pytest.raises(RpcError) as raised:
        chain.call(name, pb.ListModelPricesRequest(provider=["nobody"]), Call())

    assert models(pb.ListModelPricesResponse.FromString(answer.to_proto_bytes())) == ["prose-7b"]
    assert raised.value.status.code == Code.INVALID_ARGUMENT
    assert detail(raised.value.status, ErrorInfo).reason == "UNKNOWN_PROVIDER"
