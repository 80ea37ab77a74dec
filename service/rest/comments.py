"""Comments of the protos by full name, from a descriptor set with source info."""

from collections.abc import Iterable, Mapping
from typing import Final

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)

_Path = tuple[int, ...]
# Field numbers of descriptor.proto, which are what the paths of source info are made of.
_FILE_MESSAGE: Final = FileDescriptorProto.MESSAGE_TYPE_FIELD_NUMBER
_FILE_ENUM: Final = FileDescriptorProto.ENUM_TYPE_FIELD_NUMBER
_FILE_SERVICE: Final = FileDescriptorProto.SERVICE_FIELD_NUMBER
_MESSAGE_FIELD: Final = DescriptorProto.FIELD_FIELD_NUMBER
_MESSAGE_NESTED: Final = DescriptorProto.NESTED_TYPE_FIELD_NUMBER
_MESSAGE_ENUM: Final = DescriptorProto.ENUM_TYPE_FIELD_NUMBER
_ENUM_VALUE: Final = EnumDescriptorProto.VALUE_FIELD_NUMBER
_SERVICE_METHOD: Final = 2


def comments_of(image: FileDescriptorSet) -> Mapping[str, str]:
    """Map full names ("gpuquote.v1.Offer.name") to their comments, lines joined by spaces.

    An enum value's name is prefixed by its enum, unlike in protobuf's own naming.
    """
    comments: dict[str, str] = {}
    for file in image.file:
        names = dict(_names_of_file(file))
        for location in file.source_code_info.location:
            name = names.get(tuple(location.path))
            if name is not None and location.leading_comments:
                lines = (line.strip() for line in location.leading_comments.splitlines())
                comments[name] = " ".join(line for line in lines if line)
    return comments


def _names_of_file(file: FileDescriptorProto) -> Iterable[tuple[_Path, str]]:
    prefix = file.package
    for index, message in enumerate(file.message_type):
        yield from _names_of_message(message, prefix, (_FILE_MESSAGE, index))
    for index, enum in enumerate(file.enum_type):
        yield from _names_of_enum(enum, prefix, (_FILE_ENUM, index))
    for index, service in enumerate(file.service):
        name, path = f"{prefix}.{service.name}", (_FILE_SERVICE, index)
        yield path, name
        for number, method in enumerate(service.method):
            yield (*path, _SERVICE_METHOD, number), f"{name}.{method.name}"


def _names_of_message(
    message: DescriptorProto, prefix: str, path: _Path
) -> Iterable[tuple[_Path, str]]:
    name = f"{prefix}.{message.name}"
    yield path, name
    for index, field in enumerate(message.field):
        yield (*path, _MESSAGE_FIELD, index), f"{name}.{field.name}"
    for index, nested in enumerate(message.nested_type):
        yield from _names_of_message(nested, name, (*path, _MESSAGE_NESTED, index))
    for index, enum in enumerate(message.enum_type):
        yield from _names_of_enum(enum, name, (*path, _MESSAGE_ENUM, index))


def _names_of_enum(
    enum: EnumDescriptorProto, prefix: str, path: _Path
) -> Iterable[tuple[_Path, str]]:
    name = f"{prefix}.{enum.name}"
    yield path, name
    for index, value in enumerate(enum.value):
        yield (*path, _ENUM_VALUE, index), f"{name}.{value.name}"
