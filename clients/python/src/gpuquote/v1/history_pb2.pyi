import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from gpuquote.v1 import money_pb2 as _money_pb2
from gpuquote.v1 import offer_pb2 as _offer_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_UNSPECIFIED: _ClassVar[Outcome]
    OUTCOME_BOUGHT: _ClassVar[Outcome]
    OUTCOME_NO_CAPACITY: _ClassVar[Outcome]
    OUTCOME_PRICE_DIFFERED: _ClassVar[Outcome]
OUTCOME_UNSPECIFIED: Outcome
OUTCOME_BOUGHT: Outcome
OUTCOME_NO_CAPACITY: Outcome
OUTCOME_PRICE_DIFFERED: Outcome

class PricePoint(_message.Message):
    __slots__ = ("name", "change_time", "price_per_hour", "price_per_gpu_hour", "availability", "provisional")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    PRICE_PER_HOUR_FIELD_NUMBER: _ClassVar[int]
    PRICE_PER_GPU_HOUR_FIELD_NUMBER: _ClassVar[int]
    AVAILABILITY_FIELD_NUMBER: _ClassVar[int]
    PROVISIONAL_FIELD_NUMBER: _ClassVar[int]
    name: str
    change_time: _timestamp_pb2.Timestamp
    price_per_hour: _money_pb2.Money
    price_per_gpu_hour: _money_pb2.Money
    availability: _offer_pb2.AvailabilityState
    provisional: bool
    def __init__(self, name: _Optional[str] = ..., change_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., price_per_hour: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., price_per_gpu_hour: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., availability: _Optional[_Union[_offer_pb2.AvailabilityState, str]] = ..., provisional: _Optional[bool] = ...) -> None: ...

class PriceIndexPoint(_message.Message):
    __slots__ = ("gpu_model", "date", "min", "p25", "median", "p75", "max", "provider_count", "offer_count", "spread")
    GPU_MODEL_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    P25_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_FIELD_NUMBER: _ClassVar[int]
    P75_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_COUNT_FIELD_NUMBER: _ClassVar[int]
    OFFER_COUNT_FIELD_NUMBER: _ClassVar[int]
    SPREAD_FIELD_NUMBER: _ClassVar[int]
    gpu_model: str
    date: str
    min: _money_pb2.Money
    p25: _money_pb2.Money
    median: _money_pb2.Money
    p75: _money_pb2.Money
    max: _money_pb2.Money
    provider_count: int
    offer_count: int
    spread: float
    def __init__(self, gpu_model: _Optional[str] = ..., date: _Optional[str] = ..., min: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., p25: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., median: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., p75: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., max: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., provider_count: _Optional[int] = ..., offer_count: _Optional[int] = ..., spread: _Optional[float] = ...) -> None: ...

class OutcomeReport(_message.Message):
    __slots__ = ("offer", "outcome", "report_time", "price_per_hour")
    OFFER_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REPORT_TIME_FIELD_NUMBER: _ClassVar[int]
    PRICE_PER_HOUR_FIELD_NUMBER: _ClassVar[int]
    offer: str
    outcome: Outcome
    report_time: _timestamp_pb2.Timestamp
    price_per_hour: _money_pb2.Money
    def __init__(self, offer: _Optional[str] = ..., outcome: _Optional[_Union[Outcome, str]] = ..., report_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., price_per_hour: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class AvailabilitySummary(_message.Message):
    __slots__ = ("provider", "region_code", "share_available", "current_state", "streak", "last_available_time", "watched", "observation_count", "offer_count", "bought_count", "no_capacity_count", "price_differed_count", "last_report")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    REGION_CODE_FIELD_NUMBER: _ClassVar[int]
    SHARE_AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    CURRENT_STATE_FIELD_NUMBER: _ClassVar[int]
    STREAK_FIELD_NUMBER: _ClassVar[int]
    LAST_AVAILABLE_TIME_FIELD_NUMBER: _ClassVar[int]
    WATCHED_FIELD_NUMBER: _ClassVar[int]
    OBSERVATION_COUNT_FIELD_NUMBER: _ClassVar[int]
    OFFER_COUNT_FIELD_NUMBER: _ClassVar[int]
    BOUGHT_COUNT_FIELD_NUMBER: _ClassVar[int]
    NO_CAPACITY_COUNT_FIELD_NUMBER: _ClassVar[int]
    PRICE_DIFFERED_COUNT_FIELD_NUMBER: _ClassVar[int]
    LAST_REPORT_FIELD_NUMBER: _ClassVar[int]
    provider: str
    region_code: str
    share_available: float
    current_state: _offer_pb2.AvailabilityState
    streak: _duration_pb2.Duration
    last_available_time: _timestamp_pb2.Timestamp
    watched: _duration_pb2.Duration
    observation_count: int
    offer_count: int
    bought_count: int
    no_capacity_count: int
    price_differed_count: int
    last_report: OutcomeReport
    def __init__(self, provider: _Optional[str] = ..., region_code: _Optional[str] = ..., share_available: _Optional[float] = ..., current_state: _Optional[_Union[_offer_pb2.AvailabilityState, str]] = ..., streak: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., last_available_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., watched: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., observation_count: _Optional[int] = ..., offer_count: _Optional[int] = ..., bought_count: _Optional[int] = ..., no_capacity_count: _Optional[int] = ..., price_differed_count: _Optional[int] = ..., last_report: _Optional[_Union[OutcomeReport, _Mapping]] = ...) -> None: ...
