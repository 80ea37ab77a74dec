import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from gpuquote.v1 import money_pb2 as _money_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class QuarantineState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    QUARANTINE_STATE_UNSPECIFIED: _ClassVar[QuarantineState]
    QUARANTINE_STATE_WAITING: _ClassVar[QuarantineState]
    QUARANTINE_STATE_ACCEPTED: _ClassVar[QuarantineState]
    QUARANTINE_STATE_REJECTED: _ClassVar[QuarantineState]
    QUARANTINE_STATE_CLEARED: _ClassVar[QuarantineState]
QUARANTINE_STATE_UNSPECIFIED: QuarantineState
QUARANTINE_STATE_WAITING: QuarantineState
QUARANTINE_STATE_ACCEPTED: QuarantineState
QUARANTINE_STATE_REJECTED: QuarantineState
QUARANTINE_STATE_CLEARED: QuarantineState

class QuarantinedOffer(_message.Message):
    __slots__ = ("name", "provider", "offer", "rule", "reason", "evidence", "raw_text", "last_accepted", "observed", "ratio", "times_seen", "first_seen_time", "last_seen_time", "page_digest", "source_uri", "state", "reviewer", "review_note", "review_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    OFFER_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    RAW_TEXT_FIELD_NUMBER: _ClassVar[int]
    LAST_ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_FIELD_NUMBER: _ClassVar[int]
    RATIO_FIELD_NUMBER: _ClassVar[int]
    TIMES_SEEN_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEEN_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_TIME_FIELD_NUMBER: _ClassVar[int]
    PAGE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    SOURCE_URI_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REVIEWER_FIELD_NUMBER: _ClassVar[int]
    REVIEW_NOTE_FIELD_NUMBER: _ClassVar[int]
    REVIEW_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    provider: str
    offer: str
    rule: str
    reason: str
    evidence: str
    raw_text: str
    last_accepted: _money_pb2.Money
    observed: _money_pb2.Money
    ratio: float
    times_seen: int
    first_seen_time: _timestamp_pb2.Timestamp
    last_seen_time: _timestamp_pb2.Timestamp
    page_digest: str
    source_uri: str
    state: QuarantineState
    reviewer: str
    review_note: str
    review_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., provider: _Optional[str] = ..., offer: _Optional[str] = ..., rule: _Optional[str] = ..., reason: _Optional[str] = ..., evidence: _Optional[str] = ..., raw_text: _Optional[str] = ..., last_accepted: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., observed: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., ratio: _Optional[float] = ..., times_seen: _Optional[int] = ..., first_seen_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_seen_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., page_digest: _Optional[str] = ..., source_uri: _Optional[str] = ..., state: _Optional[_Union[QuarantineState, str]] = ..., reviewer: _Optional[str] = ..., review_note: _Optional[str] = ..., review_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
