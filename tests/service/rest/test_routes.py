import pytest
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import ServiceDescriptor

from service.rest import contract
from service.rest.routes import routes_of


def _service(**rule: str) -> ServiceDescriptor:
    """A service with one RPC that has this HTTP rule; none when empty."""
    file = descriptor_pb2.FileDescriptorProto(name="t.proto", package="t", syntax="proto3")
    message = file.message_type.add(name="M")
    message.field.add(name="name", number=1, type="TYPE_STRING", label="LABEL_OPTIONAL")
    message.field.add(name="size", number=2, type="TYPE_INT32", label="LABEL_OPTIONAL")
    method = file.service.add(name="S").method.add(name="Do", input_type=".t.M", output_type=".t.M")
    if rule.pop("stream", ""):
        method.server_streaming = True
    if rule:
        http = method.options.Extensions[annotations_pb2.http]
        for name, value in rule.items():
            setattr(http, name, value)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool.FindServiceByName("t.S")


def test_every_rpc_of_the_contract_has_a_route() -> None:
    methods = {m.full_name for service in contract.services() for m in service.methods}
    routes = routes_of(contract.services())
    assert {route.method.full_name for route in routes} == methods
    assert {"gpuquote.v1.CatalogService", "gpuquote.v1.CollectionService"} <= {
        service.full_name for service in contract.services()
    }


def test_routes_read_as_the_design_has_them() -> None:
    routes = {route.method.name: route for route in routes_of(contract.services())}
    assert routes["ListOffers"].pattern == "/v1/offers"
    assert routes["ListOffers"].rpc == "/gpuquote.v1.CatalogService/ListOffers"
    assert routes["GetOffer"].pattern == "/v1/offers/{offer}"
    assert routes["GetGpuModel"].pattern == "/v1/gpuModels/{gpuModel}"
    assert routes["BatchGetOffers"].pattern == "/v1/offers:batchGet"
    assert routes["CreateCollectionRun"].http_method == "POST"
    assert routes["CreateCollectionRun"].body == "collection_run"
    assert [field.name for field in routes["GetOffer"].query_fields] == ["fields", "max_age"]
    assert routes["CreateCollectionRun"].query_fields == ()


@pytest.mark.parametrize(
    ("template", "pattern"),
    [
        ("/v1/{name=offers/*}/pricePoints", "/v1/offers/{offer}/pricePoints"),
        ("/v1/{name=gpuModels/*}:summarize", "/v1/gpuModels/{gpuModel}:summarize"),
        ("/v1/{name=offers/*/points/*}", "/v1/offers/{offer}/points/{point}"),
        ("/v1/things/{name}", "/v1/things/{name}"),
    ],
)
def test_templates_expand(template: str, pattern: str) -> None:
    (route,) = routes_of([_service(get=template)])
    assert route.pattern == pattern


@pytest.mark.parametrize(
    ("rule", "cause"),
    [
        ({}, "no google.api.http rule"),
        ({"get": "/v1/{name=**}"}, "cannot serve"),
        ({"get": "/v1/{nope=a/*}"}, "not a string of the request"),
        ({"get": "/v1/{size=a/*}"}, "not a string of the request"),
        ({"post": "/v1/a", "body": "nope"}, "no field 'nope'"),
        ({"post": "/v1/a", "response_body": "name"}, "response_body"),
    ],
)
def test_what_cannot_be_served_stops_the_start(rule: dict[str, str], cause: str) -> None:
    with pytest.raises(contract.UnsupportedContract, match=cause):
        routes_of([_service(**rule)])


def test_two_rpcs_on_one_path_stop_the_start() -> None:
    service = _service(get="/v1/{name=offers/*}")
    with pytest.raises(contract.UnsupportedContract, match="share GET"):
        routes_of([service, service])
