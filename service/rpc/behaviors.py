"""What holds for every request, read from `google.api.field_behavior` in the contract.

REQUIRED fields must be set, OUTPUT_ONLY ones must not be, and a field that this version does not
know is refused: a condition that is ignored would widen a query in silence.
"""

from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from service.domain.errors import InvalidRequest, Reason, Violation

REQUIRED = field_behavior_pb2.REQUIRED
OUTPUT_ONLY = field_behavior_pb2.OUTPUT_ONLY

_OWN_PACKAGE = "gpuquote."
_FIELD_BEHAVIOR: Any = field_behavior_pb2.field_behavior


def check_behaviors(request: Message) -> None:
    """Raise InvalidRequest with every violation of the declared behaviours, nested ones too."""
    found = tuple(_violations(request, ""))
    if found:
        raise InvalidRequest.of(found)


def _violations(message: Message, prefix: str) -> Iterator[Violation]:
    unknown = UnknownFieldSet(message)
    for at in range(len(unknown)):
        name = f"{prefix}#{unknown[at].field_number}"
        yield Violation(name, "no such field in this version", Reason.UNKNOWN_FIELD)
    required, closed, nested = _plan(message.DESCRIPTOR)
    for field in required:
        if not _is_set(message, field):
            yield Violation(prefix + field.name, "is required", Reason.FIELD_REQUIRED)
    for field in closed:
        if _is_set(message, field):
            yield Violation(
                prefix + field.name, "is set by the service only; leave it out", Reason.BAD_FIELD
            )
    for field in nested:
        if _is_set(message, field):
            value = getattr(message, field.name)
            for part in value if field.is_repeated else (value,):
                yield from _violations(part, f"{prefix}{field.name}.")


@lru_cache(maxsize=1024)
def _plan(
    descriptor: Descriptor,
) -> tuple[tuple[FieldDescriptor, ...], tuple[FieldDescriptor, ...], tuple[FieldDescriptor, ...]]:
    """Sort out which fields need a look: required, output only, and messages of our own."""
    required: list[FieldDescriptor] = []
    closed: list[FieldDescriptor] = []
    nested: list[FieldDescriptor] = []
    for field in descriptor.fields:
        behaviors: Collection[int] = field.GetOptions().Extensions[_FIELD_BEHAVIOR]
        if REQUIRED in behaviors:
            required.append(field)
        if OUTPUT_ONLY in behaviors:
            closed.append(field)
        elif field.message_type and field.message_type.full_name.startswith(_OWN_PACKAGE):
            nested.append(field)
    return tuple(required), tuple(closed), tuple(nested)


def _is_set(message: Message, field: FieldDescriptor) -> bool:
    if field.has_presence:
        return message.HasField(field.name)
    return bool(getattr(message, field.name))
