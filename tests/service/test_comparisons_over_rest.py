"""Comparisons through the gateway: routes, JSON and problems, answered in process."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from google.protobuf import json_format
from gpuquote.v1 import compare_service_pb2 as pb
from prometheus_client import CollectorRegistry

from service.local_transport import LocalTransport
from service.rest.app import create_app
from service.rpc.dispatch import Call
from tests.fakes import FakeSource, a_catalog, a_dispatcher
from tests.service.market.joining import an_a100_node, an_h100_node

RUN = {"training": {"model": "models/llama-3.1-8b", "tokens": "10000000000"}}
OFFERS = "/v1:compareOffers"
SOURCE = FakeSource(a_catalog(an_h100_node("h", "3.00"), an_a100_node("a", "1.00")))


@pytest.fixture
def client() -> FlaskClient:
    transport = LocalTransport(a_dispatcher(SOURCE), SOURCE)
    return create_app(transport, version="0", registry=CollectorRegistry()).test_client()


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
