import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from gpuquote.v1 import provider_pb2 as _provider_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CollectionRunState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COLLECTION_RUN_STATE_UNSPECIFIED: _ClassVar[CollectionRunState]
    COLLECTION_RUN_STATE_PENDING: _ClassVar[CollectionRunState]
    COLLECTION_RUN_STATE_RUNNING: _ClassVar[CollectionRunState]
    COLLECTION_RUN_STATE_SUCCEEDED: _ClassVar[CollectionRunState]
    COLLECTION_RUN_STATE_PARTIAL: _ClassVar[CollectionRunState]
    COLLECTION_RUN_STATE_HELD: _ClassVar[CollectionRunState]
    COLLECTION_RUN_STATE_FAILED: _ClassVar[CollectionRunState]
COLLECTION_RUN_STATE_UNSPECIFIED: CollectionRunState
COLLECTION_RUN_STATE_PENDING: CollectionRunState
COLLECTION_RUN_STATE_RUNNING: CollectionRunState
COLLECTION_RUN_STATE_SUCCEEDED: CollectionRunState
COLLECTION_RUN_STATE_PARTIAL: CollectionRunState
COLLECTION_RUN_STATE_HELD: CollectionRunState
COLLECTION_RUN_STATE_FAILED: CollectionRunState

class CollectionRun(_message.Message):
    __slots__ = ("name", "provider", "state", "reason", "detail", "create_time", "start_time", "end_time", "offer_count", "rejects", "body_byte_count", "missing_parts", "replayed")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    OFFER_COUNT_FIELD_NUMBER: _ClassVar[int]
    REJECTS_FIELD_NUMBER: _ClassVar[int]
    BODY_BYTE_COUNT_FIELD_NUMBER: _ClassVar[int]
    MISSING_PARTS_FIELD_NUMBER: _ClassVar[int]
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    name: str
    provider: str
    state: CollectionRunState
    reason: str
    detail: str
    create_time: _timestamp_pb2.Timestamp
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    offer_count: int
    rejects: _containers.RepeatedCompositeFieldContainer[_provider_pb2.RejectCount]
    body_byte_count: int
    missing_parts: _containers.RepeatedScalarFieldContainer[str]
    replayed: bool
    def __init__(self, name: _Optional[str] = ..., provider: _Optional[str] = ..., state: _Optional[_Union[CollectionRunState, str]] = ..., reason: _Optional[str] = ..., detail: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., offer_count: _Optional[int] = ..., rejects: _Optional[_Iterable[_Union[_provider_pb2.RejectCount, _Mapping]]] = ..., body_byte_count: _Optional[int] = ..., missing_parts: _Optional[_Iterable[str]] = ..., replayed: _Optional[bool] = ...) -> None: ...
