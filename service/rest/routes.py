"""REST routes from the `google.api.http` annotations of the contract.

`/v1/{name=offers/*}` becomes the pattern `/v1/offers/{offer}`. A variable is literals and `*`
only: ids hold no slash and no colon, so nothing more is needed, and `**` stops the start.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from google.api import annotations_pb2
from google.api.http_pb2 import HttpRule
from google.protobuf.descriptor import (
    Descriptor,
    FieldDescriptor,
    MethodDescriptor,
    ServiceDescriptor,
)

from service.rest.contract import UnsupportedContract, behaviors

_VERBS = ("get", "post", "put", "patch", "delete")
_VARIABLE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PathField:
    """A request field that comes from the path: "offers/{offer}" fills `name`."""

    field: FieldDescriptor
    template: str
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One HTTP method and path pattern, and the RPC behind it.

    `body` is "" (none), "*" (the whole request) or the name of the request field it fills.
    """

    method: MethodDescriptor
    http_method: str
    pattern: str
    path_fields: tuple[PathField, ...]
    body: str

    @property
    def rpc(self) -> str:
        """Full method name as gRPC has it: "/gpuquote.v1.CatalogService/ListOffers"."""
        return f"/{self.method.containing_service.full_name}/{self.method.name}"

    @property
    def is_stream(self) -> bool:
        """Whether the answer is a stream; then it is sent as server-sent events."""
        return self.method.server_streaming

    @property
    def may_wait(self) -> bool:
        """Whether a caller can ask for an answer that takes its time."""
        return "max_wait" in self.request.fields_by_name

    @property
    def request(self) -> Descriptor:
        """The request message."""
        return self.method.input_type

    @property
    def query_fields(self) -> tuple[FieldDescriptor, ...]:
        """Request fields that come from the query: all that neither path nor body fills."""
        if self.body == "*":
            return ()
        taken = {path_field.field.name for path_field in self.path_fields} | {self.body}
        return tuple(
            field
            for field in self.request.fields
            if field.name not in taken and "OUTPUT_ONLY" not in behaviors(field)
        )


def routes_of(services: Iterable[ServiceDescriptor]) -> tuple[Route, ...]:
    """Read the routes of all RPCs.

    Raises UnsupportedContract for an RPC without a rule, a rule that cannot be served, or two
    rules for the same requests.
    """
    routes = tuple(
        route
        for service in services
        for method in service.methods
        for route in _routes_of_method(method)
    )
    seen: dict[tuple[str, str], Route] = {}
    for route in routes:
        key = (route.http_method, _VARIABLE.sub("{}", route.pattern))
        if key in seen:
            raise UnsupportedContract(f"{route.rpc} and {seen[key].rpc} share {key[0]} {key[1]}")
        seen[key] = route
    return routes


def _routes_of_method(method: MethodDescriptor) -> Iterator[Route]:
    if method.client_streaming:
        raise UnsupportedContract(f"{method.full_name}: client streams are not served over REST")
    # The stubs know extensions by a type that generated modules without stubs cannot have.
    extension: Any = annotations_pb2.http
    options = method.GetOptions()
    if not options.HasExtension(extension):
        raise UnsupportedContract(f"{method.full_name}: no google.api.http rule")
    rule: HttpRule = options.Extensions[extension]
    for each in (rule, *rule.additional_bindings):
        yield _route(method, each)


def _route(method: MethodDescriptor, rule: HttpRule) -> Route:
    verb = rule.WhichOneof("pattern")
    if verb not in _VERBS:
        raise UnsupportedContract(f"{method.full_name}: {verb} is not served over REST")
    if rule.response_body:
        raise UnsupportedContract(f"{method.full_name}: response_body is not served over REST")
    if rule.body not in ("", "*") and rule.body not in method.input_type.fields_by_name:
        raise UnsupportedContract(f"{method.full_name}: there is no field {rule.body!r}")
    path_fields: list[PathField] = []

    def expand(match: re.Match[str]) -> str:
        path_field = _path_field(method, match[1])
        path_fields.append(path_field)
        return path_field.template

    pattern = _VARIABLE.sub(expand, getattr(rule, verb))
    variables = [name for path_field in path_fields for name in path_field.variables]
    if "*" in pattern or len(set(variables)) < len(variables):
        raise UnsupportedContract(f"{method.full_name}: cannot serve {getattr(rule, verb)}")
    return Route(
        method=method,
        http_method=verb.upper(),
        pattern=pattern,
        path_fields=tuple(path_fields),
        body=rule.body,
    )


def _path_field(method: MethodDescriptor, text: str) -> PathField:
    """Read "name=offers/*": the field, and its pattern "offers/{offer}"."""
    name, _, segments = text.partition("=")
    field = method.input_type.fields_by_name.get(name)
    if field is None or field.type != FieldDescriptor.TYPE_STRING or field.is_repeated:
        raise UnsupportedContract(f"{method.full_name}: {name!r} is not a string of the request")
    variables: list[str] = []
    parts: list[str] = []
    previous = field.json_name
    for part in (segments or "*").split("/"):
        if part == "*":
            # The collection in the singular: offers/* is one offer.
            variables.append(previous.removesuffix("s"))
            parts.append("{" + variables[-1] + "}")
        else:
            parts.append(part)
            previous = part
    return PathField(field=field, template="/".join(parts), variables=tuple(variables))
