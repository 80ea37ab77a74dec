import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ProviderState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROVIDER_STATE_UNSPECIFIED: _ClassVar[ProviderState]
    PROVIDER_STATE_PENDING: _ClassVar[ProviderState]
    PROVIDER_STATE_OK: _ClassVar[ProviderState]
    PROVIDER_STATE_PARTIAL: _ClassVar[ProviderState]
    PROVIDER_STATE_FAILED: _ClassVar[ProviderState]
    PROVIDER_STATE_HELD: _ClassVar[ProviderState]
    PROVIDER_STATE_NEEDS_KEY: _ClassVar[ProviderState]
    PROVIDER_STATE_DISABLED: _ClassVar[ProviderState]
PROVIDER_STATE_UNSPECIFIED: ProviderState
PROVIDER_STATE_PENDING: ProviderState
PROVIDER_STATE_OK: ProviderState
PROVIDER_STATE_PARTIAL: ProviderState
PROVIDER_STATE_FAILED: ProviderState
PROVIDER_STATE_HELD: ProviderState
PROVIDER_STATE_NEEDS_KEY: ProviderState
PROVIDER_STATE_DISABLED: ProviderState

class RejectCount(_message.Message):
    __slots__ = ("reason", "row_count", "samples")
    REASON_FIELD_NUMBER: _ClassVar[int]
    ROW_COUNT_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    reason: str
    row_count: int
    samples: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, reason: _Optional[str] = ..., row_count: _Optional[int] = ..., samples: _Optional[_Iterable[str]] = ...) -> None: ...

class Provider(_message.Message):
    __slots__ = ("name", "display_name", "home_uri", "state", "state_detail", "missing_variable", "collection_interval", "offer_count", "rejects", "last_attempt_time", "last_success_time", "next_attempt_time", "opt_in", "baseline", "replayed")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    HOME_URI_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STATE_DETAIL_FIELD_NUMBER: _ClassVar[int]
    MISSING_VARIABLE_FIELD_NUMBER: _ClassVar[int]
    COLLECTION_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    OFFER_COUNT_FIELD_NUMBER: _ClassVar[int]
    REJECTS_FIELD_NUMBER: _ClassVar[int]
    LAST_ATTEMPT_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_SUCCESS_TIME_FIELD_NUMBER: _ClassVar[int]
    NEXT_ATTEMPT_TIME_FIELD_NUMBER: _ClassVar[int]
    OPT_IN_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    home_uri: str
    state: ProviderState
    state_detail: str
    missing_variable: str
    collection_interval: _duration_pb2.Duration
    offer_count: int
    rejects: _containers.RepeatedCompositeFieldContainer[RejectCount]
    last_attempt_time: _timestamp_pb2.Timestamp
    last_success_time: _timestamp_pb2.Timestamp
    next_attempt_time: _timestamp_pb2.Timestamp
    opt_in: bool
    baseline: bool
    replayed: bool
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., home_uri: _Optional[str] = ..., state: _Optional[_Union[ProviderState, str]] = ..., state_detail: _Optional[str] = ..., missing_variable: _Optional[str] = ..., collection_interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., offer_count: _Optional[int] = ..., rejects: _Optional[_Iterable[_Union[RejectCount, _Mapping]]] = ..., last_attempt_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_success_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., next_attempt_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., opt_in: _Optional[bool] = ..., baseline: _Optional[bool] = ..., replayed: _Optional[bool] = ...) -> None: ...
