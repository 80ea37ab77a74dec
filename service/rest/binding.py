"""HTTP requests to request messages. Every fault of a request is found and told at once.

What is not known is refused, never ignored: a typo in a price filter must not widen it.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import parse_qsl

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from service.rest.contract import behaviors, require_supported, text_message
from service.rest.problem import Refused, Violation
from service.rest.routes import Route
from service.rest.strict_json import BadJson, loads
from service.rest.values import WrongValue, shown, value_from_json, value_from_text

# A parsed JSON object.
JsonObject = dict[str, Any]
# A batch read may name 100 offers; beyond that a query is a mistake or an attack.
_MAX_PARAMETERS: Final = 1000
# More would only make the answer to nonsense long and slow.
_MAX_VIOLATIONS: Final = 32
# Longer names are not looked up: no field has such a name.
_MAX_NAME: Final = 64


class Violations:
    """Collects the faults of one request; gives up at 32."""

    def __init__(self) -> None:
        self._found: list[Violation] = []
        self._metadata: dict[str, str] = {}

    def add(self, field: str, description: str, *, reason: str = "BAD_FIELD") -> None:
        """Note one fault."""
        self._metadata.setdefault("field", field)
        self._found.append(Violation(field=field, description=description, reason=reason))
        if len(self._found) >= _MAX_VIOLATIONS:
            self.raise_if_any()

    def add_unknown(self, path: str, name: str, known: list[str]) -> None:
        """Note an unknown field or parameter and name the nearest known one."""
        near = difflib.get_close_matches(name, known, n=1) if len(name) <= _MAX_NAME else []
        description = f"unknown; did you mean '{near[0]}'?" if near else "unknown"
        if near:
            self._metadata.setdefault("nearest", near[0])
        self.add(path + _short(name), description, reason="UNKNOWN_FIELD")

    def add_found(self, found: Iterable[Violation], *, metadata: Mapping[str, str]) -> None:
        """Add what the service finds wrong with the fields that could be read.

        Nothing is said twice of a field. A page token cannot fit a request of which parts are
        missing, so that it does not is no fault.
        """
        known = {each.field for each in self._found}
        for each in found:
            if each.field not in known and each.reason != "PAGE_TOKEN_MISMATCH":
                self.add(each.field, each.description, reason=each.reason)
        for key, value in metadata.items():
            self._metadata.setdefault(key, value)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._found)

    def raise_if_any(self) -> None:
        """Raise Refused with all faults, when there are any."""
        if self._found:
            raise Refused.of(tuple(self._found), metadata=self._metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One query parameter: its lowerCamel name, dotted inside messages, and the fields to it."""

    name: str
    path: tuple[FieldDescriptor, ...]

    @property
    def field(self) -> FieldDescriptor:
        """The field that takes the value."""
        return self.path[-1]


def parameters_of(route: Route) -> tuple[Parameter, ...]:
    """List the query parameters of a route; message fields are flattened with dots."""
    return tuple(parameter for field in route.query_fields for parameter in _flatten(field, (), ""))


def _flatten(
    field: FieldDescriptor, above: tuple[FieldDescriptor, ...], prefix: str
) -> list[Parameter]:
    require_supported(field)
    path = (*above, field)
    name = prefix + field.json_name
    if field.message_type is None or text_message(field) is not None:
        return [Parameter(name=name, path=path)]
    if field.is_repeated or field in above:
        return []  # cannot be written as parameters
    return [
        parameter
        for inner in field.message_type.fields
        if "OUTPUT_ONLY" not in behaviors(inner)
        for parameter in _flatten(inner, path, name + ".")
    ]


class Binder:
    """Builds the request messages of one route."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._request_class = GetMessageClass(route.request)
        parameters = parameters_of(route)
        self._names = [parameter.name for parameter in parameters]
        self._parameters = {parameter.name: parameter for parameter in parameters} | {
            ".".join(field.name for field in parameter.path): parameter for parameter in parameters
        }

    def bind(self, *, segments: Mapping[str, str], query: bytes, body: bytes) -> Message:
        """Return the request message; raises Refused with all violations."""
        request, violations = self.read(segments=segments, query=query, body=body)
        violations.raise_if_any()
        return request

    def read(
        self, *, segments: Mapping[str, str], query: bytes, body: bytes
    ) -> tuple[Message, Violations]:
        """Return what can be read of the request, and what is wrong with the rest.

        Raises Refused where there is nothing to be read, or too much that is wrong.
        """
        request: Message = self._request_class()
        violations = Violations()
        for path_field in self._route.path_fields:
            setattr(request, path_field.field.name, path_field.template.format_map(segments))
        self._bind_query(request, query, violations)
        if self._route.body:
            self._bind_body(request, body, violations)
        return request, violations

    def _bind_query(self, request: Message, query: bytes, violations: Violations) -> None:
        given: dict[str, list[str]] = {}
        spellings: dict[str, str] = {}
        for name, text in _pairs(query):
            parameter = self._parameters.get(name)
            if parameter is None:
                violations.add_unknown("", name, self._names)
            elif spellings.setdefault(parameter.name, name) != name:
                # The cache sorts parameters by spelling: mixed, the order of values would be lost.
                violations.add(parameter.name, "given in two spellings")
            else:
                given.setdefault(parameter.name, []).append(text)
        for name, texts in given.items():
            parameter = self._parameters[name]
            if len(texts) > 1 and not parameter.field.is_repeated:
                violations.add(name, "given more than once")
                continue
            holder = request
            for field in parameter.path[:-1]:
                holder = getattr(holder, field.name)
            for text in texts:
                try:
                    value = value_from_text(parameter.field, text)
                except WrongValue as wrong:
                    violations.add(name, str(wrong))
                else:
                    _store(holder, parameter.field, value)

    def _bind_body(self, request: Message, body: bytes, violations: Violations) -> None:
        if not body:
            raise Refused("BAD_JSON", "The body is empty; a JSON object is needed.", field="body")
        try:
            value = loads(body)
        except BadJson as bad:
            raise Refused(
                "BAD_JSON",
                f"The body is not acceptable JSON: {bad}.",
                field="body",
                metadata={"cause": str(bad)},
            ) from None
        target, path = request, ""
        if self._route.body != "*":
            field = self._route.request.fields_by_name[self._route.body]
            target, path = getattr(request, field.name), field.json_name + "."
            target.SetInParent()
        if not isinstance(value, dict):
            raise Refused("BAD_JSON", "The body must be a JSON object.", field="body")
        read_object(target, cast("JsonObject", value), path=path, violations=violations)


def read_object(
    message: Message,
    value: Mapping[str, Any],
    *,
    path: str,
    violations: Violations,
    accept_output: bool = False,
) -> None:
    """Fill `message` from a parsed JSON object and note every fault under `path`.

    `accept_output` lets OUTPUT_ONLY fields in, to read answers instead of requests.
    """
    known = _fields_of(message.DESCRIPTOR)
    seen: dict[str, str] = {}
    for key, item in value.items():
        field = known.get(key)
        if field is None:
            violations.add_unknown(path, key, sorted({each.json_name for each in known.values()}))
            continue
        name = path + field.json_name
        if "OUTPUT_ONLY" in behaviors(field) and not accept_output:
            violations.add(name, "is set by the service and cannot be given")
            continue
        # Two spellings of one field, or two members of one oneof.
        slot = field.containing_oneof.name if field.containing_oneof else field.name
        if slot in seen:
            violations.add(name, f"cannot be given together with {shown(seen[slot])}")
            continue
        seen[slot] = key
        if item is None:
            continue
        if field.is_repeated and not isinstance(item, list):
            violations.add(name, "must be an array")
            continue
        items: list[Any] = [item]
        if field.is_repeated:
            items = cast("list[Any]", item)
        for index, each in enumerate(items):
            _read_value(
                message,
                field,
                each,
                path=f"{name}[{index}]" if field.is_repeated else name,
                violations=violations,
                accept_output=accept_output,
            )


def _read_value(
    message: Message,
    field: FieldDescriptor,
    value: Any,
    *,
    path: str,
    violations: Violations,
    accept_output: bool,
) -> None:
    if field.message_type is not None and text_message(field) is None:
        if not isinstance(value, dict):
            violations.add(path, "must be an object")
            return
        holder = getattr(message, field.name)
        target: Message = holder.add() if field.is_repeated else holder
        target.SetInParent()
        read_object(
            target,
            cast("JsonObject", value),
            path=path + ".",
            violations=violations,
            accept_output=accept_output,
        )
        return
    try:
        _store(message, field, value_from_json(field, value))
    except WrongValue as wrong:
        violations.add(path, str(wrong))


def _store(message: Message, field: FieldDescriptor, value: Any) -> None:
    if field.is_repeated:
        getattr(message, field.name).append(value)
    elif field.message_type is not None:
        getattr(message, field.name).CopyFrom(value)
    else:
        setattr(message, field.name, value)


def _fields_of(descriptor: Any) -> dict[str, FieldDescriptor]:
    """Fields of a message type by their accepted spellings: lowerCamel and as in the proto."""
    fields = {field.json_name: field for field in descriptor.fields}
    return fields | {field.name: field for field in descriptor.fields}


def _pairs(query: bytes) -> list[tuple[str, str]]:
    if b"%" not in query and b"+" not in query and query.isascii():
        plain = [pair.partition("=") for pair in query.decode().split("&") if pair]
        if len(plain) <= _MAX_PARAMETERS:
            return [(name, text) for name, _, text in plain]
    try:
        return parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MAX_PARAMETERS,
        )
    except UnicodeError:
        raise Refused(
            "BAD_FIELD", "The query is not percent-encoded UTF-8.", field="query"
        ) from None
    except ValueError:
        raise Refused(
            "BAD_FIELD",
            f"The query has more than {_MAX_PARAMETERS} parameters.",
            field="query",
            metadata={"limit": str(_MAX_PARAMETERS)},
        ) from None


def _short(name: str) -> str:
    return name if len(name) <= _MAX_NAME else name[:_MAX_NAME] + "…"
