"""The registry of models through the gateway's own chain."""

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry

from service.local_transport import LocalTransport
from service.rest.app import create_app
from tests.fakes import FakeSource, a_catalog, a_dispatcher


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    source = FakeSource(a_catalog())
    transport = LocalTransport(a_dispatcher(source), source)
    return create_app(transport, version="0", registry=CollectorRegistry()).test_client()


def test_models_are_listed_by_pages(client: FlaskClient) -> None:
    first = client.get("/v1/models?pageSize=2").get_json()
    assert [model["name"] for model in first["models"]] == [
        "models/bert-large",
        "models/gpt-3-175b",
    ]
    second = client.get(f"/v1/models?pageSize=2&pageToken={first['nextPageToken']}").get_json()
    assert second["models"][0]["name"] == "models/llama-3.1-70b"


def test_a_list_may_be_narrowed(client: FlaskClient) -> None:
    found = client.get("/v1/models?family=llama&query=8b&minParams=8000000000").get_json()
    (model,) = found["models"]
    assert model["name"] == "models/llama-3.1-8b"
    assert model["architecture"]["params"] == "8030261248"
    assert model["architecture"]["kind"] == "DECODER"
    assert model["kvBytesPerToken"] == "131072"


@pytest.mark.parametrize(
    "name", ["llama-3.1-8b", "Llama-3.1-8B-Instruct", "llama3.1-8b", "llama%203.1%208b"]
)
def test_a_model_is_found_by_what_people_call_it(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/v1/models/{name}")
    assert answer.status_code == 200, answer.get_json()
    assert answer.get_json()["model"]["name"] == "models/llama-3.1-8b"


def test_an_unknown_model_names_the_nearest(client: FlaskClient) -> None:
    answer = client.get("/v1/models/llama-3.1")
    assert answer.status_code == 404
    problem = answer.get_json()
    assert problem["reason"] == "MODEL_NOT_FOUND"
    assert problem["metadata"]["nearest"] == "llama-3.1-8b,llama-3.1-70b"


def test_an_unknown_family_names_the_nearest(client: FlaskClient) -> None:
    answer = client.get("/v1/models?family=lama")
    assert answer.status_code == 400
    problem = answer.get_json()
    assert (problem["reason"], problem["metadata"]["nearest"]) == ("BAD_FIELD", "llama")
    assert [violation["field"] for violation in problem["violations"]] == ["family"]


def test_the_registry_is_cached_until_the_program_changes(client: FlaskClient) -> None:
    answer = client.get("/v1/models")
    again = client.get("/v1/models", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
