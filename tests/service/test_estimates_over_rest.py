"""The estimators through the gateway: bodies, answers and problems, answered in process."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry

from service.local_transport import LocalTransport
from service.rest.app import create_app
from tests.builders import an_offer
from tests.estimates import FakeServing, FakeTraining
from tests.fakes import FakeSource, a_catalog, a_dispatcher

GOLDEN = Path(__file__).with_name("golden")
TRAIN = "/v1:estimateTraining"
SERVE = "/v1:estimateInference"
TRAINING = {"model": "models/llama-3.1-8b", "tokens": "1000000000000"}
INFERENCE = {
    "model": "llama-3.1-8b",
    "inputTokens": 1000,
    "outputTokens": 200,
    "requestsPerSecond": 2.5,
}
TRAIN_USE_CASE, SERVE_USE_CASE = FakeTraining(), FakeServing()


@pytest.fixture
def client() -> FlaskClient:
    source = FakeSource(a_catalog(an_offer(region_code="us-1", country_code="US")))
    dispatcher = a_dispatcher(source, train=TRAIN_USE_CASE, serve=SERVE_USE_CASE)
    transport = LocalTransport(dispatcher, source)
    return create_app(transport, version="0", registry=CollectorRegistry()).test_client()


def problem(client: FlaskClient, path: str, body: Any) -> Any:
    data = body if isinstance(body, str) else json.dumps(body)
    answer = client.post(path, data=data, content_type="application/json")
    assert answer.status_code == 400, answer.text
    return answer.get_json(force=True)


@pytest.mark.parametrize(
    ("path", "body", "golden"),
    [
        (TRAIN, TRAINING, "estimate_training.json"),
        (SERVE, INFERENCE, "estimate_inference.json"),
    ],
)
def test_an_answer_in_json_is_as_it_was(
    client: FlaskClient, path: str, body: Any, golden: str
) -> None:
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers
    assert answer.json == json.loads((GOLDEN / golden).read_text())


def test_whole_numbers_may_be_strings_or_numbers(client: FlaskClient) -> None:
    for tokens in (10**15, str(10**15)):
        assert client.post(TRAIN, json=TRAINING | {"tokens": tokens}).status_code == 200
        assert TRAIN_USE_CASE.asked[-1].workload.tokens == 10**15


def test_enums_are_taken_with_and_without_their_prefix(client: FlaskClient) -> None:
    for precision in ("FP8", "PRECISION_FP8"):
        assert client.post(TRAIN, json=TRAINING | {"precision": precision}).status_code == 200
        assert TRAIN_USE_CASE.asked[-1].workload.precision == "FP8"


@pytest.mark.parametrize(
    ("fields", "field", "description"),
    [
        ('"tokens": 1e12', "tokens", "must be a whole number"),
        ('"tokens": "1e12"', "tokens", "must be a whole number"),
        ('"tokens": 1.5', "tokens", "must be a whole number"),
        ('"tokens": 0', "tokens", "exactly one of"),
        ('"tokens": -1', "tokens", "must be 1 to"),
        ('"tokens": 1000000000000000000', "tokens", "must be 1 to 100000000000000000"),
        ('"tokens": 5, "mfu": "NaN"', "mfu", "must be a number"),
        ('"tokens": 5, "mfu": 1e999', "mfu", "is too large"),
        ('"tokens": 5, "gpuCount": 0', "gpuCount", "must be 1 to 100000, not 0"),
        ('"tokens": 5, "gpuCount": 1000000000', "gpuCount", "must be 1 to 100000"),
        ('"tokens": 5, "precision": "FP12"', "precision", "is not one of"),
        ('"tokens": 5, "gpu": "h100"', "gpu", "unknown"),
        ('"tokens": 5, "parallelism": {"tensor": 3}', "parallelism.tensor", "divide the 32 heads"),
        (
            '"tokens": 5, "baseline": {"model": "llama-3.1-8b", "tokens": 5, "baseline": {}}',
            "baseline.baseline",
            "cannot be given in a baseline",
        ),
    ],
)
def test_a_bad_field_is_named_as_the_caller_wrote_it(
    client: FlaskClient, fields: str, field: str, description: str
) -> None:
    found = problem(client, TRAIN, '{"model": "llama-3.1-8b", ' + fields + "}")
    named = {one["field"]: one["description"] for one in found["violations"]}
    assert description in named[field]


@pytest.mark.parametrize("params", [str(10**30), f'"{10**30}"', "1e30", "-" + "9" * 5000])
def test_parameters_beyond_all_numbers_are_refused_by_field(
    client: FlaskClient, params: str
) -> None:
    found = problem(client, TRAIN, '{"tokens": "5", "architecture": {"params": ' + params + "}}")
    assert found["violations"][0] == {
        "field": "architecture.params",
        "description": f"must be between {-(2**63)} and {2**63 - 1}",
    }


def test_nan_is_no_json(client: FlaskClient) -> None:
    found = problem(client, TRAIN, '{"model": "llama-3.1-8b", "tokens": 5, "mfu": NaN}')
    assert found["reason"] == "BAD_JSON"
    assert "NaN is not a number of JSON" in found["detail"]


def test_baselines_in_baselines_in_baselines_are_refused(client: FlaskClient) -> None:
    body: dict[str, Any] = dict(TRAINING)
    for _ in range(10):
        body = TRAINING | {"baseline": body}
    found = problem(client, TRAIN, body)
    assert {one["field"] for one in found["violations"]} == {"baseline.baseline"}
    for _ in range(30):
        body = TRAINING | {"baseline": body}
    found = problem(client, TRAIN, body)
    assert found["reason"] == "BAD_JSON"
    assert "nested deeper than 32" in found["detail"]


def test_an_unknown_model_is_told_the_nearest(client: FlaskClient) -> None:
    found = problem(client, SERVE, INFERENCE | {"model": "llama-3.1-7b"})
    assert (found["type"], found["title"]) == ("/problems/unknown-model", "No such model")
    assert "llama-3.1-8b" in found["metadata"]["nearest"].split(",")
    assert found["metadata"]["model"] == "llama-3.1-7b"


def test_models_have_routes(client: FlaskClient) -> None:
    listed = client.get("/v1/models?pageSize=2").json
    assert listed is not None
    assert [one["name"] for one in listed["models"]] == ["models/bert-large", "models/gpt-3-175b"]
    one = client.get("/v1/models/llama-3.1-8b")
    assert one.json is not None
    assert one.json["model"]["architecture"]["kvHeads"] == 8
    assert client.get("/v1/models/llama-9").status_code == 404
