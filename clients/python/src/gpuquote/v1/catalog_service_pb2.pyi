import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from gpuquote.v1 import caveat_pb2 as _caveat_pb2
from gpuquote.v1 import collection_run_pb2 as _collection_run_pb2
from gpuquote.v1 import gpu_model_pb2 as _gpu_model_pb2
from gpuquote.v1 import offer_pb2 as _offer_pb2
from gpuquote.v1 import provider_pb2 as _provider_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListOffersRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "filter", "order_by", "fields", "gpu_model", "gpu_family", "provider", "country_code", "geo", "purchase_model", "availability", "min_gpu_count", "max_gpu_count", "max_price_per_gpu_hour", "min_vram_gb", "max_age")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    GPU_MODEL_FIELD_NUMBER: _ClassVar[int]
    GPU_FAMILY_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    COUNTRY_CODE_FIELD_NUMBER: _ClassVar[int]
    GEO_FIELD_NUMBER: _ClassVar[int]
    PURCHASE_MODEL_FIELD_NUMBER: _ClassVar[int]
    AVAILABILITY_FIELD_NUMBER: _ClassVar[int]
    MIN_GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    MAX_GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    MAX_PRICE_PER_GPU_HOUR_FIELD_NUMBER: _ClassVar[int]
    MIN_VRAM_GB_FIELD_NUMBER: _ClassVar[int]
    MAX_AGE_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    filter: str
    order_by: str
    fields: _field_mask_pb2.FieldMask
    gpu_model: _containers.RepeatedScalarFieldContainer[str]
    gpu_family: _containers.RepeatedScalarFieldContainer[str]
    provider: _containers.RepeatedScalarFieldContainer[str]
    country_code: _containers.RepeatedScalarFieldContainer[str]
    geo: _containers.RepeatedScalarFieldContainer[str]
    purchase_model: _containers.RepeatedScalarFieldContainer[_offer_pb2.PurchaseModel]
    availability: _containers.RepeatedScalarFieldContainer[_offer_pb2.AvailabilityState]
    min_gpu_count: str
    max_gpu_count: str
    max_price_per_gpu_hour: str
    min_vram_gb: int
    max_age: _duration_pb2.Duration
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[str] = ..., order_by: _Optional[str] = ..., fields: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., gpu_model: _Optional[_Iterable[str]] = ..., gpu_family: _Optional[_Iterable[str]] = ..., provider: _Optional[_Iterable[str]] = ..., country_code: _Optional[_Iterable[str]] = ..., geo: _Optional[_Iterable[str]] = ..., purchase_model: _Optional[_Iterable[_Union[_offer_pb2.PurchaseModel, str]]] = ..., availability: _Optional[_Iterable[_Union[_offer_pb2.AvailabilityState, str]]] = ..., min_gpu_count: _Optional[str] = ..., max_gpu_count: _Optional[str] = ..., max_price_per_gpu_hour: _Optional[str] = ..., min_vram_gb: _Optional[int] = ..., max_age: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ListOffersResponse(_message.Message):
    __slots__ = ("offers", "next_page_token", "catalog_revision", "as_of", "degraded", "unreachable", "replayed", "caveats")
    OFFERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    UNREACHABLE_FIELD_NUMBER: _ClassVar[int]
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    CAVEATS_FIELD_NUMBER: _ClassVar[int]
    offers: _containers.RepeatedCompositeFieldContainer[_offer_pb2.Offer]
    next_page_token: str
    catalog_revision: str
    as_of: _timestamp_pb2.Timestamp
    degraded: bool
    unreachable: _containers.RepeatedScalarFieldContainer[str]
    replayed: bool
    caveats: _containers.RepeatedCompositeFieldContainer[_caveat_pb2.Caveat]
    def __init__(self, offers: _Optional[_Iterable[_Union[_offer_pb2.Offer, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., catalog_revision: _Optional[str] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., degraded: _Optional[bool] = ..., unreachable: _Optional[_Iterable[str]] = ..., replayed: _Optional[bool] = ..., caveats: _Optional[_Iterable[_Union[_caveat_pb2.Caveat, _Mapping]]] = ...) -> None: ...

class GetOfferRequest(_message.Message):
    __slots__ = ("name", "fields", "max_age")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    MAX_AGE_FIELD_NUMBER: _ClassVar[int]
    name: str
    fields: _field_mask_pb2.FieldMask
    max_age: _duration_pb2.Duration
    def __init__(self, name: _Optional[str] = ..., fields: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., max_age: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class GetOfferResponse(_message.Message):
    __slots__ = ("offer",)
    OFFER_FIELD_NUMBER: _ClassVar[int]
    offer: _offer_pb2.Offer
    def __init__(self, offer: _Optional[_Union[_offer_pb2.Offer, _Mapping]] = ...) -> None: ...

class RefreshOfferRequest(_message.Message):
    __slots__ = ("name", "max_wait")
    NAME_FIELD_NUMBER: _ClassVar[int]
    MAX_WAIT_FIELD_NUMBER: _ClassVar[int]
    name: str
    max_wait: _duration_pb2.Duration
    def __init__(self, name: _Optional[str] = ..., max_wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class RefreshOfferResponse(_message.Message):
    __slots__ = ("offer", "collection_run")
    OFFER_FIELD_NUMBER: _ClassVar[int]
    COLLECTION_RUN_FIELD_NUMBER: _ClassVar[int]
    offer: _offer_pb2.Offer
    collection_run: _collection_run_pb2.CollectionRun
    def __init__(self, offer: _Optional[_Union[_offer_pb2.Offer, _Mapping]] = ..., collection_run: _Optional[_Union[_collection_run_pb2.CollectionRun, _Mapping]] = ...) -> None: ...

class BatchGetOffersRequest(_message.Message):
    __slots__ = ("names", "fields", "max_age")
    NAMES_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    MAX_AGE_FIELD_NUMBER: _ClassVar[int]
    names: _containers.RepeatedScalarFieldContainer[str]
    fields: _field_mask_pb2.FieldMask
    max_age: _duration_pb2.Duration
    def __init__(self, names: _Optional[_Iterable[str]] = ..., fields: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., max_age: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class BatchGetOffersResponse(_message.Message):
    __slots__ = ("offers", "catalog_revision")
    OFFERS_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    offers: _containers.RepeatedCompositeFieldContainer[_offer_pb2.Offer]
    catalog_revision: str
    def __init__(self, offers: _Optional[_Iterable[_Union[_offer_pb2.Offer, _Mapping]]] = ..., catalog_revision: _Optional[str] = ...) -> None: ...

class ListProvidersRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListProvidersResponse(_message.Message):
    __slots__ = ("providers", "next_page_token")
    PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    providers: _containers.RepeatedCompositeFieldContainer[_provider_pb2.Provider]
    next_page_token: str
    def __init__(self, providers: _Optional[_Iterable[_Union[_provider_pb2.Provider, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetProviderRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetProviderResponse(_message.Message):
    __slots__ = ("provider",)
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    provider: _provider_pb2.Provider
    def __init__(self, provider: _Optional[_Union[_provider_pb2.Provider, _Mapping]] = ...) -> None: ...

class ListGpuModelsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "gpu_family")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    GPU_FAMILY_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    gpu_family: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., gpu_family: _Optional[_Iterable[str]] = ...) -> None: ...

class ListGpuModelsResponse(_message.Message):
    __slots__ = ("gpu_models", "next_page_token")
    GPU_MODELS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    gpu_models: _containers.RepeatedCompositeFieldContainer[_gpu_model_pb2.GpuModel]
    next_page_token: str
    def __init__(self, gpu_models: _Optional[_Iterable[_Union[_gpu_model_pb2.GpuModel, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetGpuModelRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetGpuModelResponse(_message.Message):
    __slots__ = ("gpu_model",)
    GPU_MODEL_FIELD_NUMBER: _ClassVar[int]
    gpu_model: _gpu_model_pb2.GpuModel
    def __init__(self, gpu_model: _Optional[_Union[_gpu_model_pb2.GpuModel, _Mapping]] = ...) -> None: ...
