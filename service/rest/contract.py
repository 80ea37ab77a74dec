"""What the descriptors of the contract say, in the words of JSON."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import gpuquote.v1
from google.api import field_behavior_pb2
from google.protobuf.descriptor import (
    Descriptor,
    EnumDescriptor,
    FieldDescriptor,
    ServiceDescriptor,
)

TIMESTAMP = "google.protobuf.Timestamp"
DURATION = "google.protobuf.Duration"
FIELD_MASK = "google.protobuf.FieldMask"
# Messages that JSON writes as one string.
TEXT_MESSAGES = frozenset({TIMESTAMP, DURATION, FIELD_MASK})

_GOOGLE_PACKAGE = "google.protobuf."


class UnsupportedContract(Exception):
    """The contract uses something that the gateway cannot carry; found at start, never later."""


def services() -> Iterator[ServiceDescriptor]:
    """Every service of the contract, in the order of file and declaration."""
    for module in pkgutil.iter_modules(gpuquote.v1.__path__):
        if module.name.endswith("_service_pb2"):
            file = importlib.import_module(f"gpuquote.v1.{module.name}").DESCRIPTOR
            yield from file.services_by_name.values()


def is_map(field: FieldDescriptor) -> bool:
    """Say whether the field is a proto map."""
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def text_message(field: FieldDescriptor) -> str | None:
    """Return the full name of the field's message if JSON writes it as one string, else None."""
    message = field.message_type
    return message.full_name if message is not None and message.full_name in TEXT_MESSAGES else None


def require_supported(field: FieldDescriptor) -> None:
    """Raise UnsupportedContract for types whose JSON the gateway does not speak."""
    unsupported = field.type in (FieldDescriptor.TYPE_FLOAT, FieldDescriptor.TYPE_GROUP)
    message = field.message_type
    if message is not None and message.full_name.startswith(_GOOGLE_PACKAGE):
        unsupported = message.full_name not in TEXT_MESSAGES
    if unsupported or is_map(field):
        raise UnsupportedContract(f"{field.full_name}: the gateway cannot carry this type")


@lru_cache(maxsize=4096)
def behaviors(field: FieldDescriptor) -> frozenset[str]:
    """Names of the field's google.api.field_behavior, such as "OUTPUT_ONLY"."""
    # The stubs know extensions by a type that generated modules without stubs cannot have.
    extension: Any = field_behavior_pb2.field_behavior
    values: Iterable[int] = field.GetOptions().Extensions[extension]
    return frozenset(field_behavior_pb2.FieldBehavior.Name(value) for value in values)


@lru_cache(maxsize=1024)
def is_resource(message: Descriptor) -> bool:
    """Say whether the message is a resource: one of its fields is its IDENTIFIER."""
    return any("IDENTIFIER" in behaviors(field) for field in message.fields)


def enum_prefix(enum: EnumDescriptor) -> str:
    """Return the prefix of the enum's values: PurchaseModel gives "PURCHASE_MODEL_"."""
    zero = enum.values_by_number[0].name
    if not zero.endswith("_UNSPECIFIED"):
        raise UnsupportedContract(f"{enum.full_name}: the zero value must end in _UNSPECIFIED")
    return zero.removesuffix("UNSPECIFIED")


@lru_cache(maxsize=1024)
def enum_names(enum: EnumDescriptor) -> dict[int, str]:
    """Map numbers to the names of JSON, which lack the type prefix."""
    prefix = enum_prefix(enum)
    return {value.number: value.name.removeprefix(prefix) for value in enum.values}


@lru_cache(maxsize=1024)
def enum_numbers(enum: EnumDescriptor) -> dict[str, int]:
    """Map the accepted spellings, with and without the type prefix, to numbers."""
    numbers = {name: number for number, name in enum_names(enum).items()}
    numbers.update({value.name: value.number for value in enum.values})
    return numbers


def camel(text: str) -> str:
    """Turn a dotted snake_case field path into lowerCamel; lowerCamel stays as it is."""
    head, *rest = text.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)
