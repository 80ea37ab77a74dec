"""Messages to JSON: canonical proto3, but for enum values, which lose their type prefix.

Fields without presence are always written. One writer is compiled per message type:
`json_format` costs several times as much, and this runs for every offer of every catalogue.
"""

import base64
import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import orjson
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from service.rest.contract import (
    DURATION,
    TIMESTAMP,
    enum_names,
    is_resource,
    require_supported,
    text_message,
)

JsonObject = dict[str, Any]
_Convert = Callable[[Any], Any]
_Tree = dict[str, "_Tree"]


def message_to_dict(message: Message, *, fields: frozenset[str] | None = None) -> JsonObject:
    """Return what the JSON of `message` holds.

    `fields` are lowerCamel names, dotted inside messages ("pricePerHour.amount"): of every
    resource only these are written. What stands around resources, such as a page token, stays.
    """
    writer = _writer_for(message.DESCRIPTOR)
    return writer.write(message) if fields is None else writer.write_masked(message, _tree(fields))


def message_to_json(message: Message, *, fields: frozenset[str] | None = None) -> bytes:
    """Return `message` as JSON without white space; `fields` as in `message_to_dict`."""
    return orjson.dumps(message_to_dict(message, fields=fields))


class _Field:
    """How one field is read and written."""

    __slots__ = ("convert", "json_name", "name", "presence", "repeated", "resource")

    def __init__(self, field: FieldDescriptor) -> None:
        require_supported(field)
        self.name = field.name
        self.json_name = field.json_name
        self.presence = field.has_presence
        self.repeated = field.is_repeated
        self.resource = field.message_type is not None and is_resource(field.message_type)
        self.convert = _converter(field)

    def written(self, message: Message) -> Any:
        value = getattr(message, self.name)
        if self.convert is None:
            return list(value) if self.repeated else value
        return [self.convert(item) for item in value] if self.repeated else self.convert(value)

    def written_masked(self, message: Message, tree: _Tree) -> Any:
        value = getattr(message, self.name)
        if self.repeated:
            return [_write_only(item, tree) for item in value]
        return _write_only(value, tree)


class _Writer:
    """Writes the messages of one type."""

    __slots__ = ("_fields", "_plan", "_resource")

    def __init__(self, descriptor: Descriptor) -> None:
        self._resource = is_resource(descriptor)
        self._fields = tuple(_Field(field) for field in descriptor.fields)
        # A tuple per field: attribute access on objects would cost a third more.
        self._plan = tuple(
            (field.name, field.json_name, field.convert, field.presence, field.repeated)
            for field in self._fields
        )

    def write(self, message: Message) -> JsonObject:
        out: JsonObject = {}
        has_field = message.HasField
        for name, json_name, convert, presence, repeated in self._plan:
            if presence and not has_field(name):
                continue
            value = getattr(message, name)
            if repeated:
                out[json_name] = list(value) if convert is None else [convert(v) for v in value]
            else:
                out[json_name] = value if convert is None else convert(value)
        return out

    def write_masked(self, message: Message, tree: _Tree) -> JsonObject:
        if self._resource:
            return self.write_only(message, tree)
        return {
            field.json_name: (
                field.written_masked(message, tree) if field.resource else field.written(message)
            )
            for field in self._fields
            if not field.presence or message.HasField(field.name)
        }

    def write_only(self, message: Message, tree: _Tree) -> JsonObject:
        out: JsonObject = {}
        for field in self._fields:
            branch = tree.get(field.json_name)
            if branch is None or (field.presence and not message.HasField(field.name)):
                continue
            out[field.json_name] = (
                field.written_masked(message, branch) if branch else field.written(message)
            )
        return out


def _write_only(message: Message, tree: _Tree) -> JsonObject:
    return _writer_for(message.DESCRIPTOR).write_only(message, tree)


@lru_cache(maxsize=256)
def _tree(fields: frozenset[str]) -> _Tree:
    """Turn dotted names into branches; an empty branch is a whole field."""
    tree: _Tree = {}
    # The shorter name first: a whole field wins over its parts.
    for path in sorted(fields, key=len):
        _grow(tree, path.split("."))
    return tree


def _grow(tree: _Tree, steps: list[str]) -> None:
    *before, last = steps
    for step in before:
        is_whole = tree.get(step) == {}
        if is_whole:
            return
        tree = tree.setdefault(step, {})
    tree.setdefault(last, {})


@lru_cache(maxsize=1024)
def _writer_for(descriptor: Descriptor) -> _Writer:
    return _Writer(descriptor)


def _converter(field: FieldDescriptor) -> _Convert | None:
    """Return what turns one value of the field into JSON; None where it is JSON already."""
    if field.enum_type is not None:
        names = enum_names(field.enum_type)
        return lambda number: names.get(number, number)
    text_kind = text_message(field)
    if text_kind is not None:
        return _text_converter(text_kind)
    if field.message_type is not None:
        return _message_converter(field.message_type)
    return _SCALAR_CONVERTERS.get(field.type)


def _message_converter(descriptor: Descriptor) -> _Convert:
    # Looked up at the first use and not now, so that a message may contain itself.
    return lambda value: _writer_for(descriptor).write(value)


def _text_converter(full_name: str) -> _Convert:
    if full_name == TIMESTAMP:
        return lambda value: _timestamp_text(value.seconds, value.nanos)
    if full_name == DURATION:
        return lambda value: _duration_text(value.seconds, value.nanos)
    return lambda value: value.ToJsonString()


# Offers of one collection share their times, so these caches nearly always hit.
@lru_cache(maxsize=8192)
def _timestamp_text(seconds: int, nanos: int) -> str:
    return Timestamp(seconds=seconds, nanos=nanos).ToJsonString()


@lru_cache(maxsize=1024)
def _duration_text(seconds: int, nanos: int) -> str:
    return Duration(seconds=seconds, nanos=nanos).ToJsonString()


def _double(value: float) -> float | str:
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


# What is not here (strings, booleans, 32-bit integers) is JSON as it stands.
_SCALAR_CONVERTERS: Final[dict[int, _Convert]] = {
    FieldDescriptor.TYPE_INT64: str,
    FieldDescriptor.TYPE_UINT64: str,
    FieldDescriptor.TYPE_SINT64: str,
    FieldDescriptor.TYPE_FIXED64: str,
    FieldDescriptor.TYPE_SFIXED64: str,
    FieldDescriptor.TYPE_DOUBLE: _double,
    FieldDescriptor.TYPE_BYTES: _base64,
}
