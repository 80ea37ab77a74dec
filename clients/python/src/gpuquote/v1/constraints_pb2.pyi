import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from gpuquote.v1 import money_pb2 as _money_pb2
from gpuquote.v1 import offer_pb2 as _offer_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OfferConstraints(_message.Message):
    __slots__ = ("gpu_model", "gpu_family", "vendor", "provider", "excluded_provider", "region_code", "country_code", "geo", "purchase_model", "delivery_model", "trust", "availability", "include_doubtful", "max_age", "min_fabric_gbps_per_gpu", "filter", "deadline", "budget")
    GPU_MODEL_FIELD_NUMBER: _ClassVar[int]
    GPU_FAMILY_FIELD_NUMBER: _ClassVar[int]
    VENDOR_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_PROVIDER_FIELD_NUMBER: _ClassVar[int]
    REGION_CODE_FIELD_NUMBER: _ClassVar[int]
    COUNTRY_CODE_FIELD_NUMBER: _ClassVar[int]
    GEO_FIELD_NUMBER: _ClassVar[int]
    PURCHASE_MODEL_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_MODEL_FIELD_NUMBER: _ClassVar[int]
    TRUST_FIELD_NUMBER: _ClassVar[int]
    AVAILABILITY_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DOUBTFUL_FIELD_NUMBER: _ClassVar[int]
    MAX_AGE_FIELD_NUMBER: _ClassVar[int]
    MIN_FABRIC_GBPS_PER_GPU_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    BUDGET_FIELD_NUMBER: _ClassVar[int]
    gpu_model: _containers.RepeatedScalarFieldContainer[str]
    gpu_family: _containers.RepeatedScalarFieldContainer[str]
    vendor: _containers.RepeatedScalarFieldContainer[str]
    provider: _containers.RepeatedScalarFieldContainer[str]
    excluded_provider: _containers.RepeatedScalarFieldContainer[str]
    region_code: _containers.RepeatedScalarFieldContainer[str]
    country_code: _containers.RepeatedScalarFieldContainer[str]
    geo: _containers.RepeatedScalarFieldContainer[str]
    purchase_model: _containers.RepeatedScalarFieldContainer[_offer_pb2.PurchaseModel]
    delivery_model: _containers.RepeatedScalarFieldContainer[_offer_pb2.DeliveryModel]
    trust: _containers.RepeatedScalarFieldContainer[_offer_pb2.Trust]
    availability: _containers.RepeatedScalarFieldContainer[_offer_pb2.AvailabilityState]
    include_doubtful: bool
    max_age: _duration_pb2.Duration
    min_fabric_gbps_per_gpu: float
    filter: str
    deadline: _duration_pb2.Duration
    budget: _money_pb2.Money
    def __init__(self, gpu_model: _Optional[_Iterable[str]] = ..., gpu_family: _Optional[_Iterable[str]] = ..., vendor: _Optional[_Iterable[str]] = ..., provider: _Optional[_Iterable[str]] = ..., excluded_provider: _Optional[_Iterable[str]] = ..., region_code: _Optional[_Iterable[str]] = ..., country_code: _Optional[_Iterable[str]] = ..., geo: _Optional[_Iterable[str]] = ..., purchase_model: _Optional[_Iterable[_Union[_offer_pb2.PurchaseModel, str]]] = ..., delivery_model: _Optional[_Iterable[_Union[_offer_pb2.DeliveryModel, str]]] = ..., trust: _Optional[_Iterable[_Union[_offer_pb2.Trust, str]]] = ..., availability: _Optional[_Iterable[_Union[_offer_pb2.AvailabilityState, str]]] = ..., include_doubtful: _Optional[bool] = ..., max_age: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., min_fabric_gbps_per_gpu: _Optional[float] = ..., filter: _Optional[str] = ..., deadline: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., budget: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class Adjustment(_message.Message):
    __slots__ = ("provider", "purchase_model", "discount_percent", "credit_remaining", "committed_gpu_count", "until")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    PURCHASE_MODEL_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_PERCENT_FIELD_NUMBER: _ClassVar[int]
    CREDIT_REMAINING_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    provider: str
    purchase_model: _offer_pb2.PurchaseModel
    discount_percent: float
    credit_remaining: _money_pb2.Money
    committed_gpu_count: int
    until: str
    def __init__(self, provider: _Optional[str] = ..., purchase_model: _Optional[_Union[_offer_pb2.PurchaseModel, str]] = ..., discount_percent: _Optional[float] = ..., credit_remaining: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., committed_gpu_count: _Optional[int] = ..., until: _Optional[str] = ...) -> None: ...
