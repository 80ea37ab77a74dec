"""Quotes through the gateway: bodies, answers and problems, answered in process."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from gpuquote.v1.quote_service_pb2 import QuoteRequest
from prometheus_client import CollectorRegistry

from service.local_transport import LocalTransport
from service.rest.app import create_app
from tests.builders import an_offer
from tests.fakes import FakeClock, FakeSource, a_catalog, a_dispatcher

GOLDEN = Path(__file__).with_name("golden")
TRAINING = {"model": "models/llama-3.1-8b", "tokens": "1000000000000"}
ASKED = {"request": {"estimateTraining": TRAINING}, "title": "llama, March"}


@pytest.fixture
def source() -> FakeSource:
    return FakeSource(a_catalog(an_offer(region_code="us-1", country_code="US")))


@pytest.fixture
def client(source: FakeSource) -> FlaskClient:
    transport = LocalTransport(a_dispatcher(source, clock=FakeClock()), source)
    return create_app(transport, version="0", registry=CollectorRegistry()).test_client()


def test_a_quote_in_json_is_as_it_was(client: FlaskClient, source: FakeSource) -> None:
    made = client.post("/v1/quotes", json=ASKED)
    assert made.status_code == 200, made.text
    assert made.headers["Cache-Control"] == "no-store"
    name = made.json["quote"]["name"]  # type: ignore[index]
    source.snapshot = a_catalog(an_offer(price="1.245"), snapshot_id="s2")
    read = client.get(f"/v1/{name}")
    listed = client.get("/v1/quotes?query=llama")
    for answer in (read, listed):
        assert answer.status_code == 200, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers
    assert read.json["quote"] == made.json["quote"]  # type: ignore[index]
    answers = {"create": made.json, "get": read.json, "list": listed.json}
    told = json.dumps(answers).replace(name, "quotes/a-random-one")
    assert json.loads(told) == json.loads((GOLDEN / "quotes.json").read_text())


def test_the_answer_in_a_quote_is_that_of_the_calculator(client: FlaskClient) -> None:
    plain = client.post("/v1:estimateTraining", json=TRAINING).json
    made: Any = client.post("/v1/quotes", json=ASKED).json
    assert made["quote"]["answer"] == {"estimateTraining": plain}


def test_a_key_in_the_header_makes_one_quote(client: FlaskClient) -> None:
    key = {"Idempotency-Key": "r1"}
    first = client.post("/v1/quotes", json=ASKED, headers=key)
    second = client.post("/v1/quotes", json=ASKED, headers=key)
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.data == first.data
    other = client.post("/v1/quotes", json=ASKED | {"title": "other"}, headers=key)
    problem: Any = json.loads(other.data)
    assert (other.status_code, problem["reason"]) == (422, "REQUEST_ID_REUSED")
    assert problem["title"] == "The request id came with another request"
    assert problem["code"] == "FAILED_PRECONDITION"


def test_faults_of_the_question_have_their_whole_path(client: FlaskClient) -> None:
    question = TRAINING | {"model": "gpt-17", "gpuCount": 0, "catalogRevision": "x"}
    body = {"request": {"estimateTraining": question}, "lifetime": "59s", "requestId": "a b"}
    answer = client.post("/v1/quotes", json=body)
    assert answer.status_code == 400
    problem: Any = json.loads(answer.data)
    path = "request.estimateTraining."
    assert {one["field"] for one in problem["violations"]} == {
        "lifetime",
        "requestId",
        f"{path}catalogRevision",
        f"{path}gpuCount",
        f"{path}model",
    }


def test_every_calculator_of_the_contract_is_asked(client: FlaskClient) -> None:
    training = TRAINING | {"model": "gpt-17"}
    wrong: dict[str, Any] = {
        "estimateTraining": training,
        "estimateInference": {"model": "gpt-17", "inputTokens": 1, "concurrency": 1},
        "compareOffers": {"workload": {"training": training}},
        "analyzeBuildVsBuy": {"demand": {"gpuModel": "gpt-17", "constantGpus": 1}},
    }
    assert set(wrong) == {field.json_name for field in QuoteRequest.DESCRIPTOR.fields}
    for calculator, question in wrong.items():
        answer = client.post("/v1/quotes", json={"request": {calculator: question}})
        violations = json.loads(answer.data)["violations"]
        assert any("gpt-17" in one["description"] for one in violations)
        assert all(one["field"].startswith(f"request.{calculator}.") for one in violations)


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/v1/quotes/none", 404, "QUOTE_NOT_FOUND"),
        ("/v1/quotes?pageSize=-1", 400, "BAD_PAGE_SIZE"),
        ("/v1/quotes?title=x", 400, "UNKNOWN_FIELD"),
    ],
)
def test_reads_that_cannot_be(client: FlaskClient, path: str, status: int, reason: str) -> None:
    answer = client.get(path)
    problem: Any = json.loads(answer.data)
    assert (answer.status_code, problem["reason"]) == (status, reason)
