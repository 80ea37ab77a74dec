"""AnalyzeBuildVsBuy through the gateway: the same answer as over gRPC, and its problems."""

from typing import Any

from flask.testing import FlaskClient
from google.protobuf import json_format
from prometheus_client import CollectorRegistry

from service.local_transport import LocalTransport
from service.rest.app import create_app
from tests.builders import an_offer
from tests.fakes import FakeClock, FakeSource, a_catalog, a_dispatcher
from tests.service.rpc.build_vs_buy.asking import DEMAND, ask

SOURCE = FakeSource(a_catalog(an_offer()))


def client() -> FlaskClient:
    transport = LocalTransport(a_dispatcher(SOURCE, clock=FakeClock()), SOURCE)
    return create_app(transport, version="0", registry=CollectorRegistry()).test_client()


def without_prefixes(value: Any) -> Any:
    """Write enums as REST does, and leave out what JSON of protobuf leaves out."""
    if isinstance(value, dict):
        return {name: without_prefixes(one) for name, one in value.items()}
    if isinstance(value, list):
        return [without_prefixes(one) for one in value]
    if isinstance(value, str):
        return (
            value.removeprefix("OPTION_KIND_").removeprefix("FRESHNESS_").removeprefix("PRECISION_")
        )
    return value


def test_rest_answers_what_grpc_does() -> None:
    told = client().post("/v1:analyzeBuildVsBuy", json={"demand": DEMAND})
    assert told.status_code == 200, told.text
    answer = ask(a_dispatcher(SOURCE, clock=FakeClock()))
    grpc = json_format.MessageToDict(answer, always_print_fields_with_no_presence=True)
    assert told.json == without_prefixes(grpc)


def test_rest_shows_the_gpus_of_tokens_as_grpc_does() -> None:
    body: dict[str, Any] = {
        "demand": {"gpuModel": "h100-sxm-80gb"},
        "tokensPerMonth": {
            "input": "8000000000",
            "output": "2000000000",
            "promptTokens": 1000,
            "serving": {"model": "llama-3.1-8b", "precision": "FP8"},
        },
        "draws": 1000,
    }
    told = client().post("/v1:analyzeBuildVsBuy", json=body)
    assert told.status_code == 200, told.text
    tokens = body["tokensPerMonth"] | {
        "serving": {"model": "llama-3.1-8b", "precision": "PRECISION_FP8"}
    }
    answer = ask(a_dispatcher(SOURCE, clock=FakeClock()), **(body | {"tokensPerMonth": tokens}))
    grpc = json_format.MessageToDict(answer, always_print_fields_with_no_presence=True)
    assert told.json == without_prefixes(grpc)
    assert told.json["serving"]["precision"] == "FP8"


def test_a_profile_of_167_values_is_a_problem_with_its_field() -> None:
    demand = {"gpuModel": "h100-sxm-80gb", "weeklyProfile": [1] * 167}
    told = client().post("/v1:analyzeBuildVsBuy", json={"demand": demand, "horizonMonths": 0})
    problem: Any = told.json
    assert told.status_code == 400
    fields = [one["field"] for one in problem["violations"]]
    assert fields == ["horizonMonths", "demand.weeklyProfile"]


def test_a_demand_of_nothing_is_an_answer() -> None:
    demand = {"gpuModel": "h100-sxm-80gb", "constantGpus": 0}
    told: Any = client().post("/v1:analyzeBuildVsBuy", json={"demand": demand}).json
    assert told["verdict"] == "UNSPECIFIED"
    assert told["reason"] == "nothing to buy: no GPU is wanted in any hour"
