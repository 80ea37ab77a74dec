"""The registry of ModelService."""

from typing import Any

import pytest
from gpuquote.v1 import architecture_pb2
from gpuquote.v1 import model_service_pb2 as pb

from service.catalog.paging import PageTokenSigner
from service.domain.errors import InvalidRequest, NotFound, Reason
from service.facts.models import load_models
from service.rpc import caching
from service.rpc.servicers.models import MAX_QUERY, ModelsServicer
from tests.fakes import MODELS, FakeSource, a_catalog

SIGNER = PageTokenSigner(b"a key of the tests")
SERVICER = ModelsServicer(FakeSource(a_catalog()), models=load_models(), signer=SIGNER)


def listed(**fields: Any) -> pb.ListModelsResponse:
    answer = SERVICER.list_models(pb.ListModelsRequest(**fields))
    return pb.ListModelsResponse.FromString(answer.to_proto_bytes())


def ids_of(response: pb.ListModelsResponse) -> list[str]:
    return [model.name.removeprefix("models/") for model in response.models]


def got(name: str) -> str:
    answer = SERVICER.get_model(pb.GetModelRequest(name=name))
    return pb.GetModelResponse.FromString(answer.to_proto_bytes()).model.name


def refused(**fields: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        listed(**fields)
    return caught.value


def test_pages_give_every_model_once_by_id() -> None:
    found: list[str] = []
    token = ""
    while True:
        page = listed(page_size=7, page_token=token, family=["qwen", "llama"])
        found += ids_of(page)
        token = page.next_page_token
        if not token:
            break
    everything = load_models().search(families={"qwen", "llama"})
    assert found == [model.model_id for model in everything]
    assert len(found) > 20


def test_a_model_is_complete() -> None:
    (model,) = listed(query="deepseek v3.2").models
    assert model.architecture.kind == architecture_pb2.MODEL_KIND_DECODER
    assert model.architecture.params == 671_025_397_760
    assert (model.family, model.publisher, model.published_params) == (
        "deepseek",
        "DeepSeek",
        "671B/37B",
    )
    assert model.source


def test_filters_are_joined() -> None:
    assert ids_of(listed(query="llama 70b", publisher=["meta"], min_params=70 * 10**9)) == [
        "llama-3-70b",
        "llama-3.1-70b",
        "llama-3.3-70b",
    ]
    assert ids_of(listed(family=["BERT"], max_params=200 * 10**6)) == ["bert-base"]
    assert ids_of(listed(query="nothing of the kind")) == []


def test_an_unknown_choice_is_refused_with_the_nearest() -> None:
    error = refused(family=["lama"], publisher=["Met"])
    assert [violation.field for violation in error.violations] == ["family", "publisher"]
    assert {violation.reason for violation in error.violations} == {Reason.BAD_FIELD}
    family, publisher = (violation.metadata for violation in error.violations)
    assert family["nearest"].split(",")[0] == "llama"
    assert publisher["nearest"].split(",")[0] == "Meta"


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"page_size": -1}, "page_size", Reason.BAD_PAGE_SIZE),
        ({"page_token": "x"}, "page_token", Reason.BAD_PAGE_TOKEN),
        ({"min_params": -1}, "min_params", Reason.BAD_FIELD),
        ({"max_params": -1}, "max_params", Reason.BAD_FIELD),
        ({"min_params": 8, "max_params": 7}, "max_params", Reason.BAD_FIELD),
        ({"query": "x" * (MAX_QUERY + 1)}, "query", Reason.BAD_FIELD),
        ({"family": ["llama"] * 101}, "family", Reason.BAD_FIELD),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], field: str, reason: Reason) -> None:
    error = refused(**fields)
    assert [(violation.field, violation.reason) for violation in error.violations] == [
        (field, reason)
    ]


def test_a_token_of_another_list_is_refused() -> None:
    token = listed(page_size=1).next_page_token
    error = refused(page_size=1, page_token=token, family=["llama"])
    assert error.reason is Reason.PAGE_TOKEN_MISMATCH


@pytest.mark.parametrize(
    "name",
    ["models/llama-3.1-8b", "models/Llama-3.1-8B-Instruct", "models/llama3.1:8b"],
)
def test_a_model_is_got_by_any_of_its_names(name: str) -> None:
    assert got(name) == "models/llama-3.1-8b"


def test_an_unknown_model_is_not_found_with_three_near_ones() -> None:
    with pytest.raises(NotFound) as caught:
        got("models/llama 70b")
    assert caught.value.reason is Reason.MODEL_NOT_FOUND
    assert caught.value.metadata["nearest"] == "llama-2-70b,llama-3-70b,llama-3.1-70b"


@pytest.mark.parametrize("name", ["", "llama-3.1-8b", "models/", "models/ ", "offers/llama-3.1-8b"])
def test_a_name_of_another_form_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        got(name)
    assert caught.value.reason is Reason.BAD_NAME


def test_the_revision_is_that_of_the_registry() -> None:
    request = pb.ListModelsRequest()
    answer = SERVICER.list_models(request)
    again = SERVICER.get_model(pb.GetModelRequest(name="models/gpt-3"))
    other = ModelsServicer(FakeSource(a_catalog()), models=MODELS, signer=SIGNER)
    revision = answer.metadata[caching.CONTENT_REVISION]
    assert again.metadata[caching.CONTENT_REVISION] == revision
    assert other.list_models(request).metadata[caching.CONTENT_REVISION] != revision
