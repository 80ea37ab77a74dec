from google.api import field_behavior_pb2 as _field_behavior_pb2
from gpuquote.v1 import architecture_pb2 as _architecture_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Model(_message.Message):
    __slots__ = ("name", "display_name", "publisher", "family", "licence", "architecture", "published_params", "kv_bytes_per_token", "aliases", "flops_per_image_step", "inferred_fields", "source", "note")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    PUBLISHER_FIELD_NUMBER: _ClassVar[int]
    FAMILY_FIELD_NUMBER: _ClassVar[int]
    LICENCE_FIELD_NUMBER: _ClassVar[int]
    ARCHITECTURE_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_PARAMS_FIELD_NUMBER: _ClassVar[int]
    KV_BYTES_PER_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    FLOPS_PER_IMAGE_STEP_FIELD_NUMBER: _ClassVar[int]
    INFERRED_FIELDS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    publisher: str
    family: str
    licence: str
    architecture: _architecture_pb2.Architecture
    published_params: str
    kv_bytes_per_token: int
    aliases: _containers.RepeatedScalarFieldContainer[str]
    flops_per_image_step: float
    inferred_fields: _containers.RepeatedScalarFieldContainer[str]
    source: str
    note: str
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., publisher: _Optional[str] = ..., family: _Optional[str] = ..., licence: _Optional[str] = ..., architecture: _Optional[_Union[_architecture_pb2.Architecture, _Mapping]] = ..., published_params: _Optional[str] = ..., kv_bytes_per_token: _Optional[int] = ..., aliases: _Optional[_Iterable[str]] = ..., flops_per_image_step: _Optional[float] = ..., inferred_fields: _Optional[_Iterable[str]] = ..., source: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...
