"""Comparisons through the gateway: routes, JSON and problems, answered in process."""

import json
import math
from typing import Any

import pytest
from flask.testing import FlaskClient
from google.protobuf import json_format
from gpuquote.v1 import compare_service_pb2 as pb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from service.domain.offer import PurchaseModel
from service.local_transport import LocalTransport
from service.rest.app import create_app
from service.rpc.dispatch import Call
from tests.fakes import FakeSource, a_catalog, a_dispatcher
from tests.service.market.joining import an_a100_node, an_h100_node
from tests.service.market.questions import MARKET
from tests.service.mutations import CHANGES, changed

RUN = {"training": {"model": "models/llama-3.1-8b", "tokens": "10000000000"}}
OFFERS = "/v1:compareOffers"
SOURCE = FakeSource(a_catalog(an_h100_node("h", "3.00"), an_a100_node("a", "1.00")))


def a_client(source: FakeSource) -> FlaskClient:
    transport = LocalTransport(a_dispatcher(source), source)
    return create_app(transport, version="0", registry=CollectorRegistry()).test_client()


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return a_client(SOURCE)


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        (OFFERS, "CompareOffers", {"workload": RUN, "maxPlacements": 5}),
        ("/v1:compareGpuModels", "CompareGpuModels", {"workload": RUN}),
        ("/v1:compareGpuModels", "CompareGpuModels", {}),
        ("/v1:compareProviders", "CompareProviders", {"gpuModel": "gpuModels/h100-sxm-80gb"}),
    ],
)
def test_rest_and_grpc_answer_alike(client: FlaskClient, path: str, kind: str, body: Any) -> None:
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    request = json_format.ParseDict(body, getattr(pb, f"{kind}Request")())
    message = a_dispatcher(SOURCE).call(f"/gpuquote.v1.CompareService/{kind}", request, Call())
    assert message.message is not None
    in_grpc = json_format.MessageToDict(message.message, always_print_fields_with_no_presence=True)
    assert without_prefixes(answer.json) == without_prefixes(in_grpc)


def without_prefixes(value: Any) -> Any:
    """REST leaves the type out of enum values."""
    if isinstance(value, dict):
        return {key: without_prefixes(one) for key, one in value.items()}
    if isinstance(value, list):
        return [without_prefixes(one) for one in value]
    if isinstance(value, str):
        for prefix in ("PURCHASE_MODEL_", "CAPACITY_", "RECOMPUTE_"):
            value = value.removeprefix(prefix)
    return value


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"workload": {"training": {"model": "llama-3.1-8b", "tokens": 0}}}', "tokens"),
        ('{"workload": {"training": {"model": "llama-3.1-8b", "tokens": "1e400"}}}', "tokens"),
        (
            (
                '{"workload": {"training": {"model": "llama-3.1-8b", "tokens": 5}},'
                ' "minAvailabilityShare": NaN}'
            ),
            "",
        ),
        ('{"workload": {"training": {"model": "llama-3.1-8b", "tokens": 5}}, "limit": 3}', "limit"),
        ('{"workload": 7}', "workload"),
        ('{"objective": "FASTEST"}', "objective"),
        ("[]", ""),
    ],
)
def test_bad_bodies_are_problems(client: FlaskClient, text: str, field: str) -> None:
    answer = client.post(OFFERS, data=text, content_type="application/json")
    assert answer.status_code == 400, answer.text
    problem = answer.get_json(force=True)
    assert field in json.dumps(problem)
    assert problem["status"] == 400


def test_paths_of_violations_are_those_of_the_body(client: FlaskClient) -> None:
    body = {
        "workload": {"training": {"model": "llama-3.1-8b", "tokens": "5", "offer": "offers/h"}},
        "dataSource": {"provider": "providers/nobody", "gb": 3},
    }
    problem = client.post(OFFERS, json=body).get_json(force=True)
    assert [one["field"] for one in problem["violations"]] == [
        "workload.training.offer",
        "dataSource.provider",
    ]


def test_everything_that_is_wrong_is_told_at_once(client: FlaskClient) -> None:
    bad: dict[str, Any] = {
        "workload": {
            "inference": {
                "model": "llama-9",
                "inputTokens": -1,
                "concurrency": 3,
                "gpuModel": "h100x",
                "baseline": {},
                "constraints": {"provider": ["nobody"], "countryCode": ["QQ"], "deadline": "3s"},
                "adjustments": [{"provider": "h", "discountPercent": 100}],
            }
        },
        "maxPlacements": 2000,
        "skip": -1,
        "minAvailabilityShare": 1.5,
        "dataSource": {"provider": "nobody", "gb": -1},
    }
    problem = client.post(OFFERS, json=bad).get_json(force=True)
    assert {one["field"] for one in problem["violations"]} == {
        "workload.inference.model",
        "workload.inference.inputTokens",
        "workload.inference.gpuModel",
        "workload.inference.baseline",
        "workload.inference.constraints.provider",
        "workload.inference.constraints.countryCode",
        "workload.inference.constraints.deadline",
        "workload.inference.adjustments[0].discountPercent",
        "maxPlacements",
        "skip",
        "minAvailabilityShare",
        "dataSource.provider",
        "dataSource.gb",
    }


# Each offer is counted once, and pages make up the whole.

EVERY_WAY = ["ON_DEMAND", "SPOT", "RESERVED_1Y"]
MIXED = a_catalog(
    *(an_h100_node(f"h{at}", f"{2 + at / 10}") for at in range(9)),
    *(an_a100_node(f"a{at}", f"{1 + at / 10}") for at in range(9)),
    an_h100_node("spotty", "1.00", purchase_model=PurchaseModel.SPOT),
    an_h100_node("year", "1.00", purchase_model=PurchaseModel.RESERVED_1Y),
    an_h100_node("slice", gpu_count="0.5"),
    an_h100_node("far", country_code="SE"),
)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"constraints": {"purchaseModel": EVERY_WAY}},
        {"constraints": {"purchaseModel": EVERY_WAY, "countryCode": ["US"]}},
        {"constraints": {"budget": {"currencyCode": "USD", "amount": "1500"}}},
        {"constraints": {"deadline": "100000s"}},
        {"gpuCount": 64, "constraints": {"minFabricGbpsPerGpu": 100}},
    ],
)
def test_each_offer_that_was_looked_at_is_counted_once(more: Any) -> None:
    run = {"training": RUN["training"] | more}
    source = FakeSource(MIXED)
    for objective in ("COST", "TIME", "FRONTIER"):
        body = {"workload": run, "objective": objective}
        answer: Any = a_client(source).post(OFFERS, json=body).json
        counts = [one["count"] for one in answer["rejected"]]
        assert len({one["reason"] for one in answer["rejected"]}) == len(counts)
        counted = answer["feasibleCount"] + answer["committedCount"] + sum(counts)
        assert counted == MIXED.offer_count
        # All are shown here, but on the frontier those that are beaten are left out.
        is_all = objective != "FRONTIER"
        assert len(answer["placements"]) == answer["feasibleCount"] or not is_all


def without_odds(placements: Any) -> Any:
    return [
        one | {"placement": one["placement"] | {"probabilityCheapest": None}} for one in placements
    ]


@pytest.mark.parametrize("objective", ["COST", "TIME", "FRONTIER"])
def test_pages_of_a_pinned_revision_are_the_whole_order_however_prices_move(objective: str) -> None:
    source = FakeSource(MIXED)
    client = a_client(source)
    run = {"training": RUN["training"] | {"gpuModel": ""}}
    whole: Any = client.post(
        OFFERS, json={"workload": run, "objective": objective, "maxPlacements": 1000}
    ).json
    source.snapshot = a_catalog(an_h100_node("other", "9.00"), snapshot_id="s2")
    pinned = {"training": run["training"] | {"catalogRevision": whole["catalogRevision"]}}
    found: list[Any] = []
    for skip in range(0, len(whole["placements"]) + 4, 4):
        body = {"workload": pinned, "objective": objective, "maxPlacements": 4, "skip": skip}
        page: Any = client.post(OFFERS, json=body).json
        assert page["feasibleCount"] == whole["feasibleCount"]
        assert len(page["placements"]) <= 4
        assert "NO_MATCHING_OFFERS" not in {one["code"] for one in page["caveats"]}
        odds = [one["placement"]["probabilityCheapest"] for one in page["placements"]]
        assert math.isclose(sum(odds), 1, abs_tol=1e-4) or not odds
        found.extend(page["placements"])
    assert without_odds(found) == without_odds(whole["placements"])
    assert [one["whyNot"] for one in found].count("") == 1


# Bodies that nobody would write.

FULL_RUN: dict[str, Any] = {
    "model": "llama-3.1-8b",
    "tokens": "10000000000",
    "objective": "TIME",
    "maxGpuCount": 64,
    "datasetGb": 10,
    "confidence": 0.75,
    "currencyCode": "EUR",
    "constraints": {"deadline": "864000s", "provider": ["one"], "purchaseModel": EVERY_WAY},
    "adjustments": [{"provider": "one", "discountPercent": 10, "until": "2027-01-01"}],
}
FULL_LOAD: dict[str, Any] = {
    "model": "llama-3.1-8b",
    "inputTokens": 1000,
    "outputTokens": 200,
    "requestsPerSecond": 2.5,
    "latency": {"maxTimeToFirstTokenMs": 5000, "minTokensPerSecondPerUser": 5},
    "constraints": {"budget": {"currencyCode": "USD", "amount": "1000000"}, "geo": []},
}
PRICES: dict[str, Any] = {
    "constraints": {"vendor": ["NVIDIA"], "maxAge": "360000s", "filter": 'gpu_family = "H100"'},
    "adjustments": [{"provider": "one", "discountPercent": 10}],
}
STARTS: list[tuple[str, Any]] = [
    (
        OFFERS,
        {
            "workload": {"training": FULL_RUN},
            "objective": "FRONTIER",
            "maxPlacements": 5,
            "skip": 1,
            "minAvailabilityShare": 0.0,
            "dataSource": {"provider": "providers/two", "gb": 10},
        },
    ),
    (OFFERS, {"workload": {"inference": FULL_LOAD}, "objective": "TIME"}),
    ("/v1:compareGpuModels", {"workload": {"inference": FULL_LOAD}, "precision": "FP8"}),
    ("/v1:compareGpuModels", PRICES | {"precision": "FP8"}),
    ("/v1:compareProviders", PRICES | {"gpuModel": "h100-sxm-80gb"}),
]


@pytest.fixture(scope="module")
def market() -> FlaskClient:
    return a_client(FakeSource(MARKET))


@pytest.mark.no_cover
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    start=st.sampled_from(STARTS),
    changes=CHANGES,
)
def test_no_body_whatever_is_an_error_of_ours(
    market: FlaskClient, start: tuple[str, Any], changes: list[tuple[int, Any]]
) -> None:
    path, body = start
    body = changed(body, changes)
    answer = market.post(path, json=body)
    assert answer.status_code in {200, 400, 404}, (body, answer.text)
    if not changes:
        assert answer.status_code == 200, answer.text
    for violation in answer.get_json(force=True).get("violations", ()):
        assert "_" not in violation["field"]
