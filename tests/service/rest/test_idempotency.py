"""The header Idempotency-Key and what an answer says of it, with canned replies."""

import json
from typing import Any

import pytest
from gpuquote.v1 import collection_service_pb2, quote_service_pb2

from service.rest.idempotency import has_request_id
from service.rest.transport import Reply
from tests.service.rest.fakes import FakeTransport, a_run_reply, client_of

BODY: dict[str, Any] = {"request": {"estimateTraining": {"model": "llama-3.1-8b", "tokens": 1}}}
KEY = "5f0c2b1e-6f0a-4d53-9c1e-0d2f3b4a5c6d"


def quote_reply(*, replayed: str = "") -> Reply:
    metadata = {"gpuquote-idempotency-replayed": replayed} if replayed else {}
    return Reply(message=quote_service_pb2.CreateQuoteResponse(), metadata=metadata)


def posted(body: Any, **headers: str) -> tuple[FakeTransport, Any]:
    transport = FakeTransport(answer=lambda _: quote_reply())
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return transport, client_of(transport).post("/v1/quotes", json=body, headers=named)


@pytest.mark.parametrize("value", [KEY, f'"{KEY}"', f"  {KEY} "])
def test_the_header_fills_the_request_id(value: str) -> None:
    transport, answer = posted(BODY, Idempotency_Key=value)
    assert answer.status_code == 200
    assert transport.calls[0].request.request_id == KEY


def test_without_the_header_the_body_says_it() -> None:
    transport, _ = posted(BODY | {"requestId": "r1"})
    assert transport.calls[0].request.request_id == "r1"


def test_both_may_say_the_same() -> None:
    transport, answer = posted(BODY | {"requestId": "r1"}, Idempotency_Key="r1")
    assert answer.status_code == 200
    assert transport.calls[0].request.request_id == "r1"


@pytest.mark.parametrize(
    ("body", "value", "said"),
    [
        ({"requestId": "r1"}, "r2", "differs from requestId"),
        ({}, "", "must have 1 to 64"),
        ({}, '""', "must have 1 to 64"),
        ({}, "ä", "must have 1 to 64"),
    ],
)
def test_a_key_that_cannot_be_is_told_with_all_else_that_is_wrong(
    body: dict[str, Any], value: str, said: str
) -> None:
    transport, answer = posted(BODY | body | {"nonsense": 1}, Idempotency_Key=value)
    assert answer.status_code == 400
    found = {one["field"]: one["description"] for one in json.loads(answer.data)["violations"]}
    assert set(found) == {"nonsense", "Idempotency-Key"}
    assert said in found["Idempotency-Key"]
    assert transport.calls == []


def test_an_answer_that_was_given_before_says_so() -> None:
    answers = [quote_reply(), quote_reply(replayed="true")]
    client = client_of(FakeTransport(answer=lambda _: answers.pop(0)))
    first, second = (client.post("/v1/quotes", json=BODY) for _ in range(2))
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"


def test_requests_without_a_request_id_take_no_notice() -> None:
    request: Any = collection_service_pb2.CreateCollectionRunRequest.DESCRIPTOR
    assert not has_request_id(request)
    transport = FakeTransport(answer=lambda _: a_run_reply())
    answer = client_of(transport).post(
        "/v1/collectionRuns", json={"provider": "lambda"}, headers={"Idempotency-Key": "ä"}
    )
    assert answer.status_code == 200
