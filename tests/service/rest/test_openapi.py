import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.message_factory import GetMessageClass
from openapi_spec_validator import validate

from service.rest import contract
from service.rest.app import create_app
from service.rest.binding import Binder, Violations, read_object
from service.rest.docs import OPENAPI_FILE
from service.rest.routes import Route, routes_of
from service.rest.transcode import message_to_dict
from tests.service.rest.fakes import FakeTransport
from tools import generate
from tools import openapi as tool

DOCUMENT: dict[str, Any] = json.loads(OPENAPI_FILE.read_text())
EXAMPLES: dict[str, Any] = json.loads(tool.EXAMPLES.read_text())
ROUTES = routes_of(contract.services())


def _operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = DOCUMENT["paths"][route.pattern][route.http_method.lower()]
    return operation


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from _nodes(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _nodes(inner)


@pytest.mark.no_cover  # All the work is that of the validator.
def test_the_document_is_valid_openapi_3_1() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    validate(DOCUMENT)


def test_the_committed_document_is_in_step_with_the_protos(tmp_path: Path) -> None:
    image = tmp_path / "image.binpb"
    generate.write_image(image)
    written = tool.document_text(FileDescriptorSet.FromString(image.read_bytes()))
    assert OPENAPI_FILE.read_text() == written


def test_the_document_and_the_gateway_have_the_same_routes() -> None:
    app = create_app(FakeTransport(), version="1")
    served = {
        (rule.rule.replace("<segment:", "{").replace(">", "}"), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/v1")
        for method in (rule.methods or set()) - {"HEAD"}
    }
    assert served == {(path, method.upper()) for path, method, _ in _operations()}


def test_every_operation_is_named_once_and_has_one_tag() -> None:
    ids = [operation["operationId"] for _, _, operation in _operations()]
    assert len(set(ids)) == len(ids)
    assert "listOffers" in ids
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for _, _, operation in _operations():
        assert len(operation["tags"]) == 1
        assert operation["tags"][0] in tags


def test_everything_is_described_from_the_protos() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert schema["description"], name
        for key, value in schema.get("properties", {}).items():
            assert value["description"], f"{name}.{key}"
    for _, _, operation in _operations():
        assert operation["summary"]
        for parameter in operation.get("parameters", []):
            assert parameter.get("description") or "$ref" in parameter
    assert DOCUMENT["components"]["schemas"]["Money"]["description"] == (
        "An exact amount in one currency."
    )


def test_no_schema_is_nullable_or_an_untagged_choice() -> None:
    for node in _nodes(DOCUMENT["components"]["schemas"]):
        assert not {"nullable", "oneOf", "anyOf", "allOf"} & node.keys()
        assert not isinstance(node.get("type"), list)


def test_objects_are_named_and_never_written_in_line() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    top = [id(schema) for schema in schemas.values()]
    for node in _nodes({"paths": DOCUMENT["paths"], "schemas": schemas}):
        if node.get("type") == "object" and "properties" in node:
            assert id(node) in top


def test_enums_have_no_prefix_and_output_fields_are_read_only_and_required() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["PurchaseModel"]["enum"][:3] == ["UNSPECIFIED", "ON_DEMAND", "SPOT"]
    offer = schemas["Offer"]
    assert offer["properties"]["vramGb"]["readOnly"] is True
    assert {"name", "vramGb", "gpuCount", "freshness"} <= set(offer["required"])
    assert not {"minGpuCount", "pricePerHour"} & set(offer["required"])
    assert schemas["CollectionRun"]["properties"]["bodyByteCount"]["type"] == "string"
    assert "readOnly" not in schemas["CollectionRun"]["properties"]["provider"]


def test_responses_name_what_a_client_must_expect() -> None:
    for path, method, operation in _operations():
        responses = operation["responses"]
        assert {"200", "400", "429", "503", "default"} <= responses.keys()
        follows_changes = path.startswith("/v1/changes")
        assert ("304" in responses) == (method == "get" and not follows_changes)
        assert ("410" in responses) == follows_changes
        assert ("404" in responses) == ("{" in path or "batchGet" in path)
        assert ("413" in responses) == ("requestBody" in operation)
    problem = DOCUMENT["components"]["responses"]["Error"]["content"]["application/problem+json"]
    assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert DOCUMENT["servers"][0]["url"] == "/"


def test_a_stream_is_described_as_events_and_by_what_resumes_it() -> None:
    watch = DOCUMENT["paths"]["/v1/changes:watch"]["get"]
    (content,) = watch["responses"]["200"]["content"].items()
    assert content[0] == "text/event-stream"
    lines = content[1]["example"].splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["id", "event", "data", ""]
    assert json.loads(lines[2].removeprefix("data: "))["kind"] == "PRICE_CHANGED"
    assert {"$ref": "#/components/parameters/LastEventId"} in watch["parameters"]


def test_what_acts_once_for_each_key_says_so() -> None:
    key = {"$ref": "#/components/parameters/IdempotencyKey"}
    taking = {
        operation["operationId"]
        for _, _, operation in _operations()
        if key in operation.get("parameters", [])
    }
    assert taking == {"createQuote"}
    for _, _, operation in _operations():
        acts_once = operation["operationId"] in taking
        assert ("422" in operation["responses"]) is acts_once
        headers = operation["responses"]["200"]["headers"]
        assert ("Idempotency-Replayed" in headers) is acts_once


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.method.name)
def test_examples_are_answers_and_requests_of_the_contract(route: Route) -> None:
    example = EXAMPLES[route.method.name]
    answer = GetMessageClass(route.method.output_type)()
    violations = Violations()
    read_object(answer, example["response"], path="", violations=violations, accept_output=True)
    violations.raise_if_any()
    assert message_to_dict(answer) == example["response"]
    assert answer.ListFields()
    values = example.get("parameters", {})
    described = {each.get("name") for each in _operation(route).get("parameters", [])}
    assert set(values) <= described
    variables = set(re.findall(r"\{(\w+)\}", route.pattern))
    query = "&".join(
        f"{name}={each}"
        for name, value in values.items()
        if name not in variables
        for each in (value if isinstance(value, list) else [value])
    )
    body = json.dumps(example["body"]).encode() if route.body else b""
    segments = {name: values[name] for name in variables}
    Binder(route).bind(segments=segments, query=query.encode(), body=body)


def test_numbers_in_a_query_are_not_below_zero() -> None:
    parameters = DOCUMENT["paths"]["/v1/offers"]["get"]["parameters"]
    numbers = {
        each["name"]: each["schema"]["minimum"]
        for each in parameters
        if each.get("schema", {}).get("type") == "integer"
    }
    assert numbers == {"pageSize": 0, "minVramGb": 0}


def test_the_problem_schema_is_what_the_gateway_sends() -> None:
    app = create_app(FakeTransport(), version="1")
    problem = app.test_client().get("/v1/offers?x=1").get_json(force=True)
    schema = DOCUMENT["components"]["schemas"]["Problem"]
    assert set(schema["required"]) == set(schema["properties"]) == set(problem)
    assert set(problem["violations"][0]) == set(
        DOCUMENT["components"]["schemas"]["Violation"]["properties"]
    )
