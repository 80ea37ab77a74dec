"""Estimates from a body of JSON or a message to the answer, with the real planners and prices."""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from gpuquote.v1 import estimate_service_pb2 as pb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from service.domain.offer import Offer
from service.local_transport import LocalTransport
from service.rest.app import create_app
from service.rpc.server import GrpcServer
from tests.fakes import OK, FakeClock, FakeSource, a_catalog, a_dispatcher
from tests.service.market.questions import (
    H100,
    MARKET,
    a_node,
    server,
    trainer,
)
from tests.service.mutations import CHANGES, changed

# Thousands of cases: tracing them would double their time.
pytestmark = pytest.mark.no_cover

TRAIN = "/v1:estimateTraining"
SERVE = "/v1:estimateInference"
METHODS = {TRAIN: "EstimateTraining", SERVE: "EstimateInference"}
MESSAGES: dict[str, tuple[type[Message], type[Message]]] = {
    TRAIN: (pb.EstimateTrainingRequest, pb.EstimateTrainingResponse),
    SERVE: (pb.EstimateInferenceRequest, pb.EstimateInferenceResponse),
}
RUN = {"model": "llama-3.1-8b", "tokens": "10000000000"}
LOAD = {
    "model": "llama-3.1-8b",
    "inputTokens": 1000,
    "outputTokens": 200,
    "requestsPerSecond": 2.5,
}
ON_H100 = {"gpuModel": "h100-sxm-80gb"}


class Path:
    """The service in process, over REST and gRPC; its catalogue and clock are the test's."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.source = FakeSource(MARKET)
        dispatcher = a_dispatcher(
            self.source, clock=self.clock, train=trainer().answer, serve=server().answer
        )
        transport = LocalTransport(dispatcher, self.source)
        app = create_app(transport, version="0", registry=CollectorRegistry())
        self.client = app.test_client()
        self.grpc = GrpcServer(dispatcher, lambda: OK, host="127.0.0.1", port=0)

    def ask(self, path: str, body: Any) -> Any:
        """Return a good answer over REST."""
        answer = self.client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json

    def problem(self, path: str, body: Any, status: int = 400) -> Any:
        """Return what is wrong with a body, over REST."""
        data = body if isinstance(body, str) else json.dumps(body)
        answer = self.client.post(path, data=data, content_type="application/json")
        assert answer.status_code == status, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        return answer.get_json(force=True)


@pytest.fixture(scope="module")
def shared() -> Path:
    return Path()


@pytest.fixture
def path() -> Path:
    return Path()


@pytest.fixture(scope="module")
def channel(shared: Path) -> Iterator[grpc.Channel]:
    port = shared.grpc.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as open_channel:
        yield open_channel
    shared.grpc.stop(grace=0)


BODIES = [
    (TRAIN, RUN),
    (TRAIN, RUN | ON_H100 | {"gpuCount": 64, "currencyCode": "EUR"}),
    (TRAIN, RUN | {"method": "LORA", "constraints": {"gpuFamily": ["A100"]}}),
    (TRAIN, RUN | ON_H100 | {"gpuCount": 8, "baseline": RUN | ON_H100 | {"gpuCount": 16}}),
    (SERVE, LOAD),
    (SERVE, LOAD | ON_H100 | {"pricePerGpuHour": {"currencyCode": "USD", "amount": "2.5"}}),
    (SERVE, LOAD | {"profile": [1.0] * 100 + [2.0] * 68, "offer": "offers/two-h100-sxm-80gb-8x"}),
    (SERVE, {"model": "bert-large", "inputTokens": 128, "concurrency": 32}),
    (SERVE, {"model": "stable-diffusion-1.5", "offline": True}),
]


@pytest.mark.parametrize(("path_of", "body"), BODIES)
def test_rest_and_grpc_give_the_same_answer(
    shared: Path, channel: grpc.Channel, path_of: str, body: Any
) -> None:
    request_kind, response_kind = MESSAGES[path_of]
    prefixed = json.loads(
        json.dumps(body).replace('"LORA"', '"TRAINING_METHOD_LORA"')
    )  # gRPC spells enums out
    request = json_format.ParseDict(prefixed, request_kind())
    stub: Any = channel.unary_unary(f"/gpuquote.v1.EstimateService/{METHODS[path_of]}")
    answered = response_kind.FromString(stub(request.SerializeToString(), timeout=10))
    wanted = json.loads(json_format.MessageToJson(answered))
    found = shared.ask(path_of, body)
    assert_within(wanted, found)


def assert_within(wanted: Any, found: Any) -> None:
    """Check that all of a message is in the JSON of REST, whose enums have no prefix."""
    if isinstance(wanted, dict):
        for key, value in wanted.items():
            assert_within(value, found[key])
    elif isinstance(wanted, list):
        assert len(wanted) == len(found)
        for one, other in zip(wanted, found, strict=True):
            assert_within(one, other)
    elif isinstance(wanted, str) and wanted != found:
        assert wanted.endswith(f"_{found}")
    else:
        assert wanted == found


@pytest.mark.parametrize(("path_of", "body"), BODIES)
def test_equal_questions_on_an_equal_revision_have_equal_bytes(path_of: str, body: Any) -> None:
    first, second = Path(), Path()
    asked = [one.client.post(path_of, json=body) for one in (first, second, second)]
    assert asked[0].data == asked[1].data == asked[2].data


def dearer(*offers: Offer) -> Any:
    return a_catalog(*offers, a_node("one", H100, 8, "9.00"), snapshot_id="s2")


def test_a_revision_that_was_answered_from_holds_the_prices(path: Path) -> None:
    before = path.ask(SERVE, LOAD | ON_H100)
    path.source.snapshot = dearer()
    after = path.ask(SERVE, LOAD | ON_H100)
    assert after["catalogRevision"] != before["catalogRevision"]
    assert amount(after["monthlyCost"]["p50"]) > amount(before["monthlyCost"]["p50"])
    pinned = LOAD | ON_H100 | {"catalogRevision": before["catalogRevision"]}
    assert path.ask(SERVE, pinned) == before
    path.clock.advance(timedelta(hours=25))
    found = path.problem(SERVE, pinned)
    assert found["reason"] == "REVISION_NOT_KEPT"
    assert found["metadata"]["current"] == after["catalogRevision"]


def amount(money: Any) -> Decimal:
    return Decimal(money["amount"])


def test_line_items_sum_to_the_middle_in_every_currency(shared: Path) -> None:
    for path_of, body, cost in ((TRAIN, RUN, "cost"), (SERVE, LOAD, "monthlyCost")):
        for code in ("USD", "EUR"):
            answer = shared.ask(path_of, body | {"currencyCode": code})
            assert sum(amount(one["amount"]) for one in answer["lineItems"]) == amount(
                answer[cost]["p50"]
            )
            for placement in answer["placements"]:
                parts = sum(amount(one["amount"]) for one in placement["lineItems"])
                assert parts == amount(placement["cost"]["p50"])
            assert {one["amount"]["currencyCode"] for one in answer["lineItems"]} == {code}


def test_euros_are_dollars_at_the_dated_rate(shared: Path) -> None:
    dollars = shared.ask(TRAIN, RUN | ON_H100)
    euros = shared.ask(TRAIN, RUN | ON_H100 | {"currencyCode": "EUR"})
    assert amount(euros["cost"]["p50"]) == pytest.approx(
        amount(dollars["cost"]["p50"]) / Decimal("1.25"), abs=Decimal("0.01")
    )
    assert euros["exchangeRate"]["date"] == "2026-10-07"
    assert "exchangeRate" not in dollars
    assert shared.problem(TRAIN, RUN | {"currencyCode": "XXX"})["reason"] == "BAD_MONEY"


def test_bundled_prices_serve_with_a_caveat_and_are_never_young_enough(path: Path) -> None:
    path.source.snapshot = a_catalog(a_node("one", H100, 8, "3.00"), baseline=frozenset({"one"}))
    answer = path.ask(SERVE, LOAD)
    assert "BASELINE_PRICES" in {one["code"] for one in answer["caveats"]}
    assert {one["freshness"] for one in answer["offersUsed"]} == {"BASELINE"}
    found = path.problem(SERVE, LOAD | {"constraints": {"maxAge": "3600s"}})
    assert found["reason"] == "PRICES_TOO_OLD"


def test_what_does_not_fit_is_told_with_what_would(shared: Path) -> None:
    found = shared.problem(TRAIN, RUN | {"gpuModel": "L4", "gpuCount": 1})
    assert (found["type"], found["reason"]) == ("/problems/does-not-fit", "DOES_NOT_FIT")
    assert {"constraint", "gpuModel", "needed", "limit", "unit", "smallestChange"} <= found[
        "metadata"
    ].keys()
    name, value = found["metadata"]["smallestChange"].split("=")
    body = RUN | {"gpuModel": "L4", "gpuCount": 1} | {name: value}
    shared.ask(TRAIN, body)


def test_constraints_that_leave_nothing_are_counted(shared: Path) -> None:
    found = shared.problem(SERVE, LOAD | {"constraints": {"countryCode": ["SE"]}})
    assert found["reason"] == "NO_MATCHING_OFFERS"
    assert found["metadata"]["rejected"] == "COUNTRY 9"


def test_everything_that_is_wrong_is_told_at_once(shared: Path) -> None:
    found = shared.problem(
        SERVE,
        {
            "model": "llama-9",
            "inputTokens": -1,
            "requestsPerSecond": -2,
            "gpuModel": "h100x",
            "gpuCount": 0,
            "utilization": 2,
            "confidence": 0.8,
            "profile": [1, 2],
            "constraints": {"provider": ["nobody"], "countryCode": ["QQ"], "filter": "x >"},
            "adjustments": [{"provider": "one", "discountPercent": 100}],
            "baseline": {"model": "llama-3.1-8b"},
        },
    )
    assert {one["field"] for one in found["violations"]} >= {
        "model",
        "inputTokens",
        "requestsPerSecond",
        "gpuModel",
        "gpuCount",
        "utilization",
        "confidence",
        "profile",
        "constraints.provider",
        "constraints.countryCode",
        "constraints.filter",
        "adjustments[0].discountPercent",
        "baseline.inputTokens",
    }


def test_an_unknown_model_is_told_the_nearest(shared: Path) -> None:
    found = shared.problem(TRAIN, RUN | {"model": "llama-3.1-80b"})
    assert found["reason"] == "UNKNOWN_MODEL"
    assert 1 <= len(found["metadata"]["nearest"].split(",")) <= 3


BAD = [
    (TRAIN, '"tokens": 0', "tokens"),
    (TRAIN, '"tokens": -5', "tokens"),
    (TRAIN, '"tokens": "1e400"', "tokens"),
    (TRAIN, '"tokens": 1e400', "tokens"),
    (TRAIN, '"tokens": "NaN"', "tokens"),
    (TRAIN, '"tokens": 5, "gpuCount": 0', "gpuCount"),
    (TRAIN, '"tokens": 5, "gpuCount": 1000000000', "gpuCount"),
    (TRAIN, '"tokens": 5, "gpuCount": -1', "gpuCount"),
    (TRAIN, '"tokens": 5, "mfu": 1e400', "mfu"),
    (TRAIN, '"tokens": 5, "mfu": "Infinity"', "mfu"),
    (TRAIN, '"tokens": 5, "datasetGb": -1', "datasetGb"),
    (TRAIN, '"tokens": 5, "precision": "INT4"', "precision"),
    (TRAIN, '"tokens": 5, "parallelism": {"tensor": 5}', "parallelism.tensor"),
    (SERVE, '"inputTokens": 1e400', "inputTokens"),
    (SERVE, '"inputTokens": 5, "outputTokens": 5, "requestsPerSecond": 1e400', "requestsPerSecond"),
    (SERVE, '"inputTokens": 5, "outputTokens": 5, "requestsPerSecond": "NaN"', "requestsPerSecond"),
    (SERVE, '"inputTokens": 5, "outputTokens": 0, "concurrency": 1', "outputTokens"),
    (SERVE, '"inputTokens": 5, "outputTokens": 5, "concurrency": 0', "concurrency"),
]


@pytest.mark.parametrize(("path_of", "fields", "field"), BAD)
def test_bad_numbers_are_refused_by_field(
    shared: Path, path_of: str, fields: str, field: str
) -> None:
    found = shared.problem(path_of, '{"model": "llama-3.1-8b", ' + fields + "}")
    assert found["violations"][0]["field"] == field


@pytest.mark.parametrize(
    ("architecture", "field"),
    [
        ({"params": "1" + "0" * 30}, "architecture.params"),
        ({"params": 0}, "architecture.params"),
        ({"params": "-7"}, "architecture.params"),
        ({"params": "8000000000", "hiddenSize": 4096, "heads": 33}, "architecture.heads"),
        ({"params": "8000000000", "heads": 32, "kvHeads": 5}, "architecture.kvHeads"),
    ],
)
def test_sizes_that_make_no_model_are_refused_by_field(
    shared: Path, architecture: Any, field: str
) -> None:
    found = shared.problem(TRAIN, {"architecture": architecture, "tokens": "5"})
    assert field in {one["field"] for one in found["violations"]}


FULL_RUN = RUN | {
    "sequenceLength": 4096,
    "method": "LORA",
    "loraRank": 8,
    "precision": "BF16",
    "gpuModel": "h100-sxm-80gb",
    "gpuCount": 16,
    "recompute": "FULL",
    "microBatchSize": 1,
    "parallelism": {"tensor": 2, "pipeline": 1},
    "constraints": {"deadline": "864000s", "provider": ["one"], "trust": ["FIRST_PARTY"]},
    "adjustments": [{"provider": "one", "discountPercent": 10, "until": "2027-01-01"}],
    "datasetGb": 10,
    "confidence": 0.75,
    "currencyCode": "EUR",
    "baseline": RUN,
}
FULL_LOAD = LOAD | {
    "precision": "FP8",
    "kvPrecision": "FP8",
    "engine": "SGLANG",
    "gpuModel": "h100-sxm-80gb",
    "latency": {"maxTimeToFirstTokenMs": 5000, "minTokensPerSecondPerUser": 5},
    "peakFactor": 2,
    "prefixCacheHitRate": 0.5,
    "reasoningTokens": 10,
    "speculative": {"acceptance": 0.7, "draftTokens": 3},
    "parallelism": {"tensor": 2},
    "utilization": 0.5,
    "hoursPerMonth": 700,
    "constraints": {"budget": {"currencyCode": "USD", "amount": "1000000"}, "geo": []},
    "baseline": LOAD,
}


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    start=st.sampled_from([(TRAIN, FULL_RUN), (SERVE, FULL_LOAD)]),
    changes=CHANGES,
)
def test_no_body_whatever_is_an_error_of_ours(
    shared: Path, start: tuple[str, Any], changes: list[tuple[int, Any]]
) -> None:
    path_of, body = start
    body = changed(body, changes)
    answer = shared.client.post(path_of, json=body)
    assert answer.status_code in {200, 400, 404}, (body, answer.text)
    if not changes:
        assert answer.status_code == 200, answer.text
