"""The OpenAPI 3.1 document, from the routes of the gateway and the comments of the protos.

It describes what the gateway does because both read the same routes. Examples come from a file
of their own, which tests hold against the contract.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor

from service.rest.binding import Parameter, parameters_of
from service.rest.contract import behaviors
from service.rest.idempotency import KEY_HEADER, REPLAYED_HEADER, has_request_id
from service.rest.routes import Route
from service.rest.schemas import Schema, Schemas

_ID_PATTERN: Final = "^[a-z0-9]([a-z0-9.-]{0,126}[a-z0-9])?$"
_VARIABLE: Final = re.compile(r"\{([A-Za-z0-9]+)\}")
_FORMAT_SENTENCE: Final = re.compile(r"Format: \S+\.\s?")

_DESCRIPTION: Final = """\
Live GPU prices, each with its source, the time it was last seen and the time it last changed.

- Money is a decimal string with a currency, never a float.
- Fields without presence are always written; a field that is absent was not stated.
- Lists: `pageSize`, `pageToken` and `nextPageToken`; an empty token is the only sign of the end.
- Reads carry an `ETag`: send it back as `If-None-Match`, and an unchanged answer is a 304.
- Errors are `application/problem+json`: act on `reason`, show `detail`, log `instance`.
- `X-Request-Id` is accepted and echoed; `X-Request-Timeout-Ms` sets the deadline (10 s).
- Unknown parameters and fields are errors.
- Changes: read `/v1/changes` by cursor, wait for them with `maxWait`, or listen to the stream of
  events on `/v1/changes:watch`. Each comes at least once and in order.
"""

_HEADERS: Final[Mapping[str, Schema]] = {
    "ETag": {
        "description": "Weak validator; changes with prices, availability and the set of offers.",
        "schema": {"type": "string"},
    },
    "CacheControl": {
        "description": "`max-age` are the seconds to the next planned collection, 5 to 300.",
        "schema": {"type": "string"},
    },
    "LastModified": {
        "description": "Time of the data's last change.",
        "schema": {"type": "string"},
    },
    "XRequestId": {
        "description": "The request id: the caller's, or a new one.",
        "schema": {"type": "string"},
    },
    "IdempotencyReplayed": {
        "description": "`true`: the request id was known, the answer is that of the first time.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "RetryAfter": {
        "description": "Seconds to wait before the next try.",
        "schema": {"type": "integer"},
    },
}
_VIOLATION: Final[Schema] = {
    "type": "object",
    "description": "One fault of a request.",
    "required": ["field", "description"],
    "properties": {
        "field": {
            "type": "string",
            "description": "Path of the field, in lowerCamel; or the part of the request that is "
            "wrong as a whole: path, query, body, method, or the name of a header.",
        },
        "description": {"type": "string", "description": "What is wrong with it."},
    },
}
_PROBLEM: Final[Schema] = {
    "type": "object",
    "description": "An error, as RFC 9457 has it.",
    "required": [
        "type", "title", "status", "detail", "instance", "code", "reason", "metadata", "violations",
    ],
    "properties": {
        "type": {"type": "string", "description": "`/problems/` and the reason in kebab case."},
        "title": {"type": "string", "description": "The kind of error, in English."},
        "status": {"type": "integer", "format": "int32", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "This error, in English."},
        "instance": {"type": "string", "description": "`urn:gpuquote:request:` and the id."},
        "code": {"type": "string", "description": "The gRPC code. Example: `INVALID_ARGUMENT`."},
        "reason": {"type": "string", "description": "Stable reason for programs."},
        "metadata": {
            "type": "object",
            "description": "The variable parts of `detail`.",
            "additionalProperties": {"type": "string"},
        },
        "violations": {
            "type": "array",
            "description": "Every fault of the request.",
            "items": {"$ref": "#/components/schemas/Violation"},
        },
    },
}  # fmt: skip
_IF_NONE_MATCH: Final[Schema] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "`ETag` of an answer the caller has; when it still holds, the answer is a 304.",
    "schema": {"type": "string"},
}
_LAST_EVENT_ID: Final[Schema] = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "`id` of the last event that the caller has; counts more than `cursor`.",
    "schema": {"type": "string"},
}
_IDEMPOTENCY_KEY: Final[Schema] = {
    "name": KEY_HEADER,
    "in": "header",
    "required": False,
    "description": "The `requestId` of the request, where the body has none.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 66},
}
_EVENTS: Final = (
    "Server-sent events. `id` is the cursor to resume from, `event` is `offer.` and the kind in "
    "lower case, `data` the `Change` as JSON. A comment `heartbeat` comes every 15 s."
)
_PROBLEM_RESPONSES: Final[Mapping[str, str]] = {
    "BadRequest": "The request is wrong; `violations` lists every fault.",
    "NotFound": "There is no such resource.",
    "Gone": "Changes after the cursor are not kept any more; `oldestCursor` is in `metadata`.",
    "BodyTooLarge": "The body has more than 64 KiB.",
    "UnsupportedMediaType": "The body is not application/json.",
    "RequestIdReused": "The request id came with another request.",
    "TooManyRequests": "Too much at once; try again after `Retry-After` seconds.",
    "Unavailable": "A part is out of reach; try again after `Retry-After` seconds.",
    "Error": "Any other error.",
}
_RETRIED: Final = frozenset({"TooManyRequests", "Unavailable"})


def document(
    routes: Sequence[Route],
    *,
    comments: Mapping[str, str],
    examples: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Build the document. `examples` are by RPC name: parameters, body and response.

    Raises KeyError for an RPC without an example.
    """
    schemas = Schemas(comments)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operation = _operation(route, schemas, examples[route.method.name])
        paths.setdefault(route.pattern, {})[route.http_method.lower()] = operation
    services = {route.method.containing_service.full_name: route.method for route in routes}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "gpuquote",
            "version": "v1",
            "summary": "Live GPU prices, with sources.",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The server that serves this document."}],
        "tags": [
            {"name": method.containing_service.name, "description": schemas.comment(name)}
            for name, method in services.items()
        ],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.named.items()))
            | {"Problem": _PROBLEM, "Violation": _VIOLATION},
            "parameters": {
                "IdempotencyKey": _IDEMPOTENCY_KEY,
                "IfNoneMatch": _IF_NONE_MATCH,
                "LastEventId": _LAST_EVENT_ID,
            },
            "headers": dict(_HEADERS),
            "responses": {
                name: _problem_response(name, text) for name, text in _PROBLEM_RESPONSES.items()
            }
            | {
                "NotModified": {
                    "description": "The answer that the caller has still holds.",
                    "headers": _header_refs("ETag", "CacheControl", "XRequestId"),
                }
            },
        },
    }


def _operation(route: Route, schemas: Schemas, example: Mapping[str, Any]) -> dict[str, Any]:
    method = route.method
    text = schemas.comment(method.full_name)
    values = example.get("parameters", {})
    parameters = [
        *_path_parameters(route, schemas, values),
        *(_query_parameter(each, schemas, values) for each in parameters_of(route)),
    ]
    is_read = _is_conditional(route)
    if route.is_stream:
        parameters.append({"$ref": "#/components/parameters/LastEventId"})
    if is_read:
        parameters.append({"$ref": "#/components/parameters/IfNoneMatch"})
    acts_once = _acts_once(route)
    if acts_once:
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    operation: dict[str, Any] = {
        "operationId": method.name[0].lower() + method.name[1:],
        "tags": [method.containing_service.name],
        "summary": _first_sentence(text),
        "description": text,
    }
    if parameters:
        operation["parameters"] = parameters
    if route.body:
        operation["requestBody"] = {
            "required": True,
            "content": {
                "application/json": _content(_body_schema(route, schemas), example, "body")
            },
        }
    headers = ("ETag", "CacheControl", "LastModified") if is_read else ("CacheControl",)
    if acts_once:
        headers = (*headers, "IdempotencyReplayed")
    operation["responses"] = {
        "200": {
            "description": schemas.comment(method.output_type.full_name) or "The answer.",
            "headers": _header_refs(*headers, "XRequestId"),
            "content": _answer_content(route, schemas, example),
        },
        **_error_responses(route),
    }
    if method.GetOptions().deprecated:
        operation["deprecated"] = True
    return operation


def _acts_once(route: Route) -> bool:
    """Whether an answer can be that of the same request before."""
    return bool(route.body) and has_request_id(route.request)


def _is_conditional(route: Route) -> bool:
    """Whether an answer may be compared with one that the caller has; one that waits is new."""
    return route.http_method == "GET" and not route.is_stream and not route.may_wait


def _answer_content(route: Route, schemas: Schemas, example: Mapping[str, Any]) -> dict[str, Any]:
    answer = schemas.of_message(route.method.output_type)
    if not route.is_stream:
        return {"application/json": _content(answer, example, "response")}
    event: Schema = {"type": "string", "description": _EVENTS}
    return {"text/event-stream": {"schema": event, "example": _event_text(example["response"])}}


def _event_text(response: Mapping[str, Any]) -> str:
    change = response["change"]
    data = json.dumps(change, separators=(",", ":"))
    return f"id: {response['cursor']}\nevent: offer.{change['kind'].lower()}\ndata: {data}\n\n"


def _error_responses(route: Route) -> dict[str, Schema]:
    names = {"400": "BadRequest", "429": "TooManyRequests", "503": "Unavailable"}
    if _is_conditional(route):
        names["304"] = "NotModified"
    if "cursor" in route.request.fields_by_name:
        names["410"] = "Gone"
    # Named resources may be missing: one in the path, or several in a batch.
    if route.path_fields or route.method.name.startswith("BatchGet"):
        names["404"] = "NotFound"
    if route.body:
        names |= {"413": "BodyTooLarge", "415": "UnsupportedMediaType"}
    if _acts_once(route):
        names["422"] = "RequestIdReused"
    names["default"] = "Error"
    return {
        status: {"$ref": f"#/components/responses/{name}"} for status, name in sorted(names.items())
    }


def _path_parameters(
    route: Route, schemas: Schemas, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path_field in route.path_fields:
        text = _FORMAT_SENTENCE.sub("", schemas.comment(path_field.field.full_name)).strip()
        for name in _VARIABLE.findall(path_field.template):
            where = f"Id in the name `{path_field.template}`."
            parameter: dict[str, Any] = {
                "name": name,
                "in": "path",
                "required": True,
                "description": f"{text} {where}".strip(),
                "schema": {"type": "string", "pattern": _ID_PATTERN},
            }
            found.append(parameter | _example_of(name, values))
    return found


def _query_parameter(
    parameter: Parameter, schemas: Schemas, values: Mapping[str, Any]
) -> dict[str, Any]:
    field = parameter.field
    described: dict[str, Any] = {
        "name": parameter.name,
        "in": "query",
        "required": all("REQUIRED" in behaviors(each) for each in parameter.path),
        "description": schemas.comment(field.full_name),
        "schema": schemas.of_field(field),
    }
    if field.type == FieldDescriptor.TYPE_INT32 and not field.is_repeated:
        # Sizes and least values: no parameter may be below zero.
        described["schema"] |= {"minimum": 0}
    if field.is_repeated:
        described |= {"style": "form", "explode": True}
    return described | _example_of(parameter.name, values)


def _example_of(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"example": values[name]} if name in values else {}


def _body_schema(route: Route, schemas: Schemas) -> Schema:
    if route.body == "*":
        return schemas.of_message(route.request)
    return schemas.of_value(route.request.fields_by_name[route.body])


def _content(schema: Schema, example: Mapping[str, Any], part: str) -> dict[str, Any]:
    return {"schema": schema, "example": example[part]}


def _problem_response(name: str, description: str) -> dict[str, Any]:
    extra = ("RetryAfter",) if name in _RETRIED else ()
    return {
        "description": description,
        "headers": _header_refs("XRequestId", *extra),
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }


def _header_refs(*names: str) -> dict[str, Schema]:
    # The component is named in one word; the header has hyphens.
    spelled = {
        "CacheControl": "Cache-Control",
        "LastModified": "Last-Modified",
        "XRequestId": "X-Request-Id",
        "RetryAfter": "Retry-After",
        "IdempotencyReplayed": REPLAYED_HEADER,
    }
    return {spelled.get(name, name): {"$ref": f"#/components/headers/{name}"} for name in names}


def _first_sentence(text: str) -> str:
    head, _, _ = text.partition(". ")
    return re.split(r"; ", head)[0].rstrip(".")
