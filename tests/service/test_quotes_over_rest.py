"""Quotes through the gateway: bodies, answers and problems, answered in process."""

import copy
import json
import random
from collections.abc import Iterator
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
from tests.service.quoting import QUESTIONS, a_market, calculators

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
        "compareGpuModels": {"workload": {"training": training}},
        "compareProviders": {"gpuModel": "gpt-17"},
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


# Bodies that nobody would write

MUTATED = 240
ODD: tuple[Any, ...] = (
    *(None, "", 0, -1, 1.5, 1e308, "NaN", "Infinity", True, 2**70, "9223372036854775808"),
    *([], {}, [[]], [{}], {"a": 1}, "x" * 300, "\u202e\x00", "USD", ["H100"] * 20),
    {"currencyCode": "XXX", "amount": "-1"},
)
NAMES = (
    *("catalogRevision", "constraints", "adjustments", "currencyCode", "maxPlacements", "offer"),
    *("gpuModel", "gpuCount", "horizonMonths", "seed", "rent", "own", "building", "commit"),
    *("workload", "lifetime", "title", "requestId", "deadline", "budget", "precision", "method"),
)


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what holds a part, and the key of the part, all the way down."""
    keys: Any = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places_in(value[key])


def mutated(body: Any, chance: random.Random) -> Any:
    changed = copy.deepcopy(body)
    for _ in range(chance.randint(1, 3)):
        holder, key = chance.choice(list(places_in(changed)))
        odd = copy.deepcopy(chance.choice(ODD))
        kind = chance.random()
        if kind < 0.5:
            holder[key] = odd
        elif kind < 0.65 and isinstance(holder, dict) and len(changed) > 1:
            del holder[key]
        elif isinstance(holder[key], dict):
            holder[key][chance.choice(NAMES)] = odd
        else:
            holder[key] = [holder[key], odd]
    return changed


def test_no_body_makes_the_service_fail_and_only_good_ones_make_a_quote() -> None:
    source = a_market()
    transport = LocalTransport(calculators(source), source)
    client = create_app(transport, version="0", registry=CollectorRegistry()).test_client()
    chance = random.Random(7)  # noqa: S311 - the same bodies every time
    made: list[str] = []
    for number in range(MUTATED):
        kind = chance.choice(sorted(QUESTIONS))
        whole = {"request": {kind: QUESTIONS[kind]}, "title": "t", "lifetime": "100s"}
        body = mutated(whole | {"requestId": f"r{number}"}, chance)
        answer = client.post("/v1/quotes", json=body)
        told: Any = json.loads(answer.data)
        if answer.status_code == 200:
            made.append(told["quote"]["name"])
            continue
        assert 400 <= answer.status_code < 500, body
        assert told["reason"]
        for violation in told.get("violations", ()):
            assert "_" not in violation["field"]
    assert 0 < len(set(made)) < MUTATED / 2
    listed: Any = client.get("/v1/quotes?pageSize=1000&includeExpired=true").json
    assert {quote["name"] for quote in listed["quotes"]} == set(made)
    for name in set(made):
        assert client.get(f"/v1/{name}").status_code == 200


@pytest.mark.parametrize("kind", sorted(QUESTIONS))
def test_every_kind_is_read_as_it_was_made(kind: str) -> None:
    source = a_market()
    transport = LocalTransport(calculators(source), source)
    client = create_app(transport, version="0", registry=CollectorRegistry()).test_client()
    made: Any = client.post("/v1/quotes", json={"request": {kind: QUESTIONS[kind]}}).json
    assert set(made["quote"]["answer"]) == set(made["quote"]["request"]) == {kind}
    read: Any = client.get(f"/v1/{made['quote']['name']}").json
    assert read["quote"] == made["quote"]
    assert {move["offer"] for move in read["moves"]} == {
        one["name"] for one in read["quote"]["offers"]
    }
    assert all(move["change"] == 0 for move in read["moves"])
