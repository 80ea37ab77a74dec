import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from gpuquote.v1 import build_vs_buy_service_pb2 as _build_vs_buy_service_pb2
from gpuquote.v1 import caveat_pb2 as _caveat_pb2
from gpuquote.v1 import compare_service_pb2 as _compare_service_pb2
from gpuquote.v1 import estimate_service_pb2 as _estimate_service_pb2
from gpuquote.v1 import money_pb2 as _money_pb2
from gpuquote.v1 import offer_pb2 as _offer_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Binding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BINDING_UNSPECIFIED: _ClassVar[Binding]
    BINDING_NONE: _ClassVar[Binding]
BINDING_UNSPECIFIED: Binding
BINDING_NONE: Binding

class QuoteRequest(_message.Message):
    __slots__ = ("estimate_training", "estimate_inference", "compare_offers", "analyze_build_vs_buy", "compare_gpu_models", "compare_providers")
    ESTIMATE_TRAINING_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_INFERENCE_FIELD_NUMBER: _ClassVar[int]
    COMPARE_OFFERS_FIELD_NUMBER: _ClassVar[int]
    ANALYZE_BUILD_VS_BUY_FIELD_NUMBER: _ClassVar[int]
    COMPARE_GPU_MODELS_FIELD_NUMBER: _ClassVar[int]
    COMPARE_PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    estimate_training: _estimate_service_pb2.EstimateTrainingRequest
    estimate_inference: _estimate_service_pb2.EstimateInferenceRequest
    compare_offers: _compare_service_pb2.CompareOffersRequest
    analyze_build_vs_buy: _build_vs_buy_service_pb2.AnalyzeBuildVsBuyRequest
    compare_gpu_models: _compare_service_pb2.CompareGpuModelsRequest
    compare_providers: _compare_service_pb2.CompareProvidersRequest
    def __init__(self, estimate_training: _Optional[_Union[_estimate_service_pb2.EstimateTrainingRequest, _Mapping]] = ..., estimate_inference: _Optional[_Union[_estimate_service_pb2.EstimateInferenceRequest, _Mapping]] = ..., compare_offers: _Optional[_Union[_compare_service_pb2.CompareOffersRequest, _Mapping]] = ..., analyze_build_vs_buy: _Optional[_Union[_build_vs_buy_service_pb2.AnalyzeBuildVsBuyRequest, _Mapping]] = ..., compare_gpu_models: _Optional[_Union[_compare_service_pb2.CompareGpuModelsRequest, _Mapping]] = ..., compare_providers: _Optional[_Union[_compare_service_pb2.CompareProvidersRequest, _Mapping]] = ...) -> None: ...

class QuoteAnswer(_message.Message):
    __slots__ = ("estimate_training", "estimate_inference", "compare_offers", "analyze_build_vs_buy", "compare_gpu_models", "compare_providers")
    ESTIMATE_TRAINING_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_INFERENCE_FIELD_NUMBER: _ClassVar[int]
    COMPARE_OFFERS_FIELD_NUMBER: _ClassVar[int]
    ANALYZE_BUILD_VS_BUY_FIELD_NUMBER: _ClassVar[int]
    COMPARE_GPU_MODELS_FIELD_NUMBER: _ClassVar[int]
    COMPARE_PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    estimate_training: _estimate_service_pb2.EstimateTrainingResponse
    estimate_inference: _estimate_service_pb2.EstimateInferenceResponse
    compare_offers: _compare_service_pb2.CompareOffersResponse
    analyze_build_vs_buy: _build_vs_buy_service_pb2.AnalyzeBuildVsBuyResponse
    compare_gpu_models: _compare_service_pb2.CompareGpuModelsResponse
    compare_providers: _compare_service_pb2.CompareProvidersResponse
    def __init__(self, estimate_training: _Optional[_Union[_estimate_service_pb2.EstimateTrainingResponse, _Mapping]] = ..., estimate_inference: _Optional[_Union[_estimate_service_pb2.EstimateInferenceResponse, _Mapping]] = ..., compare_offers: _Optional[_Union[_compare_service_pb2.CompareOffersResponse, _Mapping]] = ..., analyze_build_vs_buy: _Optional[_Union[_build_vs_buy_service_pb2.AnalyzeBuildVsBuyResponse, _Mapping]] = ..., compare_gpu_models: _Optional[_Union[_compare_service_pb2.CompareGpuModelsResponse, _Mapping]] = ..., compare_providers: _Optional[_Union[_compare_service_pb2.CompareProvidersResponse, _Mapping]] = ...) -> None: ...

class Quote(_message.Message):
    __slots__ = ("name", "request", "answer", "offers", "catalog_revision", "create_time", "expire_time", "binding", "title", "purge_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    OFFERS_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    BINDING_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    PURGE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    request: QuoteRequest
    answer: QuoteAnswer
    offers: _containers.RepeatedCompositeFieldContainer[_offer_pb2.Offer]
    catalog_revision: str
    create_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    binding: Binding
    title: str
    purge_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., request: _Optional[_Union[QuoteRequest, _Mapping]] = ..., answer: _Optional[_Union[QuoteAnswer, _Mapping]] = ..., offers: _Optional[_Iterable[_Union[_offer_pb2.Offer, _Mapping]]] = ..., catalog_revision: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., binding: _Optional[_Union[Binding, str]] = ..., title: _Optional[str] = ..., purge_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateQuoteRequest(_message.Message):
    __slots__ = ("request", "title", "lifetime", "request_id")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    LIFETIME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request: QuoteRequest
    title: str
    lifetime: _duration_pb2.Duration
    request_id: str
    def __init__(self, request: _Optional[_Union[QuoteRequest, _Mapping]] = ..., title: _Optional[str] = ..., lifetime: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateQuoteResponse(_message.Message):
    __slots__ = ("quote",)
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    quote: Quote
    def __init__(self, quote: _Optional[_Union[Quote, _Mapping]] = ...) -> None: ...

class GetQuoteRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class QuotedOfferMove(_message.Message):
    __slots__ = ("offer", "quoted", "now", "change", "freshness", "availability")
    OFFER_FIELD_NUMBER: _ClassVar[int]
    QUOTED_FIELD_NUMBER: _ClassVar[int]
    NOW_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_FIELD_NUMBER: _ClassVar[int]
    AVAILABILITY_FIELD_NUMBER: _ClassVar[int]
    offer: str
    quoted: _money_pb2.Money
    now: _money_pb2.Money
    change: float
    freshness: _offer_pb2.Freshness
    availability: _offer_pb2.AvailabilityState
    def __init__(self, offer: _Optional[str] = ..., quoted: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., now: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., change: _Optional[float] = ..., freshness: _Optional[_Union[_offer_pb2.Freshness, str]] = ..., availability: _Optional[_Union[_offer_pb2.AvailabilityState, str]] = ...) -> None: ...

class GetQuoteResponse(_message.Message):
    __slots__ = ("quote", "moves", "caveats", "catalog_revision", "as_of")
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    MOVES_FIELD_NUMBER: _ClassVar[int]
    CAVEATS_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    quote: Quote
    moves: _containers.RepeatedCompositeFieldContainer[QuotedOfferMove]
    caveats: _containers.RepeatedCompositeFieldContainer[_caveat_pb2.Caveat]
    catalog_revision: str
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, quote: _Optional[_Union[Quote, _Mapping]] = ..., moves: _Optional[_Iterable[_Union[QuotedOfferMove, _Mapping]]] = ..., caveats: _Optional[_Iterable[_Union[_caveat_pb2.Caveat, _Mapping]]] = ..., catalog_revision: _Optional[str] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListQuotesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "query", "include_expired")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_EXPIRED_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    query: str
    include_expired: bool
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., query: _Optional[str] = ..., include_expired: _Optional[bool] = ...) -> None: ...

class ListQuotesResponse(_message.Message):
    __slots__ = ("quotes", "next_page_token")
    QUOTES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    quotes: _containers.RepeatedCompositeFieldContainer[Quote]
    next_page_token: str
    def __init__(self, quotes: _Optional[_Iterable[_Union[Quote, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
