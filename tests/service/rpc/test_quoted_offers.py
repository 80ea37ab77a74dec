"""Quotes of every calculator, all of them real, on a small market."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from gpuquote.v1 import compare_service_pb2, estimate_service_pb2, offer_pb2
from gpuquote.v1 import quote_service_pb2 as pb

from service.domain.offer import PurchaseModel
from service.rpc.call import Call
from service.rpc.dispatch import Dispatcher, RpcError
from service.rpc.quoted_offers import offer_ids_in
from tests.builders import an_offer
from tests.fakes import FakeClock, a_catalog
from tests.service.market.joining import an_a100_node, an_h100_node
from tests.service.quoting import (
    METHODS,
    QUESTIONS,
    RUN,
    a_market,
    calculators,
    digests,
    quoted,
    request_of,
)

ROOT = Path(__file__).parents[3]
SOURCE = a_market()
KINDS = sorted(QUESTIONS)


def offers_of(quote: pb.Quote) -> list[str]:
    return [offer.name.removeprefix("offers/") for offer in quote.offers]


def question_and_answer(quote: pb.Quote) -> tuple[Message, Message]:
    ((field, question),) = quote.request.ListFields()
    return question, getattr(quote.answer, field.name)


def plainly(chain: Dispatcher, kind: str, question: Message) -> Any:
    return chain.call(f"/gpuquote.v1.{METHODS[kind]}", question, Call()).message


def test_every_calculator_of_the_contract_has_a_question_here() -> None:
    assert set(QUESTIONS) == {field.json_name for field in pb.QuoteRequest.DESCRIPTOR.fields}
    kinds = [field.name for field in pb.QuoteRequest.DESCRIPTOR.fields]
    assert kinds == [field.name for field in pb.QuoteAnswer.DESCRIPTOR.fields]


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_is_frozen_as_its_calculator_gives_it(kind: str) -> None:
    chain = calculators(SOURCE)
    quote = quoted(chain, kind)
    question, answer = question_and_answer(quote)
    plain = plainly(chain, kind, question)
    assert answer.SerializeToString() == plain.SerializeToString()
    assert plain.catalog_revision == quote.catalog_revision == SOURCE.snapshot.revision


@pytest.mark.parametrize("kind", KINDS)
def test_every_offer_that_an_answer_names_is_frozen_as_it_stood(kind: str) -> None:
    quote = quoted(calculators(SOURCE), kind)
    _, answer = question_and_answer(quote)
    offers = offers_of(quote)
    assert offers
    assert offers == sorted(set(offers))
    assert set(offer_ids_in(answer)) <= set(offers)
    for offer in quote.offers:
        row = SOURCE.snapshot.find(offer.name.removeprefix("offers/"))
        assert row is not None
        assert offer == type(offer).FromString(row.proto)


@pytest.mark.parametrize("kind", KINDS)
def test_equal_questions_on_an_equal_revision_are_quoted_alike_byte_for_byte(kind: str) -> None:
    clock = FakeClock()
    source = a_market()
    chain = calculators(source, clock=clock)
    first = quoted(chain, kind)
    if kind != "compareProviders":  # it tells the age of prices, so the clock is an input
        clock.advance(timedelta(hours=1))
    # Another process that has loaded the same prices: nothing is shared with the first.
    second = quoted(calculators(a_market(), clock=clock), kind)
    for quote in (first, second):
        for field in ("name", "create_time", "expire_time", "purge_time"):
            quote.ClearField(field)
    assert first.SerializeToString() == second.SerializeToString()


def test_the_order_of_hashes_moves_no_byte() -> None:
    code = "import json; from tests.service.quoting import digests; print(json.dumps(digests()))"
    told = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": "77"},
    ).stdout
    assert json.loads(told) == digests()


@pytest.mark.parametrize("kind", KINDS)
def test_no_calculator_may_be_pinned(kind: str) -> None:
    request = request_of(kind)
    ((field, question),) = request.request.ListFields()
    pinned: Any = question
    path = f"request.{field.name}"
    if hasattr(pinned, "workload"):
        ((name, pinned),) = ((one.name, part) for one, part in pinned.workload.ListFields())
        path += f".workload.{name}"
    pinned.catalog_revision = SOURCE.snapshot.revision
    with pytest.raises(RpcError) as raised:
        calculators(SOURCE).call("/gpuquote.v1.QuoteService/CreateQuote", request, Call())
    assert raised.value.status.message.startswith(f"{path}.catalog_revision: cannot be given")


def test_a_revision_beside_a_workload_is_refused_once() -> None:
    request = request_of("compareGpuModels")
    request.request.compare_gpu_models.catalog_revision = SOURCE.snapshot.revision
    with pytest.raises(RpcError) as raised:
        calculators(SOURCE).call("/gpuquote.v1.QuoteService/CreateQuote", request, Call())
    assert raised.value.status.message == (
        "request.compare_gpu_models.catalog_revision: cannot be given: "
        "a quote is of the prices of now"
    )


# Comparisons that name few offers


def test_all_offers_that_count_for_a_comparison_of_providers_are_frozen() -> None:
    quote = quoted(calculators(SOURCE), "compareProviders")
    assert not offer_ids_in(quote.answer.compare_providers)
    assert offers_of(quote) == ["a-dearer", "cheap", "dear", "one", "year"]
    counted = sum(
        prices.offer_count
        for one in quote.answer.compare_providers.providers
        for prices in one.prices
    )
    assert counted == len(quote.offers)


def test_what_the_constraints_leave_out_is_not_behind_it() -> None:
    request = pb.CreateQuoteRequest()
    asked = request.request.compare_providers
    asked.gpu_model = "h100-sxm-80gb"
    asked.constraints.excluded_provider.append("dear")
    asked.constraints.purchase_model.append(offer_pb2.PURCHASE_MODEL_ON_DEMAND)
    message: Any = (
        calculators(SOURCE).call("/gpuquote.v1.QuoteService/CreateQuote", request, Call()).message
    )
    assert offers_of(message.quote) == ["a-dearer", "cheap", "one"]


def test_bundled_prices_that_live_ones_replace_are_not_behind_it() -> None:
    live, bundled = an_offer(), an_offer(offer_id="bundled", provider="bundled")
    source = a_market()
    source.snapshot = a_catalog(live, bundled, baseline=frozenset({"bundled"}))
    for kind, question in (
        (
            "compare_providers",
            compare_service_pb2.CompareProvidersRequest(gpu_model=live.gpu_model),
        ),
        ("compare_gpu_models", compare_service_pb2.CompareGpuModelsRequest()),
    ):
        request = pb.CreateQuoteRequest()
        getattr(request.request, kind).CopyFrom(question)
        getattr(request.request, kind).SetInParent()
        message: Any = (
            calculators(source).call("/gpuquote.v1.QuoteService/CreateQuote", request, Call())
        ).message
        assert offers_of(message.quote) == [live.offer_id]


@pytest.mark.parametrize("workload", [None, "training"])
def test_each_providers_cheapest_of_each_gpu_model_is_behind_their_comparison(
    workload: str | None,
) -> None:
    request = pb.CreateQuoteRequest()
    request.request.compare_gpu_models.SetInParent()
    if workload:
        run = json_format.ParseDict(dict(RUN), estimate_service_pb2.EstimateTrainingRequest())
        request.request.compare_gpu_models.workload.training.CopyFrom(run)
    message: Any = (
        calculators(SOURCE).call("/gpuquote.v1.QuoteService/CreateQuote", request, Call()).message
    )
    # Not "a-dearer", which is no provider's cheapest, nor the commitment.
    assert offers_of(message.quote) == ["cheap", "dear", "old", "one"]


def test_a_market_without_offers_has_none_behind_it() -> None:
    source = a_market()
    source.snapshot = a_catalog(an_a100_node("old", "1.00"))
    quote = quoted(calculators(source), "compareProviders")
    assert not quote.answer.compare_providers.providers
    assert offers_of(quote) == []


def test_of_equal_prices_the_first_by_name_is_taken() -> None:
    source = a_market()
    twins = [an_h100_node(name, "3.00", provider="p") for name in ("b", "a")]
    source.snapshot = a_catalog(*twins)
    request = pb.CreateQuoteRequest()
    request.request.compare_gpu_models.SetInParent()
    message: Any = (
        calculators(source).call("/gpuquote.v1.QuoteService/CreateQuote", request, Call()).message
    )
    assert offers_of(message.quote) == ["a"]


def test_a_discount_of_our_own_says_which_is_the_cheapest() -> None:
    source = a_market()
    source.snapshot = a_catalog(
        an_h100_node("listed", "3.00", provider="p"),
        an_h100_node("spot", "2.50", provider="p", purchase_model=PurchaseModel.SPOT),
    )
    ways = ["PURCHASE_MODEL_ON_DEMAND", "PURCHASE_MODEL_SPOT"]
    body: dict[str, Any] = {"constraints": {"purchaseModel": ways}}
    half = {"provider": "p", "purchaseModel": "PURCHASE_MODEL_ON_DEMAND", "discountPercent": 50}
    for adjustments, cheapest in (([], "spot"), ([half], "listed")):
        question = {"compareGpuModels": body | {"adjustments": adjustments}}
        request = pb.CreateQuoteRequest(request=json_format.ParseDict(question, pb.QuoteRequest()))
        message: Any = (
            calculators(source).call("/gpuquote.v1.QuoteService/CreateQuote", request, Call())
        ).message
        assert offers_of(message.quote) == [cheapest]
