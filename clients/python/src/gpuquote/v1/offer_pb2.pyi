import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from gpuquote.v1 import money_pb2 as _money_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PurchaseModel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PURCHASE_MODEL_UNSPECIFIED: _ClassVar[PurchaseModel]
    PURCHASE_MODEL_ON_DEMAND: _ClassVar[PurchaseModel]
    PURCHASE_MODEL_SPOT: _ClassVar[PurchaseModel]
    PURCHASE_MODEL_RESERVED_1Y: _ClassVar[PurchaseModel]
    PURCHASE_MODEL_RESERVED_3Y: _ClassVar[PurchaseModel]
    PURCHASE_MODEL_RESERVED_OTHER: _ClassVar[PurchaseModel]
    PURCHASE_MODEL_CAPACITY_BLOCK: _ClassVar[PurchaseModel]

class DeliveryModel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DELIVERY_MODEL_UNSPECIFIED: _ClassVar[DeliveryModel]
    DELIVERY_MODEL_VIRTUAL_MACHINE: _ClassVar[DeliveryModel]
    DELIVERY_MODEL_BARE_METAL: _ClassVar[DeliveryModel]
    DELIVERY_MODEL_CONTAINER: _ClassVar[DeliveryModel]
    DELIVERY_MODEL_SERVERLESS: _ClassVar[DeliveryModel]
    DELIVERY_MODEL_CLUSTER: _ClassVar[DeliveryModel]
    DELIVERY_MODEL_NOT_STATED: _ClassVar[DeliveryModel]

class Trust(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRUST_UNSPECIFIED: _ClassVar[Trust]
    TRUST_FIRST_PARTY: _ClassVar[Trust]
    TRUST_VERIFIED_HOST: _ClassVar[Trust]
    TRUST_HOST: _ClassVar[Trust]

class GpuLink(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GPU_LINK_UNSPECIFIED: _ClassVar[GpuLink]
    GPU_LINK_NVLINK: _ClassVar[GpuLink]
    GPU_LINK_NVLINK_PAIR: _ClassVar[GpuLink]
    GPU_LINK_PCIE: _ClassVar[GpuLink]
    GPU_LINK_NOT_STATED: _ClassVar[GpuLink]

class Fabric(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FABRIC_UNSPECIFIED: _ClassVar[Fabric]
    FABRIC_NONE: _ClassVar[Fabric]
    FABRIC_ETHERNET: _ClassVar[Fabric]
    FABRIC_ROCE: _ClassVar[Fabric]
    FABRIC_INFINIBAND: _ClassVar[Fabric]
    FABRIC_NVLINK_DOMAIN: _ClassVar[Fabric]
    FABRIC_NOT_STATED: _ClassVar[Fabric]

class AvailabilityState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AVAILABILITY_STATE_UNSPECIFIED: _ClassVar[AvailabilityState]
    AVAILABILITY_STATE_AVAILABLE: _ClassVar[AvailabilityState]
    AVAILABILITY_STATE_LIMITED: _ClassVar[AvailabilityState]
    AVAILABILITY_STATE_SOLD_OUT: _ClassVar[AvailabilityState]
    AVAILABILITY_STATE_NOT_OFFERED: _ClassVar[AvailabilityState]
    AVAILABILITY_STATE_NOT_STATED: _ClassVar[AvailabilityState]

class Freshness(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FRESHNESS_UNSPECIFIED: _ClassVar[Freshness]
    FRESHNESS_FRESH: _ClassVar[Freshness]
    FRESHNESS_STALE: _ClassVar[Freshness]
    FRESHNESS_EXPIRED: _ClassVar[Freshness]
    FRESHNESS_UNCONFIRMED: _ClassVar[Freshness]
    FRESHNESS_PROVISIONAL: _ClassVar[Freshness]
    FRESHNESS_BASELINE: _ClassVar[Freshness]

class PriceUnit(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRICE_UNIT_UNSPECIFIED: _ClassVar[PriceUnit]
    PRICE_UNIT_GPU_HOUR: _ClassVar[PriceUnit]
    PRICE_UNIT_GPU_MINUTE: _ClassVar[PriceUnit]
    PRICE_UNIT_GPU_SECOND: _ClassVar[PriceUnit]
    PRICE_UNIT_INSTANCE_HOUR: _ClassVar[PriceUnit]
    PRICE_UNIT_INSTANCE_MINUTE: _ClassVar[PriceUnit]
    PRICE_UNIT_INSTANCE_SECOND: _ClassVar[PriceUnit]
    PRICE_UNIT_INSTANCE_MONTH: _ClassVar[PriceUnit]
    PRICE_UNIT_TERM: _ClassVar[PriceUnit]

class TaxTreatment(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TAX_TREATMENT_UNSPECIFIED: _ClassVar[TaxTreatment]
    TAX_TREATMENT_EXCLUDED: _ClassVar[TaxTreatment]
    TAX_TREATMENT_INCLUDED: _ClassVar[TaxTreatment]
    TAX_TREATMENT_NOT_STATED: _ClassVar[TaxTreatment]

class Quota(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    QUOTA_UNSPECIFIED: _ClassVar[Quota]
    QUOTA_NONE: _ClassVar[Quota]
    QUOTA_REQUEST: _ClassVar[Quota]
    QUOTA_SALES: _ClassVar[Quota]
    QUOTA_NOT_STATED: _ClassVar[Quota]
PURCHASE_MODEL_UNSPECIFIED: PurchaseModel
PURCHASE_MODEL_ON_DEMAND: PurchaseModel
PURCHASE_MODEL_SPOT: PurchaseModel
PURCHASE_MODEL_RESERVED_1Y: PurchaseModel
PURCHASE_MODEL_RESERVED_3Y: PurchaseModel
PURCHASE_MODEL_RESERVED_OTHER: PurchaseModel
PURCHASE_MODEL_CAPACITY_BLOCK: PurchaseModel
DELIVERY_MODEL_UNSPECIFIED: DeliveryModel
DELIVERY_MODEL_VIRTUAL_MACHINE: DeliveryModel
DELIVERY_MODEL_BARE_METAL: DeliveryModel
DELIVERY_MODEL_CONTAINER: DeliveryModel
DELIVERY_MODEL_SERVERLESS: DeliveryModel
DELIVERY_MODEL_CLUSTER: DeliveryModel
DELIVERY_MODEL_NOT_STATED: DeliveryModel
TRUST_UNSPECIFIED: Trust
TRUST_FIRST_PARTY: Trust
TRUST_VERIFIED_HOST: Trust
TRUST_HOST: Trust
GPU_LINK_UNSPECIFIED: GpuLink
GPU_LINK_NVLINK: GpuLink
GPU_LINK_NVLINK_PAIR: GpuLink
GPU_LINK_PCIE: GpuLink
GPU_LINK_NOT_STATED: GpuLink
FABRIC_UNSPECIFIED: Fabric
FABRIC_NONE: Fabric
FABRIC_ETHERNET: Fabric
FABRIC_ROCE: Fabric
FABRIC_INFINIBAND: Fabric
FABRIC_NVLINK_DOMAIN: Fabric
FABRIC_NOT_STATED: Fabric
AVAILABILITY_STATE_UNSPECIFIED: AvailabilityState
AVAILABILITY_STATE_AVAILABLE: AvailabilityState
AVAILABILITY_STATE_LIMITED: AvailabilityState
AVAILABILITY_STATE_SOLD_OUT: AvailabilityState
AVAILABILITY_STATE_NOT_OFFERED: AvailabilityState
AVAILABILITY_STATE_NOT_STATED: AvailabilityState
FRESHNESS_UNSPECIFIED: Freshness
FRESHNESS_FRESH: Freshness
FRESHNESS_STALE: Freshness
FRESHNESS_EXPIRED: Freshness
FRESHNESS_UNCONFIRMED: Freshness
FRESHNESS_PROVISIONAL: Freshness
FRESHNESS_BASELINE: Freshness
PRICE_UNIT_UNSPECIFIED: PriceUnit
PRICE_UNIT_GPU_HOUR: PriceUnit
PRICE_UNIT_GPU_MINUTE: PriceUnit
PRICE_UNIT_GPU_SECOND: PriceUnit
PRICE_UNIT_INSTANCE_HOUR: PriceUnit
PRICE_UNIT_INSTANCE_MINUTE: PriceUnit
PRICE_UNIT_INSTANCE_SECOND: PriceUnit
PRICE_UNIT_INSTANCE_MONTH: PriceUnit
PRICE_UNIT_TERM: PriceUnit
TAX_TREATMENT_UNSPECIFIED: TaxTreatment
TAX_TREATMENT_EXCLUDED: TaxTreatment
TAX_TREATMENT_INCLUDED: TaxTreatment
TAX_TREATMENT_NOT_STATED: TaxTreatment
QUOTA_UNSPECIFIED: Quota
QUOTA_NONE: Quota
QUOTA_REQUEST: Quota
QUOTA_SALES: Quota
QUOTA_NOT_STATED: Quota

class ListedPrice(_message.Message):
    __slots__ = ("text", "amount", "unit")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    text: str
    amount: _money_pb2.Money
    unit: PriceUnit
    def __init__(self, text: _Optional[str] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., unit: _Optional[_Union[PriceUnit, str]] = ...) -> None: ...

class Availability(_message.Message):
    __slots__ = ("state", "evidence", "raw_value", "observe_time")
    STATE_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    RAW_VALUE_FIELD_NUMBER: _ClassVar[int]
    OBSERVE_TIME_FIELD_NUMBER: _ClassVar[int]
    state: AvailabilityState
    evidence: str
    raw_value: str
    observe_time: _timestamp_pb2.Timestamp
    def __init__(self, state: _Optional[_Union[AvailabilityState, str]] = ..., evidence: _Optional[str] = ..., raw_value: _Optional[str] = ..., observe_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Offer(_message.Message):
    __slots__ = ("name", "provider", "gpu_model", "gpu_family", "gpu_count", "min_gpu_count", "max_cluster_gpu_count", "available_gpu_count", "vram_gb", "vcpu_count", "memory_gib", "local_storage_gb", "cpu_arch", "instance_type", "region_code", "country_code", "purchase_model", "commitment_term", "upfront", "delivery_model", "trust", "host_reliability", "gpu_link", "fabric", "fabric_gbps_per_gpu", "price_per_hour", "price_per_gpu_hour", "listed", "exchange_rate", "tax", "billing_increment", "minimum_charge", "min_term", "max_term", "start_time", "price_valid_until", "egress_price_per_gb", "storage_price_per_gb_month", "quota", "availability", "observe_time", "price_change_time", "first_seen_time", "delist_time", "freshness", "source_uri", "order_uri", "unverified", "replayed")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    GPU_MODEL_FIELD_NUMBER: _ClassVar[int]
    GPU_FAMILY_FIELD_NUMBER: _ClassVar[int]
    GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    MIN_GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    MAX_CLUSTER_GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    VRAM_GB_FIELD_NUMBER: _ClassVar[int]
    VCPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    MEMORY_GIB_FIELD_NUMBER: _ClassVar[int]
    LOCAL_STORAGE_GB_FIELD_NUMBER: _ClassVar[int]
    CPU_ARCH_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    REGION_CODE_FIELD_NUMBER: _ClassVar[int]
    COUNTRY_CODE_FIELD_NUMBER: _ClassVar[int]
    PURCHASE_MODEL_FIELD_NUMBER: _ClassVar[int]
    COMMITMENT_TERM_FIELD_NUMBER: _ClassVar[int]
    UPFRONT_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_MODEL_FIELD_NUMBER: _ClassVar[int]
    TRUST_FIELD_NUMBER: _ClassVar[int]
    HOST_RELIABILITY_FIELD_NUMBER: _ClassVar[int]
    GPU_LINK_FIELD_NUMBER: _ClassVar[int]
    FABRIC_FIELD_NUMBER: _ClassVar[int]
    FABRIC_GBPS_PER_GPU_FIELD_NUMBER: _ClassVar[int]
    PRICE_PER_HOUR_FIELD_NUMBER: _ClassVar[int]
    PRICE_PER_GPU_HOUR_FIELD_NUMBER: _ClassVar[int]
    LISTED_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_RATE_FIELD_NUMBER: _ClassVar[int]
    TAX_FIELD_NUMBER: _ClassVar[int]
    BILLING_INCREMENT_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_CHARGE_FIELD_NUMBER: _ClassVar[int]
    MIN_TERM_FIELD_NUMBER: _ClassVar[int]
    MAX_TERM_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    PRICE_VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    EGRESS_PRICE_PER_GB_FIELD_NUMBER: _ClassVar[int]
    STORAGE_PRICE_PER_GB_MONTH_FIELD_NUMBER: _ClassVar[int]
    QUOTA_FIELD_NUMBER: _ClassVar[int]
    AVAILABILITY_FIELD_NUMBER: _ClassVar[int]
    OBSERVE_TIME_FIELD_NUMBER: _ClassVar[int]
    PRICE_CHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEEN_TIME_FIELD_NUMBER: _ClassVar[int]
    DELIST_TIME_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_URI_FIELD_NUMBER: _ClassVar[int]
    ORDER_URI_FIELD_NUMBER: _ClassVar[int]
    UNVERIFIED_FIELD_NUMBER: _ClassVar[int]
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    name: str
    provider: str
    gpu_model: str
    gpu_family: str
    gpu_count: str
    min_gpu_count: int
    max_cluster_gpu_count: int
    available_gpu_count: int
    vram_gb: int
    vcpu_count: int
    memory_gib: float
    local_storage_gb: float
    cpu_arch: str
    instance_type: str
    region_code: str
    country_code: str
    purchase_model: PurchaseModel
    commitment_term: _duration_pb2.Duration
    upfront: _money_pb2.Money
    delivery_model: DeliveryModel
    trust: Trust
    host_reliability: float
    gpu_link: GpuLink
    fabric: Fabric
    fabric_gbps_per_gpu: float
    price_per_hour: _money_pb2.Money
    price_per_gpu_hour: _money_pb2.Money
    listed: ListedPrice
    exchange_rate: _money_pb2.ExchangeRate
    tax: TaxTreatment
    billing_increment: _duration_pb2.Duration
    minimum_charge: _money_pb2.Money
    min_term: _duration_pb2.Duration
    max_term: _duration_pb2.Duration
    start_time: _timestamp_pb2.Timestamp
    price_valid_until: _timestamp_pb2.Timestamp
    egress_price_per_gb: _money_pb2.Money
    storage_price_per_gb_month: _money_pb2.Money
    quota: Quota
    availability: Availability
    observe_time: _timestamp_pb2.Timestamp
    price_change_time: _timestamp_pb2.Timestamp
    first_seen_time: _timestamp_pb2.Timestamp
    delist_time: _timestamp_pb2.Timestamp
    freshness: Freshness
    source_uri: str
    order_uri: str
    unverified: bool
    replayed: bool
    def __init__(self, name: _Optional[str] = ..., provider: _Optional[str] = ..., gpu_model: _Optional[str] = ..., gpu_family: _Optional[str] = ..., gpu_count: _Optional[str] = ..., min_gpu_count: _Optional[int] = ..., max_cluster_gpu_count: _Optional[int] = ..., available_gpu_count: _Optional[int] = ..., vram_gb: _Optional[int] = ..., vcpu_count: _Optional[int] = ..., memory_gib: _Optional[float] = ..., local_storage_gb: _Optional[float] = ..., cpu_arch: _Optional[str] = ..., instance_type: _Optional[str] = ..., region_code: _Optional[str] = ..., country_code: _Optional[str] = ..., purchase_model: _Optional[_Union[PurchaseModel, str]] = ..., commitment_term: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., upfront: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., delivery_model: _Optional[_Union[DeliveryModel, str]] = ..., trust: _Optional[_Union[Trust, str]] = ..., host_reliability: _Optional[float] = ..., gpu_link: _Optional[_Union[GpuLink, str]] = ..., fabric: _Optional[_Union[Fabric, str]] = ..., fabric_gbps_per_gpu: _Optional[float] = ..., price_per_hour: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., price_per_gpu_hour: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., listed: _Optional[_Union[ListedPrice, _Mapping]] = ..., exchange_rate: _Optional[_Union[_money_pb2.ExchangeRate, _Mapping]] = ..., tax: _Optional[_Union[TaxTreatment, str]] = ..., billing_increment: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., minimum_charge: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., min_term: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., max_term: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., price_valid_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., egress_price_per_gb: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., storage_price_per_gb_month: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., quota: _Optional[_Union[Quota, str]] = ..., availability: _Optional[_Union[Availability, _Mapping]] = ..., observe_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., price_change_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., first_seen_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delist_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., freshness: _Optional[_Union[Freshness, str]] = ..., source_uri: _Optional[str] = ..., order_uri: _Optional[str] = ..., unverified: _Optional[bool] = ..., replayed: _Optional[bool] = ...) -> None: ...
