import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from gpuquote.v1 import history_pb2 as _history_pb2
from gpuquote.v1 import money_pb2 as _money_pb2
from gpuquote.v1 import offer_pb2 as _offer_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListPricePointsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token", "start_time", "end_time")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListPricePointsResponse(_message.Message):
    __slots__ = ("price_points", "next_page_token")
    PRICE_POINTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    price_points: _containers.RepeatedCompositeFieldContainer[_history_pb2.PricePoint]
    next_page_token: str
    def __init__(self, price_points: _Optional[_Iterable[_Union[_history_pb2.PricePoint, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class SummarizePricesRequest(_message.Message):
    __slots__ = ("name", "window", "purchase_model", "provider", "country_code")
    NAME_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    PURCHASE_MODEL_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    COUNTRY_CODE_FIELD_NUMBER: _ClassVar[int]
    name: str
    window: str
    purchase_model: _containers.RepeatedScalarFieldContainer[_offer_pb2.PurchaseModel]
    provider: _containers.RepeatedScalarFieldContainer[str]
    country_code: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., window: _Optional[str] = ..., purchase_model: _Optional[_Iterable[_Union[_offer_pb2.PurchaseModel, str]]] = ..., provider: _Optional[_Iterable[str]] = ..., country_code: _Optional[_Iterable[str]] = ...) -> None: ...

class SummarizePricesResponse(_message.Message):
    __slots__ = ("gpu_model", "start_time", "end_time", "min", "p10", "p25", "p50", "p75", "p90", "max", "offer_count", "provider_count")
    GPU_MODEL_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    P10_FIELD_NUMBER: _ClassVar[int]
    P25_FIELD_NUMBER: _ClassVar[int]
    P50_FIELD_NUMBER: _ClassVar[int]
    P75_FIELD_NUMBER: _ClassVar[int]
    P90_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    OFFER_COUNT_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_COUNT_FIELD_NUMBER: _ClassVar[int]
    gpu_model: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    min: _money_pb2.Money
    p10: _money_pb2.Money
    p25: _money_pb2.Money
    p50: _money_pb2.Money
    p75: _money_pb2.Money
    p90: _money_pb2.Money
    max: _money_pb2.Money
    offer_count: int
    provider_count: int
    def __init__(self, gpu_model: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., min: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., p10: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., p25: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., p50: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., p75: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., p90: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., max: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., offer_count: _Optional[int] = ..., provider_count: _Optional[int] = ...) -> None: ...

class SummarizePriceIndexRequest(_message.Message):
    __slots__ = ("gpu_model", "purchase_model", "window")
    GPU_MODEL_FIELD_NUMBER: _ClassVar[int]
    PURCHASE_MODEL_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    gpu_model: _containers.RepeatedScalarFieldContainer[str]
    purchase_model: _offer_pb2.PurchaseModel
    window: str
    def __init__(self, gpu_model: _Optional[_Iterable[str]] = ..., purchase_model: _Optional[_Union[_offer_pb2.PurchaseModel, str]] = ..., window: _Optional[str] = ...) -> None: ...

class SummarizePriceIndexResponse(_message.Message):
    __slots__ = ("points",)
    POINTS_FIELD_NUMBER: _ClassVar[int]
    points: _containers.RepeatedCompositeFieldContainer[_history_pb2.PriceIndexPoint]
    def __init__(self, points: _Optional[_Iterable[_Union[_history_pb2.PriceIndexPoint, _Mapping]]] = ...) -> None: ...

class SummarizeAvailabilityRequest(_message.Message):
    __slots__ = ("name", "window", "provider", "purchase_model")
    NAME_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    PURCHASE_MODEL_FIELD_NUMBER: _ClassVar[int]
    name: str
    window: str
    provider: _containers.RepeatedScalarFieldContainer[str]
    purchase_model: _containers.RepeatedScalarFieldContainer[_offer_pb2.PurchaseModel]
    def __init__(self, name: _Optional[str] = ..., window: _Optional[str] = ..., provider: _Optional[_Iterable[str]] = ..., purchase_model: _Optional[_Iterable[_Union[_offer_pb2.PurchaseModel, str]]] = ...) -> None: ...

class SummarizeAvailabilityResponse(_message.Message):
    __slots__ = ("summaries", "start_time", "end_time")
    SUMMARIES_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    summaries: _containers.RepeatedCompositeFieldContainer[_history_pb2.AvailabilitySummary]
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    def __init__(self, summaries: _Optional[_Iterable[_Union[_history_pb2.AvailabilitySummary, _Mapping]]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReportOutcomeRequest(_message.Message):
    __slots__ = ("name", "outcome", "price_per_hour")
    NAME_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    PRICE_PER_HOUR_FIELD_NUMBER: _ClassVar[int]
    name: str
    outcome: _history_pb2.Outcome
    price_per_hour: _money_pb2.Money
    def __init__(self, name: _Optional[str] = ..., outcome: _Optional[_Union[_history_pb2.Outcome, str]] = ..., price_per_hour: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class ReportOutcomeResponse(_message.Message):
    __slots__ = ("report",)
    REPORT_FIELD_NUMBER: _ClassVar[int]
    report: _history_pb2.OutcomeReport
    def __init__(self, report: _Optional[_Union[_history_pb2.OutcomeReport, _Mapping]] = ...) -> None: ...
